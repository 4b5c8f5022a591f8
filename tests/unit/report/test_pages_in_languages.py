"""Reports in other languages: the same numbers, no English but what is marked so."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sim.cli.app import app
from sim.report.page.document import language_of, render
from sim.report.words.languages import LANGUAGES, language
from sim.results.read import open_run
from sim.results.relations import connect_tables
from tests.numbers_said import numbers_in

pytestmark = pytest.mark.laws

OTHERS = LANGUAGES[1:]
KINDS = ("shipped_run", "comparison_folder", "drawn_run", "drawn_comparison")
DAILY = (("shipped_run", "ru"), ("comparison_folder", "es"), ("drawn_run", "es"))
"""Another alphabet once, and tables of several strategies and of draws."""
PAIRS = pytest.mark.parametrize(
    ("kind", "code"),
    [
        pytest.param(kind, code, marks=[pytest.mark.long] * ((kind, code) not in DAILY))
        for kind in KINDS
        for code in OTHERS
    ],
)
EMPTY = {"meta", "link", "input", "br"}
_PAGES: dict[tuple[str, str], Page] = {}


class Page(HTMLParser):
    """Texts of a page, each with the section it stands in and whether it is marked as English."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text = text
        self.texts: list[tuple[str, str, bool]] = []
        self.rows: dict[str, list[list[tuple[str, bool]]]] = {}
        self._open: list[tuple[str, bool]] = []
        self._section = self._table = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        is_english = bool(self._open) and self._open[-1][1]
        if tag != "html" and "lang" in given:
            is_english = given["lang"] == "en"
        if tag == "section":
            self._section = str(given["id"])
        if tag == "table":
            self._table = str(given.get("id", ""))
        if tag == "tr" and self._table:
            self.rows.setdefault(self._table, []).append([])
        for name in ("aria-label", "title"):
            if given.get(name) and not is_english:
                self.texts.append((self._section, str(given[name]), False))
        if tag == "td" and self._table:
            self.rows[self._table][-1].append(("", is_english))
        if tag not in EMPTY:
            self._open.append((tag, is_english))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in EMPTY:
            self.handle_starttag(tag, attrs)
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass
        if tag == "table":
            self._table = ""

    def handle_data(self, data: str) -> None:
        tags = {tag for tag, _ in self._open}
        if tags & {"script", "style", "pre", "code"} or not data.strip():
            return
        self.texts.append((self._section, data.strip(), self._open[-1][1]))
        if self._table and "td" in tags and "th" not in tags:
            # What stands below a number may be in English where the number is not.
            told, is_english = self.rows[self._table][-1].pop()
            is_english |= self._open[-1][1]
            self.rows[self._table][-1].append((f"{told} {data}", is_english))


def page_of(request: pytest.FixtureRequest, kind: str, code: str) -> Page:
    if (kind, code) not in _PAGES:
        folder: Path = request.getfixturevalue(kind)
        _PAGES[kind, code] = Page(render(open_run(folder), language(code)))
    return _PAGES[kind, code]


@PAIRS
def test_a_page_says_its_language_and_that_some_of_it_is_english(kind, code, request):
    page = page_of(request, kind, code)
    assert page.text.startswith(f'<!doctype html>\n<html lang="{code}">')
    assert language_of(page.text.encode()).code == code
    notice = language(code).say(
        "Some details of this page are in English: names, descriptions, sources, notes and "
        "warnings of the data."
    )
    section, _, is_english = next(one for one in page.texts if one[1] == notice)
    assert (section, is_english) == ("", False)
    assert "details of this page are in English" not in page_of(request, kind, "en").text


@PAIRS
def test_tables_hold_the_same_numbers(kind, code, request):
    english, other = (page_of(request, kind, each).rows for each in ("en", code))
    assert list(english) == list(other)
    assert sum(len(rows) for rows in english.values()) > 100
    for table, rows in english.items():
        assert len(rows) == len(other[table])
        for row, its in zip(rows, other[table], strict=True):
            for (one, _), (same, is_english) in zip(row, its, strict=True):
                if not is_english and one != same:
                    assert numbers_in(one, "en") == numbers_in(same, code), (table, one, same)


