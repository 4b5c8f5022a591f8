"""What says in another way than by a column that an entry is not blocked, or not whole.

Lines that differ in digits alone are looked at once, and give the verdicts of all lines.
"""

from random import Random
from time import process_time

import pytest

import sim
from sim.addresses.feeds import neighbours, verdicts
from sim.addresses.feeds.formats import read_feed
from sim.addresses.feeds.inputs import ColumnChoice, Input
from sim.addresses.feeds.verdicts import verdict_behind
from sim.errors import DataError
from tests.feeds import given

# A line of a list, and what of it says that its entries, or those below, are not blocked.
SAID = {
    "# Whitelist": "Whitelist",
    "  ## --- Removed domains ---": "Removed",
    "! Exceptions:": "Exceptions",
    "#### Not blocked ####": "Not blocked",
    "### Not blocked anymore ###": "Not blocked anymore",
    "# Lista blanca de dominios": "Lista blanca",
    "# Исключённые домены:": "Исключённые",
    "198.51.100.7 # removed 2020-01-05": "removed",
    "198.51.100.7 # no longer blocked": "no longer blocked",
    "198.51.100.7#safe": "safe",
    "198.51.100.7 # NOT BLOCKED": "NOT BLOCKED",
    "# Разблокированные": "Разблокированные",
    "# Sbloccati:": "Sbloccati",
    "a.example # !": "!",
    "a.example;removed on request": "removed",
    "604800 ; expired": "expired",
    '198.51.100.7 "x" # safe': "safe",
    "# Safe domains": "Safe",
    "# Allowlist: these are never blocked": "Allowlist",
    "# Please do not block the following addresses:": "do not block",
    "# Lista blanca (no bloquear)": "Lista blanca",
    "# Белый список (не блокировать)": "Белый список",
    "# Whitelist (internal servers)": "Whitelist",
    "; Allowlist: the following": "Allowlist",
    "# These addresses are never blocked": "never blocked",
    "# Allow these:": "Allow these",
    "# no longer blocked since 2026-01-01": "no longer",
    "# unblocked by court order": "unblocked",
    "# removed by court order:": "removed",
    "# Released by the regulator": "Released",
    "# entries lifted by court order": "lifted",
    "# Lifted by order 19/2026": "Lifted",
    "# снят по решению суда № 2-114/2026": "снят",
    "# levantado por orden judicial": "levantado",
    "# Desbloqueadas por sentencia": "Desbloqueadas",
    "# rimossi su ordine AGCOM": "rimossi",
    "# исключены по решению суда": "исключены",
    "# Unblocked on 2024-03-01": "Unblocked",
    "# Desbloqueadas el 3 de marzo": "Desbloqueadas",
    "# Desbloqueadas el 3 de marzo de 2026": "Desbloqueadas",
    "# Rimossi il 3 marzo 2026": "Rimossi",
    "# Unblocked on 3 March": "Unblocked",
    "# Removed 3 duplicates": "",
    "# Removed from 12 lists": "",
    "# Direcciones permitidas": "permitidas",
    "# Domini rimossi:": "rimossi",
    "# Former entries": "Former",
    "# Kaldırılanlar": "Kaldırılanlar",
    "# Allowlist for mobile internet during shutdown": "Allowlist",
    "# Whitelist: mobile internet": "Whitelist",
    "# Title: Mobile whitelist 2026-01-05": "whitelist",
    "# Exempt from blocking": "Exempt",
    "# Allowed sites during the shutdown": "Allowed sites",
    "# Lista blanca durante el apagón": "Lista blanca",
    "# Lista branca da internet móvel": "Lista branca",
    "# Liste blanche pour l'internet mobile": "Liste blanche",
    "# Адреса из белого списка": "белого списка",
    "# Белый список сайтов для мобильного интернета": "Белый список",
    "# Mobil internet için beyaz liste": "beyaz liste",
    "# Freigabeliste der Behörde": "Freigabeliste",
    "# Ausnahmen für Krankenhäuser": "Ausnahmen",
    "# Biała lista dla sieci komórkowych": "Biała lista",
    "# Blocklist minus allowlist": "",
    "# Entries of the whitelist are removed": "",
    "# Whitelist: https://a.example/allow": "",
    "# Whitelist: 12 entries": "",
    "# Not on the whitelist of the ministry": "",
    # Blocked; high; a campaign, not a block.
    "# Engellenmiş adresler": "",
    "198.51.100.7 # risque élevé": "",
    "198.51.100.7 # campaign ended": "",
    "198.51.100.7 # relevé du site": "",
    "# blocked by court order": "",
    "# Listado por orden judicial": "",
    "# Released under the GPL by the authors": "",
    "# Removed duplicates on 2024-01-01": "",
    "# entries removed by the maintainer": "",
    "# Whitelist (see whitelist.txt)": "",
    "# Whitelist (none)": "",
    "# Exceptions: write to us": "",
    "# Removed from the list: 12": "",
    "# False positives (please report)": "",
    "# Never block on this list alone": "",
    "# Allowed use: any": "",
    "# These addresses are blocked": "",
    "# The following addresses attacked us": "",
    "# Exclusions apply (terms of use)": "",
    "# These rules allow you to block ads": "",
    "# trusted servers of the ministry, do not touch": "do not touch",
    "# Serveurs de l'État : ne pas bloquer": "ne pas bloquer",
    "# Nicht sperren": "Nicht sperren",
    "# except for:": "except for",
    "# Except these addresses": "Except these addresses",
    "# All of AS64496 except for": "",
    "198.51.100.7 # débloqué": "débloqué",
    "198.51.100.7 # freigegeben": "freigegeben",
    "# Do not block without a second source, please": "",
    "# Bitte nicht weitergeben": "",
    "! !!": "",
    "# Expires: 1 day": "",
    "! Expires: 4 days (update frequency)": "",
    "# Removed duplicates": "",
    "# Removed: 12": "",
    "# False positives: abuse@a.example": "",
    "# false positives. Suitable for basic": "",
    "!!!!!!!!": "",
    "    604800 ; expire": "",
    "    1w ) ; Expire (1 week)": "",
    "a.example#@#.whitelist": "",
    "###removed-ads": "",
    'local-zone: "allowed.example" static': "",
}


