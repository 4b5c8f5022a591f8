"""The page's server: which requests it answers, whose, and up to which size.

In: requests from this computer. Out: the page, answers, reports. It answers at the address it was
given alone, and only requests whose path begins with the token.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from sim.errors import OverblockError
from sim.explore.answer import answer_of, file_of, report_of
from sim.explore.jobs import BusyError, Jobs, Run
from sim.explore.setting import MOST_DRAWS, MOST_REPLICATES, MOST_STRATEGIES, Setting, Source
from sim.files import parse_json
from sim.report.page.scripts import own_text
from sim.scenario.load import load_scenario
from sim.scenario.strategies import DECLARED

MOST_BYTES = 16 * 1024
"""Largest body of a request."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_PAGE = Path(__file__).parent / "page"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True)
class Offer:
    """What the page offers.

    Attributes
    ----------
    sources
        Each scenario, by the name that is shown.
    opened
        The one that is shown first.
    first
        The setting that is shown first.
    levers
        Levers that are known beforehand, of a run that was opened.
    answered
        Folder that answers the first setting: the run that was opened, if this program made it.
    changed
        What differs in the run that was opened from its manifest; empty where nothing does.
    """

    sources: Mapping[str, Source]
    opened: str
    first: Setting
    levers: tuple[dict[str, Any], ...] = ()
    answered: Path | None = None
    changed: str = ""


