"""What each line of a list of names blocks."""

import pytest

from sim.errors import DataError
from tests.feeds import read


@pytest.mark.parametrize(
    "line",
    [
        *("Example.COM", "example.com.", "0.0.0.0 example.com", "https://example.com/page"),
        *("example.com CNAME .", "||example.com^", "||example.com^$third-party", ".example.com"),
        *("+.example.com", "*.example.com", "*.example.com CNAME .", "||example.com"),
    ],
)
def test_one_name_is_known_in_each_form(line, tmp_path):
    feed = read(f"other.example\n{line}\n", tmp_path, "names", allow_empty=True)
    assert feed.labels["name"].texts == ["other.example", "example.com"]


@pytest.mark.parametrize(
    "line",
    [
        *("||ads.", "*t.co*", "ads*.example.com", r"/^ads?\d*\./", ".com", "||198.51"),
        *("a.example##.ad", "@@||a.example^$script", "@@/banner.js"),
    ],
)
def test_what_is_of_no_one_name_is_counted_and_left_out(line, tmp_path):
    feed = read(f"other.example\n{line}\n", tmp_path, "names", allow_empty=True)
    assert feed.labels["name"].texts == ["other.example"]
    assert any(note.startswith("1 ") and note.endswith(": left out") for note in feed.notes)


@pytest.mark.parametrize(
    "line",
    [
        *("two words", "nonsense", "198.51.100.300", "1,a.example", "/banner/ads.js", "a.b/c"),
        *('local-zone: "x.y" static', "domain:x.y", "24.0.2.0.192.rpz-ip CNAME ."),
        *("*.x.y CNAME rpz-passthru.", "@@*.x.y", "@@||x.y", "@@x", "@@||198.51.100.7^"),
    ],
)
def test_any_other_line_is_refused(line, tmp_path):
    with pytest.raises(DataError, match="given:2: expected "):
        read(f"other.example\n{line}\n", tmp_path, "names", allow_empty=True)
