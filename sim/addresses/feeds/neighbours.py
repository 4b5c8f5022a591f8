"""Columns beside addresses: netmasks, last addresses and dates, and those that are not read.

A date without a time is the start of that day in a time zone that is given. A column that is not
read may yet decide what its rows mean. Names of such columns cannot be listed completely, so values
are checked as well. Ignored columns are named in a note. It is long because of its lists of words.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
from numpy.typing import NDArray

from sim.addresses.feeds.gather import Gathering, Line
from sim.addresses.feeds.inputs import ColumnChoice, month_in_digits, plain_name
from sim.addresses.feeds.verdicts import NAMES, verdicts_among, words_against
from sim.addresses.sets.notation import Entry, find_notation, shown
from sim.errors import DataError, Problem

_TIME = r"[T ]\d\d:\d\d(:\d\d(\.\d+)?)?\s?(Z|UTC|[+-]\d\d(:?\d\d)?)?"
_DATE = re.compile(rf"\d{{4}}-\d\d-\d\d({_TIME})?", re.ASCII)
_OTHER = re.compile(
    r"\d{1,2}[./-]\d{1,2}[./-]\d{4}( \d\d?[:.]\d\d([:.]\d\d)?)?"
    r"|(19|20)\d\d(0[1-9]|1[0-2])([0-2]\d|3[01])",
    re.ASCII,
)
# Words of headings of dates, in English, Spanish, Italian, Russian, Portuguese, French, German,
# Polish, Turkish and Indonesian: of beginnings, of ends, of ends where they stand first or last,
# and those beside them.
_FIRST = frozenset(re.findall(r"\w+", """
    date from since start begin effective blocked block listed added entered fecha desde inicio
    bloqueo data dal inizio blocco дата начало с включения внесения блокировки início bloqueio
    bloqueado bloquée début debut depuis blocage datum ab seit beginn sperrung gesperrt od blokady
    wpisu inicial bloccato tarih tarihi başlangıç engelleme engellenme tanggal
    mulai sejak blokir diblokir pemblokiran
"""))  # fmt: skip
_LAST = frozenset(re.findall(r"\w+", """
    until till end ends ended removed removal unblock delisted unlisted lifted released withdrawn
    expiry expiration hasta fin desbloqueo levantamiento fino fine baja cese vencimiento caducidad
    retirada scadenza revoca истекает expire unlist delisting lift lifting cleared deleted stop
    closed desbloqueio desbloqueado até término fim jusqu levée déblocage débloquée ende aufhebung
    entsperrung odblokowania wykreślenia sblocco конец окончания исключения снятия разблокировки
    revoked terminated termination retrait rimozione zakończenia eliminación remoção exclusão
    удаления löschung usunięcia bitiş kaldırma kaldırılma sampai hingga berakhir liberação liberado
"""))  # fmt: skip
_TO = frozenset(("to", "al", "bis", "do", "до", "по", "final"))
_WITH = frozenset(re.findall(r"\w+", """
    of on at in the and by is time timestamp datetime hour utc gmt valid active force first row list
    blocklist register registry entry listing blocking inclusion order orders decision published
    publication de del della do da dos di du d der des die den am le la l el em en e y i и в a alta
    hora inclusión publicación orden resolución partir ora inserimento inclusione provvedimento
    ordine реестр решения начала вступления силу времени время inclusão publicação ordem decisão
    entrada despacho registro inscription ajout effet entrée vigueur décision ordonnance et heure au
    anordnung eintragung aufnahme wirkung zum und uhrzeit rejestru decyzji dodania rozpoczęcia суда
    ve karar kararı saat erişim
