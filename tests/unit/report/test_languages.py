"""Every sentence has all languages, the same values in each; numbers and dates go by language."""

from __future__ import annotations

import ast
import csv
import re

import pytest
from ruamel.yaml import YAML

from sim.catalogue.causes import CAUSES
from sim.catalogue.choices import label
from sim.catalogue.curves import CURVES
from sim.catalogue.measures import MEASURES
from sim.measure.money.accounts import NATIONAL_METHODS, method_label
from sim.report.documents import court_answers
from sim.report.page.over_time.charts import METRICS
from sim.report.page.over_time.panels import ENFORCING
from sim.report.words import plain
from sim.report.words.grammar import ARTICLES
from sim.report.words.languages import IN_ENGLISH, LANGUAGES, language
from sim.report.words.numbers import NOUN_OF, estimate, in_percent, number, percent_span, span
from sim.scenario.library import scenario_names, shipped
from sim.scenario.meanings import meaning_of
from sim.scenario.strategies import DECLARED
from sim.scenario.tables.courts import read_court_questions
from tests.conftest import REPOSITORY
from tests.said_texts import said_in_markup, said_in_python, said_under

TABLES = REPOSITORY / "sim" / "report" / "words" / "texts"
SAYS = [REPOSITORY / "sim" / "report", REPOSITORY / "sim" / "bundle"]
OTHER_KEYS = (
    "population.n_businesses", "strategy.share_in_session", "fronts.n_known",
    "censor.pause_pressure", "complaints.per_million_people_per_d",
    *(
        f"money-parameters.{row}"
        for row in (
            "revenue_level", "dual_running_months", "leaving_share", "recaptured_share",
            "recovery_time_d",
        )
    ),
)  # fmt: skip


def rows() -> list[dict[str, str]]:
    found = []
    for table in sorted(TABLES.glob("*.csv")):
        with table.open(encoding="utf-8", newline="") as file:
            found += list(csv.DictReader(file))
    return found


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


def test_languages_of_the_tables_are_those_of_the_program():
    for table in TABLES.glob("*.csv"):
        head = table.read_text("utf-8").partition("\n")[0]
        assert tuple(head.split(",")) == LANGUAGES, table.name


@pytest.mark.parametrize("code", LANGUAGES[1:])
def test_every_sentence_is_translated_with_the_same_values(code):
    for row in rows():
        assert row[code].strip(), row["en"]
        values = [sorted(re.findall(r"\{(\w+)(?::[^}]+)?\}", row[each])) for each in ("en", code)]
        assert values[0] == values[1], row["en"]
        markup = [sorted(re.findall(r"</?\w+>", row[each])) for each in ("en", code)]
        assert markup[0] == markup[1], row["en"]


def test_no_sentence_stands_twice():
    english = [row["en"] for row in rows()]
    assert len(english) == len(set(english))


def test_every_sentence_of_the_document_stands_in_the_table():
    needed = {row.question for row in read_court_questions().rows}
    for name in ("courts", "court_answers"):
        path = REPOSITORY / "sim" / "report" / "documents" / f"{name}.py"
        needed |= said_in(path.read_text("utf-8"))
    needed |= {row.forum_title for row in read_court_questions().rows}
    needed |= set(court_answers.NAMES_OF.values())
    there = {row["en"] for row in rows()}
    assert len(needed) > 60
    assert needed - there == set()


def test_words_of_every_strategy_have_all_languages():
    needed = {kind.in_words for kind in DECLARED.values()}
    needed |= {text.replace("/{length} ", "") for text in needed}
    there = {row["en"] for row in rows()}
    assert len(needed) > 15
    assert needed - there == set()


def test_every_text_that_pages_and_scripts_say_stands_in_a_table():
    needed: dict[str, str] = {}
    for folder in SAYS:
        needed |= said_under(folder)
    there = {row["en"] for row in rows()}
    assert len(needed) > 500
    assert {text: file for text, file in needed.items() if text not in there} == {}


