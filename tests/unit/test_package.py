"""``import overblock``, or ``sim``: light, with names that people, help and type checkers see."""

import re
import subprocess
import sys

import pytest

import overblock
import sim

NAMES = pytest.mark.parametrize("module", [overblock, sim])
HEAVY = ("numpy", "scipy", "duckdb", "pydantic", "matplotlib", "simpy", "typer")

USED = """\
import sim

reveal_type(sim.run("small"))
reveal_type(sim.compare)
reveal_type(sim.open_results("out"))
reveal_type(sim.exposure(["192.0.2.1"]))
reveal_type(sim.__version__)
error: sim.OverblockError = sim.UsageError("")
sim.run(n_simulations="two")
sim.nothing
"""

SEEN = """\
3: note: Revealed type is "sim.api.results.Results"
5: note: Revealed type is "sim.api.results.Results"
6: note: Revealed type is "sim.blocklists.exposure.Exposure"
7: note: Revealed type is "str"
9: error: Missing positional argument "scenario" in call to "run"  [call-arg]
9: error: Argument "n_simulations" to "run" has incompatible type "str"; \
expected "int | None"  [arg-type]
10: error: Module has no attribute "nothing"  [attr-defined]
"""


@pytest.mark.laws
def test_the_package_loads_nothing_heavy_until_a_name_is_used():
    code = (
        "import sys, overblock, sim; dir(overblock), dir(sim)\n"
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)))\n"
        "overblock.exposure\n"
        "print('numpy' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.splitlines() == ["[]", "True"], done.stderr


@NAMES
def test_every_public_name_is_listed_and_there(module):
    assert {"run", "compare", "cover", "exposure", "open_results", "__version__"} <= set(
        module.__all__
    )
    assert set(module.__all__) <= set(dir(module))
    for name in module.__all__:
        value = getattr(module, name)
        assert value is getattr(sim, name)
        assert getattr(value, "__name__", name) == name
        assert getattr(value, "__doc__", "")


@NAMES
def test_star_imports_what_is_listed(module):
    names: dict[str, object] = {}
    exec(f"from {module.__name__} import *", names)
    assert names.keys() - {"__builtins__"} == set(sim.__all__)


@NAMES
def test_a_name_that_is_not_there_is_said(module):
    with pytest.raises(AttributeError, match=f"module '{module.__name__}' has no attribute 'noth"):
        getattr(module, "nothing")  # noqa: B009 - a type checker would refuse it


def test_help_shows_the_functions_with_their_words():
    import pydoc

    text = pydoc.plain(pydoc.render_doc(sim))
    for name in ("run", "compare", "open_results", "exposure", "cover"):
        assert f"\n    {name}(" in text
    assert "Compare strategies with the same inputs and the same random numbers" in text


@pytest.mark.laws
@NAMES
def test_type_checkers_see_types_and_mistakes(module, tmp_path, repository):
    pytest.importorskip("mypy")
    # At the top of the repository, where what was checked last is kept: else it takes a minute.
    file = tmp_path / "used.py"
    file.write_text(re.sub(r"\bsim\b", module.__name__, USED))
    done = subprocess.run(
        [sys.executable, "-m", "mypy", str(file)], cwd=repository, capture_output=True, text=True
    )
    lines = [line.rpartition("used.py:") for line in done.stdout.splitlines()]
    seen = [text.replace("builtins.str", "str") for _, _, text in lines]
    missed = [line for line in SEEN.splitlines() if line not in seen]
    assert not missed, done.stdout + done.stderr
    (compared,) = (line for line in seen if line.startswith("4: note: "))
    assert compared.endswith('-> sim.api.results.Results"')


def test_the_module_is_the_command(repository):
    done = subprocess.run(
        [sys.executable, "-m", "sim", "--version"], cwd=repository, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, f"overblock {sim.__version__}\n"), done.stderr