"""))  # fmt: skip
# The same as one word, as in validUntil, expiresAt, endDate.
_JOINED = re.compile(
    rf"^({'|'.join(word for word in _LAST if len(word) > 4)})|(until|expiry|removed|unblocked)$"
    r"|^(end|stop|to|lift)(date|time|at|s)|(valid|listed|blocked|active)to$"
)

# Whose clocks a heading names: "Blocked from (UTC)". Marks are gone, also that of "UTC-3".
_CLOCK = re.compile(r"_?(?:utc|gmt)(?P<offset>(?:_?\d+)*)$")
READ_IN = "times without an offset are read in"


def holds_dates(cells: Sequence[str]) -> bool:
    """Return whether all cells that say something are dates, and some do."""
    said = [month_in_digits(cell.strip()) for cell in cells if cell.strip()]
    return bool(said) and all(_DATE.fullmatch(cell) or _OTHER.fullmatch(cell) for cell in said)


def role_of(column: str) -> str:
    """Return ``from`` or ``until``, if all words of a column of dates are known, or nothing."""
    parts = _CLOCK.sub("", column).split("_")
    if not all(part in _FIRST | _TO | _WITH or _names_end([part]) for part in parts):
        return ""
    if _names_end(parts):
        return "until"
    return "" if _FIRST.isdisjoint(parts) else "from"


def _names_end(parts: Sequence[str]) -> bool:
    # Within a heading "do" is Portuguese, and "to" may be that of "added to list".
    is_last = any(part in _LAST or _JOINED.search(part) for part in parts)
    return is_last or parts[0] in _TO or parts[-1] in _TO


YEARS = range(1971, 2099)
"""Dates of other years stand for no beginning, or no end."""


def _year_of(text: str) -> int:
    return int(text[:4]) if _DATE.fullmatch(text) else 0


def read_date(text: str, zone: tzinfo | None) -> datetime | None:
    """Read a date, or a date and time; None where it is none, or what its clocks show is not clear.

    It has no offset, and no zone or one whose clocks skip the time or show it twice. Nor are dates
    read that stand for none: those up to 1970, and from 2099 on.
    """
    text = text.strip()
    if _year_of(text) not in YEARS:
        return None
    try:
        at = datetime.fromisoformat(re.sub(r"\s?(UTC|Z)$", "+00:00", text))
    except ValueError:
        return None
    if at.tzinfo is None:
        if zone is None:
            return None
        at = at.replace(tzinfo=zone)
        # A day that begins with such an hour begins when it does.
        if ":" in text and at.utcoffset() != at.replace(fold=1).utcoffset():
            return None
    return at


_SLASHED = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?: (\d\d?)(\D.*))?", re.ASCII)


def in_one_way(text: str, choice: ColumnChoice) -> str:
    """Write a date such as 25/06/2025 as 2025-06-25, and keep which way it can be read.

    What can be read in both ways is read with the day first, until `check_days` knows.
    """
    matched = _SLASHED.fullmatch(month_in_digits(text).strip())
    if matched is None:
        return text
    one, mark, other, year, hour, rest = matched.groups(default="")
    way = "dmy" if int(one) > 12 or one == other else "mdy" if int(other) > 12 else ""
    if mark != "." and one != other:
        choice.days_met.setdefault(way, text.strip())
    way = "dmy" if mark == "." else choice.day_order or way or "dmy"
    day, month = (one, other) if way == "dmy" else (other, one)
    time = f" {hour:0>2}" + re.sub(r"\.(\d\d)\b", r":\1", rest) if hour else ""
    return f"{year}-{month:0>2}-{day:0>2}{time}"


def check_days(choice: ColumnChoice, name: str) -> str:
    """Return the way in which all dates of a file are read; empty where none asks for one.

    Raises
    ------
    DataError
        If nothing tells day from month, or dates contradict each other.
    """
    met = choice.days_met
    ways = [way for way in ("dmy", "mdy") if way in met]
    if choice.day_order or len(ways) == 1:
        return choice.day_order or ways[0]
    if not met:
        return ""
    if ways:
        got = f"{met['dmy']!r} and {met['mdy']!r}"
    else:
        got = f"{met['']!r}, which can be read in two ways"
    is_open = choice.has_options and not ways
    advice = "say --dates dmy or --dates mdy" if is_open else "write all as the first"
    message = f"expected dates such as 2018-04-16, or that tell day from month; got {got}: {advice}"
    raise DataError([Problem(name, message)])


def expected_date(text: str, zone: tzinfo | None) -> str:
    """Say what was expected in place of a cell."""
    example = "a date and time with offset such as 2018-04-16T00:00+03:00"
    if zone is not None:
        example = f"a date such as 2018-04-16, or a time that clocks in {zone} show once"
    if _year_of(text.strip()) not in (0, *YEARS):
        example = f"a date from {YEARS[0]} to {YEARS[-1]}"
    return f"expected {example}, got {shown(text)}"


@cache
def names_of_clocks(*zones: tzinfo) -> frozenset[str]:
    """Short names that clocks have in some time zones, or in any: msk, cet, cest."""
    at = [
        datetime(2026, month, 1, tzinfo=zone)
        for zone in zones or map(ZoneInfo, available_timezones())
        for month in (1, 7)
    ]
    return frozenset(filter(str.isalpha, (str(one.tzname()).lower() for one in at)))


def add_dates(
    gathering: Gathering, column: str, cells: Sequence[str], line: Line, heading: str
) -> None:
    """Append a column of seconds since 1970; NaN where a cell is empty, or stands for no end."""
    zone = gathering.columns.zone
    plain = plain_name(heading)
    others = names_of_clocks() - names_of_clocks(zone) if zone is not None else ()
    if clock := _CLOCK.search(plain):
        zone = None if clock["offset"] else ZoneInfo("UTC")
    elif (of := plain.rpartition("_")[2]) in others:
        what = f"expected times in UTC or by the clocks of {zone}, got {of.upper()} in its name"
        gathering.refuse(what, 1, column)
    seconds: NDArray[np.float64] = np.full(len(cells), np.nan)
    for row, cell in enumerate(cells):
        text = in_one_way(cell, gathering.columns).strip()
        year = _year_of(text)
        if column == "until" and year > YEARS[-1]:
            gathering.note(f"until: dates after {YEARS[-1]} are read as no end")
        elif column == "from" and 0 < year < YEARS[0]:
            gathering.note(f"from: dates before {YEARS[0]} are read as no beginning")
        elif text:
            at = read_date(text, zone)
            if at is None:
                gathering.refuse(expected_date(cell, zone), int(line[row]), column)
                continue
            seconds[row] = at.timestamp()
            if at.tzinfo is zone:
                gathering.note(f"{heading}: {READ_IN} {zone}")
            if str(at.year) not in cell:
                gathering.note(f"{column}: dates such as 07-Mar-25 are read with the year last")
    gathering.add_numbers(column, seconds)


MASK_COLUMNS = (
    *("mask", "netmask", "net_mask", "subnet_mask", "subnetmask"),
    *("prefix_length", "prefixlen", "prefix_len", "mask_length", "masklen", "cidr_length"),
)


_ALL = [ipaddress.IPv4Network((0, length)) for length in range(33)]
LENGTH_OF = {str(one.netmask): str(one.prefixlen) for one in _ALL}
LENGTH_OF_WILDCARD = {str(one.hostmask): str(one.prefixlen) for one in _ALL}
"""Lengths of prefixes by their netmasks, and by wildcards, whose bits are the other ones."""


def with_lengths(
    gathering: Gathering,
    addresses: Sequence[str],
    masks: Sequence[str],
    line: Line,
    *,
    are_wildcards: bool = False,
) -> list[str]:
    """Return a prefix for each address and mask; what is refused is left empty.

    Parameters
    ----------
    addresses, masks
        Both of each row: a mask is ``24``, ``/24`` or ``255.255.255.0``.
    line : shape (n,), int64
        Line of each row.
    are_wildcards
        Masks are wildcards such as ``0.0.0.255``.
    """
    column, wanted = "mask", "a netmask such as 255.255.255.0, or a length such as 24"
    if are_wildcards:
        column, wanted = "wildcard", "a wildcard such as 0.0.0.255"
    read = LENGTH_OF_WILDCARD.get if are_wildcards else length_of
    lengths = {mask: read(mask.strip()) for mask in dict.fromkeys(masks)}
    prefixes = []
    for row, (address, mask) in enumerate(zip(addresses, masks, strict=True)):
        text, length, message = address.strip(), lengths[mask], ""
        if "/" in text or "-" in text:
            got = f"{shown(address)} and {shown(mask)}"
            message = f"expected an address and its netmask, got {got}: leave the netmask out"
        elif text and not length:
            message = f"expected {wanted}, got {shown(mask)}"
        if message:
            gathering.refuse(message, int(line[row]), column)
        prefixes.append(f"{text}/{length}" if text and not message else "")
    return prefixes


def length_of(mask: str) -> str:
    """Length of a prefix as text; empty where a mask is none."""
    found = re.fullmatch(r"/?(\d{1,3})", mask, re.ASCII)
    return found[1] if found else LENGTH_OF.get(mask, "")


LAST_OF = {
    "start_ip": "end_ip", "ip_start": "ip_end", "start_address": "end_address",
    "first_ip": "last_ip", "first_address": "last_address", "range_start": "range_end",
    "ip_range_start": "ip_range_end",
}  # fmt: skip
"""Names of the column of last addresses, by those of the first ones."""


def with_last(
    gathering: Gathering, first: Sequence[str], last: Sequence[str], line: Line
) -> list[str]:
    """Return a range for each two addresses, an address where there is no last one.

    What is refused is left empty: a last address beside a prefix, a range or nothing.

    Parameters
    ----------
    first, last
        Both of each row.
    line : shape (n,), int64
        Line of each row.
    """
    ranges = []
    for row, cells in enumerate(zip(first, last, strict=True)):
        begin, end = (cell.strip() for cell in cells)
        if not end:
            ranges.append(begin)
        elif begin and not any(mark in cell for cell in (begin, end) for mark in "/-"):
            ranges.append(f"{begin}-{end}")
        else:
            got = " and ".join(map(shown, cells))
            message = f"expected the first and the last address of a range, got {got}"
            gathering.refuse(message, int(line[row]), "last")
            ranges.append("")
    return ranges


_TOLD = 8
_LABELS = ("name", "service", "sector", "provider", "region")
"""Columns that are read as texts, and may hold verdicts."""
# What describes a row, by names without marks between their words, in nine languages.
_PROSE = frozenset(re.findall(r"\w+", """
    comment comments note notes remark remarks description descr desc detail details info
    summary reason reasons descripcion descripción comentario comentarios nota notas motivo
    descrizione commento описание комментарий примечание примечания причина why observación
    observacion observaciones observação observações observacao observacoes osservazione
    osservazioni motivos motivazione razón justificativa descrição descricao comentário comentários
    commentaire commentaires remarque remarques observation observations motif motifs bemerkung
    bemerkungen anmerkung anmerkungen hinweis beschreibung kommentar begründung uwagi komentarz opis
    powód przyczyna uzasadnienie açıklama notlar gerekçe neden
