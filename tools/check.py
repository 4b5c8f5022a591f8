"""Check one contribution: ``python -m tools.check strategy|measure|key|case NAME``.

It reports what is missing, then runs the tests of this kind of contribution alone, the second
implementation among them. Exit code 0 means done.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from sim.catalogue.measures import MEASURES
from sim.errors import OverblockError
from sim.scenario.cases import Case, shipped_cases
from sim.scenario.strategies import DECLARED
from tools.reference import generated
from tools.scenario_page import keys_by_path
from tools.sentences import extract_sentences

UNIT = "tests/unit/"
SECOND = ("reference*.py", "worlds.py", "chases.py", "firms.py")
"""The second implementation of the engine, and the worlds that it takes."""
COMPARED = ("worlds.py", "chases.py", "firms.py", "property/*.py")
"""Where worlds are made on which both implementations are compared."""


def check_strategy(name: str) -> Iterator[str]:
    """What a strategy lacks, before tests run."""
    if name not in DECLARED:
        yield f"sim/scenario/strategies.py: expected a class of the union Strategy with id {name}"
    if not re.search(name.replace("-", "[-_ ]?"), _text(UNIT, "**/*.py"), re.IGNORECASE):
        yield f"{UNIT}engine: expected a decision of {name} that was worked out by hand"
    if name not in _text("docs/explanation", "strategies.md"):
        yield f"docs/explanation/strategies.md: expected the rule of {name}"
    if f'"{name}"' not in _text("tests", "reference_strategies.py"):
        yield f"tests/reference_strategies.py: expected {name} in EXAMPLES and IN_RANDOM_WORLDS"


def check_measure(name: str) -> Iterator[str]:
    """What a measure lacks, before tests run."""
    if name not in MEASURES:
        yield f"sim/catalogue/measures.py: expected a declaration of {name}"
    if name not in _text(UNIT, "**/*.py"):
        yield f"tests/unit/measure: expected {name} compared with a number worked out by hand"
    if name not in _text("tests/golden/values", "*"):
        yield (
            "tests/golden/values: expected its values; "
            "pytest -m laws tests/golden --update-golden adds them"
        )


def check_key(name: str) -> Iterator[str]:
    """What a key of the scenario lacks, before tests run."""
    key = name.rpartition(".")[2]
    if name not in keys_by_path():
        yield f"sim/scenario: expected a declaration of {name}, as section.key"
    read = rf"\.{key}_?\b|[\"']{key}[\"']"
    if not re.search(read, _text("sim", "**/*.py")):
        yield f"sim: expected code that reads {name}"
    # Seconds of the engine's clock are hours of a key.
    stem = re.sub(r"_(h|d|min)$", "", key)
    if re.search(read, _text("sim/engine", "**/*.py")) and stem not in _text("tests", *SECOND):
        yield f"tests/reference.py: expected {name} in the second implementation, as in sim/engine"
    elif (
        re.search(read, _text("sim/engine", "**/*.py"))
        and not name.startswith(("strategy.", "money.", "evidence.", "provenance."))
        and not re.search(rf"\b{stem}\w*(=|\")", _text("tests", *COMPARED))
    ):
        yield f"tests/chases.py: expected {name} set in the worlds that both implementations run"
    if key not in _text("tests", "**/test_*.py"):
        yield f"tests: expected a test in which {name} changes a result"


def check_case(name: str) -> Iterator[str]:
    """What a backtest case lacks, before it is scored."""
    found = {one.case.id: one.case for file in shipped_cases() for one in file.cases}
    if name not in found:
        yield f"seeds/backtest: expected a case with id {name}"
    else:
        yield from _unit_problems(found[name])
        yield from _guess_problems(found[name])


def _unit_problems(case: Case) -> Iterator[str]:
    """A figure and the measure that predicts it are both shares, or of the same things."""
    measure = getattr(case.predictor, "measure", "")
    if measure in MEASURES:
        unit, given = MEASURES[measure].unit, case.published.unit
        of = ["share" if one.startswith("share") else one.split()[-1] for one in (unit, given)]
        if of[0] != of[1]:
            yield f"{case.id}: published.unit: expected the unit of {measure}, {unit}, got {given}"


def _guess_problems(case: Case) -> Iterator[str]:
    """A guess is three decades, the figure in the middle one; 0.01 to 1 for a share above 0.01."""
    value, guess = case.published.value, case.guess
    if value is None or value <= 0 or case.published.relation != "equal":
        return
    if guess is None:
        yield f"{case.id}: expected guess: {{low: …, high: …}}, stated before a prediction is seen"
        return
    is_share = case.published.unit.startswith("share") and value >= 0.01
    middle = guess.low * 10 <= value <= guess.high / 10
    if (
        (guess.low, guess.high) != (0.01, 1)
        if is_share
        else not (abs(guess.high / guess.low - 1000) < 1e-6 and middle)
    ):
        yield (
            f"{case.id}: guess: expected three decades with {value:g} in the middle one, or 0.01 "
            f"to 1 for a share above 0.01, got {guess.low:g} to {guess.high:g}"
        )


def stale_pages() -> Iterator[str]:
    """Generated files that are not as ``python -m tools.reference`` writes them."""
    for path, text in generated(Path()).items():
        if not path.is_file() or path.read_text("utf-8") != text:
            yield f"{path}: out of date; python -m tools.reference regenerates it"
    catalogue = Path("sim/report/words/locale/es/LC_MESSAGES/overblock.po").read_text("utf-8")
    held = "".join(re.findall(r'^(?:msgid )?"(.*)"$', catalogue, re.M)).replace('\\"', '"')
    for text in extract_sentences():
        if (text if isinstance(text, str) else text[0]) not in held:
            yield f"catalogues: {text!r} is missing; python -m tools.reference adds it"


def _text(folder: str, *patterns: str) -> str:
    paths = [path for pattern in patterns for path in sorted(Path(folder).glob(pattern))]
    return "\n".join(path.read_text("utf-8", "replace") for path in paths if path.is_file())


LAYOUT = "tests/unit/test_layout.py"
KINDS: dict[str, tuple[Callable[[str], Iterator[str]], list[str]]] = {
    "strategy": (
        check_strategy,
        [
            "-k",
            "({name}) or every_id or every_rule or really_used or every_number or strategy_rules",
            f"{UNIT}engine/test_strategy_rules.py",
            f"{UNIT}engine/test_strategies.py",
            f"{UNIT}scenario/test_parameters.py",
            f"{UNIT}scenario/test_sections.py",
            "tests/property/test_both_families.py",
            "tests/property/test_laws_of_a_crowded_world.py",
            "tests/property/test_crowded_reference.py",
            "tests/speed/test_ratios.py",
            LAYOUT,
        ],
    ),
    "measure": (check_measure, [f"{UNIT}catalogue", f"{UNIT}measure", LAYOUT]),
    "key": (
        check_key,
        [
            f"{UNIT}scenario/test_parameters.py",
            f"{UNIT}scenario/test_reference.py",
            f"{UNIT}scenario/test_sections.py",
            f"{UNIT}measure/test_nothing.py",
            "tests/property/test_crowded_reference.py",
            LAYOUT,
        ],
    ),
    "case": (check_case, [f"{UNIT}scenario/test_cases.py"]),
}
"""For each kind of contribution: what it may lack, and arguments of pytest."""


def main(arguments: list[str] | None = None) -> int:
    """Check a contribution; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.check", description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("name", help="id, name of the measure, section.key, or id of the case")
    asked = parser.parse_args(arguments)
    lacks, tests = KINDS[asked.kind]
    try:
        problems = [*lacks(asked.name), *stale_pages()]
    except OverblockError as error:
        problems = [str(error)]
    if problems:
        print("\n".join(problems))
        return 1
    commands = [["ruff", "check", "."], ["ruff", "format", "--check", "."]]
    # Each day's run has some strategies alone beside the second implementation; here it is the one.
    which = "not browser" if asked.kind == "strategy" else "not browser and not long"
    commands.append(["pytest", "-q", "-n", "2", "-m", which])
    commands[-1] += [one.format(name=asked.name) for one in tests]
    if asked.kind == "case":
        commands.append(["sim", "backtest", asked.name, "-n", "4"])
    for command in commands:
        print("+ python -m", *command, flush=True)
        code = subprocess.run([sys.executable, "-m", *command], check=False).returncode
        if code:
            return code
    print(f"{asked.kind} {asked.name}: done")
    return 0


if __name__ == "__main__":
    sys.exit(main())
