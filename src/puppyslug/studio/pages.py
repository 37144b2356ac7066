"""The pages of the studio; in class mode also those of the class."""

from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.templating import Jinja2Templates

from puppyslug.studio import choices
from puppyslug.studio.api.looks import list_own_looks
from puppyslug.studio.classroom.classroom import Classroom
from puppyslug.studio.looks import LIVE_LOOKS, SAMPLES, THING_LOOKS, describe_looks
from puppyslug.studio.services import Services
from puppyslug.studio.visitors import COOKIE, ensure_cookie, identify

PACKAGE = Path(str(files("puppyslug.studio")))

_DREAM, _LIVE, _TEACH = ("/", "Dream"), ("/live", "Live"), ("/teach", "Teach")
_WORKSHEET, _CLASS = ("/worksheet", "Worksheet"), ("/class", "Class")

LIVE_MASKS = (
    ("", "Everything"),
    ("person", "People only"),
    ("not person", "Everything but people"),
    ("face", "Faces only"),
    ("not face", "Everything but faces"),
)


class Pages:
    """Renders pages, each with the links that its visitor may follow."""

    def __init__(self, services: Services) -> None:
        """Render the pages of a studio."""
        self._services = services
        self._templates = Jinja2Templates(directory=PACKAGE / "templates")
        self._pictures = sorted(path.stem for path in (PACKAGE / "static/pictures").glob("*.webp"))

    def dream(self, request: Request) -> HTMLResponse:
        """Render the page that dreams."""
        networks = choices.describe_networks(self._services.networks.list_specs())
        here = {network["name"] for network in networks if network["here"]}
        context = {
            "looks": describe_looks(here),
            "thing_looks": THING_LOOKS,
            "own_looks": self._own_looks(request),
            "samples": SAMPLES,
            "presets": choices.describe_presets(),
            "fields": choices.describe_fields(),
            "defaults": choices.describe_defaults(),
            "networks": [network for network in networks if network["here"]],
            "pictures": self._pictures,
            "atlases": choices.list_atlas_layers(),
            "carried": choices.CARRIED_FIELDS,
            "field_defaults": choices.field_defaults(),
        }
        return self._render(request, "studio.html", context)

    def _own_looks(self, request: Request) -> list[dict[str, Any]]:
        shared, classroom = request.app.state.shared, self._services.classroom
        client = identify(request, shared=shared, classroom=classroom)
        looks = list_own_looks(self._services, client)
        return [look.model_dump(exclude={"owner"}) for look in looks]

    def live(self, request: Request) -> HTMLResponse:
        """Render the page that dreams a camera."""
        here = {one["name"] for one in choices.describe_networks() if one["here"]}
        context = {
            "looks": describe_looks(here, LIVE_LOOKS),
            "fields": choices.describe_fields(),
            "defaults": choices.describe_defaults(),
            "masks": LIVE_MASKS,
        }
        return self._render(request, "live.html", context)

    def teach(self, request: Request) -> HTMLResponse:
        """Render the page that trains networks."""
        networks = [network for network in choices.describe_networks() if network["here"]]
        context = {"networks": networks, "defaults": choices.describe_defaults()}
        return self._render(request, "teach.html", context)

    def join(self, request: Request) -> Response:
        """Render the page on which pupils join; one who has joined goes on."""
        classroom = self._classroom()
        if _is_teacher(request) or classroom.find_pupil(request.cookies.get(COOKIE, "")):
            return RedirectResponse("/", status_code=303)
        return self._render(request, "join.html", {})

    def teacher(self, request: Request) -> HTMLResponse:
        """Render the teacher's page."""
        return self._render(request, "class.html", self._how_to_join())

    def projector(self, request: Request) -> HTMLResponse:
        """Render the page for the projector."""
        return self._render(request, "projector.html", self._how_to_join())

    def worksheet(self, request: Request) -> HTMLResponse:
        """Render the worksheet."""
        return self._render(request, "worksheet.html", {})

    def _how_to_join(self) -> dict[str, str]:
        classroom = self._classroom()
        return {"address": classroom.address, "passphrase": classroom.passphrase}

    def _classroom(self) -> Classroom:
        assert self._services.classroom is not None  # else these pages are not added
        return self._services.classroom

    def _render(self, request: Request, template: str, context: dict[str, Any]) -> HTMLResponse:
        classroom = self._services.classroom
        is_pupil = classroom is not None and not _is_teacher(request)
        if classroom is None:
            links = [_DREAM, _LIVE, _TEACH]
        elif is_pupil:
            links = [_DREAM, _LIVE, _WORKSHEET]
        else:
            links = [_DREAM, _LIVE, _TEACH, _CLASS, _WORKSHEET]
        pupil = classroom.find_pupil(request.cookies.get(COOKIE, "")) if classroom else None
        context = {
            **context,
            "links": links,
            "in_class": classroom is not None,
            "is_pupil": is_pupil,
            "pupil_name": pupil.name if is_pupil and pupil else "",
        }
        response = self._templates.TemplateResponse(request, template, context)
        if not is_pupil:  # a pupil gets the cookie with the pass phrase
            ensure_cookie(request, response)
        return response


def add_pages(app: FastAPI, services: Services) -> None:
    """Add the pages to the application."""
    pages = Pages(services)
    _add(app, "/", pages.dream)
    _add(app, "/live", pages.live)
    if services.classroom is None:
        _add(app, "/teach", pages.teach)
        return
    _add(app, "/join", pages.join)
    _add(app, "/worksheet", pages.worksheet)
    for path, page in (
        ("/teach", pages.teach), ("/class", pages.teacher), ("/projector", pages.projector)
    ):  # fmt: skip
        _add(app, path, _for_teacher(page))


def _for_teacher(page: Any) -> Any:
    """Return a page that sends pupils to their own."""

    def render(request: Request) -> Response:
        if not _is_teacher(request):
            return RedirectResponse("/", status_code=303)
        response: Response = page(request)
        return response

    return render


def _add(app: FastAPI, path: str, page: Any) -> None:
    app.add_api_route(
        path, page, response_class=HTMLResponse, response_model=None, include_in_schema=False
    )


def _is_teacher(request: Request) -> bool:
    return bool(request.scope.get("is_teacher"))