"""))  # fmt: skip
# Several words in a cell: "cdn; allowlist".
_WORDS = frozenset(("category", "categories", "tag", "tags", "label", "threat", "threats"))
_TEXTS = _PROSE | _WORDS | NAMES | frozenset(re.findall(r"\w+", """
    role title website url urls uri link links source sources feed feeds author reporter
    reportedby addedby court authority agency plaintiff
    threattype malware malwarealias malwareprintable malwarefamily botnet campaign actor
    attackphase handling tlp usagetype fuente enlace fonte источник ссылка confidence
"""))  # fmt: skip
_CODES = frozenset(re.findall(r"\w+", """
    id uuid guid uid row index serial serialno srno slno sblid sbl case caseid casenumber docket
    ticket orderid ordernumber reportid entryid ref reference references as asns cc countrycode
    continentcode regioncode postal postalcode zip zipcode latitude longitude lat lon lng
    firstseen lastseen updated updatedat lastupdated modified timestamp sourceid asof
    firstseenutc lastseenutc lastreportedat observeddate countryisocode autonomoussystemnumber
    geonameid registeredcountrygeonameid representedcountrygeonameid isanonymousproxy
    issatelliteprovider isanycast accuracyradius metrocode iocid numero provvedimento
    numeroprovvedimento processo nprocesso numeroprocesso expediente procedimiento procedimento
    aktenzeichen sygnatura dossier autos ofício oficio pratica fascicolo affaire sprawy дела
