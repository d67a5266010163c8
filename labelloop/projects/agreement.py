"""How well annotators of a project agree, machines with them, and what people say of gold texts."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from labelloop.loop import agreement as measured
from labelloop.loop import gold_texts
from labelloop.loop.label_lists import label_list
from labelloop.loop.machine_figures import machine_figures
from labelloop.loop.state import LoopState
from labelloop.loop.suggestions import patterns
from labelloop.pool.snapshot import OpenSnapshot
from labelloop.projects.formats import Row, Table
from labelloop.projects.formats import columns as c
from labelloop.store import Store


def agreement_figures(state: LoopState) -> dict[str, Any]:
    """What `labelloop agreement --json` shows, as JSON values."""
    listed, answers = label_list(state), measured.answers(state)
    by_text = list(answers.values())
    figures: dict[str, Any] = {
        "project": state.project_id,
        "alpha": measured.alpha(by_text),
        "texts": len({item for item, _ in answers}),
        "shared": len({item for (item, _), submitted in answers.items() if len(submitted) > 1}),
        "annotators": {name: asdict(who) for name, who in measured.annotators(by_text).items()},
        "confused": [
            {"labels": list(listed.show(pair)), "times": times}
            for pair, times in measured.confusions(by_text)
        ],
    }
    if gold := gold_texts.figures(state):
        wrong = gold_texts.confusions(state)
        figures["gold"] = {
            name: {
                **asdict(who),
                "confused": [
                    {
                        "labels": list(listed.show(each.labels)),
                        "given": list(listed.show(each.given)),
                        "times": each.times,
                    }
                    for each in wrong.get(name, ())
                ],
            }
            for name, who in gold.items()
        }
    if machines := machine_figures(state):
        figures["machines"] = {source: asdict(machine) for source, machine in machines.items()}
        for machine in figures["machines"].values():
            machine["spent"] = machine["spent"]._asdict()
            for name, function in machine["functions"].items():
                function["pattern"] = patterns(state, listed).get(name)
    if state.project.is_multi_label:
        alphas = measured.by_label(by_text, listed.names)
        figures["labels"] = {listed.called[name]: alpha for name, alpha in alphas.items()}
    return figures


@dataclass(frozen=True)
class AnsweredGold:
    """A gold text, its right labels as they are called now, and each person's answer to it."""

    text: str
    labels: tuple[str, ...]
    answers: tuple[gold_texts.GoldAnswer, ...]

    @property
    def wrong(self) -> int:
        """How many people gave it other labels."""
        return sum(answer.given is not None and not answer.is_right for answer in self.answers)


def answered_gold(state: LoopState, store: Store) -> list[AnsweredGold]:
    """The gold texts that people answered, those with most wrong labels first. Raises UserError.

    One with a label that is retired measures nobody, and is left out.
    """
    listed = label_list(state)
    by_text: dict[tuple[str, int], list[gold_texts.GoldAnswer]] = {}
    for answer in gold_texts.gold_answers(state):
        given = None if answer.given is None else listed.show(answer.given)
        shown = answer._replace(labels=listed.show(answer.labels), given=given)
        by_text.setdefault((answer.version, answer.row), []).append(shown)
    texts = []
    for digest, snapshot in {each.digest: each for each in gold_texts.gold_snapshots(state)}.items():
        rows = [row for version, row in by_text if version == digest]
        opened = OpenSnapshot.open(store.snapshot(snapshot), digest).texts(rows) if rows else []
        for row, text in zip(rows, opened, strict=True):
            answers = by_text[digest, row]
            texts.append(AnsweredGold(text, answers[0].labels, tuple(answers)))
    return sorted(texts, key=lambda text: -text.wrong)


GOLD_COLUMNS = {
    "text": c.TEXT,
    "gold": c.TEXTS,
    "username": c.TEXT,
    "labels": c.TEXTS,
    "discarded": c.FLAG,
    "right": c.FLAG,
    "batch": c.TEXT,
}


def gold_rows(texts: Sequence[AnsweredGold]) -> Iterator[Row]:
    """A row for each answer, as JSON values."""
    for text in texts:
        for answer in text.answers:
            yield {
                "text": text.text,
                "gold": list(text.labels),
                "username": answer.username,
                "labels": None if answer.given is None else list(answer.given),
                "discarded": answer.given is None,
                "right": None if answer.given is None else answer.is_right,
                "batch": answer.batch,
            }


def gold_table(texts: Sequence[AnsweredGold]) -> Table:
    """The same as a table to write."""
    return Table(GOLD_COLUMNS, [list(gold_rows(texts))])
