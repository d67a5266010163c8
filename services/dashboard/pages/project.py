"""One project: how good its model is, who labels, and what waits for what."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.dashboard.charts import Chart
from services.dashboard.figures import CARD
from services.dashboard.predicted_texts import POOL, Content, counts
from services.dashboard.project_figures import MODELS, PROJECT
from services.dashboard.recorded_predictions import SayingsWanted
from services.dashboard.site import Site, elapsed

MEASURED = "ModelEvaluated"
MOST_SURPRISES = 10


def routes(site: Site) -> Iterator[Route]:
    def found(request: Request) -> tuple[str, dict[str, Any], dict[str, Any]]:
        project = request.path_params["project"]
        card = site.queries.figure(project, CARD)
        if card is None:
            raise HTTPException(404)
        figures = site.queries.figure(project, PROJECT) or {}
        batches = [each["batch"] for each in figures.get("timeline", ())]
        measured, played = site.queries.times(project, MEASURED, batches), site.what_ifs.now(project)
        return project, card, {**figures, "measured": measured, "played": played}

    def says(project: str) -> tuple[str | None, Content | None]:
        """The newest model of which it is recorded, and what it says, if that was read already."""
        models = site.queries.figure(project, MODELS) or []
        newest = next((model for model in reversed(models) if model["recorded"]), None)
        if newest is None:
            return None, None
        return newest["model"], site.said.now(project, [SayingsWanted((newest["recorded"],))])[0]

    async def project(request: Request) -> Response:
        name, card, figures = found(request)
        charts: dict[str, Chart | None] = defaultdict(lambda: None)
        model, content = says(name)
        charts |= {chart.name: chart for chart in charts_of(card, figures, content)}
        return site.draw(
            request,
            "project.html",
            title=card["name"],
            project=name,
            card=site.card(name, card),
            figures=figures,
            charts=charts,
            says=model,
            surprises=site.queries.surprises(name, MOST_SURPRISES),
            argilla=site.places.link(name),
        )

    async def numbers(request: Request) -> Response:
        name, card, figures = found(request)
        for chart in charts_of(card, figures, says(name)[1]):
            if chart.name == request.path_params["chart"]:
                disposition = f'attachment; filename="{chart.name}.csv"'
                headers = {"Content-Disposition": disposition}
                return Response(chart.csv, media_type="text/csv; charset=utf-8", headers=headers)
        raise HTTPException(404)

    yield Route("/projects/{project}", project)
    yield Route("/projects/{project}/{chart}.csv", numbers)


def charts_of(
    card: Mapping[str, Any], figures: Mapping[str, Any], content: Content | None = None
) -> Iterator[Chart]:
    """The charts of a project for which there are numbers. `content`: what its newest model says."""
    if figures.get("curve") or figures.get("audits"):
        yield _curve(figures)
    if card.get("label_counts"):
        yield _labels(card, figures, content)
    newest = figures.get("newest")
    if newest:
        yield _classes(newest)
        if newest["confusion"]:
            yield _confusion(newest)
    bins = [("test set", each) for each in (content["bins"] if content else ())]
    bins += [("audit", each) for each in figures.get("audit_bins", ())]
    if bins:
        yield _calibration(bins, content)
    if figures.get("timeline"):
        yield _timeline(figures["timeline"], figures["measured"])
    if figures.get("pace", {}).get("moments"):
        pace = figures["pace"]
        yield Chart(
            "pace",
            "Answers over time",
            "stacked",
            ("from", *pace["people"]),
            pace["moments"],
            f"Answers in each {_length(pace['step'])}.",
            times=("from",),
        )
    if (figures.get("stopping") or {}).get("checks"):
        yield _stopping(figures["stopping"])


def _curve(figures: Mapping[str, Any]) -> Chart:
    test = [
        ("test set", p["model"], p["labels"], p["accuracy"], p["low"], p["high"], p["macro_f1"], p["best"])
        for p in figures["curve"]
    ]
    audited = [
        ("audit", a["model"], a["labels"], a["accuracy"], a["low"], a["high"], None, None)
        for a in figures["audits"]
    ]
    played = [
        (name, None, int(p["labels"]), p["accuracy"], p["low"], p["high"], None, None)
        for name, points in _played(figures)
        for p in points
    ]
    columns = ("measured on", "model", "labels", "accuracy", "low", "high", "macro-F1", "best so far")
    says = "Accuracy over labels, with its 95 % interval."
    if played:
        says += " Beside it what-if: the mean of several runs, and their lowest and highest."
        says += "".join(_played_otherwise(figures))
    return Chart("curve", "Learning curve", "curve", columns, [*test, *audited, *played], says)


def _played(figures: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[Mapping[str, float]]]]:
    """The curves of simulations. A classifier other than the project's is told."""
    for strategy, played in sorted(figures.get("played", {}).items()):
        other = "" if played["classifier"] == _usual(figures) else f", {played['classifier']}"
        yield f"what-if {strategy}{other}", played["points"]


