"""Sets and lists of names that say of an entry that it is not blocked, or take it back.

What is expected is worked out by hand from ipset(8), nft(8) and dnsmasq(8).
"""

import ipaddress
from pathlib import Path

import pytest

from sim.addresses.feeds.feed import Feed
from sim.addresses.sets.intervals import AddressSet
from sim.errors import DataError
from tests.feeds import read, refused


def read_any(text: str, folder: Path, form: str = "", **options: bool) -> Feed:
    return read(text, folder, form, allow_empty=True, **options)


def refusal(text: str, folder: Path, form: str = "", **options: bool) -> str:
    return "; ".join(refused(text, folder, form, allow_empty=True, **options))


def names_in(feed: Feed) -> set[str]:
    labels = feed.labels.get("name")
    return {labels.names[code] for code in labels.code.tolist() if code >= 0} if labels else set()


@pytest.mark.parametrize(
    ("kind", "members"),
    [
        ("hash:ip family inet netmask 24", ["198.51.100.0", "203.0.113.9"]),
        ("hash:ip netmask 24 timeout 60", ["198.51.100.0", "203.0.113.9"]),
        ("bitmap:ip range 192.0.0.0/8 netmask 28", ["192.0.2.16", "192.0.2.77"]),
        ("hash:ip family inet6 hashsize 1024 netmask 64", ["2001:db8::1", "2001:db8:0:1::"]),
        ("hash:ip netmask 32", ["198.51.100.1"]),
    ],
)
def test_a_member_of_a_set_with_a_netmask_is_a_network(kind, members, tmp_path):
    words = kind.split()
    mask = int(words[[word.strip("-") for word in words].index("netmask") + 1])
    expected = [str(ipaddress.ip_network((each, mask), strict=False)) for each in members]
    added = "".join(f"add s {each}\n" for each in members)
    assert read_any(f"create s {kind}\n{added}", tmp_path, "ipset").to_set() == AddressSet.of(
        *expected
    )


@pytest.mark.parametrize(
    ("kind", "member"),
    [
        ("hash:ip netmask 24", "198.51.100.0/28"),
        ("hash:ip netmask 24", "198.51.100.1-198.51.101.9"),
        ("hash:ip netmask 255.255.255.0", "198.51.100.1"),
        ("hash:ip netmask 33", "198.51.100.1"),
        ("hash:ip netmask", "198.51.100.1,tcp:80"),
        ("hash:ip bitmask 255.255.0.255", "198.51.0.1"),
        ("hash:net,port", "198.51.100.0/24,tcp:80"),
        ("hash:ip,mark", "198.51.100.1,0x10"),
        ("hash:ip,port,net", "198.51.100.1,80,203.0.113.0/24"),
        ("hash:net,iface", "198.51.100.0/24,eth0"),
        ("hash:net,net", "198.51.100.0/24,203.0.113.0/24"),
        ("bitmap:ip,mac range 198.51.100.0/24", "198.51.100.1,00:11:22:33:44:55"),
        ("ipporthash", "198.51.100.1,80"),
    ],
)
def test_a_member_that_is_no_whole_address_is_refused(kind, member, tmp_path):
    text = f"create s {kind}\nadd s {member}\ncreate t hash:ip\nadd t 192.0.2.1\n"
    assert "expected a " in refusal(text, tmp_path, "ipset")
    feed = read_any(text, tmp_path, "ipset", skip_bad=True)
    assert (feed.n_bad, feed.to_set()) == (1, AddressSet.of("192.0.2.1"))


def test_blanks_between_words_do_not_hide_a_netmask(tmp_path):
    text = "create s \thash:ip family inet  netmask 24\nadd  s 198.51.100.0\nadd s 192.0.2.0\n"
    expected = AddressSet.of("198.51.100.0/24", "192.0.2.0/24")
    for skip_bad in (False, True):
        assert read_any(text, tmp_path, "ipset", skip_bad=skip_bad).to_set() == expected


@pytest.mark.parametrize("line", ['add "s 192.0.2.1', 'add s 192.0.2.1 comment "a'])
def test_a_line_whose_quotes_do_not_close_is_refused(line, tmp_path):
    text = f"create s hash:ip bitmask 255.255.255.0\n{line}\n"
    assert refusal(text, tmp_path) == f"given:2: expected quotes that close, got {line!r}"


