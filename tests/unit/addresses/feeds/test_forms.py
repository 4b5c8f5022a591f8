"""Files that firewalls, providers and resolvers write, and lists of names.

Counts come from regular expressions and ``ipaddress``, from which what a file lets through or does
not say is taken out by hand.
"""

import ipaddress
import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.addresses.feeds.feed import Feed
from sim.addresses.feeds.formats import read_feed, sniff
from sim.addresses.feeds.forms import FORMS
from sim.addresses.feeds.inputs import Input
from sim.addresses.sets.intervals import AddressSet
from sim.errors import DataError
from tests.feeds import given as written
from tests.feeds import read, refused
from tests.forms import IN_LINES, RENDERED

CORPUS = Path(__file__).parents[3] / "fuzz" / "corpus"
GOOD = sorted(path for form in RENDERED for path in (CORPUS / form).glob("good*"))
_FOUR = r"(?:192\.0\.2|198\.51\.100|203\.0\.113)\.\d+"
_SIX = r"2001:db8:[0-9a-f:]*"
_FOUND = re.compile(rf"(?<![\w.:])(?:{_FOUR}(?:-{_FOUR})?|{_SIX}(?:-{_SIX})?)(?:/\d+)?")
# What stands in a file and is not blocked by it: let through, disabled, taken back, a comment, a
# server, an exception; and prefixes written with a netmask.
NOT_LISTED = {"polls/good-data": ["192.0.2.1"]}


def expected(path: Path) -> set[ipaddress.IPv4Address | ipaddress.IPv6Network | str]:
    """Every IPv4 address, and the bounds of every IPv6 prefix or range."""
    name = f"{path.parent.name}/{path.name}"
    found = _FOUND.findall(path.read_text())
    kept = [text for text in found if text not in NOT_LISTED.get(name, [])]
    assert len(found) - len(kept) >= len(NOT_LISTED.get(name, []))
    return {each for text in kept for each in _bounds(text)}


def _bounds(text: str) -> list[tuple[int, int]]:
    """Version, and first and last address."""
    first, dash, last = text.partition("-")
    if dash:
        ends = [ipaddress.ip_address(first), ipaddress.ip_address(last)]
    else:
        network = ipaddress.ip_network(text)
        ends = [network[0], network[-1]]
    return [(ends[0].version, int(ends[0]), int(ends[1]))]


def read_bounds(feed: Feed) -> set[tuple[int, int, int]]:
    """The same of what was read, row by row."""
    four = zip(feed.v4.start.tolist(), feed.v4.stop.tolist(), strict=True)
    six = zip(feed.v6.start.tolist(), feed.v6.stop.tolist(), strict=True)
    return {(4, start, stop - 1) for start, stop in four} | {
        (6, start, stop - 1) for start, stop in six
    }


@pytest.mark.parametrize("path", GOOD, ids=[f"{p.parent.name}-{p.name}" for p in GOOD])
def test_a_file_is_told_by_its_form_and_gives_what_it_lists(path):
    given_file = Input(path, path.name)
    assert sniff(given_file) == path.parent.name
    feed = read_feed(given_file)
    assert feed.origin.format == path.parent.name
    assert read_bounds(feed) == expected(path)


def test_each_form_is_declared_with_what_it_is():
    assert len({form.name for form in FORMS}) == len(FORMS)
    assert all(form.file and form.becomes for form in FORMS)
    assert {form.name for form in FORMS} >= set(RENDERED)


def networks() -> st.SearchStrategy[str]:
    four = st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 32))
    six = st.tuples(st.integers(2**125, 2**126 - 1), st.integers(3, 128))
    return st.one_of(four, six).map(lambda one: str(ipaddress.ip_network(one, strict=False)))