def test_every_row_of_the_tables_of_sentences_is_said_somewhere():
    """Else translators work for nobody, and a reader of a table takes it for what a page says."""
    said = set(said_under(REPOSITORY / "sim"))
    written = ""
    for path in sorted((REPOSITORY / "sim").rglob("*")):
        if path.suffix == ".py":
            tree = ast.parse(path.read_text("utf-8"))
            # Names of states, words of numbers and the like are said from where they are listed.
            said |= {
                node.value
                for node in ast.walk(tree)
                if isinstance(node, ast.Constant) and isinstance(node.value, str)
            }
        elif path.suffix == ".j2":
            written += path.read_text("utf-8")
    for table in ("assessment", "bundle", "money", "page", "said", "script"):
        with (TABLES / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            there = [row["en"] for row in csv.DictReader(file)]
        # A row for each plural form of a noun is said by how many there are.
        there = [text for text in there if not re.search(r" \[(one|few|many|other)\]$", text)]
        assert there
        unused = [text for text in there if text not in said and text not in written]
        assert unused == [], table


def test_no_russian_preposition_governs_a_counted_noun():
    """A noun behind a number stands in the nominative there: "по 2 прогона" is no Russian."""
    counted = r"\{(?:replicates|runs|\w+:[^}]+)\}"
    governed = re.compile(rf"\b(?:по|из|от|для|без|после|у|к|с|со)\s{counted}", re.IGNORECASE)
    assert governed.search("Средние по {replicates}")
    assert governed.search("у {n:business}")
    assert [row["ru"] for row in rows() if governed.search(row["ru"])] == []


def test_what_is_said_is_found_directly_by_a_name_and_by_map():
    source = """
FEW = ("a word", "two words")
def told(words, n):
    text = "one thing" if n else "another thing"
    titles = [*FEW, "three words"]
    return words.say(text), words.say("plainly {n}", n="x"), list(map(words.say, titles))
"""
    assert said_in_python(source) == {
        "a word", "two words", "three words", "one thing", "another thing", "plainly {n}"
    }  # fmt: skip
    assert said_in_markup('{{ say("it\'s {n}", n=1) }} say(\n  "so")') == {"it's {n}", "so"}


def test_a_script_says_nothing_but_literals():
    """Else the page would not be given the text."""
    for script in (REPOSITORY / "sim" / "report" / "page").glob("*.js"):
        source = script.read_text("utf-8")
        calls = len(re.findall(r"(?<!function )\bsay\(", source))
        assert calls == len(re.findall(r'\bsay\(\s*"', source)), script.name


def test_labels_and_units_of_the_catalogue_have_all_languages():
    needed = {label(name) for name in MEASURES}
    needed |= {measure.unit for measure in MEASURES.values()} - {"USD"}
    for name in (*METRICS, *ENFORCING):
        needed |= {CURVES[name].label}
    # Of several strategies each curve has a panel; who enforces is shown of one alone.
    needed |= {CURVES[name].full_label for name in METRICS}
    needed |= {text for cause in CAUSES for text in (cause.label, cause.what)}
    methods = ["overblock_private_loss", "overblock_net_social_loss"]
    needed |= {method_label(name) for name in (*methods, *(one.id for one in NATIONAL_METHODS))}
    there = {row["en"] for row in rows()}
    assert len(needed) > 120
    assert needed - there == set()


def test_titles_of_shipped_scenarios_have_all_languages():
    there = {row["en"] for row in rows()}
    for name in scenario_names():
        text = (shipped("scenarios") / f"{name}.yaml").read_text("utf-8")
        scenario = YAML(typ="safe").load(text)
        assert scenario["title"] in there, name
        assert scenario["description"] in there, name


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
        ("it", "15,4 milioni; 2.141; 0,119; 12,2 – 17,4 milioni; non noto; 34,3 %; 9,72 – 14,5 %"),
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


def test_ends_of_an_interval_are_told_apart_from_decimals():
    said = [language(code).digits(estimate(1570.0, 759.4, 2985.8)) for code in ("en", "es", "ru")]
    assert [" ".join(one.split()) for one in said] == [
        "1,570 [759.4, 2,986]", "1.570 [759,4; 2.986]", "1 570 [759,4; 2 986]"
    ]  # fmt: skip


def test_days_go_by_the_language():
    moment = "2022-08-28T00:00+02:00"
    said = [" ".join(language(code).day(moment).split()) for code in LANGUAGES]
    assert said == [
        "28 August 2022", "28 de agosto de 2022", "28 agosto 2022", "28 августа 2022 года"
    ]  # fmt: skip
    said = [" ".join(language(code).moment(moment).split()) for code in LANGUAGES[1:]]
    assert said == [
        "28 de agosto de 2022, 00:00 (UTC+02:00)", "28 agosto 2022, 00:00 (UTC+02:00)",
        "28 августа 2022 года, 00:00 (UTC+02:00)",
    ]  # fmt: skip


LISTED = {
    "en": ("", "AWS", "AWS and OVH", "AWS, OVH and Vultr", "AWS, OVH, Vultr and Zenlayer"),
    "es": ("", "AWS", "AWS y OVH", "AWS, OVH y Vultr", "AWS, OVH, Vultr y Zenlayer"),
    "it": ("", "AWS", "AWS e OVH", "AWS, OVH e Vultr", "AWS, OVH, Vultr e Zenlayer"),
    "ru": ("", "AWS", "AWS и OVH", "AWS, OVH и Vultr", "AWS, OVH, Vultr и Zenlayer"),
}


@pytest.mark.parametrize("code", LANGUAGES)
def test_several_names_are_joined_as_one_would_write_them(code):
    names = ["AWS", "OVH", "Vultr", "Zenlayer"]
    words = language(code)
    assert tuple(words.listing(names[:n]) for n in range(5)) == LISTED[code]
    assert words.listing(tuple(names)) == LISTED[code][4]


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (1, ["1 replicate", "1 simulación", "1 simulazione", "1 прогон"]),
        (3, ["3 replicates", "3 simulaciones", "3 simulazioni", "3 прогона"]),
        (5, ["5 replicates", "5 simulaciones", "5 simulazioni", "5 прогонов"]),
        (21, ["21 replicates", "21 simulaciones", "21 simulazioni", "21 прогон"]),
        (
            10**6,
            [
                "1,000,000 replicates",
                "1.000.000 simulaciones",
                "1.000.000 simulazioni",
                "1 000 000 прогонов",
            ],
        ),
    ],
)
def test_how_many_agrees_with_the_number(n, expected):
    said = [language(code).count(n, "replicate") for code in LANGUAGES]
    assert [" ".join(one.split()) for one in said] == expected


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_noun_that_is_counted_has_every_plural(code):
    words = language(code)
    # Units that are counted, and nouns behind a colon in some text of the language.
    texts = [row[code] for row in rows()] if code != "en" else []
    behind_colons = {noun for text in texts for noun in re.findall(r"\{\w+:([^}]+)\}", text)}
    behind_colons -= set(ARTICLES.get(code, ()))
    assert len(behind_colons) > 2 or code == "en"
    nouns = {"replicate", "draw", "run", "strategy", *NOUN_OF.values(), *behind_colons}
    for noun in sorted(nouns):
        for n in (0, 1, 2, 5, 11, 21, 22, 1_000_000, words.digits("5.69")):
            assert words.count(n, noun)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("1", ["1 business", "1 empresa", "1 impresa", "1 предприятие"]),
        ("<1", ["<1 business", "<1 empresas", "<1 imprese", "<1 предприятия"]),
        ("0", ["0 businesses", "0 empresas", "0 imprese", "0 предприятий"]),
        ("21", ["21 businesses", "21 empresas", "21 imprese", "21 предприятие"]),
        ("5.69", ["5.69 businesses", "5,69 empresas", "5,69 imprese", "5,69 предприятия"]),
        ("2,141", ["2,141 businesses", "2.141 empresas", "2.141 imprese", "2 141 предприятие"]),
        (
            "21 [12, 40]",
            [
                "21 [12, 40] businesses", "21 [12; 40] empresas", "21 [12; 40] imprese",
                "21 [12; 40] предприятие",
            ],
        ),
        (
            "3 to 5",
            ["3 to 5 businesses", "3 a 5 empresas", "3 – 5 imprese", "3 – 5 предприятий"],
        ),
        (
            "nearly 0",
            ["nearly 0 businesses", "casi 0 empresas", "quasi 0 imprese", "почти 0 предприятий"],
        ),
        (
            "15.4 million",
            [
                "15.4 million businesses", "15,4 millones de empresas", "15,4 milioni di imprese",
                "15,4 млн предприятий",
            ],
        ),
    ],
)  # fmt: skip
def test_a_unit_agrees_with_its_number(said, expected):
    told = []
    for code in LANGUAGES:
        words = language(code)
        told.append(words.amount(words.digits(said), "businesses"))
    assert [" ".join(one.split()) for one in told] == expected


