"""The names in Argilla that stand for columns."""

import re

from hypothesis import given
from hypothesis import strategies as st

from labelloop.oracle.argilla.column_names import RESERVED, field_names, metadata_names, title
from labelloop.oracle.argilla.new_record import METADATA, RESTORED
from labelloop.oracle.escaping import MARK

COLUMNS = st.lists(st.text(), unique=True)


@given(columns=COLUMNS)
def test_every_column_has_a_plain_name_of_its_own(columns: list[str]) -> None:
    for names in (field_names(columns), metadata_names(columns)):
        assert list(names) == columns
        assert len(set(names.values())) == len(columns)
        assert all(re.fullmatch("[a-z0-9_]{1,70}", name) for name in names.values())


@given(columns=COLUMNS, more=st.text())
def test_a_further_column_changes_no_name_before_it(columns: list[str], more: str) -> None:
    names = field_names(columns)

    assert {**names, **field_names([*columns, more])} | names == field_names(
        list(dict.fromkeys([*columns, more]))
    )


def test_a_plain_name_stays_as_it_is() -> None:
    assert field_names(["subject", "Order No.", "order no", "日本", "from"]) == {
        "subject": "subject",
        "Order No.": "order_no",
        "order no": "order_no_2",
        "日本": "column",
        "from": "from",
    }


def test_metadata_never_takes_the_place_of_what_labelloop_writes() -> None:
    written = {*METADATA, RESTORED, *MARK}

    assert metadata_names(["batch", "team"]) == {"batch": "batch_2", "team": "team"}
    assert all(name in RESERVED or "-" in name for name in written)


def test_a_title_is_one_short_line() -> None:
    assert title("  Sent\n by ") == "Sent by"
    assert title("x" * 600) == "x" * 60 + "…"
    assert title(" ") == "-"