"""))  # fmt: skip
"""The same, whose cells may be numbers or codes of two letters: ``NO`` is Norway there."""
# Words of a heading for numbers of cases; the others may name a court or a system.
_OF_CASES = frozenset(re.findall(r"\w+", """
    case docket ticket order protocol proceeding processo protocolo protocollo ofício oficio
    expediente procedimiento procedimento provvedimento pratica fascicolo orden resolución ordem
    ordine dossier affaire ordonnance aktenzeichen sygnatura sprawy дела решения протокол
"""))  # fmt: skip
# Such as 53500.012345/2025-11: with a year, and a number that is no part of a date or an address.
_CASE = re.compile(
    r"(?=.*(?<!\d)(?:19|20)\d\d(?!\d))(?=.*(?<!\d)(?!(?:19|20)\d\d(?!\d))\d{4})"
    r"(?:[^\W\d_]{1,9}[ .-]{1,2}){0,3}[^\W\d_]{0,9}(?=[\d.]+[/-])\d+(?:[./-]\d+)+"
)
# Words of a heading for numbers, and those that may stand between them.
_OF_NUMBERS = frozenset(re.findall(r"\S+", """
    # № n no nr nº num núm numero número numéro number nummer numer номер item ítem lp lfd п
"""))  # fmt: skip
_BETWEEN = frozenset(("de", "do", "da", "dos", "del", "della", "di", "du", "des", "of", "d"))
# Columns of sites that a run reads.
_OF_SITES = re.compile("visitsperh|revenue([a-z]{3})?perh|(monthly)?visits|visitas(al|por)?m[eê]s")
_VALUES = {"shared": ("yes", "no"), "mode": ("any", "spread")}
NAME_KINDS = ("fqdn", "domain", "domain name", "hostname", "host", "dns", "name")
_KINDS = (
    *NAME_KINDS,
    *("ip", "ipv4", "ipv6", "4", "6", "address", "ip address", "prefix", "cidr"),
    *("fact", "assumption", "derived"),
)
_OF_KINDS = ("type", "kind", "family", "version", "ipversion")
"""Names of columns that say which kind of row it is, as in the tables of this program."""

# A service that is a port or a protocol: its row names no whole address.
_PORT = re.compile(r"(?:(?:tcp|udp)\W?)?\d{1,5}(?:\W?(?:tcp|udp))?|tcp|udp|icmp", re.IGNORECASE)
_BEHIND_NAME = re.compile(r"\s[–—-]\s|[()\[\]]")
_OF_ADDRESSES = re.compile(r"[\s\da-fA-F:./,;|-]+")
_LIKE_DATE = re.compile(
    r"\s*(?:\d{1,2}|\d{4})(?:[./-]\d{1,2}[./-]|[\s./-]+[^\W\d]{3,12}[\s./-]+)\d{2,4}\b(?![./-]\d)"
)
_FIGURE = re.compile(r"[\s\d.,]*$")
_DIGITS = str.maketrans("123456789", "0" * 9)


_UNKNOWN = "expected a column that is known to describe its rows"
_IF_COUNT = " if it counts addresses"


class Neighbours:
    """Columns without a role beside the addresses of one table.

    Parameters
    ----------
    given
        All columns, by the user's names.
    chosen
        Those that are read, by ours.
    implied
        Those that say again what another says.
    """

    def __init__(
        self,
        gathering: Gathering,
        given: Iterable[str],
        chosen: Mapping[str, str],
        implied: Sequence[str] = (),
    ) -> None:
        self._gathering = gathering
        self._chosen = chosen
        self._choice = gathering.columns
        self._implied = implied
        self._ignored: dict[str, None] = {}
        self.watch(given)
        self._of_labels = {theirs for ours, theirs in chosen.items() if ours in _LABELS}

    @property
    def unread(self) -> list[str]:
        """Columns whose cells are to be checked, by the user's names."""
        unread = [each for each in self._ignored if plain_name(each) not in self._choice.ignored]
        return [*unread, *self._of_labels]

    def watch(self, given: Iterable[str]) -> None:
        """Watch more columns."""
        read = {*self._chosen.values(), *self._implied}
        self._ignored |= dict.fromkeys(column for column in given if column not in read)

    def name_ignored(self) -> None:
        """Tell which columns are not read."""
        if self._ignored:
            self._gathering.note(f"columns ignored: {', '.join(self._ignored)}")

    def check(
        self, cells: Mapping[str, Sequence[str]], read: Mapping[str, Sequence[str]], line: Line
    ) -> None:
        """Check rows.

        Parameters
        ----------
        cells
            Of `unread`, by the user's names.
        read
            Of the columns that are read, by ours.
        line : shape (n,), int64
            Line of each row.

        Raises
        ------
        DataError
            With every column that may decide, and what settles it.
        """
        problems = []
        for column, values in cells.items():
            found = self._problem(column, values, read)
            if found is not None:
                row, message = found
                problems.append(Problem(self._gathering.name, message, int(line[row]), 0, column))
        # Several of which no cell speaks against its row are settled by one line to copy, which
        # loses no addresses.
        unknown = [one for one in problems if _UNKNOWN in one.message]
        mute = [one.key for one in unknown if _IF_COUNT not in one.message]
        mute = [key for key in mute if not any(map(_holds_addresses, cells[key]))]
        mute = [key for key in mute if not self._is_dated(plain_name(key), cells[key])]
        names = [plain_name(key) for key in mute]
        if len(names) > 1 and all(names) and self._choice.has_options:
            others = "those without addresses" + " or times" * (self._choice.zone is not None)
            which = "all of these" if len(mute) == len(unknown) else others
            what = " ".join((f"to ignore {which}:", *(f"--ignore-column {name}" for name in names)))
            problems.insert(0, Problem(self._gathering.name, what))
        DataError.raise_any(problems)

    def _words(self, column: str, said: Iterable[str]) -> set[str]:
        """Texts of a column by which a row does not list its address, or lists a part of it."""
        name = plain_name(column).replace("_", "")
        are_names = name in NAMES or column in self._of_labels
        are_texts = name in _TEXTS and not are_names
        against = words_against(said, are_texts=are_texts, are_names=are_names)
        if name in _PROSE or name in _WORDS:
            against |= verdicts_among(said)
        if self._chosen.get("service") == column:
            against |= {*filter(_PORT.fullmatch, said)}
        if are_names:
            against |= {
                text
                for text in said
                if words_against(_BEHIND_NAME.split(text)[1:], are_texts=False, are_names=True)
            }
        return against

    def _problem(
        self, column: str, texts: Sequence[str], read: Mapping[str, Sequence[str]]
    ) -> tuple[int, str] | None:
        """Row and message of what a column says; None where it decides nothing."""
        said = {text for text in {*texts} if text.strip()}
        if not said:
            return None
        plain = plain_name(column)
        name, parts = plain.replace("_", ""), plain.split("_") if plain else [column.strip()]
        bare = "".join(part for part in parts if part not in _OF_NUMBERS | _BETWEEN)
        # Texts that differ in digits alone say the same.
        shapes = {text.translate(_DIGITS): text for text in said}.values()
        if self._words(column, shapes) and (against := self._words(column, said)):
            return self._of_words(column, texts, against)
        is_case = len(said) == len({*texts}) and _are_cases(plain, said)
        if is_case or column in self._of_labels or self._is_start(plain, column, said):
            return None
        kinds = _VALUES.get(name, _KINDS if name in _OF_KINDS else ())
        said = {cell for cell in said if cell.strip().lower() not in kinds}
        if _OF_NUMBERS.issuperset(parts):
            said = {cell for cell in said if not cell.strip(" .").isdecimal()}
        if role_of(plain) == "from":
            said = {cell for cell in said if not holds_dates([cell])} or said
        if name in _TEXTS or {name, bare} & _CODES or _OF_SITES.fullmatch(name):
            if not any(map(_OF_ADDRESSES.fullmatch, shapes)):
                return None
            may_bound = _may_bound if name in _TEXTS else _holds_addresses
            said = {cell for cell in said if may_bound(cell)}
        for row, text in enumerate(texts if said else ()):
            if text in said and not _says_again(text.strip(), _own(read, row)):
                return row, f"{_UNKNOWN}, got {shown(text)}: {self._ways(plain, texts)}"
        return None

    def _is_start(self, plain: str, column: str, said: Iterable[str]) -> bool:
        """Whether cells are dates from which rows are listed, and those are not asked for."""
        if role_of(plain) != "from" or not holds_dates([*said]):
            return False
        if self._choice.zone is None:
            self._gathering.note(f"all rows are counted, whatever their dates in {column}")
        return self._choice.zone is None or bool(self._chosen.keys() & {"from", "effective"})

    def _of_words(
        self, column: str, texts: Sequence[str], against: Iterable[str]
    ) -> tuple[int, str]:
        words, count = set(against), Counter(texts)
        row = next(row for row, text in enumerate(texts) if text in words)
        met = [f"{shown(cell)} {n:,}" for cell, n in count.most_common(_TOLD)]
        if not any(cell in words for cell, _ in count.most_common(_TOLD)):
            met.insert(0, f"{shown(texts[row])} {count[texts[row]]:,}")
        more = " and others" if len(count) > len(met) else ""
        message = (
            f"expected rows that all list their address, got {', '.join(met)}{more}: keep the rows "
            f"that are meant, and leave the column {shown(column)} out"
        )
        option = f", or say --ignore-column {plain_name(column)}" if plain_name(column) else ""
        return row, message + (option if self._choice.has_options else "")

    def _is_dated(self, plain: str, texts: Sequence[str]) -> bool:
        """Whether a column holds dates that are asked for, be they written as nobody reads them."""
        is_asked = self._choice.zone is not None
        return is_asked and bool(role_of(plain) or any(map(_LIKE_DATE.match, texts)))

    def _ways(self, plain: str, texts: Sequence[str]) -> str:
        """Advice: the options that settle the role of a column; first that which loses nothing."""
        times = "write its times as 2026-03-07T13:00Z, or " * self._is_dated(plain, texts)
        if times and not self._choice.has_options:
            return f"{times}leave it out"
        are_figures = {*map(str.strip, texts)} - {"", "0", "1"} and all(map(_FIGURE.match, texts))
        if not self._choice.has_options:
            # Answers to a question are short, or the same in many rows.
            most = [text for text in texts if len(text) >= len("Flores")]
            may_name = len({*texts}) == len(texts) and len(most) > len(texts) * 3 / 4
            has_name = "name" in self._chosen
            other = ", site if it names the row" if may_name and not has_name else ""
            if are_figures:
                other = ", visits_per_h or revenue_eur_per_h if it is that"
            return (
                "leave it out if each row lists its address whatever stands there; name it end_ip, "
                f"mask or address if it says which addresses a row lists{other}"
            )
        if not plain:
            return f"name it in the first line, then {self._ways('NAME', texts)}"
        at = plain_name(self._chosen.get("address", ""))
        no_name = are_figures or "name" in self._chosen
        name = "" if no_name else f"--column name={plain} if it names the row; "
        counts = [f"--column n_names={plain} if it counts names"] * ("name" in plain)
        if "address" in plain:
            way = f"--ignore-column {plain} beside a column end_ip of last addresses"
            counts.append(f"{way}{_IF_COUNT}")
        ways = [
            *(counts if are_figures else ()),
            f"--ignore-column {plain} if each row lists its address whatever stands there",
            f"{name}--column last={plain}, --column mask={plain} or --column wildcard={plain} if "
            "it says which",
            f"--column address={at} --column address={plain} if both are listed",
        ]
        if times and plain not in {"from", "until"}:
            ways.insert(0, f"--column from={plain} or --column until={plain} if it says when")
        has_addresses = any(map(_holds_addresses, texts))
        if not at:
            ways[-1:] = [f"--column address={plain} if rows list what it holds"] * has_addresses
        return f"{times}say {'; '.join(ways[::-1] if has_addresses else ways)}"


