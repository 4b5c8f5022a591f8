"""Languages: catalogues hold what the code says, and no sentence is of two languages.

What numbers look like is from style books: Fundéu and RAE for Spanish, CLDR for signs.
"""

import ast
import re
from dataclasses import replace
from datetime import datetime

import pytest
from babel.messages.pofile import read_po

from sim.report.page.document import render
from sim.report.words.answer import answer
from sim.report.words.languages import (
    ENGLISH,
    IN_ENGLISH,
    LANGUAGES,
    catalogue_path,
    day,
    joined,
    language,
    period,
    say,
    say_n,
    sentences,
)
from sim.report.words.numbers import number, percent, percent_span, span, spoken
from sim.results.folder import open_run
from tests.conftest import REPOSITORY
from tools.sentences import extract_sentences

REPORT = REPOSITORY / "sim" / "report"
OTHERS = [code for code in LANGUAGES if code != ENGLISH]
NBSP = "\N{NO-BREAK SPACE}"
FIELD = re.compile(r"\{(\w*)\}")


@pytest.fixture(scope="module")
def extracted() -> set[str]:
    """Sentences of code, template and names; of those that count, the form for one."""
    return {text if isinstance(text, str) else text[0] for text in extract_sentences()}


@pytest.mark.parametrize("code", OTHERS)
def test_a_catalogue_has_the_sentences_of_the_code_and_no_others(code, extracted):
    with catalogue_path(code).open("rb") as file:
        catalogue = read_po(file, locale=code, abort_invalid=True)
    held = {one.id if isinstance(one.id, str) else one.id[0] for one in catalogue if one.id}
    # `python -m tools.reference` makes them equal.
    assert (sorted(extracted - held), sorted(held - extracted)) == ([], [])
    assert not catalogue.obsolete


@pytest.mark.parametrize("code", OTHERS)
def test_a_translation_has_the_values_of_its_sentence(code):
    wrong = {
        said: form
        for said, forms in language(code).texts.items()
        for form in forms
        if sorted(set(FIELD.findall(form))) != sorted(set(FIELD.findall(said)))
    }
    assert wrong == {}
    assert all(len(forms) in (1, 3) for forms in language(code).texts.values())


def test_extraction_finds_every_sentence_of_code_and_template(extracted):
    """Found by other code: a syntax tree, and what the template calls with a text."""
    templates = "".join(path.read_text("utf-8") for path in REPORT.glob("page/*.html.j2"))
    said = set(re.findall(r'\bsay(?:_n)?\([\'"](.+?)[\'"][,)]', templates))
    assert len(said) > 150
    for path in REPORT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            is_said = isinstance(node, ast.Call) and getattr(node.func, "id", "") in (
                "say",
                "say_n",
            )
            if is_said and isinstance(text := node.args[0], ast.Constant):  # type: ignore[attr-defined]
                said.add(str(text.value))
    assert len(said) > 300
    assert said - extracted == set()


def test_a_sentence_without_a_translation_is_english_with_english_numbers():
    spanish = language("es")
    known = say("about {share}", share=percent(0.0123))
    assert spanish.write(known) == f"cerca del 1,2{NBSP}%"
    unknown = say("{share} of what nobody translated", share=percent(0.0123))
    assert spanish.write(unknown) == "1.2% of what nobody translated"
    # A part without one makes the whole English; of two sentences each is by itself.
    inside = say("at most {share}", share=unknown)
    assert spanish.write(inside) == "at most 1.2% of what nobody translated"
    assert spanish.write(joined("; ", (known, unknown))) == f"{known}; {unknown}"
    assert spanish.write(sentences(known, unknown)) == f"cerca del 1,2{NBSP}% {unknown}"


@pytest.mark.laws
def test_a_page_has_no_sentence_of_two_languages(ensemble_run):
    run = open_run(ensemble_run)
    spanish, found = language("es"), answer(open_run(ensemble_run))
    assert '<html lang="es">' in (page := render(run, spanish))
    # Letters of a second alphabet are embedded where they are used: they take 50 kB.
    assert "unicode-range:U+0400-045F" not in page
    assert "unicode-range:U+0400-045F" in render(run, language("ru"))
    assert spanish.write(found.whole) in page.replace("&#39;", "'") or found.range
    peak = next(text for text in spanish.texts if text.startswith("In simulations, {share}"))
    kept = {text: forms for text, forms in spanish.texts.items() if not text.startswith(peak[:20])}
    partly = replace(spanish, texts=kept)
    assert partly.write(found.whole) == str(found.whole)
    assert partly.write(found.range) == str(found.range)
    assert spanish.write(found.range) != str(found.range)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        # Fundéu: not "2,5 mil millones" but "2500 millones"; RAE: a space before the sign.
        ("es", "26.000 millones|de 3.400 a 120.000 millones|4,5 millones|78 %|de 32 a 81 %|2.100"),
        ("it", "26 miliardi|da 3,4 a 120 miliardi|4,5 milioni|78%|da 32 a 81%|2.100"),
        ("ru", "26 млрд|от 3,4 до 120 млрд|4,5 млн|78 %|от 32 до 81 %|2 100"),
    ],
)
def test_numbers_are_those_of_the_language(code, expected):
    values = (
        number(26.2e9), span(3.37e9, 118e9), number(4.52e6), percent(0.781),
        percent_span(0.32, 0.811), number(2141),
    )  # fmt: skip
    told = [language(code).write(one) for one in values]
    assert [one.replace(NBSP, " ") for one in told] == expected.split("|")
    assert not any(" " in one for one in told)


@pytest.mark.parametrize(
    ("code", "n", "expected"),
    [
        ("es", 1, "1 dirección"), ("es", 300, "300 direcciones"),
        ("es", 4.5e6, "4,5 millones de direcciones"), ("it", 2e6, "2 milioni di indirizzi"),
        ("ru", 1, "1 адрес"), ("ru", 22, "22 адреса"), ("ru", 11, "11 адресов"),
        ("ru", 21, "21 адрес"), ("ru", 0.5, "0,5 адреса"), ("ru", 3e6, "3 млн адресов"),
        ("en", 1, "1 address"), ("en", 3e6, "3 million addresses"), ("en", 0.5, "0.5 addresses"),
    ],
)  # fmt: skip
def test_words_agree_with_their_number(code, n, expected):
    said = say_n("{n} address", "{n} addresses", n, n=number(n))
    assert language(code).write(said).replace(NBSP, " ") == expected


def test_shares_in_words_and_days_are_those_of_the_language():
    start, end = datetime(2018, 4, 16), datetime(2018, 6, 4)
    spanish, russian = language("es"), language("ru")
    assert spanish.write(spoken(0.61)) == "tres de cada cinco"
    assert spanish.write(period(start, end)) == "del 16 de abril al 4 de junio de 2018"
    assert spanish.write(period(start, start.replace(day=20))) == "del 16 al 20 de abril de 2018"
    assert russian.write(day(end)) == f"4 июня 2018{NBSP}года"
    assert IN_ENGLISH.write(period(start, end)) == "16 April to 4 June 2018"
    assert IN_ENGLISH.write(period(end, end)) == "4 June 2018"
