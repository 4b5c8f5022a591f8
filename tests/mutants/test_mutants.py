"""The tool that breaks the program: what it breaks, what it calls noticed, what it leaves alone."""

from tests.mutants.__main__ import EQUIVALENT, known_equivalents
from tests.mutants.faults import faults_of

SMALL = '''
"""Text: 1 < 2."""
def f(a: int = 3, *, low: "list[4]") -> int:
    """Doc 5."""
    if a <= low and not a:
        raise ValueError("six 6")
    return min(a + 1, low, a)
'''


def test_faults_are_made_in_code_and_not_in_words_or_annotations():
    source = SMALL.encode()
    found = {fault.lines(source) for fault in faults_of("small.py", source)}
    head = 'def f(a: int = 3, *, low: "list[4]") -> int:'
    ends = "return min(a + 1, low, a)"
    test = "if a <= low and not a:"
    assert found == {
        (head, head.replace("3", "4")),
        (test, "if a < low and not a:"),
        (test, "if a > low and not a:"),
        (test, "if a <= low or not a:"),
        (test, "if a <= low and a:"),
        (test, "if a <= high and not a:"),
        (test, "if not (a <= low and not a):"),
        ('raise ValueError("six 6")', "pass"),
        (ends, "return None"),
        (ends, "return max(a + 1, low, a)"),
        (ends, "return min(a - 1, low, a)"),
        (ends, "return min(a + 2, low, a)"),
        (ends, "return min(a + 1, high, a)"),
    }


def test_what_is_called_equivalent_is_a_fault_that_can_be_made_and_has_a_reason(repository):
    excused = known_equivalents()
    assert excused, f"nothing is read of {EQUIVALENT}"
    for (path, was, becomes), reason in excused.items():
        source = (repository / path).read_bytes()
        assert (was, becomes) in {f.lines(source) for f in faults_of(path, source)}, (path, was)
        assert len(reason) > 20
