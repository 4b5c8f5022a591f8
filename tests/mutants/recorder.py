"""A plugin for pytest that notes which test executes which lines, and the time each takes.

Time is that of the processor, children counted. What a shared fixture executes is noted for every
test that asks for it. Lines in other processes and in compiled code are not seen.
"""

import json
import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import coverage
import pytest

RECORD = "OVERBLOCK_MUTANTS_RECORD"


class Recorder:
    """Switches the context of the measurement with each test and each shared fixture."""

    def __init__(self, root: Path, record: Path) -> None:
        self.record = record
        self.root = root
        self.seconds: dict[str, float] = {}
        self.passed: set[str] = set()
        self.users: dict[str, list[str]] = defaultdict(list)
        self.current = ""
        self.coverage = coverage.Coverage(
            data_file=str(record.with_suffix(".coverage")), source=[str(root / "sim")],
            config_file=False, messages=False,
        )  # fmt: skip
        self.coverage.erase()

    def pytest_sessionstart(self) -> None:
        self.coverage.start()

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self.current = item.nodeid
        for name in getattr(item, "fixturenames", []):
            self.users[name].append(item.nodeid)
        self.coverage.switch_context(item.nodeid)
        before = sum(os.times()[:4])
        yield
        self.seconds[item.nodeid] = sum(os.times()[:4]) - before
        self.coverage.switch_context("")

    @pytest.hookimpl(hookwrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        is_shared = fixturedef.scope != "function"
        if is_shared:
            self.coverage.switch_context(f"fixture {fixturedef.argname}")
        yield
        if is_shared:
            self.coverage.switch_context(self.current)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed:
            self.passed.add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        self.coverage.stop()
        data = self.coverage.get_data()
        tests = sorted(self.passed)
        number = {test: at for at, test in enumerate(tests)}
        lines: dict[str, dict[int, list[int]]] = {}
        for path in sorted(data.measured_files()):
            of_file = lines.setdefault(Path(path).relative_to(self.root).as_posix(), {})
            for line, contexts in sorted(data.contexts_by_lineno(path).items()):
                users = {
                    user
                    for context in contexts
                    for user in (
                        self.users[context.removeprefix("fixture ")]
                        if context.startswith("fixture ")
                        else [context]
                    )
                }
                of_file[line] = sorted(number[user] for user in users if user in number)
        seconds = [round(self.seconds[test], 3) for test in tests]
        self.record.write_text(json.dumps({"tests": tests, "seconds": seconds, "lines": lines}))


def pytest_configure(config: pytest.Config) -> None:
    """Register where a file to write to is named in the environment."""
    if RECORD in os.environ:
        recorder = Recorder(config.rootpath, Path(os.environ[RECORD]))
        config.pluginmanager.register(recorder, "overblock-mutants-recorder")
