"""Options that several verbs share.

In: what is written on a command line. Out: the same as values. A verb that runs an experiment takes
`ExperimentOptions` beside its own options, one that reads files of addresses `FileOptions`, and one
that also prints them as tables `ListOptions`. It is one long file, since it is the list of these
options, each with its help.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import MISSING, dataclass, field, fields
from enum import StrEnum
from functools import cached_property, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from sim.cli.completion import complete_metric, complete_scenario, complete_strategy

if TYPE_CHECKING:
    from sim.addresses.feeds.rows.choice import ColumnChoice
    from sim.experiment.executors.task import Executor


class Format(StrEnum):
    """How numbers are printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    MARKDOWN = "markdown"


def metric_option(flag: str, meaning: str, metavar: str = "NAME") -> Any:
    """An option whose value is a measure, which the shell completes."""
    return typer.Option(flag, metavar=metavar, autocompletion=complete_metric, help=meaning)


ScenarioArgument = Annotated[
    str,
    typer.Argument(
        metavar="SCENARIO",
        autocompletion=complete_scenario,
        help="A scenario file, a shipped scenario's name (see 'overblock list'), or - for stdin.",
    ),
]
SetOption = Annotated[
    list[str],
    typer.Option(
        "--set",
        metavar="KEY.PATH=VALUE",
        help="Override values of the scenario; recorded in the manifest. A mapping {KEY: VALUE} is "
        "merged into what stands there; 'off' takes away a section or key that may be left out. "
        "TABLE.COLUMN=AMOUNT moves an assumed column of a shipped table: a factor for its cells, "
        "or a position from -1 to 1 within their ranges ('overblock sensitivity SCENARIO --list'). "
        "May be repeated.",
    ),
]
STRATEGY_FORM = "[LABEL=]ID[:PARAMETER=VALUE,…]"
StrategiesOption = Annotated[
    list[str],
    typer.Option(
        "--strategy",
        metavar=STRATEGY_FORM,
        autocompletion=complete_strategy,
        help="A strategy to run; the scenario's own when left out. May be repeated.",
    ),
]
MetricsOption = Annotated[
    list[str],
    metric_option(
        "--metric",
        "A metric for the tables; the main ones when left out. May be repeated. "
        "measures.parquet holds all.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
QuietOption = Annotated[
    bool,
    typer.Option(
        "-q", "--quiet", envvar="OVERBLOCK_QUIET", help="No progress, notes or warnings on stderr."
    ),
]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace an earlier run there.")]
ForceFileOption = Annotated[bool, typer.Option("--force", help="Replace a file that is there.")]
AtOption = Annotated[
    str | None,
    typer.Option("--at", metavar="TIME", help="Time at which dated orders are in force."),
]
LanguageOption = Annotated[
    str,
    typer.Option(
        "--language",
        metavar="CODE",
        help="Language to write in: en, es, it or ru.",
        autocompletion=lambda: ["en", "es", "it", "ru"],
    ),
]
FormatOption = Annotated[Format, typer.Option("--format", help="How to print it.")]
RunArgument = Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")]
SkipBadOption = Annotated[
    bool, typer.Option("--skip-bad", help="Leave bad lines out and count them.")
]
AllowEmptyOption = Annotated[
    bool,
    typer.Option(
        "--allow-empty", help="Take a file that gives no address for an empty one, not an error."
    ),
]
IgnoreColumnOption = Annotated[
    list[str],
    typer.Option(
        "--ignore-column",
        metavar="NAME",
        help="A column of a table that says nothing of what its rows mean. May be repeated.",
    ),
]
ColumnOption = Annotated[
    list[str],
    typer.Option(
        "--column",
        metavar="ROLE=NAME",
        help="What a column of a table holds where its name does not say it, such as last=end: "
        "address (may be several), last, mask, wildcard, or the name of a column that is known; "
        "for init from and until. May be repeated.",
    ),
]
MaxBytesOption = Annotated[
    int,
    typer.Option(
        "--max-bytes",
        min=1,
        envvar="OVERBLOCK_MAX_BYTES",
        help="Refuse files that hold more than this after decompression.",
    ),
]
OptionalScenarioArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="SCENARIO",
        autocompletion=complete_scenario,
        help="A scenario file, a shipped scenario's name (see 'overblock list'), or - for stdin; "
        "none with --resume.",
    ),
]
SimulationsOption = Annotated[
    int | None,
    typer.Option(
        "-n",
        "--simulations",
        min=1,
        max=2**20,
        envvar="OVERBLOCK_SIMULATIONS",
        help="Number of simulations: 64 for run and 128 for compare when left out; with --fixed as "
        "many as the scenario says.",
    ),
]
FixedOption = Annotated[
    bool,
    typer.Option(
        "--fixed",
        help="Simulate replicates of the point values in place of an ensemble: for teaching and "
        "debugging. The results have no range of the uncertain inputs.",
    ),
]
KeptOption = Annotated[
    str | None,
    typer.Option(
        "--kept",
        metavar="FILE|none",
        help="Take the simulations that agree with the record from this table of 'overblock "
        "condition', or from its folder; those that are shipped with the scenario when left out; "
        "none: simulations of all declared ranges.",
    ),
]

