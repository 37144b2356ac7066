"""A synchronous HTTP client of an ASGI application in this process."""

import asyncio
from contextlib import AsyncExitStack

import httpx


class AppClient:
    """Sends requests to an application without a server, on an event loop of its own."""

    def __init__(self, app, base_url="http://127.0.0.1:8000", address="127.0.0.1"):
        self._app = app
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(address, 1))
        self._client = httpx.AsyncClient(transport=transport, base_url=base_url)
        self.base_url = base_url
        self.cookies = self._client.cookies

    def __enter__(self):
        self._runner.run(self._open())
        return self

    def __exit__(self, *_):
        self._runner.run(self._stack.aclose())
        self._runner.close()

    async def _open(self):
        await self._stack.enter_async_context(self._app.router.lifespan_context(self._app))
        await self._stack.enter_async_context(self._client)

    def request(self, method, url, **options):
        return self._runner.run(self._client.request(method, url, **options))

    def get(self, url, **options):
        return self.request("GET", url, **options)

    def post(self, url, **options):
        return self.request("POST", url, **options)

    def patch(self, url, **options):
        return self.request("PATCH", url, **options)

    def delete(self, url, **options):
        return self.request("DELETE", url, **options)
