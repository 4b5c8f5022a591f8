"""Options of verbs: how one is declared, those that several verbs share, and files that they name.

A verb that runs an experiment takes `ExperimentOptions` next to its own options, one that reads
files of addresses `TableOptions`, and one that also prints them as tables `ListOptions`. Standard
input can be read once only.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

import typer

from sim.cli.console import Format, reports_errors, say
from sim.errors import DataError, Problem, UsageError
from sim.files import check_free

if TYPE_CHECKING:
    from sim.addresses.feeds.feed import Feed
    from sim.addresses.feeds.inputs import ColumnChoice, Input
    from sim.addresses.feeds.name_lists import KnownNames
    from sim.addresses.text.source import Limits
    from sim.blocklists.blocklists import Blocklists
    from sim.experiment.executors.task import Executor

STRATEGY = "[LABEL=]ID[:PARAMETER=VALUE,…]"
"""Form of a strategy on the command line."""


def option(spec: str, meaning: str, default: Any = None, **more: Any) -> Any:
    """Return an option of a verb.

    Parameters
    ----------
    spec
        Its flags, and what its value is called, as help prints them: ``-o --output FILE``.
    default
        Without it; ``...`` where it has to be given.
    more
        Other arguments of ``typer.Option``.
    """
    parts = spec.split()
    flags = [one for one in parts if one.startswith("-")]
    metavar = next((one for one in parts if one not in flags), None)
    return typer.Option(default, *flags, metavar=metavar, help=meaning, **more)


def many(spec: str, meaning: str, **more: Any) -> Any:
    """Return an option that can be given several times; see `option`."""
    return option(spec, f"{meaning} May be repeated.", default=[], **more)


def argument(metavar: str, meaning: str, default: Any = ..., **more: Any) -> Any:
    """Return an argument of a verb, which has to be given unless it has a default."""
    return typer.Argument(default, metavar=metavar, help=meaning, **more)


_SCENARIO = "A scenario file, - for stdin, or a shipped scenario ('overblock list')"
SCENARIO = argument("SCENARIO", f"{_SCENARIO}.")
SCENARIO_OR_RESUME = argument(
    "SCENARIO", f"{_SCENARIO}, or a run folder; none with --resume.", default=None
)
RUN = argument("RUN", "A run folder.")
SET = many(
    "--set KEY.PATH=VALUE",
    "Override values of the scenario; recorded in the manifest. A mapping {KEY: VALUE} is merged "
    "into the section there; 'off' removes an optional section or key. TABLE.COLUMN=AMOUNT moves "
    "an assumed column of a shipped table: a factor for its cells, or a position from -1 to 1 "
    "within their ranges ('overblock sensitivity SCENARIO --list').",
)
STRATEGY_OF_ONE = option(
    "--strategy ID|FILE.py:CLASS",
    "Strategy to use in place of the scenario's; FILE.py:CLASS is one of your own, and runs that "
    "file. --set PARAMETER=VALUE sets its parameters.",
)
SITES = option(
    "--sites FILE",
    "Your sites, a file as for 'exposure --inventory', in place of all businesses of the scenario.",
)
RECORD = option(
    "--record FILE",
    "A record of what was blocked and when, in place of the scenario's orders: polls, dated "
    "orders, or a table with from and until. It sets time, sessions and operators, too.",
)
METRICS = option(
    "--metric NAME",
    "A metric for the tables; the main ones by default. May be repeated. measures.parquet holds "
    "all.",
    default=[],
)
JSON = option("--json", "Print one JSON document on stdout.", default=False)
QUIET = option(
    "-q --quiet",
    "No progress, notes or warnings on stderr.",
    default=False,
    envvar="OVERBLOCK_QUIET",
)
FORCE = option("--force", "Replace an earlier run there.", default=False)
FORCE_FILE = option("--force", "Replace a file that is there.", default=False)
AT = option("--at TIME", "Time at which dated orders are in force, or a day: its beginning in UTC.")
LANGUAGE = option("--language CODE", "Language to write in: en, es, it or ru.", default="en")
FORMAT = option("--format", "How to print it.", default=Format.TABLE)
IGNORE_COLUMN = many(
    "--ignore-column NAME", "A column to ignore: it does not change the meaning of the rows."
)
COLUMN = many(
    "--column ROLE=NAME",
    "The content of a column whose name does not show it, such as last=end. ROLE is address "
    "(several allowed), last, mask, wildcard or a known column; in init also from, until, "
    "operators or share_users.",
)
MAX_BYTES = option(
    "--max-bytes",
    "Refuse files that hold more than this after decompression.",
    default=2**30,
    min=1,
    envvar="OVERBLOCK_MAX_BYTES",
)
SIMULATIONS = option(
    "-n --simulations",
    "Number of simulations: 64 for run and 128 for compare by default; with --fixed as many as "
    "the scenario states.",
    min=1,
    max=2**20,
    envvar="OVERBLOCK_SIMULATIONS",
)
FIXED = option(
    "--fixed",
    "Simulate replicates of the point values in place of an ensemble: for teaching and debugging. "
    "The range is chance alone; losses are means over 200 draws of prices.",
    default=False,
)
KEPT = option(
    "--kept FILE|none",
    "Simulations that agree with the record: the table or the folder of 'overblock condition'; by "
    "default those shipped with the scenario, if any. none draws from all declared ranges.",
)
POINT_REPLICATES = option(
    "-n --replicates",
    "Replicates at each point; 2 for sensitivity by default.",
    min=1,
    max=1_000_000,
)
SEED = option(
    "--seed",
    "Root seed of all random numbers. Without it the scenario's, else one is chosen and printed.",
    min=0,
    max=2**63 - 1,
    envvar="OVERBLOCK_SEED",
)
WORKERS = option(
    "-w --workers",
    "Processes that share the runs; as many as there are processors by default. The result does "
    "not depend on it.",
    min=1,
    max=4096,
    envvar="OVERBLOCK_WORKERS",
)


def _trust_files(paths: list[Path]) -> list[Path]:
    from sim.scenario.own import trust_file

    with reports_errors():
        for path in paths:
            trust_file(path)
    return paths


TRUST = many(
    "--trust FILE.py",
    "Let a Python file run that a scenario or a run folder brings. It has your rights: read it "
    "first.",
    callback=_trust_files,
)


@dataclass(frozen=True)
class ExperimentOptions:
    """Options of every verb that runs an experiment."""

    seed: int | None = SEED
    output: Path | None = option(
        "-o --output",
        "Run folder to write; runs/<utc-stamp>-<scenario>-<hash6> by default.",
        envvar="OVERBLOCK_OUTPUT",
    )
    overrides: list[str] = SET
    measures: list[str] = many(
        "--measure FILE.py:FUNCTION",
        "A measure of your own, computed with the others; the file then runs.",
    )
    trusted: list[Path] = TRUST
    workers: int | None = WORKERS
    cluster: str | None = option(
        "--cluster ADDRESS|local",
        "Share the runs on a dask cluster: the address of its scheduler, or 'local' to start one "
        "on this machine with --workers.",
        envvar="OVERBLOCK_CLUSTER",
    )
    resume: Path | None = option(
        "--resume RUN",
        "Resume a run folder that was interrupted or in which runs failed; finished runs are kept.",
    )
    force: bool = FORCE
    as_json: bool = JSON
    quiet: bool = QUIET

    def executor(self, n_runs: int | None = 0) -> Executor:
        """Return the executor of the runs: this process, several, or a cluster.

        Parameters
        ----------
        n_runs
            With many, or None for an ensemble of the usual size, processes begin to load.
        """
        from sim.experiment.executors import choose_executor

        return choose_executor(self.workers, self.cluster, n_runs=n_runs)


@dataclass(frozen=True)
class TableOptions:
    """Options of every verb that reads tables of addresses."""

    skip_bad: bool = option("--skip-bad", "Ignore bad lines and count them.", default=False)
    allow_empty: bool = option(
        "--allow-empty", "Accept a file without addresses as an empty one.", default=False
    )
    max_bytes: int = MAX_BYTES
    ignore_column: list[str] = IGNORE_COLUMN
    column: list[str] = COLUMN

    @cached_property
    def columns(self) -> ColumnChoice:
        """Roles of columns as the options state them."""
        from sim.addresses.feeds.inputs import ColumnChoice

        return ColumnChoice.of(self.column, self.ignore_column)


@dataclass(frozen=True)
class ListOptions(TableOptions):
    """Options of every verb that prints what it finds in tables of addresses."""

    output_format: Format = FORMAT
    as_json: bool = JSON
    quiet: bool = QUIET


def check_output(path: Path | None, *ends: str, force: bool) -> None:
    """Refuse a file that cannot be written, before anything is computed.

    Raises
    ------
    UsageError
        If its name has none of some endings, or it is taken.
    """
    if path is not None and path.suffix not in ends:
        first = ", ".join(ends[:-1])
        raise UsageError(f"{path}: expected a file that ends in {first} or {ends[-1]}")
    if path is not None:
        check_free(path, force=force)


def given(**options: Any) -> dict[str, Any]:
    """Return the options that were given; the others take their defaults."""
    return {name: value for name, value in options.items() if value is not None}


def as_command(verb: Callable[..., None]) -> Callable[..., None]:
    """Make a command of a verb.

    It has the options of the class of the verb's parameter ``options``, and prints errors as
    `reports_errors` does.
    """
    signature = inspect.signature(verb, eval_str=True)
    own = dict(signature.parameters)
    shared_class = own.pop("options").annotation if "options" in own else None
    hints = get_type_hints(shared_class) if shared_class is not None else {}
    only_named = inspect.Parameter.KEYWORD_ONLY
    shared = [
        inspect.Parameter(name, only_named, default=getattr(shared_class, name), annotation=kind)
        for name, kind in hints.items()
    ]

    @wraps(verb)
    def command(**given: Any) -> None:
        with reports_errors(as_json=given.get("as_json", False)):
            if shared_class is not None:
                given["options"] = shared_class(**{one.name: given.pop(one.name) for one in shared})
            verb(**given)

    parameters = [*own.values(), *shared]
    command.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {one.name: one.annotation for one in parameters}
    return command


T = TypeVar("T")


@dataclass(frozen=True)
class Files:
    """Files named on the command line, all read with the same options."""

    options: TableOptions
    """As the verb took them."""
    stack: ExitStack
    """Holds what standard input was written to until everything is read."""
    at: datetime | None = None
    """When orders are in force, where a file is dated."""

    def find(self, names: Sequence[str]) -> list[Input]:
        """Files by name; standard input is written to a temporary file."""
        from sim.addresses.feeds.inputs import STDIN, spooled
        from sim.blocklists.blocklists import find_input

        found = [
            self.stack.enter_context(spooled(sys.stdin.buffer, STDIN, self._limits))
            if name == "-"
            else find_input(name)
            for name in names
        ]
        return [replace(one, columns=self.options.columns) for one in found]

    def feeds(self, inputs: Sequence[Input], *, may_be_names: bool = False) -> list[Feed]:
        """Read tables and inventories; those of names alone where these are to be joined."""
        return self.blocklists(inputs, may_be_names=may_be_names).in_force(self.at)

    def hosts(self, names: Sequence[str], *, may_be_names: bool = False) -> list[Feed]:
        """Read inventories or resolutions, as `feeds` does, without addresses of no public host."""
        from sim.addresses.feeds.feed import without_sinkholes

        found = self.feeds(self.find(names), may_be_names=may_be_names)
        return list(map(without_sinkholes, found))

    def blocklists(
        self, inputs: Sequence[Input], format_name: str = "", *, may_be_names: bool = False
    ) -> Blocklists:
        """Read blocklists, which may hold dated orders; those of names as `feeds` does."""
        from sim.blocklists.blocklists import read_blocklists

        return read_blocklists(
            inputs,
            format_name,
            limits=self._limits,
            skip_bad=self.options.skip_bad,
            allow_empty=self.options.allow_empty or may_be_names,
        )

    def answers(self, names: Sequence[str]) -> Feed | None:
        """Read names with the addresses they resolve to; None where none are given."""
        if not names:
            return None
        from sim.addresses.feeds.feed import concatenate
        from sim.addresses.feeds.name_lists import check_answers

        found = self.hosts(names, may_be_names=True)
        for feed in found:
            check_answers(feed)
        return concatenate(found)

    @property
    def _limits(self) -> Limits:
        from sim.addresses.text.source import Limits

        return Limits(max_bytes=self.options.max_bytes)


def split_provider(text: str) -> tuple[str, str]:
    """Return the provider and the file of ``NAME=FILE``; no provider where a file is meant."""
    provider, equals, file = text.partition("=")
    if not equals or not provider or not file or Path(text).exists():
        return "", text
    return provider, file


def join_answers(
    feeds: Sequence[Feed], answers: Feed | None
) -> tuple[list[Feed], list[KnownNames]]:
    """Place names at the addresses they resolve to, and count the known names of each file."""
    if answers is None:
        return list(feeds), []
    from sim.addresses.feeds.name_lists import join_names

    placed = [join_names(feed, answers) for feed in feeds]
    return [feed for feed, _ in placed], [known for _, known in placed if known.n_names]


def check_placed(feeds: Sequence[Feed], options: TableOptions) -> None:
    """Refuse lists in which no address is known after names were joined.

    Raises
    ------
    DataError
        If there is such a list, unless empty ones are allowed.
    """

    message = "expected at least one address, got none in the file and none by --names"
    empty = [
        Problem(feed.origin.file, message)
        for feed in feeds
        if feed.n_unplaced and not len(feed.v4) + len(feed.v6)
    ]
    if empty and not options.allow_empty:
        raise DataError(empty)


def check_dated(at: datetime | None, feeds: Sequence[Feed]) -> None:
    """Refuse a time where no file holds dated orders."""
    from sim.addresses.feeds.forms import DATED

    if at is not None and not any(feed.origin.format in DATED for feed in feeds):
        raise UsageError("--at: none of the files holds dated orders")


def list_remarks(feeds: Sequence[Feed]) -> list[str]:
    """List the ignored lines of each file, with examples, and its notes; each once."""
    remarks: dict[str, None] = {}
    for feed in feeds:
        name = feed.origin.file
        if feed.n_bad:
            examples = "; ".join(map(str, feed.problems[:3]))
            remarks[f"{name}: {feed.n_bad:,} bad lines ignored, such as {examples}"] = None
        remarks |= dict.fromkeys(f"{name}: {note}" for note in feed.notes)
    return list(remarks)


def check_stdin(names: Sequence[str]) -> None:
    """Refuse a standard input that is read twice, or that is a terminal."""

    if names.count("-") > 1:
        raise UsageError("-: standard input can be read once only")
    if "-" in names and sys.stdin.isatty():
        raise UsageError("-: expected a list on standard input, got a terminal")


def read_time(option: str, text: str | None, *, quiet: bool) -> datetime | None:
    """Read the value of an option that is a time; a day is its beginning in UTC, with a note."""
    from sim.scenario.quantities import DAY_PATTERN, parse_instant

    if text and re.match(DAY_PATTERN, text):
        text = f"{text}T00:00+00:00"
        say(f"{option}: the day is read as its beginning in UTC, {text}", quiet=quiet)
    return parsed(option, text, parse_instant)


def parsed(option: str, text: str | None, read: Callable[[str], T]) -> T | None:
    """Read the value of an option, such as a point in time."""
    try:
        return read(text) if text else None
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None
