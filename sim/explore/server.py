"""Serves the page at a free port of this computer, and simulates other settings in a process."""

from __future__ import annotations

import secrets
import socket
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from sim.errors import UsageError
from sim.experiment.executors import choose_executor
from sim.experiment.pipeline import carry_out
from sim.experiment.plan import Plan, choose_root_seed
from sim.experiment.runs import Runs
from sim.experiment.saved_plans import plan_of_folder
from sim.explore.app import levers_of
from sim.measure.estimates import read_estimates
from sim.results.folder import is_run_folder, open_run
from sim.results.integrity import changed_tables
from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve
from sim.statistics.designs import FEWEST


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
        If the packages of the page are not installed, or the port is taken.
    OverblockError
        With the mistakes in the scenario, or in the folder.
    """
    try:
        import uvicorn

        from sim.explore.app import Guard, build_app
    except ImportError:
        raise UsageError("explore needs more packages: pip install 'overblock[explore]'") from None
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
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws_max_size=2**20))
        ready(f"http://{host}/{token}/")
        server.run(sockets=[listening])


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
        carry_out(Runs(plan), folder=into, force=True, executor=executor, on_progress=report)


if __name__ == "__main__":
    simulate(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
