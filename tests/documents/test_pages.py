"""The commands of the documents run as typed, page by page, in a fresh clone."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from sim.version import __version__
from tests.checkout import copy_checkout
from tests.conftest import REPOSITORY
from tests.documents.said import SAID

RUN = ("sh", "python", "sql")
"""Languages that are run; a block in another one has a mark."""
_MARK = re.compile(r"<!-- (needs|keep|file|shows|serves|printed)(?:: (\S+))? -->\s*")
NEEDS = ("network", "cluster", "installation")
SERVED = """
import signal, subprocess, sys, urllib.request
one = subprocess.Popen(["bash", "-c", f"exec {open(sys.argv[1]).read()}"], stdout=subprocess.PIPE)
address = one.stdout.readline().decode().strip()
assert urllib.request.urlopen(address, timeout=60).status == 200
one.send_signal(signal.SIGINT)
sys.exit(one.wait(60) not in (0, 130, -signal.SIGINT))
"""
"""Opens what a block serves, and interrupts it."""
_KEEP = re.compile(r"(?<= --keep )\d+\b")
_INSTALLATION = re.compile(r".*pip install [^&]*&& ", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One fenced block, or a table that is said to be printed."""

    page: str
    line: int
    language: str
    text: str
    mark: str
    argument: str

    @property
    def place(self) -> str:
        """Page and line."""
        return f"{self.page}:{self.line}"


def pages() -> list[str]:
    """Documents that hold a block, from the top of the repository."""
    paths = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
    return [path.relative_to(REPOSITORY).as_posix() for path in paths if "```" in path.read_text()]


def blocks_of(page: str) -> list[Block]:
    """Fenced blocks and marked tables of a document, in sequence."""
    found = []
    mark = ("", "")
    source = (REPOSITORY / page).read_text(encoding="utf-8")
    for token in MarkdownIt().enable("table").parse(source):
        if token.type == "html_block":
            matched = _MARK.fullmatch(token.content)
            mark = (matched[1], matched[2] or "") if matched else ("", "")
        elif token.type == "fence":
            assert token.map is not None
            found.append(Block(page, token.map[0] + 1, token.info, token.content, *mark))
            mark = ("", "")
        elif token.type == "table_open" and mark[0] == "printed":
            assert token.map is not None
            text = "\n".join(source.splitlines()[slice(*token.map)])
            found.append(Block(page, token.map[0] + 1, "table", text, *mark))
            mark = ("", "")
        else:
            mark = ("", "")
    return found


def run_page(blocks: Sequence[Block], clone: Path, scratch: Path, timeout_s: float) -> list[str]:
    """Run the blocks of a page in one shell, in sequence; return what failed."""
    script = ["set -E -o pipefail", f"cd {shlex.quote(str(clone))}"]
    failed = scratch / "failed"
    failed.write_text("")
    script.append(f"trap 'echo \"$at: $BASH_COMMAND\" >> {shlex.quote(str(failed))}' ERR")
    examples: list[str] = []  # those of a page go on from each other
    for number, block in enumerate(blocks):
        file = scratch / f"{number}.txt"
        is_doctest = block.language == "python" and ">>> " in block.text
        if is_doctest:
            examples.append(block.text)
        file.write_text("\n".join(examples) if is_doctest else block.text, encoding="utf-8")
        here = shlex.quote(str(file))
        script.append(f"at={shlex.quote(block.place)}")
        if block.mark == "file":
            script.append(f"cp {here} {shlex.quote(block.argument)}")
        elif block.argument == "installation":
            file.write_text(_INSTALLATION.sub("", block.text, count=1), encoding="utf-8")
            script.append(f". {here} > {here}.out 2> {here}.err")
        elif block.mark == "serves":
            command = f"python -c {shlex.quote(SERVED)} {here}"
            script.append(f"{{ {command}; }} > {here}.out 2> {here}.err")
        elif block.mark in ("", "keep") and block.language in RUN:
            if block.mark == "keep":
                text, n = _KEEP.subn(block.argument, block.text)
                assert n == 1, f"{block.place} has no --keep"
                file.write_text(text, encoding="utf-8")
            script.append(f"{{ {_command(block, here)}; }} > {here}.out 2> {here}.err")
    run = scratch / "page.sh"
    run.write_text("\n".join([*script, "true"]) + "\n", encoding="utf-8")
    environment = {
        k: v for k, v in os.environ.items() if not k.startswith(("OVERBLOCK_", "PYTEST"))
    }
    environment |= {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}",
        "NO_COLOR": "1",
        "MPLBACKEND": "agg",
        # A reader takes as many simulations as the program does; here two will do.
        "OVERBLOCK_SIMULATIONS": "2",
    }
    done = subprocess.run(["bash", str(run)], env=environment, timeout=timeout_s, check=False)
    told = failed.read_text(encoding="utf-8").splitlines()
    if done.returncode and not told:
        told = [f"{blocks[0].page}: the shell ended with {done.returncode}"]
    for number, block in enumerate(blocks):
        if block.mark == "printed":
            out = scratch / f"{number - 1}.txt.out"
            printed = out.read_text(encoding="utf-8") if out.is_file() else ""
            if _plain(block.text) not in _plain(printed):
                told.append(f"{block.place}: printed is\n{printed}")
    return told


