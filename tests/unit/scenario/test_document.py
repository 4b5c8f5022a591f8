"""YAML from a stranger: read as text, counted while it is read, refused with its place."""

import pytest

from sim.errors import Problem, ScenarioError
from sim.scenario import document as guard
from sim.scenario.document import format_path, parse_document


def problems_of(data: bytes) -> list[Problem]:
    """All problems of a document, whether they ended the reading or not."""
    try:
        return parse_document(data, "f.yaml").problems
    except ScenarioError as error:
        return list(error.problems)


def only_problem(data: bytes) -> Problem:
    problems = problems_of(data)
    assert len(problems) == 1, [str(problem) for problem in problems]
    return problems[0]


@pytest.mark.parametrize(
    "word",
    ["NO", "no", "on", "off", "Yes", "y", "12:30", "1:2:3", "2018-04-16", "<<", "=", "1.2.3"],
)
def test_words_that_yaml_1_1_converts_stay_text(word):
    document = parse_document(f"a: {word}\n".encode(), "f.yaml")
    assert document.tree == {"a": word}
    assert document.problems == []


SCALARS = {
    "true": True, "False": False, "7": 7, "-3": -3, "+5": 5, "0": 0, "0.5": 0.5, ".5": 0.5,
    "1e3": 1000.0, '"7"': "7", "'true'": "true", '""': "",
}  # fmt: skip


@pytest.mark.parametrize("text", SCALARS)
def test_plain_scalars_become_their_value_and_quoted_ones_stay_text(text):
    read = parse_document(f"a: {text}\n".encode(), "f.yaml").tree["a"]
    assert read == SCALARS[text]
    assert type(read) is type(SCALARS[text])


def test_a_number_of_many_digits_is_refused_in_a_short_message():
    problem = only_problem(b"a: " + b"9" * 100_000 + b"\n")
    assert problem.message.startswith("expected a plain decimal number, got '999")
    assert len(problem.message) < 120


def test_a_second_key_does_not_win_and_is_refused_where_it_stands():
    document = parse_document(b"p:\n  a: 1\n  b: 2\n  a: 3\n", "f.yaml")
    assert document.tree == {"p": {"a": 1, "b": 2}}
    assert [str(problem) for problem in document.problems] == [
        "f.yaml:4:3: p.a: expected each key once, got it again (first in line 2)"
    ]


NOTHING = "expected a value, got nothing; leave the key out instead"
ANCHOR, TAG = "expected a value without an anchor, got '&x'", "expected a value without a tag, got"
DISAGREED_ON = ("010", "0o10", "0x1F", "0b1", "1_000", "00", "1_000.5")
NOT_FINITE = (".nan", ".NaN", ".inf", "-.INF", "+.inf", "1e999", "-1e999")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        *(
            (f"a: {one}\n".encode(), f"1:4: a: expected a {what} number, got '{one}'")
            for what, texts in (("plain decimal", DISAGREED_ON), ("finite", NOT_FINITE))
            for one in texts
        ),
        (b"a: &x 1\n", f"1:4: a: {ANCHOR}"),
        (b"a: &x {b: 1}\n", f"1:4: a: {ANCHOR}"),
        (b"&x a: 1\n", "1:1: a: expected a plain key, got a tag or an anchor"),
        (b"&x\na: 1\n", f"1:1: {ANCHOR}"),
        (b"a: !!python/object:os.system 1\n",
         f"1:4: a: {TAG} 'tag:yaml.org,2002:python/object:os.system'"),
        (b"a: !!str 1\n", f"1:4: a: {TAG} 'tag:yaml.org,2002:str'"),
        (b"a: ! 1\n", f"1:4: a: {TAG} '!'"),
        (b"!!map\na: 1\n", f"1:1: {TAG} 'tag:yaml.org,2002:map'"),
        (b"? [a, b]\n: 1\n", "1:3: expected a key written as plain text"),
        (b"? {a: b}\n: 1\n", "1:3: expected a key written as plain text"),
        # They change what words mean.
        *((one + b"\n---\na: NO\n", "2:1: expected a document without % directives, got one")
          for one in (b"%YAML 1.1", b"%YAML 1.2", b"%TAG !e! tag:example.com,2000:")),
        *((f"b: 1\na: {one}\n".encode(), f"2:4: a: {NOTHING}")
          for one in ("~", "null", "NULL", "Null")),
        # At its own key, and not at the next.
        (b"a: 1\nb:\n\nc: 2\n", f"2:1: b: {NOTHING}"),
        (b"b: 1\na: \n", f"2:1: a: {NOTHING}"),
        (b"a: 1\r\nb: 2\r\na: 3\r\n",
         "3:1: a: expected each key once, got it again (first in line 1)"),
    ],
)  # fmt: skip
def test_what_readers_disagree_on_or_is_no_plain_value_is_refused_in_its_place(data, expected):
    assert str(only_problem(data)) == f"f.yaml:{expected}"


