"""Runs an experiment for a verb: its folder, how it is resumed, its document, its exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import typer

from sim.cli import console
from sim.cli.console import print_tables, progress
from sim.errors import DataError, Problem, UsageError
from sim.files import hash_of
from sim.report.words.numbers import count

if TYPE_CHECKING:
    from sim.cli.options import ExperimentOptions
    from sim.experiment.executors.task import Executor
    from sim.experiment.pipeline import Experiment, Result
    from sim.experiment.plan import Plan
    from sim.report.words.tables import Table
    from sim.results.folder import RunFolder
    from sim.scenario.resolve import Resolved

VERBS = {"comparison": "compare"}
"""Verbs by the kind of folder they write, where the two have different names."""

_WRITTEN: list[TemporaryDirectory[str]] = []
"""Tables made of a record, which a result copies when it is written."""

MOST_NAMED = 10
"""Failures that are named one by one."""

Planned = TypeVar("Planned", bound="Experiment[Any, Any]")


def load_resolved(
    scenario: str | None,
    overrides: Sequence[str],
    strategy: str | None = None,
    measures: Sequence[str] = (),
    sites: Path | None = None,
    record: Path | None = None,
    *,
    quiet: bool = False,
) -> Resolved:
    """Load a scenario, the tables it names, and what a command names in their place."""
    from sim.scenario.load import load_scenario
    from sim.scenario.overrides import override_text
    from sim.scenario.own import settings
    from sim.scenario.resolve import read_tables, resolve, undeclared

    if scenario is None:
        raise UsageError("expected SCENARIO, or --resume RUN, got neither")
    texts, copies = settings(strategy, measures, overrides)
    run = folder_of(scenario)
    if run or record is not None or sites is not None:
        from sim.scenario.starter import record as starter

        _WRITTEN.append(folder := TemporaryDirectory(prefix="overblock-"))
        base = str(run.path / "scenario.yaml") if run else scenario
        asked = dict(one.split("=", 1) for one in texts if "=" in one)
        before = map(str, run.manifest["scenario"]["overrides"] if run else ())
        clocks = [one for one in (*before, *texts) if one.startswith(("country=", "time_zone="))]
        at = Path(folder.name)
        start, end = asked.get("start", ""), asked.get("end", "")
        given = [starter.set_record(record, base, at, start, end, clocks)] if record else []
        for note in (note for one in given for note in one.notes):
            console.say(f"note: {note}", quiet=quiet)
        given += [starter.set_sites(sites)] if sites else []
        texts = [*(text for one in given for text in one.texts), *texts]
        copies |= {name: path for one in given for name, path in one.files.items()}
        if record and not run:  # of another time than what the scenario borrows for its own
            lone = load_scenario(scenario, ["borrow=[]", *texts], copies)
            texts.insert(0, override_text("borrow", undeclared(read_tables(lone))))
    if run:
        from sim.experiment.saved_plans import resolved_of_folder

        return resolved_of_folder(
            run, Path(folder.name), texts, copies, is_of_its_time=record is None
        )
    return resolve(load_scenario(scenario, texts, copies))


def folder_of(scenario: str | None) -> RunFolder | None:
    """The run folder that is given in place of a scenario, if it is one, as it was written.

    Raises
    ------
    DataError
        With the files that it was made of and that are others now, or are gone; or with values of
        its manifest of another kind.
    """
    from sim.results.folder import open_run

    if scenario is None or not os.path.isfile(os.path.join(scenario, "manifest.json")):
        return None
    run = open_run(Path(scenario))
    manifest, problems = run.manifest, []
    try:
        # With the notes of tables, whose ranges are drawn.
        listed = {str(one["file"]): str(one["sha256"]) for one in manifest["outputs"]}
        made_of = {name: hash_ for name, hash_ in listed.items() if name.startswith("inputs/")}
        made_of |= {str(one["copy"]): str(one["sha256"]) for one in manifest["inputs"]}
        made_of["scenario.yaml"] = str(manifest["scenario"]["sha256"])
        [*manifest["scenario"]["overrides"], int(manifest["root_seed"])]
        int(manifest["n_replicates_asked"])
    except (KeyError, TypeError, ValueError) as error:
        message = f"expected inputs, scenario, root_seed and n_replicates_asked of a run: {error}"
        raise DataError([Problem(str(run.path / "manifest.json"), message)]) from None
    for name, digest in made_of.items():
        path = run.path / name
        got = None if not path.is_file() else hash_of(path)
        if got != digest:
            said = f"expected the file of the run (SHA-256 {digest[:8]}…), got "
            problems.append(Problem(str(path), said + ("another" if got else "none")))
    DataError.raise_any(problems)
    return run


def plan_again(
    scenario: str | None, kind: str, options: ExperimentOptions, *asked: Any, has_kept: bool
) -> Plan | None:
    """The plan of a folder that is given in place of a scenario, where nothing else is asked.

    Raises
    ------
    UsageError
        If something else is, and its simulations are of a list of the user's own.
    """
    run = folder_of(scenario)
    others = (*asked, options.overrides, options.measures, options.seed)
    is_other = any(one not in (None, [], False) for one in others)
    if run is None or run.manifest["kind"] != kind or is_other:
        own = (run.manifest.get("ensemble") or {}).get("list") if run else None
        if own and not has_kept:
            raise UsageError(
                f"{scenario}: its simulations are of the list {own}, which is not in the folder: "
                "give it again by --kept, or take all by --kept none"
            )
        return None
    from sim.experiment.saved_plans import plan_of_folder

    _WRITTEN.append(scratch := TemporaryDirectory(prefix="overblock-"))
    plan = plan_of_folder(run, Path(scratch.name))
    if plan.result_id != run.manifest["result_id"]:
        message = "note: this run is another than that of the folder: its manifest was changed, or"
        console.say(f"{message} another version made it", quiet=options.quiet)
    return plan


def unless_from(variable: str, value: int | None) -> int | None:
    """Return a value of the command line; None where the environment states it.

    The environment states it for every run, so it is no option that changes a resumed one.
    """
    stated = os.environ.get(variable)
    return None if stated is not None and stated.strip() == str(value) else value


def free_folder(folder: Path, *, force: bool) -> Path:
    """Return the folder of a new result; refuse one that is taken before anything runs."""
    from sim.results.integrity import n_runs
    from sim.results.output import check_free, partial_folders

    check_free(folder, force=force)
    for partial in partial_folders(folder):
        if n := n_runs(partial):
            console.say(
                f"note: a process that was killed left {count(n, 'finished run')} in "
                f"{partial}; --resume {partial} goes on with them"
            )
    return folder


@dataclass(frozen=True)
class Task(Generic[Planned]):
    """An experiment of a verb, its folder, and the parts that it resumes."""

    options: ExperimentOptions
    experiment: Planned
    folder: Path
    is_forced: bool
    earlier: Path | None = None
    """Parts of an earlier attempt; None for a new one."""

    @classmethod
    def begin(
        cls,
        options: ExperimentOptions,
        scenario: str | None,
        kind: str,
        make: Callable[[Resolved, int], Planned],
        again: Callable[..., Planned],
        *given: Any,
        strategy: str | None = None,
        sites: Path | None = None,
        record: Path | None = None,
    ) -> Task[Planned]:
        """Make the experiment of a scenario, or resume one; see `Question.ask_again`.

        Parameters
        ----------
        make, again
            Make it of a scenario and a root seed, or of the question that was saved.
        given
            Options that change the question, which resuming refuses.
        strategy
            Another strategy than that of the scenario, as the command line has it.
        sites, record
            Files in place of the scenario's businesses, and of its orders.
        """
        from sim.experiment.pipeline import default_folder
        from sim.experiment.plan import choose_root_seed
        from sim.experiment.saved_plans import find_unfinished, read_question

        if options.resume is None:
            own = strategy, options.measures, sites, record
            resolved = load_resolved(scenario, options.overrides, *own, quiet=options.quiet)
            if options.seed is not None and any(
                one.partition("=")[0].strip() == "root_seed" for one in options.overrides
            ):
                raise UsageError("--seed: expected one root seed, got another by --set root_seed")
            seed = choose_root_seed(resolved, options.seed)
            if options.seed is None and (run := folder_of(scenario)) is not None:
                seed = int(run.manifest["root_seed"])
            elif options.seed is None and resolved.scenario.root_seed is None:
                console.say(
                    f"root seed: {seed} (chosen; give --seed {seed} to repeat this run)",
                    quiet=options.quiet,
                )
            made = make(resolved, seed)
            folder = free_folder(options.output or default_folder(made.plan), force=options.force)
            return cls(options, made, folder, options.force)
        seed_given = unless_from("OVERBLOCK_SEED", options.seed)
        asked = (scenario, *given, strategy, sites, record, seed_given, options.overrides)
        if any(one is not None and one != [] for one in (*asked, options.measures)):
            raise UsageError(
                f"--resume {options.resume}: resumes the same question; give no scenario and no "
                "options that change it"
            )
        parts, folder = find_unfinished(options.resume)
        question = read_question(parts)
        if question.kind != kind:
            verb = VERBS.get(question.kind, question.kind)
            raise UsageError(
                f"{options.resume}: is a {question.kind}; resume it by overblock {verb}"
            )
        folder = options.output or folder
        is_forced = options.force or folder == parts.parent
        return cls(options, question.ask_again(again), folder, is_forced, parts)

    def finish(
        self,
        schema: str,
        about: Callable[[Mapping[str, Any]], Mapping[str, object]],
        tables: Sequence[str],
        show: Callable[[Any], Sequence[Table]] | None = None,
        executor: Executor | None = None,
    ) -> None:
        """Run the experiment, write and print its result, and leave with its exit code.

        Parameters
        ----------
        schema, about, tables
            Of the document of ``--json``, described in ``docs/reference/cli.md``: its name, what it
            takes from the manifest, and the tables in it.
        show
            Tables that a terminal shows above the folder; None for the first screen of the page. A
            pipe gets the folder alone.
        """
        result = self._carry_out(executor or self.options.executor())
        if self.options.as_json:
            found = _common(result, schema) | dict(about(result.manifest))
            console.print_json(found | {name: _records(result, name) for name in tables})
        else:
            if sys.stdout.isatty():
                print_tables(show(result)) if show else console.print_answer(result.folder)
            print(result.folder)
        if result.status == "interrupted":
            raise typer.Exit(console.EXIT_INTERRUPTED)
        if result.status != "complete":
            raise typer.Exit(console.EXIT_PARTIAL)

    def _carry_out(self, executor: Executor) -> Any:
        """Run the experiment, write the folder, and print what is missing."""
        from sim.experiment.pipeline import carry_out
        from sim.experiment.saved_plans import forget_unfinished

        quiet = self.options.quiet
        with progress("runs", quiet=quiet) as watch:
            made = carry_out(
                self.experiment,
                folder=self.folder,
                force=self.is_forced,
                argv=["overblock", *sys.argv[1:]],
                executor=executor,
                earlier=self.earlier,
                watch=watch,
            )
        if self.earlier is not None:
            is_complete, result_id = not made.is_unfinished, self.experiment.plan.result_id
            forget_unfinished(self.earlier, result_id, is_complete=is_complete)
        _report_missing(made, quiet=quiet)
        return made


def _report_missing(result: Result, *, quiet: bool) -> None:
    """Print warnings, failures, and the runs that are left."""
    from sim.results.folder import count_simulations

    manifest = result.manifest
    console.say_warnings(manifest["warnings"], quiet=quiet)
    failures = list(result.failures.items())
    for key, failure in failures[:MOST_NAMED]:
        where = " ".join(f"{name}={part}" for name, part in result.plan.where(key).items())
        console.say(f"failed: {where}: {failure}")
    if len(failures) > MOST_NAMED:
        console.say(f"and {len(failures) - MOST_NAMED} more, in manifest.json")
    if result.status == "complete":
        return
    (n, of), each = result.progress, ""
    if result.plan.is_as_given:
        n, of = count_simulations(manifest)
        each = " under every strategy that has any" * (len(result.plan.labels) > 1)
    finished = f"{n} of {of} simulations are finished{each} and kept in"
    more = f"; --resume {result.folder} goes on" if result.is_unfinished else ""
    console.say(f"{result.status}: {finished} {result.folder}{more}")


def _common(result: Result, schema: str) -> dict[str, Any]:
    """Keys that every document has for its result."""
    from sim.results.folder import title_of

    manifest = result.manifest
    return {
        "schema": schema,
        "folder": str(result.folder),
        "result_id": manifest["result_id"],
        "status": result.status,
        "scenario": manifest["scenario"]["name"],
        "title": title_of(manifest["scenario"]),
        "root_seed": manifest["root_seed"],
        "n_replicates": manifest["n_replicates"],
        "version": manifest["tool"]["version"],
        "warnings": manifest["warnings"],
    }


def _records(result: Any, name: str) -> list[dict[str, Any]]:
    from sim.experiment.outputs import Study

    if isinstance(result, Study):
        return result.sheets[f"{name}.csv"].records()
    return [vars(line) for line in result.lines[name]]


def about_study(manifest: Mapping[str, Any]) -> dict[str, object]:
    """Return what the document of points takes from the manifest."""
    labels = [one["label"] for one in manifest["strategies"]]
    return {"strategies": labels, "design": manifest["design"]}
