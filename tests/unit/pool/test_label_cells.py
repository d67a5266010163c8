"""What the cells of a label column say."""

import pytest

from labelloop.errors import UserError
from labelloop.pool.label_cells import (
    Cells,
    Gold,
    NoLabels,
    check_separator,
    label_text,
    names_in,
    names_of,
    ordered,
)
from tests.support.messages import raises_naming

ONE, SEVERAL, WITH_SEPARATOR = Cells(False), Cells(True), Cells(True, ";")


@pytest.mark.parametrize(
    ("cells", "value", "gold"),
    [
        (ONE, " spam ", "spam"),
        (ONE, 3.0, "3"),
        (ONE, "a;b", "a;b"),
        (ONE, "", None),
        (ONE, None, None),
        (SEVERAL, ["b", "a", "b", " a "], ("a", "b")),
        (SEVERAL, ["", None], None),
        (SEVERAL, [], ()),
        (SEVERAL, "a;b", ("a;b",)),
        (SEVERAL, '["b", "a"]', ("a", "b")),
        (SEVERAL, "[]", ()),
        (SEVERAL, "[no JSON", ("[no JSON",)),
        (SEVERAL, "[" * 100_000, ("[" * 100_000,)),
        (SEVERAL, "  ", None),
        (SEVERAL, float("nan"), None),
        (SEVERAL, 7, ("7",)),
        (WITH_SEPARATOR, "b; a ;", ("a", "b")),
        (WITH_SEPARATOR, ";", ()),
        (WITH_SEPARATOR, "", None),
        (WITH_SEPARATOR, ["a;b"], ("a;b",)),
    ],
)
def test_a_cell_says_a_label_or_several_or_that_none_fits_or_nothing(
    cells: Cells, value: object, gold: Gold | None
) -> None:
    if isinstance(value, list) and None in value:
        with pytest.raises(NoLabels, match="a NoneType, not labels"):
            cells.gold(value)
    else:
        assert cells.gold(value) == gold


@pytest.mark.parametrize(
    ("cells", "value"), [(ONE, ["a"]), (ONE, {}), (SEVERAL, [["a"]]), (SEVERAL, {"a": 1})]
)
def test_a_cell_of_another_kind_is_told(cells: Cells, value: object) -> None:
    with pytest.raises(NoLabels):
        cells.gold(value)


@pytest.mark.parametrize(
    ("values", "several"), [([["a"], None, []], True), ([["a"], "b"], False), ([None], False), (["a"], False)]
)
def test_lists_alone_tell_that_a_text_may_have_several(values: list[object], several: bool) -> None:
    assert Cells().knowing(values).several == several
    assert ONE.knowing(values) == ONE


@pytest.mark.parametrize(
    ("cells", "names", "column"),
    [
        (Cells(), ["text", "labels", "label"], "label"),
        (Cells(), ["text", "labels"], "labels"),
        (SEVERAL, ["text", "label", "labels"], "labels"),
        (SEVERAL, ["text", "label"], "label"),
        (ONE, ["text"], None),
    ],
)
def test_the_column_of_the_labels_is_known_by_its_name(
    cells: Cells, names: list[str], column: str | None
) -> None:
    assert cells.column(names) == column


def test_several_labels_are_named_ordered_and_told() -> None:
    assert names_in(["a", ("b", "a"), None, ()]) == {"a", "b"}
    assert (names_of("a"), names_of(("a", "b"))) == (("a",), ("a", "b"))
    assert ordered(("a", "b"), ["b", "c", "a"]) == ("b", "a")
    assert (ordered("a", []), ordered(None, [])) == ("a", None)
    assert (label_text("a"), label_text(("a", "b,c")), label_text(())) == (
        "'a'",
        "'a,\"b,c\"'",
        "none of the labels",
    )


def test_a_separator_that_stands_in_a_label_is_refused() -> None:
    check_separator(";", ["a", "b"])
    with raises_naming(UserError, "'a;b'", "';'", "--label-separator"):
        check_separator(";", ["c", "a;b"])