def test_an_alias_is_refused_and_never_expanded():
    bomb = b"a: &a [x, x]\n" + b"".join(
        b"%c: &%c [%s]\n" % (letter, letter, b", ".join([b"*%c" % (letter - 1)] * 9))
        for letter in range(ord("b"), ord("k"))
    )
    document = parse_document(bomb, "f.yaml")
    assert document.tree["j"] == [""] * 9
    assert any("got the alias '*a'" in problem.message for problem in document.problems)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "f.yaml: expected keys, got an empty file"),
        (b"\xef\xbb\xbf", "f.yaml: expected keys, got an empty file"),
        (b"# nothing\n", "f.yaml: expected keys, got an empty file"),
        (b"- a\n", "f.yaml:1:1: expected a mapping of keys"),
        (b"hello\n", "f.yaml:1:1: expected a mapping of keys"),
        (b"null\n", "f.yaml:1:1: expected a mapping of keys"),
        (b"a: 1\n---\nb: 2\n", "f.yaml:2:1: expected one document, got a second one"),
        (b"a: 1\n---\n", "f.yaml:2:1: expected one document, got a second one"),
        (b"a: \xe9\n", "f.yaml:1: expected UTF-8 text, got the byte 0xe9"),
        (b"a: 1\nb: \xff\n", "f.yaml:2: expected UTF-8 text, got the byte 0xff"),
        ("a: 1\n".encode("utf-16"), "f.yaml:1: expected UTF-8 text, got the byte 0xff"),
        (b"a: 1\nb: x\x00\n", "f.yaml:2:5: expected text, got the character U+0000"),
        (b"a: \x1b[31m\n", "f.yaml:1:4: expected text, got the character U+001B"),
    ],
)
def test_what_is_no_document_is_refused(data, expected):
    with pytest.raises(ScenarioError, match="expected") as caught:
        parse_document(data, "f.yaml")
    told, _, way = str(caught.value).partition(": save it as")
    assert (told, way[:22]) == (expected, " UTF-8 (a spreadsheet " if "UTF-8" in expected else "")


@pytest.mark.parametrize(
    ("data", "line", "column"),
    [
        (b"a: 1\nb: [1, 2\nc: 3\n", 3, 2),
        (b"a: 1\n b: 2\n", 2, 3),
        (b"a:\n\tb: 1\n", 2, 1),
        (b"a: 1\nb: @x\n", 2, 4),
    ],
)
def test_a_syntax_error_is_placed_by_line_and_column(data, line, column):
    with pytest.raises(ScenarioError, match="expected valid YAML, got a syntax error") as caught:
        parse_document(data, "f.yaml")
    problem = caught.value.problems[-1]
    assert (problem.line, problem.column) == (line, column)


def test_a_byte_order_mark_is_not_part_of_the_first_key():
    assert parse_document(b"\xef\xbb\xbfa: 1\n", "f.yaml").tree == {"a": 1}


@pytest.mark.parametrize("text", [r'"\ud800"', r'"\e[31mred"', r'"\0"'])
def test_escapes_that_make_no_text_are_refused(text):
    assert only_problem(f"a: {text}\n".encode()).message.startswith(
        "expected text, got control characters"
    )


def test_size_is_bounded_before_anything_is_parsed(monkeypatch):
    monkeypatch.setattr(guard, "YAML", None)
    with pytest.raises(ScenarioError, match=r"expected at most 262144 bytes, got 262145"):
        parse_document(b"a" * (256 * 1024 + 1), "f.yaml")


def test_depth_is_bounded():
    def nested(levels: int) -> bytes:
        return b"a: " + b"[" * (levels - 1) + b"]" * (levels - 1)

    assert problems_of(nested(20)) == []
    with pytest.raises(ScenarioError, match="expected at most 20 levels, got more"):
        parse_document(nested(21), "f.yaml")
    with pytest.raises(ScenarioError, match="expected at most 20 levels, got more"):
        parse_document(b"a: " + b"[" * 200_000, "f.yaml")


def test_the_number_of_values_is_bounded(monkeypatch):
    def long(n: int) -> bytes:
        return b"a: [" + b"1," * n + b"]"

    assert guard.MAX_NODES == 20_000
    monkeypatch.setattr(guard, "MAX_NODES", 200)
    assert problems_of(long(199)) == []  # and the list itself
    with pytest.raises(ScenarioError, match="expected at most 200 values, got more"):
        parse_document(long(200), "f.yaml")


def test_every_problem_is_reported_in_one_go_with_its_place():
    data = b"a: 0x1\nb: ~\nc: &x 1\nd: *x\na: 2\ne: {f: .nan}\n"
    assert [(p.line, p.column, p.key) for p in problems_of(data)] == [
        (1, 4, "a"),
        (2, 4, "b"),
        (3, 4, "c"),
        (4, 4, "d"),
        (5, 1, "a"),
        (6, 8, "e.f"),
    ]


def test_places_name_the_value_and_the_key():
    document = parse_document(b"a:\n  b: [x,\n    y]\n", "f.yaml")
    assert (document.locate(("a", "b", 1)).line, document.locate(("a", "b", 1)).column) == (3, 5)
    assert (document.key_place(("a", "b")).line, document.key_place(("a", "b")).column) == (2, 3)
    assert document.locate(("a", "b", 7)) == document.locate(("a", "b"))


@pytest.mark.parametrize(
    ("path", "text"),
    [(("a", "b", 3), "a.b.3"), (("",), "''"), (("a\nb",), r"'a\nb'"), (("\x1b[2J",), r"'\x1b[2J'")],
)
def test_a_key_reaches_the_terminal_on_one_line_without_control_characters(path, text):
    assert format_path(path) == text
    assert len(format_path(("k" * 5000,))) < 70