def test_a_noun_behind_a_colon_agrees_in_the_middle_of_a_sentence():
    text = "together they were impaired for {n:business-hour}{ranges}"
    said = [language("en").say(text, n=n, ranges="") for n in ("1", "1.5", "12.2 million")]
    assert [one.rpartition("for ")[2] for one in said] == [
        "1 business-hour", "1.5 business-hours", "12.2 million business-hours"
    ]  # fmt: skip
    text = "hit, mostly in this way: {n} of {of:business}"
    said = [language("ru").say(text, n="1", of=of) for of in ("1", "3", "40")]
    assert [one.rpartition("всего ")[2] for one in said] == [
        "1 предприятие)", "3 предприятия)", "40 предприятий)"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("en", ["about three in four", "one in 40", "five weeks", "twice as much as"]),
        ("es", ["cerca de 3 de cada 4", "1 de cada 40", "5 semanas", "el doble que"]),
        ("it", ["circa 3 su 4", "1 su 40", "5 settimane", "il doppio di"]),
        ("ru", ["примерно 3 из 4", "1 из 40", "5 недель", "вдвое больше, чем вариант"]),
    ],
)
def test_rough_words_go_by_the_language(code, expected):
    words = language(code)
    said = [
        plain.share_words(0.76, words), plain.share_words(0.025, words),
        plain.duration_words(5 * 168, words), plain.times_words(2, words),
    ]  # fmt: skip
    assert said == expected


