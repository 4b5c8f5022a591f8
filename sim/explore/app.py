"""The page: the answer of a setting next to the one before, and the levers.

It is at one address of this computer, which holds a token, and loads nothing from elsewhere. The
state is in the address of the page, so that Back undoes. Levers are the inputs on which harm,
effect and cost depend most, of those that can be set.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
import socket
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import urlencode

import uvicorn
from shiny import App, Inputs, Outputs, Session, reactive, render, ui

from sim.errors import UsageError
from sim.experiment.comparison import JUDGED
from sim.experiment.executors import choose_executor
from sim.experiment.executors.task import Watch
from sim.experiment.interrupts import handled_by
from sim.experiment.pipeline import carry_out
from sim.experiment.plan import Plan, choose_root_seed
from sim.experiment.runs import Runs
from sim.experiment.saved_plans import plan_of_folder
from sim.measure.estimates import Estimate, read_estimates
from sim.report.figures.outage import picture, read_outage
from sim.report.words.answer import answer
from sim.report.words.heading import is_comparison
from sim.report.words.numbers import span
from sim.results.folder import RunFolder, is_run_folder, open_run
from sim.results.integrity import changed_tables
from sim.scenario.load import load_scenario
from sim.scenario.quantities import finite_number
from sim.scenario.resolve import resolve
from sim.scenario.schema import meaning_of
from sim.scenario.unknowns import Factor
from sim.statistics.designs import FEWEST

Scope = MutableMapping[str, Any]
Asgi = Callable[[Scope, Any, Any], Awaitable[None]]

STYLE, SCRIPT = (
    Path(__file__).with_name(name).read_text(encoding="utf-8") for name in ("page.css", "page.js")
)


def build_app(folder: Path, levers: list[Lever], results: Path) -> App:
    """Return the page of a folder.

    Parameters
    ----------
    folder
        A run or a comparison: the first answer.
    levers
        Its levers.
    results
        Folder for the results of other settings.
    """
    first = open_run(folder)

    def page(request: Any) -> ui.Tag:
        asked = dict(request.query_params)
        return ui.page_fluid(
            ui.tags.style(STYLE),
            ui.div("The program behind this page has ended. Start it again.", id="gone"),
            ui.tags.main(
                ui.h1(first.title),
                ui.div(ui.output_ui("now"), ui.output_ui("before"), class_="answers"),
                ui.output_text("progress"),
                ui.div(
                    *(_slider(row, one, asked.get(one.key)) for row, one in enumerate(levers)),
                    class_="levers",
                ),
                ui.input_action_button("reset", "All values as at first"),
            ),
            ui.tags.script(SCRIPT),
            title=f"overblock: {first.title}",
            lang="en",
        )

    def server(input: Inputs, output: Outputs, session: Session) -> None:
        shown: reactive.Value[tuple[RunFolder, RunFolder | None]] = reactive.value((first, None))
        said: reactive.Value[str] = reactive.value("")

        @reactive.calc
        def overrides() -> list[str]:
            setting = {
                lever.key: str(input[_id(row)]())
                for row, lever in enumerate(levers)
                if input[_id(row)]() != lever.given
            }
            return overrides_of(levers, setting)

        @reactive.extended_task
        async def simulate(chosen: list[str]) -> Path:
            async def tell(text: str) -> None:
                async with reactive.lock():
                    said.set(text)
                    await reactive.flush()

            return await _simulated_setting(folder, results, chosen, tell)

        session.on_ended(simulate.cancel)

        @reactive.effect
        @reactive.event(overrides)
        async def _() -> None:
            chosen = overrides()
            pairs = urlencode(dict(one.split("=", 1) for one in chosen))
            await session.send_custom_message("address", {"search": f"?{pairs}" if pairs else ""})
            simulate.cancel()
            said.set("Simulating this setting; the answer above is of the one before.")
            simulate(chosen)

        @reactive.effect
        def _() -> None:
            status = simulate.status()
            if status == "error":
                said.set(str(simulate.error.get()))
            elif status == "success":
                with reactive.isolate():
                    now = open_run(simulate.result())
                    if now.path != shown()[0].path:
                        shown.set((now, shown()[0]))
                    said.set("")

        @reactive.effect
        @reactive.event(input.reset)
        def _() -> None:
            for row, lever in enumerate(levers):
                session.send_input_message(_id(row), {"value": lever.given})

        @render.ui
        def now() -> ui.Tag:
            return _answer(shown()[0], "This setting")

        @render.ui
        def before() -> ui.Tag | None:
            earlier = shown()[1]
            return None if earlier is None else _answer(earlier, "The setting before")

        @render.text
        def progress() -> str:
            return said()

    return App(page, server)


def _id(row: int) -> str:
    return f"lever{row}"


def _slider(row: int, lever: Lever, asked: str | None) -> ui.Tag:
    chosen = None if asked is None else lever.override(asked)
    value = lever.given if chosen is None else float(chosen.rpartition("=")[2])
    unit = f", {lever.unit}" if lever.unit else ""
    slider = ui.tags.input(
        id=_id(row),
        type="range",
        min=repr(lever.low),
        max=repr(lever.high),
        step="1" if lever.is_whole else "any",
        value=repr(value),
    )
    label = f"{lever.meaning}{unit} ({span(lever.low, lever.high)})"
    return ui.div(ui.tags.label(label, for_=_id(row)), slider, ui.tags.output(), class_="lever")


def _answer(run: RunFolder, title: str) -> ui.Tag:
    lines = [ui.p(line) for line in answer(run).lines()]
    # A comparison has a line for each strategy, and no curve of one.
    shown = None if is_comparison(run) else read_outage(run)
    drawn = [
        ui.div(ui.HTML(picture(shown, narrow=narrow)), class_=name)
        for name, narrow in (("wide", False), ("narrow", True))
        if shown is not None
    ]
    return ui.div(ui.h2(title), *lines, *drawn, class_="answer")


async def _simulated_setting(
    folder: Path, results: Path, chosen: list[str], tell: Callable[[str], Awaitable[None]]
) -> Path:
    """Folder of a setting's result: the first one's own, or one that is simulated once."""
    if not chosen:
        return folder
    into = results / sha256("\n".join(chosen).encode()).hexdigest()[:16]
    if not into.exists():
        command = [sys.executable, "-m", "sim.explore.app", str(folder), str(into), *chosen]
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            async for line in process.stdout:
                n_done, n_all = line.decode().split()
                await tell(f"{n_done} of {n_all} simulations of this setting are finished.")
            error = await process.stderr.read()
            await process.wait()
        except asyncio.CancelledError:
            process.terminate()
            raise
        if process.returncode:
            last = error.decode(errors="replace").strip().splitlines()[-1:]
            raise RuntimeError(last[0] if last else "the simulation failed")
    return into


class Guard:
    """Answers at one address alone: requests with its token, host and origin.

    Whatever else resolves to this computer was sent here by somebody else's page.
    """

    def __init__(self, app: Asgi, token: str, host: str) -> None:
        self._app, self._token, self._host = app, token, host

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Hand on a request that may be answered, without its token."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        prefix, _, rest = scope["path"].removeprefix("/").partition("/")
        is_ours = (
            headers.get(b"host") == self._host
            and headers.get(b"origin", f"http://{self._host}") == f"http://{self._host}"
            and hmac.compare_digest(prefix.encode(), self._token.encode())
        )
        if is_ours:
            root = f"/{self._token}"
            await self._app({**scope, "path": f"{root}/{rest}", "root_path": root}, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await send({"type": "http.response.start", "status": 404, "headers": []})
            await send({"type": "http.response.body", "body": b"not found"})


MOST = 6
"""Levers that are shown."""


@dataclass(frozen=True)
class Lever(Factor):
    """An input that can be moved."""

    meaning: str = ""
    """What it is."""

    def override(self, text: str) -> str | None:
        """Return ``key=value`` of a value in its range; None of anything else."""
        value = finite_number(text)
        if value is None or not self.low <= value <= self.high:
            return None
        return f"{self.key}={round(value) if self.is_whole else f'{value:.6g}'}"


def levers_of(plan: Plan, estimates: Mapping[tuple[str, str], Estimate]) -> list[Lever]:
    """Levers of an ensemble, the most influential first; none of point values."""
    if plan.draws is None:
        return []
    shares: dict[str, float] = {}
    for (_, metric), estimate in estimates.items():
        if metric in JUDGED:
            for key, share in estimate.depends_on:
                shares[key] = max(shares.get(key, 0.0), share)
    settable = [one for one in plan.draws.unknowns if _can_be_set(one)]
    settable.sort(key=lambda one: -shares.get(one.key, 0.0))
    paths = {table.name: table.path for table in plan.resolved.tables}
    levers = []
    for one in settable[:MOST]:
        meaning = meaning_of(one.key, paths.get(one.key.rpartition(".")[0])).replace("`", "")
        given = min(max(one.given, one.low), one.high)
        levers.append(Lever(**vars(one) | {"meaning": meaning, "given": given}))
    return levers


def _can_be_set(factor: Factor) -> bool:
    """Whether one number is meant, as ``--set`` takes it: of a key, or of a shipped table."""
    is_of_file = factor.scale != "value" and factor.key.rpartition(".")[0].endswith(".csv")
    return factor.n_dials == 1 and factor.low < factor.high and not is_of_file


def overrides_of(levers: Iterable[Lever], setting: Mapping[str, str]) -> list[str]:
    """Overrides of a setting, in the sequence of the levers; anything else in it is ignored."""
    found = (lever.override(setting[lever.key]) for lever in levers if lever.key in setting)
    return [one for one in found if one is not None]


class _Server(uvicorn.Server):
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.should_exit = True  # Uvicorn's own raises signals again, in its loop.


def serve(
    given: str, port: int, ready: Callable[[str], None], warn: Callable[[Sequence[str]], None]
) -> None:
    """Serve the page of a folder, or of a scenario, which is simulated first.

    Parameters
    ----------
    port
        0 for a free one.
    ready
        Called with the address.
    warn
        Called with the files of the folder that are not as the run wrote them.

    Raises
    ------
    UsageError
        If the port is taken.
    OverblockError
        With the mistakes in the scenario, or in the folder.
    """
    with tempfile.TemporaryDirectory() as place, socket.socket() as listening:
        results = Path(place)
        folder = Path(given) if is_run_folder(Path(given)) else _simulated(given, results)
        run = open_run(folder)
        warn([f"{folder / name}: {why}" for name, why in changed_tables(run)])
        (results / "tables").mkdir()
        levers = levers_of(plan_of_folder(run, results / "tables"), read_estimates(run))
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(("127.0.0.1", port))
            # Whoever opens the address at once waits for the page.
            listening.listen()
        except OSError as error:
            raise UsageError(f"--port {port}: {error.strerror}") from None
        token, host = secrets.token_urlsafe(24), f"127.0.0.1:{listening.getsockname()[1]}"
        app = Guard(build_app(folder, levers, results), token, host)
        config = uvicorn.Config(
            app, log_level="error", ws_max_size=2**20, timeout_graceful_shutdown=5
        )
        server = _Server(config)
        ready(f"http://{host}/{token}/")
        # What is raised while the loop closes leaves threads that never end.
        with handled_by(server.handle_exit):
            server.run(sockets=[listening])
        if server.should_exit:
            raise KeyboardInterrupt


def _simulated(scenario: str, place: Path) -> Path:
    resolved = resolve(load_scenario(scenario, []))
    plan = Plan.of_run(resolved, choose_root_seed(resolved, None), 1).of_size(FEWEST, fixed=False)
    return carry_out(Runs(plan), folder=place / "first", executor=choose_executor(None)).folder


def simulate(folder: Path, into: Path, overrides: list[str]) -> None:
    """Write the result of a folder's plan with some values changed.

    Parameters
    ----------
    folder
        A run or a comparison.
    overrides
        ``key.path=value`` or ``table.column=amount`` each.
    """

    def report(n_done: int, n_all: int) -> None:
        sys.stdout.write(f"{n_done} {n_all}\n")
        sys.stdout.flush()

    with tempfile.TemporaryDirectory() as scratch:
        plan = plan_of_folder(open_run(folder), Path(scratch), more=overrides)
        executor = choose_executor(None)
        carry_out(Runs(plan), folder=into, force=True, executor=executor, watch=Watch(report))


if __name__ == "__main__":
    simulate(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
