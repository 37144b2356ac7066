"""The studio as one ASGI application: pages, HTTP API, security, error handlers."""

import json
import sqlite3
import threading
from asyncio import get_running_loop
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from starlette.exceptions import HTTPException

from puppyslug.errors import PuppyslugError
from puppyslug.recipe import defaults
from puppyslug.studio import api, choices
from puppyslug.studio.api.looks import list_own_looks
from puppyslug.studio.http_errors import HTTPError, error_response
from puppyslug.studio.looks import SAMPLES, describe_looks
from puppyslug.studio.request_body import RequestBodyMiddleware
from puppyslug.studio.security import MAX_PLAIN_BODY, SecurityMiddleware, allowed_hosts
from puppyslug.studio.services import Services
from puppyslug.studio.visitors import ensure_cookie, identify

MAX_THREADS = 12  # of requests; each that computes delays all others

_PACKAGE = Path(str(files("puppyslug.studio")))


def create_app(
    services: Services, *, host: str = defaults.STUDIO_HOST, token: str | None = None
) -> FastAPI:
    """Create the web application of a studio.

    Args:
        services: open services; the caller closes them.
        host: host that the server listens on; requests must use one of its names.
        token: token that requests need, or None.

    Returns:
        An application for any ASGI server.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        services.hub.attach(get_running_loop())
        current_default_thread_limiter().total_tokens = MAX_THREADS
        yield

    app = FastAPI(
        title="puppyslug studio",
        lifespan=lifespan,
        docs_url=None,  # FastAPI's documentation pages load scripts from other hosts
        redoc_url=None,
        openapi_url=None,  # FastAPI would generate it in the event loop
        redirect_slashes=False,
        form_limits={"max_files": 12, "max_fields": 8, "max_part_size": MAX_PLAIN_BODY},
    )
    app.state.services = services
    app.state.shared = token is not None
    app.add_middleware(RequestBodyMiddleware)
    app.add_middleware(
        SecurityMiddleware,
        hosts=allowed_hosts(host),
        token=token,
        max_upload=services.limits.upload,
    )
    _add_error_handlers(app)
    for router in api.ROUTERS:
        app.include_router(router)
    app.add_api_route("/healthz", _check_health, include_in_schema=True)
    app.add_api_route("/api/openapi.json", _api_description(app), include_in_schema=False)
    app.mount("/static", StaticFiles(directory=_PACKAGE / "static"), name="static")
    _add_pages(app, services)
    return app


def _api_description(app: FastAPI) -> Callable[[], Response]:
    """Return an endpoint that describes the API, generated once, by one thread."""
    lock, texts = threading.Lock(), list[str]()

    def describe() -> Response:
        with lock:
            if not texts:
                texts.append(json.dumps(app.openapi()))
        return Response(texts[0], media_type="application/json")

    return describe


async def _check_health() -> dict[str, str]:
    """Return ok. It needs no thread, all of which may be busy."""
    return {"status": "ok"}


def _add_pages(app: FastAPI, services: Services) -> None:
    templates = Jinja2Templates(directory=_PACKAGE / "templates")
    pictures = sorted(path.stem for path in (_PACKAGE / "static/pictures").glob("*.webp"))

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    def dream_page(request: Request) -> HTMLResponse:
        networks = choices.describe_networks(services.networks.list_specs())
        here = {network["name"] for network in networks if network["here"]}
        context = {
            "looks": describe_looks(here),
            "own_looks": _own_looks(services, request),
            "samples": SAMPLES,
            "presets": choices.describe_presets(),
            "fields": choices.describe_fields(),
            "defaults": choices.describe_defaults(),
            "networks": [network for network in networks if network["here"]],
            "pictures": pictures,
            "atlases": choices.list_atlas_layers(),
            "carried": choices.CARRIED_FIELDS,
            "field_defaults": choices.field_defaults(),
        }
        return _page(templates.TemplateResponse(request, "studio.html", context), request)

    @app.get("/teach", response_class=HTMLResponse, include_in_schema=False)
    def teach_page(request: Request) -> HTMLResponse:
        networks = [network for network in choices.describe_networks() if network["here"]]
        context = {"networks": networks, "defaults": choices.describe_defaults()}
        return _page(templates.TemplateResponse(request, "teach.html", context), request)


def _own_looks(services: Services, request: Request) -> list[dict[str, Any]]:
    client = identify(request, shared=request.app.state.shared)
    return [look.model_dump(exclude={"owner"}) for look in list_own_looks(services, client)]


def _page(response: HTMLResponse, request: Request) -> HTMLResponse:
    ensure_cookie(request, response)
    return response


def _add_error_handlers(app: FastAPI) -> None:
    app.add_exception_handler(PuppyslugError, _handle_own_error)
    app.add_exception_handler(RequestValidationError, _handle_invalid_request)
    app.add_exception_handler(HTTPException, _handle_starlette_error)
    app.add_exception_handler(OSError, _handle_write_error)
    app.add_exception_handler(sqlite3.OperationalError, _handle_write_error)
    app.add_exception_handler(Exception, _handle_unexpected_error)


def _handle_own_error(_: Request, error: Exception) -> JSONResponse:
    return error_response(error if isinstance(error, HTTPError) else HTTPError(422, str(error)))


def _handle_invalid_request(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    problem = error.errors()[0]
    location = ".".join(str(part) for part in problem["loc"][1:]) or "the request"
    return error_response(HTTPError(422, f"{location}: {problem['msg']}"))


def _handle_starlette_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    response = error_response(HTTPError(error.status_code, str(error.detail)))
    response.headers.update(error.headers or {})
    return response


def _handle_write_error(_: Request, error: Exception) -> JSONResponse:
    reason = getattr(error, "strerror", None) or str(error)
    return error_response(
        HTTPError(507, f"cannot write to the studio's data folder: {reason}; free some space")
    )


def _handle_unexpected_error(_: Request, __: Exception) -> JSONResponse:
    return JSONResponse({"detail": "internal error; the studio's log has the details"}, 500)
