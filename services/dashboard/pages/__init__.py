"""The pages, a module each.

To add one: write `pages/NAME.py` with a function that gets the `Site` and yields its routes, and a template
`templates/NAME.html` that extends `base.html`; name it in `PAGES` here, and in `TABS` in `site.py` if it is
in the navigation. What a page shows is kept in the read model while events come: a table, filled by
`projection.py`, or figures of a project, filled by `figures.py` and `project_figures.py` (its page and its
models). A page only reads it, by `queries.py`.
Sections of a template with the attribute `data-live` are drawn anew whenever something happens; give each
an id. Texts, labels and names are shown by `{{ … }}`, which escapes them, and by nothing else.
"""

from collections.abc import Callable, Iterable

from starlette.routing import Route

from services.dashboard.pages import diff, events, models, predictions, project, projects, services, texts
from services.dashboard.site import Site

PAGES: tuple[Callable[[Site], Iterable[Route]], ...] = (
    projects.routes,
    project.routes,
    texts.routes,
    models.routes,
    diff.routes,
    predictions.routes,
    events.routes,
    services.routes,
)