def _command(block: Block, file: str) -> str:
    """Return the command that runs a block."""
    if block.language == "sh":
        return f". {file}"
    if block.language == "sql":
        return f"python -c 'import duckdb, sys; duckdb.sql(open(sys.argv[1]).read()).show()' {file}"
    if ">>> " in block.text:
        return (
            "python -c 'import doctest, sys; "
            f"sys.exit(doctest.testfile(sys.argv[1], module_relative=False)[0])' {file}"
        )
    return f"python {file}"


def _plain(text: str) -> str:
    """Lines without blanks at their ends."""
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


QUICK = (
    *(
        f"docs/explanation/{name}.md"
        for name in (
            "appendix", "cover", "glossary",
        )
    ),
    "docs/reference/addresses.md",
)  # fmt: skip
"""Pages that take less than three seconds of a processor; the others are long tests."""
PAGES = pages()
BLOCKS = [block for page in PAGES for block in blocks_of(page)]


def test_the_pages_are_found():
    assert {"README.md", *QUICK} < set(PAGES)
    assert len(BLOCKS) > 50


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.place)
def test_a_block_is_run_or_says_what_it_is(block):
    assert block.mark or block.language in RUN
    if block.mark == "needs":
        assert block.argument in NEEDS
    if block.mark == "shows":
        assert block.text in (REPOSITORY / block.argument).read_text(encoding="utf-8")
    if block.mark in ("file", "shows"):
        # The reader is told the name, in what stands before the block.
        lines = (REPOSITORY / block.page).read_text(encoding="utf-8").splitlines()
        before = "\n".join(lines[max(0, block.line - 12) : block.line - 2])
        assert block.argument in before


def test_no_two_pages_write_to_one_folder():
    written: dict[str, set[str]] = {}
    for block in BLOCKS:
        if block.language == "sh":
            for name in re.findall(r"(?:-o|--output) (\S+)", block.text.replace("\\\n", " ")):
                written.setdefault(name, set()).add(block.page)
    shared = {name: of for name, of in written.items() if len(of) > 1}
    assert written
    assert not shared


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=pytest.mark.laws if page in QUICK else pytest.mark.long)
        for page in PAGES
    ],
)
def test_a_page_runs_in_a_fresh_clone(page, tmp_path):
    clone, scratch = tmp_path / "clone", tmp_path / "scratch"
    clone.mkdir()
    scratch.mkdir()
    copy_checkout(REPOSITORY, clone)
    assert run_page(blocks_of(page), clone, scratch, timeout_s=7200) == []
    words = " ".join((REPOSITORY / page).read_text(encoding="utf-8").split())
    for said in SAID.get(page, lambda folder: iter(()))(clone):
        # Spaces that do not break are plain ones in Markdown.
        assert " ".join(said.split()) in words, f"{page} does not say: {said}"


@pytest.mark.long
def test_the_first_command_of_the_readme_installs_the_program_and_makes_a_report(tmp_path):
    copy_checkout(REPOSITORY, tmp_path)
    first = blocks_of("README.md")[0]
    assert (first.mark, first.argument) == ("needs", "installation")
    assert len(first.text.splitlines()) == 1
    done = subprocess.run(
        ["bash", "-euc", f"{first.text}\ncommand -v overblock\noverblock --version"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    if "No matching distribution found" in done.stderr:
        pytest.skip("packages cannot be had here (no network)")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2:] == [
        str(tmp_path / ".venv/bin/overblock"), f"overblock {__version__}"
    ]  # fmt: skip
    assert (tmp_path / "out" / "report.html").is_file()
