"""Inventories and attribute tables of a user's own: columns told by name.

A row without an address is a record whose addresses are not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np

from sim.addresses.feeds.delimited import COMMENTS, NO_COMMENT, read_headed
from sim.addresses.feeds.feed import LABELS, LISTS, NUMBERS, RESOLVE, UNPLACED, Feed
from sim.addresses.feeds.gather import (
    NO_TEXT,
    Gathering,
    Line,
    add_amounts,
    add_countries,
    add_origins,
)
from sim.addresses.feeds.inputs import OF_SITES, PERIODS, ROLES, Sample, is_address, plain_name
from sim.addresses.feeds.neighbours import (
    LAST_OF,
    LENGTH_OF_WILDCARD,
    MASK_COLUMNS,
    NAME_KINDS,
    Neighbours,
    add_dates,
    holds_dates,
    in_one_way,
    length_of,
    role_of,
    with_last,
    with_lengths,
)
from sim.addresses.feeds.verdicts import told_of
from sim.addresses.sets.notation import shown
from sim.addresses.text.source import Readable
from sim.errors import DataError, Mistakes

ADDRESS_COLUMNS = ("address", "prefix", "ip", "cidr", "network", "ip_address", "ip_prefix")
# Words of other headings of addresses, and words that may stand with them: "IP ou faixa" is such a
# heading, "IP do servidor" and "IP desbloqueado" are none.
_OF_ADDRESSES = frozenset(re.findall(r"\w+", """
    ip ips ipv4 ipv6 ip4 ip6 cidr address addresses prefix prefixes range ranges subnet subnets
    network endereço endereco endereços enderecos faixa faixas bloco prefixo rede dirección
    direccion direcciones rango rangos bloque prefijo red indirizzo indirizzi intervallo prefisso
    rete adresse adressen adresses plage plages préfixe réseau bereich präfix netz netzbereich
    adres adresi adresy adresleri alamat zakres zakresy prefiks podsieć
"""))  # fmt: skip
_BESIDE = frozenset(re.findall(r"\w+", """
    or and of ou e de do o y oder und et lub i di oppure
    blocked listed bloqueado bloqueados bloqueada bloqueadas bloccato bloccati bloquée bloquées
    gesperrte zablokowany zablokowane new nueva nuevo nova novo nuovo nouvelle neue nowy yeni
    cloudflare public pública publica público publico pubblico pubblica publique publiczny registro
    primary
"""))  # fmt: skip
NAME_COLUMNS = tuple(re.findall(r"\w+", """
    website web_site site_name sitio sitio_web nombre_del_sitio sítio nome_do_site sito sito_web
    nome_del_sito site_web nom_du_site webseite strona сайт shop store tienda tienda_online loja
    negozio boutique magasin sklep магазин mağaza alan_adı site_adı página_web pagina_web
    servername server_name server servidor serveur serwer сервер sunucu domain domain_name fqdn
    hostname host dns_name dominio domínio nombre_de_dominio nome_de_domínio nome_di_dominio
    domaine nom_de_domaine nombre_del_dominio nome_do_domínio nome_del_dominio nom_du_domaine
    domäne domainname domena nazwa_domeny домен доменное_имя nom nombre nome nazwa название имя
"""))  # fmt: skip
"""Columns that name a row where none is called name or site, in this sequence: beside ``nom``,
``nombre`` is a number."""
REVENUE = "_usd_per_h"
USD_COLUMN = f"revenue{REVENUE}"
IN_CURRENCY = re.compile(r"revenue_(?:([a-z]{3})_)?per_h")
"""Columns of sites' revenue in the scenario's currency, or in one that they name."""
# Columns of our own normal table that say again what the prefix says, or where it came from.
_IMPLIED = (
    *("ip_first", "ip_last", "ip6_first_high", "ip6_first_low", "ip6_last_high", "ip6_last_low"),
    *("family", "source"),
)
_TOTALS = frozenset(re.findall(r"\w+", """
    total totals totales totali totaal sum suma soma somme summe gesamt totale итого всего razem
    subtotal toplam jumlah
