"""The studio as one ASGI application: pages, interface, guard."""

import sqlite3
from asyncio import get_running_loop
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from starlette.exceptions import HTTPException

from puppyslug.errors import PuppyslugError
from puppyslug.studio import choices
from puppyslug.studio.api import training
from puppyslug.studio.api.dreams import router
from puppyslug.studio.http_errors import RefusedError
from puppyslug.studio.security import PLAIN, Guard, own_names, refused
from puppyslug.studio.services import Services

_HERE = Path(str(files("puppyslug.studio")))


def create_app(services: Services, *, host: str = "127.0.0.1", token: str | None = None) -> FastAPI:
    """Make the pages and the interface of a studio.

    Args:
        services: of the studio, open; whoever opened them closes them.
        host: that it will listen at; it answers to the names of that.
        token: that is asked for, or None for whoever reaches it.

    Returns:
        An application for any ASGI server.
    """
    limits = services.limits

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        services.live.attach(get_running_loop())
        yield

    app = FastAPI(
        title="puppyslug studio",
        lifespan=lifespan,
        docs_url=None,  # its pages come from other hosts
        redoc_url=None,
        openapi_url="/api/openapi.json",
        redirect_slashes=False,
        form_limits={"max_files": 12, "max_fields": 12, "max_part_size": PLAIN},
    )
    app.state.services = services
    app.add_middleware(Guard, hosts=own_names(host), token=token, most=limits.upload)
    app.add_exception_handler(PuppyslugError, _refuse)
    app.add_exception_handler(RequestValidationError, _misread)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(OSError, _no_room)
    app.add_exception_handler(sqlite3.OperationalError, _no_room)
    app.add_exception_handler(Exception, _failed)
    app.include_router(router)
    app.include_router(training.router)
    app.add_api_route("/healthz", lambda: {"status": "ok"}, include_in_schema=True)
    app.mount("/static", StaticFiles(directory=_HERE / "static"), name="static")
    templates = Jinja2Templates(directory=_HERE / "templates")
    pictures = sorted(path.stem for path in (_HERE / "static/pictures").glob("*.webp"))

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    async def page(request: Request) -> HTMLResponse:
        context = {
            "presets": choices.presets(),
            "fields": choices.fields(),
            "networks": [one for one in choices.networks(services.networks.specs()) if one["here"]],
            "pictures": pictures,
            "atlases": choices.atlases(),
        }
        return templates.TemplateResponse(request, "studio.html", context)

    @app.get("/teach", response_class=HTMLResponse, include_in_schema=False)
    async def teach(request: Request) -> HTMLResponse:
        own = [one for one in choices.networks() if one["here"]]
        return templates.TemplateResponse(request, "teach.html", {"networks": own})

    return app


def _refuse(_: Request, error: Exception) -> JSONResponse:
    return refused(error if isinstance(error, RefusedError) else RefusedError(422, str(error)))


def _misread(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    problem = error.errors()[0]
    place = ".".join(str(part) for part in problem["loc"][1:]) or "the request"
    return refused(RefusedError(422, f"{place}: {problem['msg']}"))


def _http(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return refused(RefusedError(error.status_code, str(error.detail)))


def _no_room(_: Request, error: Exception) -> JSONResponse:
    """The data folder cannot be written: a full disk, most likely."""
    reason = getattr(error, "strerror", None) or str(error)
    return refused(RefusedError(507, f"the studio's folder cannot be written: {reason}"))


def _failed(_: Request, __: Exception) -> JSONResponse:
    return JSONResponse({"detail": "the studio failed at this; its log says why"}, 500)