def _are_cases(plain: str, said: Iterable[str]) -> bool:
    """Whether a column holds numbers of cases, and nothing in it may lift a block."""
    parts = plain.split("_")
    if _OF_CASES.isdisjoint(parts) or verdicts_among([plain]) or _names_end(parts):
        return False
    # Letters that differ may say what becomes of a row.
    letters = {re.sub(r"[\W\d]", "", text) for text in said}
    return len(letters) == 1 and all(_CASE.fullmatch(text.strip()) for text in said)


def _own(read: Mapping[str, Sequence[str]], row: int) -> Entry | None:
    """Entry that a row lists; None where it cannot be read."""
    address, last, mask = (
        str(read[column][row]).strip() if column in read else ""
        for column in ("address", "last", "mask")
    )
    text = f"{address}-{last}" if last else f"{address}/{length_of(mask)}" if mask else address
    return find_notation(text)


def _says_again(text: str, own: Entry | None) -> bool:
    """Whether a cell is a bound, the length or the whole of what its row lists."""
    if own is None:
        return False
    # The number of an address has at most 39 digits; Python converts no text of thousands.
    if text.isdecimal() and (len(text) > 39 or int(text) >= 2**24):
        return len(text) <= 39 and int(text) in (own.first, own.last)
    size = own.last - own.first + 1
    if (length := length_of(text)) not in ("", "0", "1"):
        return bool(size == 2 ** ((32 if own.version == 4 else 128) - int(length)))
    found = find_notation(text)
    if found is None:
        return False
    is_edge = found.first == found.last and found.first in (own.first, own.last)
    return found.version == own.version and (is_edge or found == own)


def _may_bound(text: str) -> bool:
    """Whether a cell may say which addresses a row lists: addresses, or the length of a prefix."""
    return _OF_ADDRESSES.fullmatch(text) is not None and (
        bool(length_of(text.strip())) or _holds_addresses(text)
    )


def _holds_addresses(text: str) -> bool:
    """Whether a cell is one address, prefix or range, or several."""
    if _OF_ADDRESSES.fullmatch(text) is None:
        return False
    parts = [part for part in re.split(r"[\s,;|]+|-", text) if part]
    return bool(parts) and all(find_notation(part.partition("/")[0]) for part in parts)
