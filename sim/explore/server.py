"""Serves the page on this computer until it is interrupted.

In: a scenario or a run folder. Out: an address with a token, on 127.0.0.1 alone.
"""

from __future__ import annotations

import asyncio
import os
import socket
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.errors import UsageError
from sim.explore.levers import levers_of_run
from sim.explore.setting import MOST_DRAWS, MOST_REPLICATES, Setting, Source, setting_of
from sim.report.page.repeat_command import is_comparison, shipped_scenario, strategy_text
from sim.results.folder import COMPLETE, MANIFEST, SCENARIO
from sim.results.integrity import changed_tables
from sim.results.read import open_run
from sim.scenario.library import find_scenario, scenario_names
from sim.scenario.load import load_scenario
from sim.version import __version__

if TYPE_CHECKING:
    from sim.explore.app import Offer

LOOPBACK = "127.0.0.1"
FIRST = "surgical"
"""Scenario that is opened where none is named: it answers soon."""
MOST_PROCESSES = 4
MOST_FIRST = 10
"""Replicates of a run that are asked for again at first, at most."""


def serve(
    opened: str | None,
    port: int,
    on_ready: Callable[[str], None],
    on_changed: Callable[[str], None],
) -> None:
    """Serve the page until the process is interrupted.

    Parameters
    ----------
    opened
        A scenario file, a shipped scenario's name, or a run folder; None for a shipped one.
    port
        0 for a free one.
    on_ready
        Called with the address once there is a picture to show.
    on_changed
        Called with what differs in the run that is opened from its manifest.

    Raises
    ------
    OverblockError
        If what is opened cannot be read, the port is taken, or the extra is not installed.
    """
    try:
        import uvicorn

        from sim.explore.app import Site
    except ImportError:
        message = "explore needs the extra 'explore': pip install 'overblock[explore]'"
        raise UsageError(message) from None
    from sim.explore.jobs import Jobs

    offer = offer_of(opened)
    if offer.changed:
        on_changed(offer.changed)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listening:
        try:
            listening.bind((LOOPBACK, port))
        except OSError as error:
            raise UsageError(f"--port {port}: {error.strerror}") from None
        place = f"{LOOPBACK}:{listening.getsockname()[1]}"
        hosts = frozenset({place, f"localhost:{place.rpartition(':')[2]}"})
        with tempfile.TemporaryDirectory(prefix="overblock-explore-") as folder:
            n_processes = min(max(os.cpu_count() or 1, 2), MOST_PROCESSES)
            jobs = Jobs(Path(folder), offer.sources, offer.first, n_processes, offer.answered)
            site = Site(offer, jobs, hosts)
            config = uvicorn.Config(
                site.app,
                log_level="error",
                access_log=False,
                server_header=False,
                timeout_keep_alive=30,
                limit_concurrency=64,
                h11_max_incomplete_event_size=16 * 1024,
                timeout_graceful_shutdown=1,
            )
            address = f"http://{place}/{site.token}/"
            server = _make_server(config, site.until_shown, lambda: on_ready(address))
            server.run(sockets=[listening])


def offer_of(opened: str | None) -> Offer:
    """What the page offers: all shipped scenarios, and what was opened.

    Raises
    ------
    OverblockError
        If it cannot be read.
    """
    from sim.explore.app import Offer

    sources = {name: Source(name) for name in scenario_names()}
    if opened is None:
        return Offer(sources, FIRST, Setting(FIRST))
    if (Path(opened) / MANIFEST).is_file():
        return _offer_of_run(Path(opened), sources)
    path = find_scenario(opened)
    load_scenario(opened)  # its mistakes are told here, not by the page
    if opened in sources and not Path(opened).is_file():
        return Offer(sources, opened, Setting(opened))
    name = _free_name(path.stem, sources)
    return Offer({name: Source(opened), **sources}, name, Setting(name))


def _offer_of_run(folder: Path, sources: Mapping[str, Source]) -> Offer:
    """Offer a run: its scenario, strategies, settings and draws, its levers, and its answer.

    A run of another version, that is not complete, was changed since, or is of more than the page
    may ask for, is computed anew within these bounds.
    """
    from sim.explore.app import Offer

    run = open_run(folder)
    described = run.manifest["scenario"]
    shipped = shipped_scenario(described)
    overrides = [str(one) for one in described.get("overrides", [])]
    settings = {one: setting_of(one) for one in overrides}
    kept = tuple(one for one, setting in settings.items() if setting is None)
    name = shipped or str(run.scenario["name"])
    if shipped is None or kept:
        name = _free_name(name, sources)
        sources = {name: Source(shipped or str(folder / SCENARIO), kept), **sources}
    own = run.scenario.get("strategy", {})
    strategies = tuple(
        strategy_text(one, own)
        for one in (run.manifest["strategies"] if is_comparison(run) else ())
    )
    changed = "; ".join(f"{file}: {why}" for file, why in changed_tables(run))
    is_answered = (
        run.manifest["status"] == COMPLETE
        and not changed
        and run.manifest.get("tool", {}).get("version") == __version__
        and run.n_replicates <= MOST_REPLICATES
        and run.n_draws <= MOST_DRAWS
    )
    first = Setting(
        name,
        strategies,
        tuple(filter(None, settings.values())),
        min(run.n_replicates, MOST_REPLICATES if is_answered else MOST_FIRST),
        min(run.n_draws, MOST_DRAWS),
        int(run.manifest["root_seed"]),
    )
    levers = tuple(one.as_json() for one in levers_of_run(run))
    if changed:
        changed = f"The folder is not as the run wrote it ({changed}): all is recomputed."
    return Offer(sources, name, first, levers, folder if is_answered else None, changed)


def _free_name(stem: str, sources: Mapping[str, Source]) -> str:
    """Name of a file beside those of shipped scenarios."""
    return f"{stem} (yours)" if stem in sources else stem


def _make_server(
    config: Any, until_shown: Callable[[], Awaitable[None]], on_shown: Callable[[], None]
) -> Any:
    """A server that says when it has something to show."""
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                # Not waited for here: until a server is up, Ctrl-C does not end it.
                self._telling = asyncio.create_task(self._tell())

        async def _tell(self) -> None:
            await until_shown()
            on_shown()

    return Server(config)
