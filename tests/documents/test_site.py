"""The documents as a site: built with warnings as errors, whole, asking nothing of the network."""

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from benchmarks.ablation import PAGE, SPAIN, TELEGRAM, ablation
from benchmarks.ablation_names import PART, scores_without_each
from benchmarks.first_days import compare_totals, published, scenario
from tests.conftest import REPOSITORY
from tests.experiments import resolved_of
from tests.optional import needs

ASKED = re.compile(
    r"""<(?:script|link|img|iframe|source|audio|video)\b[^>]*?\b(?:src|href)=["'](https?:)?//""",
    re.I,
)


def build(source: Path, site: Path, builder: str) -> subprocess.CompletedProcess[str]:
    command = ["-m", "sphinx", "-W", "--keep-going", "-q", "-b", builder, "-c", "docs"]
    return subprocess.run(
        [sys.executable, *command, str(source), str(site)],
        cwd=source, capture_output=True, text=True, timeout=600,
    )  # fmt: skip


FENCED = re.compile(r"^( *)(```|~~~).*?^\1\2|`[^`\n]*`", re.M | re.S)
LINK = re.compile(r"\]\((?!\w+:)([^)\s]+)")
HEAD = re.compile(r"^#+ (.*)$", re.M)


@cache
def anchors(page: Path) -> set[str]:
    """What a heading or a marked place is linked by."""
    text = page.read_text(encoding="utf-8")
    heads = (re.sub(r"[^\w\- ]", "", head.lower()) for head in HEAD.findall(text))
    return {head.strip().replace(" ", "-") for head in heads} | set(re.findall(r'id="(.*?)"', text))


def broken_links(page: Path) -> list[str]:
    """Links of a page to files, headings and places that are not there."""
    found = []
    for link in LINK.findall(FENCED.sub("", page.read_text(encoding="utf-8"))):
        name, _, anchor = link.partition("#")
        other = page.parent / name if name else page
        is_page = other.suffix == ".md"
        if not other.exists() or (anchor and is_page and anchor not in anchors(other)):
            found.append(link)
    return found


def test_links_of_pages_lead_to_files_and_headings_that_are_there(tmp_path):
    pages = [*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/**/*.md")]
    assert len(pages) > 60
    assert {page.name: found for page in pages if (found := broken_links(page))} == {}
    wrong = tmp_path / "wrong.md"
    wrong.write_text("# A head\n\n[a](none.md) [b](#a-head) [c](wrong.md#no-head) ![d](none.svg)\n")
    assert broken_links(wrong) == ["none.md", "wrong.md#no-head", "none.svg"]


@pytest.mark.long
def test_the_site_is_built_without_a_warning_and_asks_nothing_of_the_network(tmp_path):
    needs("sphinx")
    needs("furo")
    done = build(REPOSITORY, tmp_path, "html")
    assert (done.returncode, done.stderr) == (0, "")
    pages = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.html")}
    for page in REPOSITORY.glob("docs/**/*.md"):
        name = page.relative_to(REPOSITORY).with_suffix(".html").as_posix()
        assert name in pages, name
    assert {"README.html", "search.html", "scenarios/README.html"} <= pages
    for name in pages:
        assert not ASKED.search((tmp_path / name).read_text(encoding="utf-8")), name
    assert "overblocking" in (tmp_path / "searchindex.js").read_text(encoding="utf-8")


def test_what_is_asked_of_the_network_is_seen():
    assert ASKED.search('<script async src="https://cdn.example/x.js"></script>')
    assert ASKED.search("<link rel='stylesheet' href='//fonts.example/x.css'>")
    assert not ASKED.search('<a href="https://example.org">x</a><img src="../x.png">')


def test_every_decision_stands_in_their_list():
    folder = REPOSITORY / "docs" / "decisions"
    listed = (folder / "README.md").read_text(encoding="utf-8").splitlines()
    for page in sorted(folder.glob("[0-9]*.md")):
        title = page.read_text(encoding="utf-8").splitlines()[0].lstrip("# ").strip()
        assert f"- [{title}]({page.name})" in listed


# What the page of mechanisms is made of: variants that can be asked, and the first two days.


@pytest.mark.parametrize("name", [TELEGRAM, SPAIN])
def test_every_variant_is_a_scenario_of_its_own_that_the_page_has(name, tmp_path):
    asked = ablation(name, tmp_path)
    text = PAGE.read_text(encoding="utf-8")
    part = text.split(f"<!-- part: {asked.part} -->\n")[1].split("<!-- end of part -->")[0]
    said = [line.split(" | ")[0].removeprefix("| ") for line in part.splitlines()[4:]]
    assert said == list(asked.variants)
    found = [resolved_of(name, [*asked.own, *overrides]) for overrides in asked.variants.values()]
    dumps = [
        (one.scenario.model_dump_json(), [table.sha256 for table in one.tables]) for one in found
    ]
    assert all(one not in dumps[:row] for row, one in enumerate(dumps))


@pytest.mark.long
def test_the_page_has_the_first_days_that_its_command_gives():
    given = scenario()
    assert len(published(given)) == 9
    assert f"\n{compare_totals(given, 20)}\n<!-- end of part -->" in PAGE.read_text(
        encoding="utf-8"
    )


# The page of mechanisms has the scores of names that its command gives.


@pytest.mark.laws
def test_the_page_has_what_the_command_of_names_gives():
    text = PAGE.read_text(encoding="utf-8")
    assert f"<!-- part: {PART} -->\n{scores_without_each()}\n<!-- end of part -->" in text