PairsOption = Annotated[
    bool,
    typer.Option(
        "--pairs",
        help="Simulate each draw of the uncertain inputs twice, each time with its own chance: "
        "summary.csv then has the share of the spread that is chance.",
    ),
]


def _refuse_draws(value: str | None) -> None:
    if value is not None:
        from sim.cli.terminal.console import reports_errors
        from sim.errors import UsageError

        with reports_errors():
            raise UsageError(
                "--draws is gone: every simulation is a draw now; give their number with -n, or "
                "--fixed for replicates of the point values"
            )


def _refuse_language(value: str | None) -> None:
    if value is not None:
        from sim.cli.terminal.console import reports_errors
        from sim.errors import UsageError

        with reports_errors():
            raise UsageError(
                "--language: only the page has other languages; this is in English. Use 'overblock "
                f"report RUN --language {value}'"
            )


NoLanguageOption = Annotated[
    str | None, typer.Option("--language", hidden=True, callback=_refuse_language)
]
NoDrawsOption = Annotated[str | None, typer.Option("--draws", hidden=True, callback=_refuse_draws)]
PointReplicatesOption = Annotated[
    int | None,
    typer.Option(
        "-n",
        "--replicates",
        min=1,
        max=1_000_000,
        help="Replicates at each point; 2 for sensitivity when left out.",
    ),
]
SeedOption = Annotated[
    int | None,
    typer.Option(
        "--seed",
        min=0,
        max=2**63 - 1,
        envvar="OVERBLOCK_SEED",
        help="Root seed of all random numbers; chosen and printed when the scenario gives none "
        "either.",
    ),
]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        envvar="OVERBLOCK_OUTPUT",
        help="Run folder to write; runs/<utc-stamp>-<scenario>-<hash6> when left out.",
    ),
]
WorkersOption = Annotated[
    int | None,
    typer.Option(
        "-w",
        "--workers",
        min=1,
        max=4096,
        envvar="OVERBLOCK_WORKERS",
        help="Processes that share the runs; as many as there are processors when left out. The "
        "result does not depend on it.",
    ),
]
ResumeOption = Annotated[
    Path | None,
    typer.Option(
        "--resume",
        metavar="RUN",
        help="Go on with a run folder that was interrupted or in which runs failed; what is "
        "finished is not run again.",
    ),
]
ClusterOption = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        metavar="ADDRESS|local",
        envvar="OVERBLOCK_CLUSTER",
        help="Share the runs on a dask cluster: the address of its scheduler, or 'local' for one "
        "of --workers on this machine.",
    ),
]
TlsCaOption = Annotated[
    Path | None, typer.Option("--tls-ca", help="Authority that a tls:// cluster answers by.")
]
TlsCertOption = Annotated[
    Path | None, typer.Option("--tls-cert", help="This client's certificate for the cluster.")
]
TlsKeyOption = Annotated[Path | None, typer.Option("--tls-key", help="Key of that certificate.")]