def test_an_exception_to_a_wider_member_is_refused_in_any_case(tmp_path):
    text = "create s hash:net\nadd s 198.51.100.0/24\nadd s 198.51.100.7 {}\n"
    for skip_bad in (False, True):
        told = refusal(text.format("timeout 0 nomatch"), tmp_path, "ipset", skip_bad=skip_bad)
        assert "(nomatch)" in told
    assert read_any(text.format('comment "nomatch"'), tmp_path, "ipset").n_records == 2


def test_what_is_not_certain_of_a_set_is_said(tmp_path):
    text = "create s hash:ip timeout 60\nadd s 198.51.100.1 timeout {}\n"
    assert read_any(text.format(0), tmp_path, "ipset").notes == ()
    (note,) = read_any(text.format(55), tmp_path, "ipset").notes
    assert note == "some entries expire (timeout): they are read as blocked"
    (note,) = read_any("add s 198.51.100.1\n", tmp_path, "ipset").notes
    assert note == "sets that the file does not create are read as of hash:net"


def test_a_listing_of_a_set_is_refused_with_the_command_that_saves_it(tmp_path):
    listed = "Name: s\nType: hash:ip\nRevision: 3\nHeader: netmask 24\nMembers:\n192.0.2.1\n"
    for form in ("", "list", "ipset"):
        (told,) = refused(listed, tmp_path, form, skip_bad=True)
        assert "got a listing of ipset; `ipset save NAME > list.ipset` writes" in told


NFT = "table ip f {{\n set s {{\n {}\n elements = {}\n }}\n}}\n"


@pytest.mark.parametrize(
    "text",
    [
        NFT.format("type ipv4_addr . inet_service", "{ 192.0.2.1 . 80 }"),
        NFT.format("typeof ip daddr . tcp dport", "{ 192.0.2.1 . 80 }"),
        "add element ip f s { 192.0.2.1 . 80 }",
        "add element ip f s { 192.0.2.1 : drop }",
        "add element ip f s { 192.0.2.1 limit rate 10/second }",
        NFT.format("type ipv4_addr", "$X"),
        NFT.format("type ipv4_addr", "{ 192.0.2.1 }") + "delete table ip f",
        "get element ip f s { 192.0.2.1 }",
        'include "/etc/nft/*.nft"\nadd element ip f s { 192.0.2.1 }',
    ],
)
def test_what_is_no_set_of_addresses_of_nftables_is_refused(text, tmp_path):
    assert "expected a" in refusal(text + "\n", tmp_path, "nftables")