@pytest.mark.parametrize("form", RENDERED)
def test_a_set_written_in_a_form_and_read_is_the_same_set(form, tmp_path):
    @given(st.lists(networks(), min_size=1, max_size=12))
    @settings(max_examples=25, deadline=None)
    def holds(prefixes: list[str]) -> None:
        file = written(tmp_path, RENDERED[form](prefixes))
        assert sniff(file) == form
        feed = read_feed(file)
        assert feed.to_set() == AddressSet.of(*prefixes)
        assert feed.n_bad == 0

    holds()


@pytest.mark.parametrize("form", RENDERED)
def test_bad_addresses_are_told_all_at_once_and_left_out_when_asked(form, tmp_path):
    good = ["198.51.100.0/24", "203.0.113.0/24", "192.0.2.7", "2001:db8::/32"]
    bad = ["198.51.100.300", "203.0.113.9/24"]
    text = RENDERED[form]([good[0], bad[0], *good[1:3], bad[1], good[3]])
    file = written(tmp_path, text)
    with pytest.raises(DataError) as error:
        read_feed(file, form)
    assert len(error.value.problems) == 2
    assert all("expected" in problem.message for problem in error.value.problems)
    if form in IN_LINES:
        lines = [n for n, line in enumerate(text.split("\n"), 1) for b in bad if b in line]
        assert sorted(problem.line for problem in error.value.problems) == lines
    feed = read_feed(file, form, skip_bad=True)
    assert feed.n_bad == 2
    assert feed.to_set() == AddressSet.of(*good)


def test_a_list_of_addresses_with_more_comments_than_entries_is_one(tmp_path):
    file = written(tmp_path, "; DROP\n; of today\n198.51.100.0/24 ; SBL1\n", "drop.txt")
    assert sniff(file) == "list"


@pytest.mark.parametrize(
    ("form", "text", "told"),
    [
        ("names", "a.example\nb.example\n", "2 entries are names"),
        ("names", "0.0.0.0 a.example\n::1 b.example # x\n", "2 entries are names"),
        ("names", "http://a.example/a\nhttps://b.example\n", "2 entries are names"),
        ("names", "Domain name\na.example\nb.example\n", "2 entries are names"),
    ],
)
def test_a_list_of_names_is_known_as_one_and_the_way_to_addresses_is_said(
    form, text, told, tmp_path
):
    file = written(tmp_path, text, "names.txt")
    assert sniff(file) == form
    with pytest.raises(DataError) as error:
        read_feed(file)
    message = str(error.value)
    assert told in message
    assert "zdns A --input-file names.txt > answers.jsonl" in message
    assert "exposure takes them by --names answers.jsonl" in message
    feed = read_feed(file, allow_empty=True)
    assert feed.labels["name"].texts == ["a.example", "b.example"]
    assert feed.n_unplaced == 2


def test_a_hosts_file_says_nothing_of_the_machine_itself(tmp_path):
    # As the head of StevenBlack/hosts, hosts, has it.
    text = (
        "# Title: StevenBlack/hosts\n#\n127.0.0.1 localhost\n127.0.0.1 localhost.localdomain\n"
        "127.0.0.1 local\n255.255.255.255 broadcasthost\n::1 localhost\n::1 ip6-localhost\n"
        "::1 ip6-loopback\nfe80::1%lo0 localhost\nff00::0 ip6-localnet\nff00::0 ip6-mcastprefix\n"
        "ff02::1 ip6-allnodes\nff02::2 ip6-allrouters\nff02::3 ip6-allhosts\n0.0.0.0 0.0.0.0\n\n"
        "# Start of a list\n0.0.0.0 a.example\n0.0.0.0 b.example  ## phishing\n"
    )
    file = written(tmp_path, text)
    assert sniff(file) == "names"
    feed = read_feed(file, allow_empty=True)
    assert feed.labels["name"].texts == ["a.example", "b.example"]


