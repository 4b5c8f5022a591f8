"""Every sentence has all languages, the same values in each; numbers and dates go by language."""

from __future__ import annotations

import ast
import csv
import re

import pytest

from sim.report.documents import court_answers
from sim.report.words import plain
from sim.report.words.languages import LANGUAGES, language
from sim.report.words.numbers import in_percent, number, percent_span, span
from sim.scenario.tables.courts import read_court_questions
from tests.conftest import REPOSITORY

TABLE = REPOSITORY / "sim" / "report" / "words" / "texts.csv"


def rows() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def said_in(source: str) -> set[str]:
    """Sentences of at least a word that stand in the code of a document."""
    found = {
        node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value
    }
    # Texts that stand alone say what a name is, and are no sentences of the document.
    beside = {
        node.value.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    return {text for text in found - beside if re.search("[a-z]", text)}


def test_languages_of_the_table_are_those_of_the_program():
    assert tuple(rows()[0]) == LANGUAGES


@pytest.mark.parametrize("code", LANGUAGES[1:])
def test_every_sentence_is_translated_with_the_same_values(code):
    for row in rows():
        assert row[code].strip(), row["en"]
        values = [sorted(re.findall(r"\{\w+\}", row[each])) for each in ("en", code)]
        assert values[0] == values[1], row["en"]


def test_no_sentence_stands_twice():
    english = [row["en"] for row in rows()]
    assert len(english) == len(set(english))


def test_every_sentence_of_the_document_stands_in_the_table():
    needed = {row.question for row in read_court_questions().rows}
    for name in ("courts", "court_answers"):
        path = REPOSITORY / "sim" / "report" / "documents" / f"{name}.py"
        needed |= said_in(path.read_text("utf-8"))
    needed |= {row.forum_title for row in read_court_questions().rows}
    needed |= {text.replace("/{length} ", "") for text in plain._PLAIN.values()}
    needed |= set(court_answers.NAMES_OF.values())
    there = {row["en"] for row in rows()}
    assert len(needed) > 60
    assert needed - there == set()


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (
            "en",
            "15.4 million; 2,141; 0.119; 12.2 to 17.4 million; not known; 34.3 %; 9.72 to 14.5 %",
        ),
        (
            "es",
            "15,4 millones; 2.141; 0,119; 12,2 a 17,4 millones; no se sabe; 34,3 %; 9,72 a 14,5 %",
        ),
        ("it", "15,4 milioni; 2.141; 0,119; 12,2 a 17,4 milioni; non noto; 34,3 %; 9,72 a 14,5 %"),
        ("ru", "15,4 млн; 2 141; 0,119; 12,2 – 17,4 млн; неизвестно; 34,3 %; 9,72 – 14,5 %"),
    ],
)
def test_numbers_go_by_the_language(code, expected):
    words = language(code)
    said = [
        number(15.4e6), number(2141), number(0.119), span(12.2e6, 17.4e6), number(float("nan")),
        in_percent(0.343), percent_span(0.0972, 0.145),
    ]  # fmt: skip
    text = "; ".join(words.digits(one) for one in said)
    assert " ".join(text.split()) == expected


def test_days_go_by_the_language():
    moment = "2022-08-28T00:00+02:00"
    said = [" ".join(language(code).day(moment).split()) for code in LANGUAGES]
    assert said == [
        "28 August 2022", "28 de agosto de 2022", "28 agosto 2022", "28 августа 2022 г."
    ]  # fmt: skip


def test_a_sentence_without_a_translation_is_an_error():
    with pytest.raises(KeyError):
        language("es").say("Nobody wrote this.")