class Site:
    """The server of one offer.

    Parameters
    ----------
    hosts
        Values of the header ``Host`` that are answered: whatever else resolves to this address was
        sent here by somebody else's page.
    """

    def __init__(self, offer: Offer, jobs: Jobs, hosts: frozenset[str]) -> None:
        self._offer, self._jobs, self._hosts = offer, jobs, hosts
        self.token = secrets.token_urlsafe(24)
        route = "/{token}"
        self.app = Starlette(
            routes=[
                Route(f"{route}/", self._file("index.html", "text/html")),
                Route(f"{route}/explore.js", self._file("explore.js", "text/javascript")),
                Route(f"{route}/explore.css", self._style),
                Route(f"{route}/start", self._start),
                Route(f"{route}/scenario/{{name}}", self._scenario),
                Route(f"{route}/runs", self._ask, methods=["POST"]),
                Route(f"{route}/levers", self._ask_levers, methods=["POST"]),
                Route(f"{route}/runs/{{number:int}}/messages", self._messages),
                Route(f"{route}/runs/{{number:int}}/cancel", self._cancel, methods=["POST"]),
                Route(f"{route}/runs/{{number:int}}/answer", self._answer),
                Route(f"{route}/runs/{{number:int}}/report", self._report),
                Route(f"{route}/runs/{{number:int}}/files/{{name:path}}", self._download),
            ],
            lifespan=self._lifespan,
        )
        self.app.add_middleware(BaseHTTPMiddleware, dispatch=self._guard)

    async def until_shown(self) -> None:
        """Wait until there is something to show who comes."""
        await self._jobs.until_shown()

    @asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        self._jobs.begin()
        try:
            yield
        finally:
            self._jobs.end()

    async def _guard(
        self, request: Request, answer: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        """Refuse what comes under another name, from another page, or without the token."""
        origin = request.headers.get("origin")
        is_own = origin is None or origin.removeprefix("http://") in self._hosts
        if request.headers.get("host") not in self._hosts or not is_own:
            return Response("expected another host", 421, _HEADERS)
        given = request.url.path.split("/")[1]
        if not hmac.compare_digest(given.encode(), self.token.encode()):
            return Response("expected the address that was printed", 404, _HEADERS)
        response = await answer(request)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response

    def _file(self, name: str, kind: str) -> Callable[[Request], Awaitable[Response]]:
        text = (_PAGE / name).read_text(encoding="utf-8")

        async def answer(request: Request) -> Response:
            return Response(text, media_type=kind)

        return answer

    async def _style(self, request: Request) -> Response:
        own = (_PAGE / "explore.css").read_text(encoding="utf-8")
        return Response(f"{own_text('page.css')}\n{own}", media_type="text/css")

    async def _start(self, request: Request) -> Response:
        offer = self._offer
        return JSONResponse(
            {
                "scenarios": list(offer.sources),
                "first": _plain(offer.first),
                "levers": list(offer.levers),
                "changed": offer.changed,
                "strategies": [
                    {"id": name, "says": (kind.__doc__ or "").partition("\n")[0]}
                    for name, kind in DECLARED.items()
                ],
                "most": {
                    "n_replicates": MOST_REPLICATES,
                    "n_draws": MOST_DRAWS,
                    "strategies": MOST_STRATEGIES,
                },
            }
        )

    async def _scenario(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in self._offer.sources:
            return _refused(["expected one of the scenarios of the page"], 404)
        try:
            loaded = await run_in_threadpool(load_scenario, self._offer.sources[name].name)
        except OverblockError as error:
            return _refused(str(error).splitlines())
        scenario = loaded.scenario
        compared = scenario.experiment.strategies if scenario.experiment else ()
        return JSONResponse(
            {
                "name": name,
                "title": scenario.title,
                "description": scenario.description,
                "root_seed": scenario.root_seed,
                "strategy": scenario.strategy.id,
                "n_compared": len(compared or ()),
            }
        )

    async def _ask(self, request: Request) -> Response:
        return await self._begin(request, for_levers=False)

    async def _ask_levers(self, request: Request) -> Response:
        return await self._begin(request, for_levers=True)

    async def _begin(self, request: Request, *, for_levers: bool) -> Response:
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > MOST_BYTES:
                return _refused([f"expected at most {MOST_BYTES} bytes, got more"], 413)
        try:
            setting = Setting.of_json(parse_json(body), list(self._offer.sources))
            if for_levers:
                setting = Setting(setting.scenario, setting.strategies, (), 1, 0, setting.root_seed)
            run = self._jobs.ask(setting, for_levers=for_levers)
        except (ValueError, RecursionError):
            return _refused(["expected a JSON object, got none"], 400)
        except OverblockError as error:
            return _refused(str(error).splitlines()[:20])
        except BusyError:
            return _refused(["too many settings wait already: cancel one"], 429)
        return JSONResponse({"number": run.number}, 202)

    async def _messages(self, request: Request) -> Response:
        run = self._run(request)
        if run is None:
            return _refused(["this setting is forgotten: compute it again"], 404)
        run.n_listening += 1

        async def lines() -> AsyncIterator[str]:
            try:
                async for kind, value in run.messages():
                    yield json.dumps({"kind": kind, "value": value}) + "\n"
            finally:
                run.n_listening -= 1
                if run.n_listening == 0 and not run.is_over and not run.for_levers:
                    self._jobs.cancel(run)  # the page is gone

        return StreamingResponse(lines(), media_type="application/x-ndjson")

    async def _cancel(self, request: Request) -> Response:
        run = self._run(request)
        if run is not None and not run.is_over:
            self._jobs.cancel(run)
        return Response(status_code=204)

    async def _answer(self, request: Request) -> Response:
        run = self._run(request)
        if run is None or run.state != "done":
            return _refused(["this setting has no answer (yet)"], 404)
        return JSONResponse(_without_nan(await run_in_threadpool(answer_of, run.folder)))

    async def _report(self, request: Request) -> Response:
        run = self._run(request)
        if run is None or run.state != "done":
            return _refused(["this setting has no answer (yet)"], 404)
        page = await run_in_threadpool(report_of, run.folder)
        # The report carries a policy of its own; here it may stand in this page alone.
        policy = {"Content-Security-Policy": "frame-ancestors 'self'"}
        return Response(page, media_type="text/html", headers=policy)

    async def _download(self, request: Request) -> Response:
        run = self._run(request)
        if run is None or run.state != "done":
            return _refused(["this setting has no answer (yet)"], 404)
        path = file_of(run.folder, request.path_params["name"])
        if path is None:
            return _refused(["expected a file that the manifest names"], 404)
        return FileResponse(path, filename=path.name, media_type="application/octet-stream")

    def _run(self, request: Request) -> Run | None:
        return self._jobs.runs.get(request.path_params["number"])


def _plain(setting: Setting) -> dict[str, Any]:
    settings = dict(one.split("=", 1) for one in setting.overrides)
    return {
        "scenario": setting.scenario,
        "strategies": list(setting.strategies),
        "settings": {key: float(value) for key, value in settings.items()},
        "n_replicates": setting.n_replicates,
        "n_draws": setting.n_draws,
        "root_seed": setting.root_seed,
    }


def _refused(problems: list[str], status: int = 422) -> Response:
    return JSONResponse({"problems": problems}, status)


def _without_nan(value: Any) -> Any:
    if isinstance(value, float) and value != value:
        return None
    if isinstance(value, dict):
        return {key: _without_nan(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(inner) for inner in value]
    return value