def test_a_sentence_without_a_translation_is_an_error():
    with pytest.raises(KeyError):
        language("es").say("Nobody wrote this.")
    assert language("es").name("A provider's name") == "A provider's name"


def test_meanings_of_assumptions_that_are_translated_are_said_by_some_key():
    """Else the documentation of a key was changed, and a page shows the key alone."""
    said = set()
    for path in sorted(shipped("seeds").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            columns = next(csv.reader(file))
        said |= {meaning_of(f"{path.stem}.{column}", path) for column in columns}
    with (shipped("seeds") / "assumptions.csv").open(encoding="utf-8", newline="") as file:
        keys = {row["key"] for row in csv.DictReader(file)}
    keys |= set(OTHER_KEYS)
    said |= {meaning_of(key, None) for key in keys}
    with (TABLES / "meanings.csv").open(encoding="utf-8", newline="") as file:
        translated = {row["en"] for row in csv.DictReader(file)}
    assert len(translated) > 30
    assert translated - said == set()


@pytest.mark.parametrize(
    ("text", "values", "said"),
    [
        ("{n} businesses in clouds were hit, half", {"n": "about one in 30"},
         "about one in 30 businesses in clouds was hit, half"),
        ("{n} of them are cut off", {"n": "one in 1,200"}, "one in 1,200 of them is cut off"),
        ("In {n} businesses were hit", {"n": "one in two"}, "In one in two businesses was hit"),
        ("{n} businesses were hit", {"n": "one in 30 to one in 16"},
         "one in 30 to one in 16 businesses were hit"),
        ("between {n} and one in four businesses were hit", {"n": "one in five"},
         "between one in five and one in four businesses were hit"),
        ("In {n}; others were hit", {"n": "one in two"}, "In one in two; others were hit"),
        ("in 50 % of {n} draws", {"n": "1"}, "in 50 % of 1 draw"),
        ("over {n} draws", {"n": "4.1"}, "over 4.1 draws"),
        ("over {n} draws", {"n": "21"}, "over 21 draws"),
        ("{n} strategies", {"n": "1"}, "1 strategy"),
    ],
)  # fmt: skip
def test_one_of_something_takes_the_singular(text: str, values: dict[str, str], said: str) -> None:
    assert IN_ENGLISH.say(text, **values) == said