@pytest.mark.parametrize("line", SAID)
def test_a_line_is_a_verdict_if_it_is_nothing_else_or_stands_behind_an_entry(line):
    for end in ("\n", "\r\n"):
        text = f"192.0.2.1{end}{line}{end}192.0.2.9{end}"
        assert verdict_behind(text) == ((1, SAID[line]) if SAID[line] else None)


def test_lines_of_marks_alone_take_no_time_that_grows_with_their_square():
    for line in ("#" * 20_000, "# " * 10_000, "!" * 20_000):
        start_s = process_time()
        assert verdict_behind(f"{line}x\n{line}\n") is None
        assert process_time() - start_s < 0.5


def test_a_comment_that_is_no_verdict_can_be_taken_out(tmp_path):
    with pytest.raises(DataError, match="or the comment alone if all of them are blocked"):
        read_feed(given(tmp_path, "# Exceptions\nt.co\n", "list.txt"))


@pytest.mark.parametrize("values", [[None], [float("nan")], ["", ""]])
def test_columns_without_an_address_are_refused_as_files_are(values):
    with pytest.raises(DataError, match="expected at least one address"):
        sim.exposure(values)


def test_two_addresses_a_line_may_be_a_range(tmp_path):
    text = "198.51.100.0,198.51.100.9\n203.0.113.0,203.0.113.7\n"
    with pytest.raises(DataError, match=r"first-last .* if they are the ends of a range"):
        read_feed(given(tmp_path, text))


def test_a_column_without_a_name_is_told_how_to_get_one(tmp_path):
    one = given(tmp_path, "address,\n198.51.100.7,x1\n203.0.113.9,x2\n", "table.csv")
    with pytest.raises(DataError, match="name it in the first line, then say --ignore-column NAME"):
        read_feed(Input(one.path, one.name, ColumnChoice(has_options=True)))


PARTS = (
    *("198.51.100.7", "203.0.113.9/32", " # note 12", "# Whitelist", "removed", " # REMOVED", "ok"),
    *("!", " ; expired", "# Удалены", "604800 ; expire", "\r"),
    *("# Removed 2026-01-02", "# Safe domains", " # not  blocked", '"', ""),
)


def test_the_verdict_of_a_text_is_that_of_all_its_lines(monkeypatch):
    rng = Random(3)
    n_found = 0
    for _ in range(1500):
        lines = ["".join(rng.choices(PARTS, k=rng.randint(1, 2))) for _ in range(rng.randint(1, 4))]
        lines += [f"192.0.2.{rng.randint(1, 99)} # by {rng.randint(1, 99)}" for _ in range(20)]
        rng.shuffle(lines)
        text = "\n".join([*lines, ""])
        with monkeypatch.context() as patched:
            every = range(text.count("\n") + 1)
            patched.setattr(verdicts, "rows_with_stems", lambda text, every=every: [*every])
            patched.setattr(verdicts, "_DIGITS", {})
            expected = verdicts.verdict_behind(text)
        assert verdicts.verdict_behind(text) == expected
        n_found += expected is not None
    assert 300 < n_found < 1400


CELLS = (
    *("Site 12", "removed", "REMOVED", "2026-01-02", "198.51.100.9", "not blocked", "24", ""),
    *("Removed 12 of 13", "yes", "allow 7", "Example 1", "tcp", "443"),
)


def test_a_table_is_refused_and_read_as_if_each_row_were_looked_at(tmp_path, monkeypatch):
    rng = Random(4)
    path = tmp_path / "table.csv"
    told = []
    for trial in range(120):
        columns = rng.sample(("name", "comment", "service", "case", "updated", "x", "region"), 2)
        odd = [rng.choice(CELLS) for _ in range(2)]
        rows = [
            f"192.0.2.{rng.randint(1, 99)},Site {rng.randint(1, 9)},{rng.randint(1, 9)} of 9"
            for _ in range(20)
        ]
        rows.insert(rng.randint(0, 20), f"192.0.2.7,{odd[0]},{odd[1]}")
        path.write_text("\n".join([f"address,{columns[0]},{columns[1]}", *rows, ""]))
        outcomes = []
        for is_reduced in (True, False):
            with monkeypatch.context() as patched:
                if not is_reduced:
                    patched.setattr(neighbours, "_DIGITS", {})
                try:
                    feed = read_feed(Input(path, "table.csv"))
                    outcomes.append((feed.n_records, feed.notes))
                except DataError as error:
                    outcomes.append(str(error))
        assert outcomes[0] == outcomes[1], trial
        told.append(outcomes[0])
    assert 20 < sum(isinstance(each, str) for each in told) < 110
