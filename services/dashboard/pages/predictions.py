"""The texts for which a model says something: a cell of its confusion matrix, a class, its mistakes."""

from collections.abc import Iterator, Mapping
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from labelloop.errors import Unavailable
from services.dashboard.figures import CARD
from services.dashboard.predicted_texts import POOL, TEST, PredictionsFilter, as_called, matching
from services.dashboard.project_figures import MODELS, PROJECT
from services.dashboard.recorded_predictions import PredictionsWanted
from services.dashboard.site import Site, page_start

PAGE = 100


def routes(site: Site) -> Iterator[Route]:
    async def predictions(request: Request) -> Response:
        project, name, given = *request.path_params.values(), request.query_params
        models = {each["model"]: each for each in site.queries.figure(project, MODELS) or []}
        if site.queries.figure(project, CARD) is None or name not in models:
            raise HTTPException(404)
        figures = site.queries.figure(project, PROJECT) or {}
        called: Mapping[str, str] = figures.get("called") or {}
        chosen = PredictionsFilter(
            POOL if given.get("of") == POOL else TEST,
            given.get("gold", ""),
            given.get("predicted", ""),
            given.get("wrong") == "yes",
        )
        recorded, problem, content = models[name]["recorded"], None, None
        if recorded is None:
            problem = "What this model says was not recorded."
        else:
            try:
                content = await site.recorded.of(project, PredictionsWanted((recorded,)))
            except Unavailable as error:
                problem = f"The store cannot be read: {error}"
            if content is None and problem is None:
                problem = "What this model says is gone from the store, or damaged."
        texts = matching(content, chosen) if content else []
        first = page_start(given.get("first"))
        shown = texts[first : first + PAGE]
        items = [text.item for text in shown]
        test = recorded["test"] if recorded else None
        words = await site.beginnings.of_part(project, figures, chosen.part, test, items)
        kept = {"of": chosen.part, "gold": chosen.gold, "predicted": chosen.predicted}
        kept = {key: value for key, value in kept.items() if value}
        kept |= {"wrong": "yes"} if chosen.wrong else {}
        return site.draw(
            request,
            "predictions.html",
            title=f"What model {name} says",
            project=project,
            model=name,
            models=[each for each, facts in models.items() if facts["recorded"]],
            chosen=chosen,
            labels={label: called.get(label, label) for label in (content["labels"] if content else ())},
            problem=problem,
            count=len(texts),
            whole=len(content[chosen.part]["items"]) if content else 0,
            rows=[
                {
                    "item": text.item,
                    "text": words.get(text.item),
                    "predicted": as_called(called, text.predicted),
                    "probability": text.probability,
                    "gold": None if text.gold is None else as_called(called, text.gold),
                    "is_right": text.gold is None or text.gold == text.predicted,
                }
                for text in shown
            ],
            first=first,
            more=urlencode({**kept, "first": first + PAGE}) if first + PAGE < len(texts) else None,
        )

    yield Route("/predictions/{project}/{model}", predictions)