def test_ranges_of_jd_cloud_are_not_cloudflare_s(tmp_path):
    # Cloudflare API reference, "IPs": filled in where ?networks=jdcloud is asked for.
    found = {"ipv4_cidrs": ["198.51.100.0/24"], "ipv6_cidrs": [], "etag": "a", "jdcloud_cidrs": []}
    assert read(json.dumps({"result": found}), tmp_path, "cloudflare").notes == ()
    found["jdcloud_cidrs"] = ["203.0.113.0/24"]
    feed = read(json.dumps({"result": found}), tmp_path, "cloudflare")
    assert feed.to_set() == AddressSet.of("198.51.100.0/24")
    assert feed.notes == ("ranges of 'jdcloud_cidrs' are JD Cloud's, in China: left out",)


def test_a_name_that_massdns_gave_up_on_is_not_known(tmp_path):
    # The two lines that blechschmidt/massdns, src/main.c, writes: given up on, and answered.
    text = (
        '{"name":"a.example.","type":"A","class":"IN","error":"TIMEOUT"}\n'
        '{"name":"b.example.","type":"A","class":"IN","status":"NOERROR","data":{"answers":['
        '{"ttl":60,"type":"A","class":"IN","name":"b.example.","data":"198.51.100.9"}],"authorities":'
        '[{"ttl":60,"type":"NS","class":"IN","name":"b.example.","data":"ns.example."}]},'
        '"resolver":"192.0.2.53:53"}\n'
    )
    feed = read(text, tmp_path, "zdns")
    assert feed.to_set() == AddressSet.of("198.51.100.9")
    assert feed.n_unplaced == 1


@pytest.mark.parametrize(
    "line",
    [
        *("Example.COM", "example.com.", "0.0.0.0 example.com", "https://example.com/page"),
        *(".example.com", "+.example.com", "*.example.com", "::1 example.com # x"),
    ],
)
def test_one_name_is_known_in_each_form(line, tmp_path):
    feed = read(f"other.example\n{line}\n", tmp_path, "names", allow_empty=True)
    # A wildcard of the DNS does not cover the name itself.
    named = "*.example.com" if line.startswith("*") else "example.com"
    assert feed.labels["name"].texts == ["other.example", named]
    is_noted = any("1 names stand for all names below them" in note for note in feed.notes)
    assert is_noted == line.startswith((".", "+", "*"))


@pytest.mark.parametrize(
    "line",
    [
        *("two words", "nonsense", "198.51.100.300", "1,a.example", "/banner/ads.js", "a.b/c"),
        *("*t.co*", ".com", "domain:x.y", "a.example##.ad", "0.0.0.0 printer", "!198.51.100.7"),
    ],
)
def test_any_other_line_of_a_list_of_names_is_refused(line, tmp_path):
    (told,) = refused(f"other.example\n{line}\n", tmp_path, "names", allow_empty=True)
    assert told.startswith("given:2: expected ")


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("list", "198.51.100.0/24\n!198.51.100.7\nnonsense\n"),
        ("list", "198.51.100.0/24\n  ! 198.51.100.7/32 # ours\r\n"),
        ("list", "2001:db8::/32\nnot 2001:db8::7\n"),
        ("list", "198.51.100.0/24\n198.51.100.7 nomatch\n"),
        ("list", "198.51.100.0/24\nallow 198.51.100.7\n"),
        ("list", "198.51.100.0/24\n@@||198.51.100.7^\n"),
        ("inventory", "ip,name\n198.51.100.0/24,a\n!198.51.100.7,b\n"),
        ("names", "a.example\n198.51.100.0/24\n!198.51.100.7\n"),
    ],
)
def test_what_lets_through_is_refused_even_if_mistakes_are_skipped(form, text, tmp_path):
    for skip_bad in (False, True):
        assert "expected " in refused(text, tmp_path, form, skip_bad=skip_bad, allow_empty=True)[0]


def test_mistakes_that_let_nothing_through_are_skipped(tmp_path):
    text = "! Updated: 12:30:45\n! Title\n198.51.100.0/24\nnot an address\n-1\nnow\n"
    feed = read(text, tmp_path, "list", skip_bad=True)
    assert (feed.n_records, feed.n_bad) == (1, 5)