"""))  # fmt: skip


def is_of_addresses(plain: str) -> bool:
    """Whether the plain name of a column says that it holds addresses."""
    words = {*plain.split("_")}
    return plain in ADDRESS_COLUMNS or bool(
        words & _OF_ADDRESSES and words <= _OF_ADDRESSES | _BESIDE
    )


def is_of_sums(name: str) -> bool:
    """Whether a name is that of the last row of a table of which it has the sums."""
    return name.strip(" :.").lower() in _TOTALS


class Table:
    """A user's table, read block by block; its first block decides which columns are read.

    Where a column ``type`` says that a row is a name (``fqdn``, ``domain``, ``hostname``), what
    stands for its address is taken for its name.

    Parameters
    ----------
    gathering
        Takes the rows.
    more
        Columns of ours that the file may have beside those of every inventory.
    needs_address
        Refuse a table without a column of addresses even if it has one of names.
    """

    def __init__(
        self, gathering: Gathering, more: Sequence[str] = (), *, needs_address: bool = False
    ) -> None:
        self._gathering = gathering
        self._more, self._needs_address = more, needs_address
        self.chosen: dict[str, str] = {}
        self.others = Neighbours(gathering, (), {})
        self._n_names = 0
        self._mistakes = Mistakes(DataError)

    def choose(self, columns: Mapping[str, Sequence[str]]) -> None:
        """Choose the columns that are read, given the first rows."""
        given = list(columns)
        counts = [one for one in given if "".join(columns[one]).isdecimal()]
        chosen = _choose_columns(
            given, self._gathering, self._more, needs_address=self._needs_address, counts=counts
        )
        # A host may also be an address, and then decide what its row means; or a number.
        name = plain_name(chosen.get("name", ""))
        if name in NAME_COLUMNS and name not in self._gathering.columns.roles:
            said = [cell for cell in columns[chosen["name"]] if cell.strip()]
            is_number = bool(said) and all(cell.strip().isdecimal() for cell in said)
            has_names = any(_are_names(columns, columns.get(chosen.get("address", ""), ())))
            if is_number or has_names or any(map(is_address, said)):
                del chosen["name"]
        self.chosen = chosen
        with self._mistakes.of_part():
            self.chosen = chosen | _choose_periods(columns, chosen, self._gathering)
        if self._mistakes:
            given = [each for each in given if not holds_dates(columns[each])]
        self.others = Neighbours(self._gathering, given, self.chosen, implied(given))

    def add(
        self,
        columns: Mapping[str, Sequence[str]],
        line: Line,
        read: Mapping[str, Sequence[Any]] | None = None,
    ) -> None:
        """Add rows whose other columns decide nothing; see `Neighbours.check`.

        Parameters
        ----------
        read
            Columns, by our names, that replace those of ``columns`` where they are read.
        """
        if not self.chosen:
            self.choose(columns)
        found = {ours: columns[theirs] for ours, theirs in self.chosen.items()} | dict(read or {})
        for ours, theirs in self.chosen.items():
            if ours.startswith("address") and plain_name(theirs).startswith("primary_ip"):
                # NetBox writes addresses of interfaces with the length of their network.
                found[ours] = [cell.partition("/")[0] for cell in found[ours]]
        told = {each: columns[each] for each in self.others.unread if each in columns}
        with self._mistakes.of_part():
            self.others.check(told, found, line)
        is_named = "type" in columns and "name" not in found and "address" in found
        if is_named and not self._needs_address:
            is_name = _are_names(columns, found["address"])
            both = list(zip(found["address"], is_name, strict=True))
            found["address"] = ["" if named else cell for cell, named in both]
            found["name"] = [cell.strip().lower() if named else "" for cell, named in both]
            self._n_names += sum(is_name)
        self._refuse_names(columns, found.get("address", ()), line)
        names, addresses = found.get("name", ()), found.get("address", [""] * line.size)
        for at, name, address in zip(line.tolist(), names, addresses, strict=False):
            if name.lstrip().startswith(COMMENTS):
                self._gathering.refuse(f"{NO_COMMENT}, got {shown(name)}", at, "name")
            if is_of_sums(name) and not address.strip():
                message = f"expected a host, got {shown(name)} without an address: leave sums out"
                self._gathering.refuse(message, at, "name")
        _add_cells(self._gathering, found, line, self.chosen)
        if self._mistakes:
            raise DataError([*self._mistakes, *self._gathering.problems])

    def _refuse_names(
        self, columns: Mapping[str, Sequence[str]], addresses: Sequence[str], line: Line
    ) -> None:
        """Refuse rows that are names, as their type says, beside others that are addresses."""
        said = [] if "type" in self._gathering.columns.ignored else columns.get("type", ())
        kinds = [kind.strip().lower() for kind in said]
        if {"ip", "ipv4", "ipv6", "address", "ip address"}.isdisjoint(kinds):
            return
        for kind, address, at in zip(kinds, addresses, line.tolist(), strict=False):
            if kind in NAME_KINDS and is_address(address):
                message = f"expected ip beside an address, got {shown(kind)}: keep the rows that "
                self._gathering.refuse(f"{message}list one, or leave this column out", at, "type")

    def add_values(self, values: Mapping[str, Sequence[Any]], line: Line) -> None:
        """Add rows of values as JSON has them; what is no single value is refused.

        Origins may be lists of whole numbers or texts, and services lists of texts.
        """
        columns: dict[str, Sequence[str]] = {
            column: [each if _is_plain(each) else told_of(each) for each in cells]
            for column, cells in values.items()
        }
        if not self.chosen:
            self.choose(columns)
        read: dict[str, Sequence[Any]] = {}
        for ours, theirs in self.chosen.items():
            if ours != "service" and all(map(_is_plain, values[theirs])):
                continue
            found = [_members(value, ours) for value in values[theirs]]
            for row in [row for row, members in enumerate(found) if members is None]:
                message = f"expected one value, got {shown(str(values[theirs][row]))}"
                self._gathering.refuse(message, int(line[row]), theirs)
            kept = [members or () for members in found]
            read[ours] = kept if ours == "service" else list(map("_".join, kept))
        self.others.watch(columns)
        self.add(columns, line, read=read)

    def finish(self, form: str, date: str = "", licence: str = "") -> Feed:
        """Return the feed, and tell what is ignored, and of rows without a usable address."""
        self.others.name_ignored()
        if self._n_names:
            note = f"{self._n_names:,} rows are names, as their type says: {RESOLVE}"
            self._gathering.note(note)
        return note_unplaced(self._gathering.finish(form, date, licence))


def _are_names(columns: Mapping[str, Sequence[str]], addresses: Sequence[str]) -> list[bool]:
    """Whether the address of each row is a name, as its type says; empty without types."""
    return [
        kind.strip().lower() in NAME_KINDS and not is_address(cell.partition(";")[0])
        for kind, cell in zip(columns.get("type", ()), addresses, strict=False)
    ]


def note_unplaced(feed: Feed) -> Feed:
    """Return a feed with a note on its rows without a usable address, if it has any."""
    if not feed.n_unplaced:
        return feed
    note = f"{feed.n_unplaced:,} {UNPLACED}: counted as not known"
    note = f"{note}; {RESOLVE}" if feed.n_unplaced == feed.n_records else note
    return replace(feed, notes=(*feed.notes, note))


def implied(given: Iterable[str]) -> Sequence[str]:
    """Columns of a normal table of ours that say again what others say; none of another table."""
    return _IMPLIED if {*_IMPLIED} <= {*given} else ()


def _is_plain(value: Any) -> bool:
    return isinstance(value, str) and value.isascii()


def _members(value: Any, ours: str) -> tuple[str, ...] | None:
    """Texts of a value, several only where a list may be; None where it is nothing such."""
    members = []
    for each in value if isinstance(value, list) and ours in LISTS else [value]:
        is_number = isinstance(each, int | float) and not isinstance(each, bool)
        if isinstance(each, str):
            # Half a character, as JSON can spell it, stays spelled.
            members.append(each.encode("utf-8", "backslashreplace").decode())
        elif is_number and (each is value or (ours == "asn" and isinstance(each, int))):
            members.append(str(each))
        elif each is not None:
            return None
    return tuple(members)


def read_inventory(source: Readable, gathering: Gathering) -> Feed:
    """Read an inventory from CSV with a header line.

    Raises
    ------
    DataError
        If no column holds addresses, or several might.
    """
    table = Table(gathering)
    for columns, line in read_headed(source, gathering):
        table.add(columns, line)
    return table.finish("inventory")


def read_sites(source: Readable, gathering: Gathering) -> Feed:
    """Read an inventory whose sites are to be simulated, from CSV with a header line.

    The columns of `read_inventory`, and with them ``role``, ``mode`` and ``visits_per_h``; and
    ``line``, that of each record.

    Raises
    ------
    DataError
        As for `read_inventory`.
    """
    table = Table(gathering, OF_SITES, needs_address=True)
    for columns, line in read_headed(source, gathering):
        table.add(columns, line)
        gathering.add_numbers("line", line.astype(np.float64))
    # A site's rows without an address may be placed by the others.
    table.others.name_ignored()
    return gathering.finish("sites")


def _choose_periods(
    cells: Mapping[str, Sequence[str]], chosen: Mapping[str, str], gathering: Gathering
) -> dict[str, str]:
    """Columns from when and until when a row lists its address, where that is asked."""
    choice = gathering.columns
    if choice.zone is None:
        return {}
    dated: dict[str, list[str]] = {"from": [], "until": [], "": []}
    for column, values in cells.items():
        plain = plain_name(column)
        is_free = column not in chosen.values() and plain not in choice.ignored
        role = role_of(plain)
        if is_free and (
            any(holds_dates([each]) for each in values) if role else holds_dates(values)
        ):
            dated[role].append(column)
    unclear = dated.pop("")
    if any(dated.values()) or chosen.keys() & dated.keys():
        unclear = []
    dated = {role: columns for role, columns in dated.items() if role not in chosen}
    for role, columns in (("from", unclear), *dated.items()):
        if len(columns) > 1 or (columns and columns == unclear):
            for cell in [cell for column in columns for cell in cells[column]]:
                in_one_way(cell, choice)
            plain, *more = map(plain_name, columns)
            other = [f"or --column until={plain}", *(f"--column until={one}" for one in more)]
            ends = f" {other[len(more)]}" if columns == unclear and len(more) < 2 else ""
            raise gathering.wrong(
                f"expected one column of dates that is known to say {role} when rows are listed, "
                f"got {', '.join(columns)}: "
                + (
                    f"say --column {role}={plain}{ends}, or --ignore-column {plain}"
                    if choice.has_options
                    else f"name the one that says it {role}, and leave out others"
                ),
                1,
            )
    return {role: columns[0] for role, columns in dated.items() if columns}


def _choose_columns(
    given: Sequence[str],
    gathering: Gathering,
    more: Sequence[str] = (),
    *,
    needs_address: bool = True,
    counts: Sequence[str] = (),
) -> dict[str, str]:
    """The user's column for each of ours; more columns of addresses are ``address_2``, …

    Columns of whole numbers may count addresses.
    """
    named: dict[str, str] = {}
    for column in given:
        if named.setdefault(plain_name(column), column) != column:
            raise gathering.wrong("expected each column once, got it again", 1, column)
    asked = _asked(named, gathering)
    names = [each for each in ("site", *NAME_COLUMNS) if each in named]
    if "name" not in named and names:
        named["name"] = named[names[0]]
    placed = asked["address"][:1] or [named[each] for each in ADDRESS_COLUMNS if each in named]
    placed = placed or [
        column for each, column in named.items() if is_of_addresses(each) and column not in counts
    ]
    if sorted(plain_name(each)[-1:] for each in placed) == ["4", "6"]:
        asked["address"] = placed  # The families of one host, as in NetBox's exports.
        placed = placed[:1]
    # Beside a column of addresses, first and last ones say again what it says.
    ranges = [pair for pair in LAST_OF.items() if not placed and named.keys() >= {*pair}]
    placed += [named[first] for first, _ in ranges]
    has_names = not needs_address and _names_rows(named)
    if len(placed) != 1 and not has_names:
        wanted = f"expected one of the columns {', '.join(ADDRESS_COLUMNS)}"
        got = ", ".join(placed or given)[:200]
        way = ": say which by --column address=NAME" if gathering.columns.has_options else ""
        raise gathering.wrong(f"{wanted}, got {got}{way}", 1)
    chosen = dict(zip(("address",), placed, strict=False))
    known = (*LABELS, "n_names", *more)
    if gathering.columns.zone is not None:
        known = (*known, "operators")
        if "operator" in named:
            named.setdefault("operators", named["operator"])
    chosen |= {column: named[column] for column in known if column in named}
    chosen |= {f"address_{at}": each for at, each in enumerate(asked["address"][1:], 2)}
    chosen |= {role: each for role in ("wildcard", *PERIODS) for each in asked[role]}
    if ranges or (placed and not named.keys() & LAST_OF.keys()):
        ends = asked["last"] or [named[last] for last in LAST_OF.values() if last in named]
        gathering.check_one("column of last addresses", ends)
        chosen |= {"last": ends[0]} if ends else {}
    elif asked["last"]:
        chosen["last"] = asked["last"][0]
    masks = asked["mask"] or [named[column] for column in MASK_COLUMNS if column in named]
    gathering.check_one("column of netmasks", masks)
    if masks and placed:
        chosen["mask"] = masks[0]
    bounds = [chosen[each] for each in ("mask", "wildcard", "last") if each in chosen]
    if len(bounds) > 1:
        got = ", ".join(bounds)[:200]
        wanted = "expected a column of netmasks or one of last addresses"
        raise gathering.wrong(f"{wanted}, got both: {got}", 1)
    ours = {
        theirs: USD_COLUMN if column.endswith(REVENUE) else column
        for column, theirs in named.items()
        if column.endswith(REVENUE) or ("visits_per_h" in more and IN_CURRENCY.fullmatch(column))
    }
    gathering.check_one("column of revenue", list(ours))
    chosen |= {column: theirs for theirs, column in ours.items()}
    if bounds and "address_2" in chosen:
        raise gathering.wrong(
            f"expected one column of addresses beside {bounds[0]}, got several", 1
        )
    return chosen


def _asked(named: dict[str, str], gathering: Gathering) -> dict[str, list[str]]:
    """Columns by the role that the user gave them; take them and ignored ones from the named."""
    choice = gathering.columns
    asked: dict[str, list[str]] = {role: [] for role in ROLES}
    for plain in [*named]:
        if plain in choice.ignored or plain in choice.roles:
            choice.met.add(plain)
            column = named.pop(plain)
            if plain in choice.roles:
                asked[choice.roles[plain]].append(column)
    for role, columns in asked.items():
        if role != "address":
            gathering.check_one(f"column for {role}", columns)
        if columns and role in ("operators", *LABELS, *NUMBERS, *OF_SITES):
            named[role] = columns[0]
    return asked


def _add_cells(
    gathering: Gathering, cells: Mapping[str, Sequence[str]], line: Line, chosen: Mapping[str, str]
) -> None:
    """Add one record for each row, of columns under our names."""
    record = gathering.add_records(line.size)
    for column, values in cells.items():
        match column:
            case "address" if "mask" in cells or "wildcard" in cells:
                masks = cells.get("mask") or cells["wildcard"]
                are_wildcards = "wildcard" in cells
                prefixes = with_lengths(gathering, values, masks, line, are_wildcards=are_wildcards)
                gathering.add_texts(prefixes, record, line, key="address", may_be_empty=True)
            case "address" if "last" in cells:
                ranges = with_last(gathering, values, cells["last"], line)
                gathering.add_texts(ranges, record, line, key="address", may_be_empty=True)
            case "mask" | "wildcard" | "last":
                continue
            case "from" | "until":
                add_dates(gathering, column, values, line, chosen[column])
            case _ if column.startswith("address"):
                parts = [_cut_cell(cell, gathering) for cell in values]
                at = np.repeat(np.arange(len(parts)), list(map(len, parts)))
                texts = list(chain.from_iterable(parts))
                gathering.add_texts(texts, record[at], line[at], key="address", may_be_empty=True)
            case "asn":
                add_origins(gathering, values, line)
            case "country":
                add_countries(gathering, values, line)
            case _ if column == "n_names" or column.endswith("_per_h"):
                add_amounts(gathering, column, values, line)
            case "service" if values and isinstance(values[0], tuple):
                gathering.add_lists(column, values, {each: each for each in values})
            case _:
                none = NO_TEXT if column != "operators" else ()
                said = ["" if cell.strip().lower() in none else cell for cell in values]
                gathering.add_labels(column, said)


def _cut_cell(cell: str, gathering: Gathering) -> list[str]:
    """Texts of a cell, which may have several addresses of one host; a netmask is none."""
    parts = [part for part in re.split(r"[\s,;]+(?:/\s+)?", cell) if part]
    if len(parts) < 2 or not all(map(is_address, parts)):
        return cell.split(";")
    if any(length_of(part) or part in LENGTH_OF_WILDCARD for part in parts):
        return [cell]
    gathering.note("cells with several addresses: each is read as one, no two as a range")
    return [*dict.fromkeys(parts)]


def _names_rows(header: Iterable[str]) -> bool:
    """Return whether a table has names, no addresses, and another column that we know."""
    columns = set(header)
    others = {*LABELS, *OF_SITES, "n_names", USD_COLUMN} - {"name"}
    has_names = bool(columns & {"name", "site"}) and not columns & {*ADDRESS_COLUMNS}
    return has_names and bool(columns & others)


def revenue_column(columns: Iterable[str]) -> str:
    """Name of the column of revenue among ours, whichever currency it is in."""
    return next(filter(IN_CURRENCY.fullmatch, columns), USD_COLUMN)


def fits_inventory(sample: Sample) -> bool:
    """Return whether the first line names a column of addresses, or of names among others."""
    header = sample.header
    has_ranges = any(first in header and last in header for first, last in LAST_OF.items())
    has_addresses = not sample.is_json and any(map(is_of_addresses, header))
    return has_ranges or has_addresses or _names_rows(header)


def domain_of(name: str) -> bytes:
    """A name as the DNS compares it, if it can be one."""
    bare = name.strip().rstrip(".").lower()
    try:
        return bare.encode("idna")
    except UnicodeError:
        return bare.encode()
