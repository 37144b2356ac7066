"""The studio as one ASGI application: pages, HTTP API, security, error handlers."""

import json
import sqlite3
import threading
from asyncio import get_running_loop
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from puppyslug.errors import PuppyslugError
from puppyslug.recipe import defaults
from puppyslug.studio import api
from puppyslug.studio.http_errors import HTTPError, error_response
from puppyslug.studio.pages import PACKAGE, add_pages
from puppyslug.studio.request_body import RequestBodyMiddleware
from puppyslug.studio.security import MAX_PLAIN_BODY, SecurityMiddleware, allowed_hosts
from puppyslug.studio.services import Services

MAX_THREADS = 12  # of requests; each that computes delays all others


def create_app(
    services: Services, *, host: str = defaults.STUDIO_HOST, token: str | None = None
) -> FastAPI:
    """Create the web application of a studio.

    Args:
        services: open services; the caller closes them.
        host: host that the server listens on; requests must use one of its names.
        token: token that requests need, or None; not used in class mode.

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
        classroom=services.classroom,
    )
    _add_error_handlers(app)
    for router in api.ROUTERS:
        app.include_router(router)
    app.add_api_route("/healthz", _check_health, include_in_schema=True)
    app.add_api_route("/api/openapi.json", _api_description(app), include_in_schema=False)
    app.mount("/static", StaticFiles(directory=PACKAGE / "static"), name="static")
    add_pages(app, services)
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
