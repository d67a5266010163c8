"""How well annotators of a project agree, with each other, with machines and with gold texts."""

from dataclasses import asdict
from typing import Any

from labelloop.loop import agreement as measured
from labelloop.loop import gold_texts
from labelloop.loop.label_lists import label_list
from labelloop.loop.machine_figures import machine_figures
from labelloop.loop.state import LoopState
from labelloop.loop.suggestions import patterns


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