@dataclass(frozen=True)
class ExperimentOptions:
    """What every verb takes that runs an experiment."""

    seed: SeedOption = None
    output: OutputOption = None
    overrides: SetOption = field(default_factory=list)
    workers: WorkersOption = None
    cluster: ClusterOption = None
    tls_ca: TlsCaOption = None
    tls_cert: TlsCertOption = None
    tls_key: TlsKeyOption = None
    resume: ResumeOption = None
    force: ForceOption = False
    as_json: JsonOption = False
    quiet: QuietOption = False

    def executor(self) -> Executor:
        """Return what carries out the runs: this process, several, or a cluster.

        Raises
        ------
        UsageError
            If files are given for a cluster and no cluster.
        """
        from sim.errors import UsageError
        from sim.experiment.executors import choose_executor

        if self.cluster is None:
            if self.tls_ca or self.tls_cert or self.tls_key:
                raise UsageError("--tls-ca, --tls-cert and --tls-key belong to --cluster; got none")
            return choose_executor(self.workers)
        from sim.experiment.executors.cluster import Cluster

        cluster = Cluster(self.cluster, self.tls_ca, self.tls_cert, self.tls_key)
        return choose_executor(self.workers, cluster)


@dataclass(frozen=True)
class FileOptions:
    """What every verb takes that reads files of addresses."""

    skip_bad: SkipBadOption = False
    allow_empty: AllowEmptyOption = False
    max_bytes: MaxBytesOption = 2**30

    @property
    def columns(self) -> ColumnChoice:
        """What was said of columns: nothing."""
        from sim.addresses.feeds.rows.choice import AS_NAMED

        return AS_NAMED


@dataclass(frozen=True)
class TableOptions(FileOptions):
    """What every verb takes that reads tables of addresses."""

    ignore_column: IgnoreColumnOption = field(default_factory=list)
    column: ColumnOption = field(default_factory=list)

    @cached_property
    def columns(self) -> ColumnChoice:
        """What was said of columns."""
        from sim.addresses.feeds.rows.choice import ColumnChoice

        return ColumnChoice.of(self.column, self.ignore_column)


@dataclass(frozen=True)
class ListOptions(FileOptions):
    """What every verb takes that says something of lists."""

    output_format: FormatOption = Format.TABLE
    as_json: JsonOption = False
    quiet: QuietOption = False

    @property
    def format(self) -> Format:
        """How the result is printed."""
        return Format.JSON if self.as_json else self.output_format


@dataclass(frozen=True)
class TableListOptions(TableOptions, ListOptions):
    """What every verb takes that says something of lists of addresses."""


def given(**options: Any) -> dict[str, Any]:
    """Options that were given; the others take their defaults."""
    return {name: value for name, value in options.items() if value is not None}


def takes_shared_options(verb: Callable[..., None]) -> Callable[..., None]:
    """Let a verb take the options of the class that its parameter ``options`` is of."""
    signature = inspect.signature(verb, eval_str=True)
    shared_class = signature.parameters["options"].annotation
    hints = get_type_hints(shared_class, include_extras=True)
    shared = [
        inspect.Parameter(
            one.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=one.default if one.default_factory is MISSING else one.default_factory(),
            annotation=hints[one.name],
        )
        for one in fields(shared_class)
    ]
    own = [one for name, one in signature.parameters.items() if name != "options"]

    @wraps(verb)
    def with_options(**given: Any) -> None:
        options = shared_class(**{one.name: given.pop(one.name) for one in shared})
        verb(**given, options=options)

    with_options.__signature__ = signature.replace(parameters=[*own, *shared])  # type: ignore[attr-defined]
    with_options.__annotations__ = {one.name: one.annotation for one in [*own, *shared]}
    return with_options