def _played_otherwise(figures: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for each classifier that simulations had in the place of the project's."""
    strategies = defaultdict(list)
    for strategy, played in sorted(figures.get("played", {}).items()):
        strategies[played["classifier"]].append(strategy)
    for classifier, names in strategies.items():
        if classifier != _usual(figures):
            yield (
                f" Of {' and '.join(names)} the classifier was {classifier}, not the project's "
                f"{_usual(figures)}: that too makes the curves differ."
            )


def _usual(figures: Mapping[str, Any]) -> str | None:
    classifier: str | None = figures.get("settings", {}).get("classifier")
    return classifier


def _labels(card: Mapping[str, Any], figures: Mapping[str, Any], content: Content | None) -> Chart:
    """The labels that people gave, beside what the model says of the pool's sample, if it is known."""
    given: Mapping[str, int] = card["label_counts"]
    if content is None:
        ordered = sorted(given.items(), key=lambda each: -each[1])
        return Chart("labels", "Labels by class", "bars", ("label", "texts"), ordered)
    called, said = figures.get("called", {}), counts(content)
    predicted = {called.get(name, name): texts for name, texts in said.items()}
    sample = max(1, len(content[POOL]["items"]))
    labels, names = max(1, card["labels"]), sorted({*given, *predicted}, key=lambda each: -given.get(each, 0))
    rows = [
        (
            name,
            given.get(name, 0),
            predicted.get(name, 0),
            given.get(name, 0) / labels,
            predicted.get(name, 0) / sample,
        )
        for name in names
    ]
    says = (
        f"The share of each label among the {card['labels']} labelled texts, and in what model "
        f"{content['model']} says of {len(content[POOL]['items'])} texts of the pool. They may differ: the "
        "loop asks for texts of which the model is unsure."
    )
    columns = ("label", "labelled", "predicted", "share of the labels", "share of the pool")
    return Chart("labels", "Labels by class", "shares", columns, rows, says)


def _calibration(bins: Sequence[tuple[str, Mapping[str, Any]]], content: Content | None) -> Chart:
    names = ("low", "high", "texts", "probability", "right", "right_low", "right_high")
    rows = [(measured_on, *(each[name] for name in names)) for measured_on, each in bins]
    columns = ("measured on", "from", "to", "texts", "how sure", "right", "low", "high")
    says = "How often the model is right when it is so sure, with the 95 % interval. Best is on the diagonal."
    if content and content["bins"]:
        says += (
            f" Model {content['model']} is off by {content['error'] * 100:.1f} points (ECE) on the test set."
        )
    return Chart("calibration", "Calibration", "calibration", columns, rows, says)


def _classes(newest: Mapping[str, Any]) -> Chart:
    rows = [
        [each[name] for name in ("label", "precision", "recall", "f1", "support")]
        for each in newest["per_class"]
    ]
    says = f"Model {newest['model']} on the {newest['size']} texts of the test set."
    return Chart("classes", "By class", "none", ("label", "precision", "recall", "F1", "texts"), rows, says)


def _confusion(newest: Mapping[str, Any]) -> Chart:
    classes = newest["classes"]
    rows = [[name, *row] for name, row in zip(classes, newest["confusion"], strict=True)]
    says = "Rows are the labels of the test set, columns what the model says."
    return Chart("confusion", "Confusion", "none", ("label", *classes), rows, says)


def _timeline(batches: list[dict[str, Any]], measured: Mapping[str, str]) -> Chart:
    columns = (
        "batch",
        "picking",
        "picked",
        "labelling",
        "labelled",
        "training",
        "trained",
        "measuring",
        "measured",
        "people waited, s",
        "machine waited, s",
    )
    rows = [
        [
            each["batch"],
            *each["picked"],
            *(each["labelled"] or (None, None)),
            *(each["trained"] or (None, None)),
            *_measured(measured.get(each["batch"]), each["measuring"]),
            None if each["waited"] is None else round(each["waited"], 1),
            idle,
        ]
        for each, idle in zip(batches, _idle(batches), strict=True)
    ]
    people, machine = (sum(row[place] or 0 for row in rows) for place in (-2, -1))
    says = (
        "When each batch was picked, labelled, learned and measured. Before these batches people waited "
        f"{elapsed(people)} for the machine, and the machine {elapsed(machine)} for people."
    )
    times = columns[1:-2]
    return Chart("timeline", "Who waited for whom", "timeline", columns, rows, says, times=times)


def _measured(at: str | None, seconds: float | None) -> tuple[str | None, str | None]:
    if at is None or seconds is None:
        return None, None
    end = datetime.fromisoformat(at).astimezone(UTC)
    return (end - timedelta(seconds=seconds)).isoformat(), end.isoformat()


def _idle(batches: list[dict[str, Any]]) -> Iterator[float | None]:
    """Seconds that the machine had nothing to learn before each batch was labelled.

    None: not known, as while it still learns the batch before.
    """
    free: datetime | None = None
    newest = max((place for place, each in enumerate(batches) if each["trained"]), default=-1)
    for place, each in enumerate(batches):
        idle = None
        if free is not None and each["labelled"] and each["done"]:
            ready = max(free, datetime.fromisoformat(each["picked"][1]))
            idle = max(0.0, (datetime.fromisoformat(each["labelled"][1]) - ready).total_seconds())
        yield None if idle is None else round(idle, 1)
        if each["trained"]:
            free = datetime.fromisoformat(each["trained"][1])
        elif place > newest:
            free = None


def _stopping(stopping: Mapping[str, Any]) -> Chart:
    threshold = stopping["threshold"]
    rows = [
        (check["model"], check["labels"], check["value"], "yes" if check["stop"] else "no")
        for check in stopping["checks"]
    ]
    says = f"The criterion {stopping['criterion']}" + (
        f", threshold {threshold}." if threshold is not None else ", with its own threshold."
    )
    columns = ("model", "labels", "value", "says stop")
    kind = "stopping" if any(check["value"] is not None for check in stopping["checks"]) else "none"
    if kind == "none":
        says += " It cannot tell yet."
    return Chart("stopping", "Stopping criterion", kind, columns, rows, says, {"threshold": threshold})


def _length(seconds: float) -> str:
    return {60: "minute", 600: "ten minutes", 3600: "hour"}.get(int(seconds), "day of UTC")