def test_an_element_that_may_be_cut_is_not_read(tmp_path):
    text = NFT.format("type ipv4_addr", "{ 192.0.2.1,\n128.0.0.0/16,\n198.51.100.7 }")
    cut = text[: text.index("6,")]
    told = refusal(cut, tmp_path)
    assert "given:5: expected a comma or a brace behind '128.0.0.0/1', got the end of" in told
    assert read_any(cut, tmp_path, skip_bad=True).to_set() == AddressSet.of("192.0.2.1")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("||a.example^\n||b.example^\n@@||b.example^\n", {"a.example"}),
        ("@@||example.org^\n||a.example^\n||x.example.org^\n", {"a.example"}),
        ("||a.example^\n||b.example^\n@@||b.example^$domain=c.example\n",
         {"a.example", "b.example"}),
        ("||a.example^\n||b.example^\n@@/ads/banner.js\n", {"a.example", "b.example"}),
        ("a.example CNAME .\nb.example CNAME *.\nc.example CNAME rpz-drop.\n",
         {"a.example", "b.example", "c.example"}),
        ("$TTL 60\n@ IN SOA l. r. 1 2 3 4 5\n IN NS l.\na.example 60 IN CNAME .\n", {"a.example"}),
        ("*.a.example CNAME .\nb.example CNAME .\na.example CNAME rpz-passthru.\n",
         {"b.example"}),
        ("127.0.0.1 localhost a.example\n127.0.0.1 b.example\n", {"a.example", "b.example"}),
        ("address=/a.example/#\nserver=/b.example/#\nserver=/c.example/9.9.9.9\n", {"a.example"}),
        ("local=/a.example/\nlocal=/c.example/\nrebind-domain-ok=/b.example/\n",
         {"a.example", "c.example"}),
    ],
)  # fmt: skip
def test_names_that_a_list_lets_through_are_not_on_it(text, names, tmp_path):
    assert names_in(read_any(text, tmp_path)) == names


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("names", "a.example\n@@/cdn[0-9]\\.example/\n"),
        ("names", "a.example\n@@||cdn\n"),
        ("names", "a.example CNAME .\n*.b.example CNAME rpz-passthru.\n"),
        ("names", "a.example CNAME .\n24.0.100.51.198.rpz-ip CNAME .\n"),
        ("names", "a.example CNAME .\n32.7.100.51.198.rpz-client-ip.rpz CNAME rpz-drop.\n"),
        ("names", "a.example CNAME .\nns.b.example.rpz-nsdname CNAME .\n"),
        ("dnsmasq", "local=/a.example/\nlocal=/b.example/\nserver=/b.example/#\n"),
        ("dnsmasq", "address=/a.example/\naddress=/#/\n"),
    ],
)
def test_an_exception_that_a_list_of_names_cannot_follow_is_refused(form, text, tmp_path):
    assert "expected " in refusal(text, tmp_path, form)


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
        ("names", "a.example\n||198.51.100.0^\n@@||198.51.100.7^\n"),
        ("names", "a.example\n198.51.100.0/24\n!198.51.100.7\n"),
        ("names", "||198.51.100.7^\n||198.51.100.7^$badfilter\n"),
        ("names", "||b.example^\n||b.example^$third-party,badfilter\n"),
    ],
)
def test_what_lets_through_is_refused_even_if_mistakes_are_skipped(form, text, tmp_path):
    for skip_bad in (False, True):
        assert "expected " in refusal(text, tmp_path, form, skip_bad=skip_bad)


def test_mistakes_that_let_nothing_through_are_skipped(tmp_path):
    text = "! Updated: 12:30:45\n! Title\n198.51.100.0/24\nnot an address\n-1\nnow\n"
    feed = read_any(text, tmp_path, "list", skip_bad=True)
    assert (feed.n_records, feed.n_bad) == (1, 5)


def test_conditions_of_rules_for_browsers_are_told(tmp_path):
    for option in ("domain=a.example", "script", "popup,important", "third-party"):
        for rule in ("||198.51.100.7^", "||b.example^"):
            notes = read_any(f"{rule}${option}\n||203.0.113.9^\n", tmp_path, "names").notes
            assert any("counted as if they had none" in note for note in notes)
    notes = read_any("||198.51.100.7^$important\n||203.0.113.9^\n", tmp_path, "names").notes
    assert not any("conditions" in note for note in notes)


def test_addresses_that_dnsmasq_gives_to_hosts_are_not_blocked(tmp_path):
    feed = read_any("bogus-nxdomain=198.51.100.1\nhost-record=nas.example,192.0.2.7\n", tmp_path)
    assert feed.to_set() == AddressSet.of("198.51.100.1")
    assert any("host-record" in note for note in feed.notes)


B = "create b hash:net family inet\nadd b 198.51.100.0/24\nadd b 192.0.2.0/25\n"


@pytest.mark.parametrize(
    "command",
    [
        *("del b 198.51.100.0/24", "-D b 192.0.2.0/25", "flush b", "flush", "-F b", "destroy b"),
        *("destroy", "swap b c", "rename b c", "frob b"),
    ],
)
def test_other_commands_of_ipset_are_refused_with_the_way_to_a_saved_set(command, tmp_path):
    assert refused(B + command + "\n", tmp_path, "ipset") == [
        f"given:4: expected create and add of ipset, got {command!r}: restore and save the sets "
        "(ipset restore < FILE; ipset save > list.ipset)"
    ]
    if command != "frob b":
        assert "ipset restore" in refused(B + command, tmp_path, "ipset", skip_bad=True)[0]


# What each line of a list of names blocks.


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