@PAIRS
def test_sentences_hold_the_same_numbers(kind, code, request):
    """Of the first screen, of figures, and of why: all that is quoted."""
    for section in ("answer", "figures", "why"):
        said = {}
        for each in ("en", code):
            texts = page_of(request, kind, each).texts
            joined = "\n".join(text for at, text, _ in texts if at == section)
            # What every language says in words.
            joined = re.sub(r"nine (in|cases of) ten", "", joined)
            said[each] = numbers_in(joined, each)
        assert said["en"] == said[code], section


@PAIRS
def test_no_english_is_left_but_what_is_marked(kind, code, request):
    english = {text for _, text, _ in page_of(request, kind, "en").texts}
    run = open_run(request.getfixturevalue(kind))
    with connect_tables(run.path) as connection:
        found = connection.execute("SELECT DISTINCT provider FROM businesses").fetchall()
    names = {str(name) for (name,) in found} | set(run.strategies)
    names |= {row["provider"] for row in _providers(run.path)}
    left = [
        text
        for _, text, is_english in page_of(request, kind, code).texts
        if not is_english
        and text in english
        and text not in names
        and language(code).texts.get(text) != text
        and re.search(r"[a-z]{3}", text)
        and not re.fullmatch(r"[\w.-]+|SHA-256|[0-9a-f]+|overblock .*|\w+-\d+.*", text)
    ]
    assert left == []


def _providers(folder: Path) -> list[dict[str, str]]:
    import csv

    path = folder / "providers.csv"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@PAIRS
def test_the_first_screen_is_said_from_the_tables(kind, code, request):
    """Of what is read first every text is in the language: in Russian, in its letters."""
    texts = [
        text
        for section, text, is_english in page_of(request, kind, code).texts
        if section in ("", "answer") and not is_english and re.search(r"[^\W\d_]{3}", text)
    ]
    assert len(texts) > 15
    if code != "ru":
        return
    for text in texts:
        if not text.startswith("Save"):
            assert re.search("[а-яё]", text), text


@PAIRS
def test_charts_and_scripts_speak_the_language(kind, code, request):
    english, other = (
        json.loads(
            re.search(r'id="report-data">(.*?)</script>', page_of(request, kind, each).text)[1]
        )
        for each in ("en", code)
    )
    assert english["texts"] == {}
    assert len(other["texts"]) > 35
    assert other["texts"]["Whole run"] == language(code).say("Whole run")
    assert len(english["charts"]) == len(other["charts"])
    for one, same in zip(english["charts"], other["charts"], strict=True):
        assert one["title"] != same["title"]
        for panel, its in zip(one["panels"], same["panels"], strict=True):
            assert panel["title"] != its["title"]
            assert panel["finding"] != its["finding"]
            assert panel["unit"] != its["unit"]
            assert [line["mean"] for line in panel["lines"]] == [
                line["mean"] for line in its["lines"]
            ]
    assert {key: english[key] for key in ("map", "tradeoff", "moment_s")} == {
        key: other[key] for key in ("map", "tradeoff", "moment_s")
    }
    assert english["bands"] != other["bands"]


def test_the_command_writes_the_language_that_is_asked_for(shipped_run, tmp_path):
    path = tmp_path / "informe.html"
    asked = ["report", str(shipped_run), "-o", str(path), "--quiet"]
    result = CliRunner().invoke(app, [*asked, "--language", "es"])
    assert result.exit_code == 0, result.stderr
    assert path.read_bytes() == render(open_run(shipped_run), language("es")).encode()
    wrong = CliRunner().invoke(app, [*asked, "--language", "esp"])
    assert wrong.exit_code == 2
    assert "--language: expected one of en, es, it, ru, got 'esp'" in wrong.stderr
