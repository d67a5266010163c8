"""The card of a model: what it says, and what it never says or lets happen."""

from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest
import yaml
from huggingface_hub import ModelCard
from markdown_it import MarkdownIt

from labelloop.learner.results import OnnxFile, OnnxResult
from labelloop.loop.state import LoopState
from labelloop.projects.push.card import at_most, card
from labelloop.projects.push.facts import Facts, facts_of
from schemas.events import ModelEvaluated
from schemas.model import replaced
from schemas.parts import MULTI_LABEL, BaseModelChoice, ClassFigures
from tests.support.states import (
    LABELS,
    all_answered,
    annotated,
    answered,
    audited,
    evaluated,
    of_several,
    project,
    queried,
    state_of,
    trained,
    vote,
)

HOSTILE = (
    "</td><script>alert(1)</script>",
    "a | b \\| c",
    "`code` ``` **bold** [x](javascript:alert(1))",
    "---",
    "<img src=x onerror=alert(1)> &lt;b&gt; www.example.org",
    "two\n\n# lines",
)
SAFE_TAGS = {"h1", "h2", "p", "table", "tr", "th", "td", "pre", "code", "strong", "em"}


class Page(HTMLParser):
    """A page as a browser reads it: its tags, and the texts of its cells."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.cells: list[str] = []
        self._is_cell = False
        self.feed(MarkdownIt("commonmark", {"html": True, "linkify": False}).enable("table").render(markdown))

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        self.tags.add(tag)
        self._is_cell = tag in ("td", "th", "h1")
        if self._is_cell:
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        self._is_cell = self._is_cell and tag not in ("td", "th", "h1")

    def handle_data(self, data: str) -> None:
        if self._is_cell:
            self.cells[-1] += data


def figures(labels: tuple[str, ...]) -> ModelEvaluated:
    per_class = {label: ClassFigures(precision=0.75, recall=0.5, f1=0.6, support=4) for label in labels}
    return replaced(evaluated("0", accuracy=0.5), classes=labels, per_class=per_class)


def labelled(labels: tuple[str, ...], **settings: Any) -> LoopState:
    """Two texts of each label, by two people, were learned and tested."""
    items = range(2 * len(labels))
    done = [
        answered(i, *(vote(who, labels[i % len(labels)]) for who in ("secret-ann", "bob"))) for i in items
    ]
    return state_of(
        project(labels=labels, guidelines="secret-guide", **settings),
        queried("0", items),
        annotated(*done),
        trained("0", {"0": 0}),
        figures(labels),
    )


def facts(state: LoopState, model: str = "0") -> Facts:
    return facts_of(state, state.models[model].latest)


def written(found: Facts, onnx: OnnxResult | None = None, place: str = "user/mail") -> str:
    return card(found, place, onnx, has_curve=True, license=None)


def metadata(page: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(page.split("---\n", 2)[1])
    return found


def test_it_says_what_the_model_learned_and_how_good_it_is() -> None:
    page = written(facts(labelled(LABELS)))

    cells = Page(ModelCard(page).text).cells
    assert cells[:7] == ["mail", "label", "learned texts", "precision", "recall", "F1", "test texts"]
    assert cells[7:13] == ["spam", "2", "0.750", "0.500", "0.600", "4"]
    after = dict(reversed([*pairwise(cells)]))
    assert (after["accuracy"], after["model"], after["people who labelled"][:1]) == ("0.500", "0", "2")
    assert after["base model"] == "sentence-transformers/all-MiniLM-L6-v2"


def test_its_metadata_are_those_of_the_hub() -> None:
    found = metadata(written(facts(labelled(LABELS))))

    assert found["pipeline_tag"] == "text-classification"
    assert found["base_model"] == "sentence-transformers/all-MiniLM-L6-v2"
    assert "license" not in found
    (result,) = found["model-index"][0]["results"]
    assert {each["type"]: each["value"] for each in result["metrics"]} == {"accuracy": 0.5, "f1": 0.25}


def test_of_a_folder_that_transformers_does_not_read_it_does_not_say_that_it_does() -> None:
    page = written(replace(facts(labelled(LABELS)), is_readable=False))

    assert "pipeline(" not in page
    assert "labelloop predict" in page
    assert metadata(page)["library_name"] == "labelloop"


def test_nothing_private_is_in_it() -> None:
    base = BaseModelChoice(name="/home/somebody/base")

    page = written(facts(labelled(LABELS, model=base)))

    assert not [word for word in ("secret", "/home", "somebody", "bob", "pool/") if word in page]
    assert "base_model" not in metadata(page)


@pytest.mark.parametrize("several", [False, True])
def test_hostile_names_are_text(several: bool) -> None:
    task = {"task": MULTI_LABEL} if several else {}
    found = facts(labelled(HOSTILE, name=HOSTILE[0], **task))

    page = written(found)

    text = ModelCard(page).text
    shown = Page(text)
    assert shown.tags <= SAFE_TAGS | {"img"}
    assert text.count("<img") == 0, "the only picture is the curve, in Markdown"
    assert set(shown.cells) >= {*HOSTILE[:-1], "two # lines"}
    assert metadata(page)["model-index"][0]["name"] == HOSTILE[0]


def test_without_a_test_set_the_audit_speaks_and_without_both_nobody_does() -> None:
    events = (project(), queried("0"), all_answered("0"), trained("0", {"0": 0}))
    with_audit = written(facts(state_of(*events, audited("0"))))
    alone = written(facts(state_of(*events)))

    assert "0.750" in with_audit
    assert "0.500 … 0.875" in with_audit
    assert "pool of 40 texts" in with_audit
    assert "model-index" not in with_audit + alone
    assert "0.750" not in alone


def test_the_curve_ends_with_the_model() -> None:
    events = [project(), queried("0"), queried("1", (3, 4, 5)), all_answered("0")]
    events += [trained("0", {"0": 0}), evaluated("0", 3, 0.5), all_answered("1", (3, 4, 5))]
    events += [trained("1", {"0": 0, "1": 0}), evaluated("1", 6, 0.625)]
    state = state_of(*events)

    assert [point.model for point in facts(state, "0").points[None]] == ["0"]
    assert [point.model for point in facts(state, "1").points[None]] == ["0", "1"]
    assert "0.625" in written(facts(state, "1"))
    assert "0.625" not in written(facts(state, "0"))


def test_several_labels_come_with_their_thresholds_and_with_texts_that_have_none() -> None:
    events = [project(task=MULTI_LABEL), queried("0")]
    events += [annotated(of_several(0, "spam", "ham"), of_several(1), of_several(2, "ham"))]
    found = facts(state_of(*events, trained("0", {"0": 0})))

    page = written(found)

    assert [(label.name, label.texts) for label in found.labels] == [("spam", 1), ("ham", 2), ("news", 0)]
    assert found.without_label == 1
    assert "thresholds.json" in page
    compile(page.split("```python\n")[1].split("```")[0], "card", "exec")


@pytest.mark.parametrize(
    ("value", "said"), [(4.1e-6, "5e-06"), (9.5e-6, "1e-05"), (0.5, "5e-01"), (0.0, "0e+00")], ids=str
)
def test_a_difference_is_never_said_to_be_smaller_than_it_is(value: float, said: str) -> None:
    assert float(at_most(value)) >= value
    assert at_most(value) == said


def test_the_cost_of_8_bits_is_said() -> None:
    whole = OnnxFile("model.onnx", 90_000_000, 300, 1e-6, 100.0, 0.9)
    int8 = OnnxFile("model_quantized.onnx", 23_000_000, 297, 0.1, 250.0, 0.875)

    page = written(facts(labelled(LABELS)), OnnxResult(whole, int8, 300, 50, {}))

    for fact in ("297 of 300", "99.0 %", "0.875 instead of 0.900", "50 test texts", "23.0 MB", "250 texts"):
        assert fact in page
