"""Words by which a row says that its address is not blocked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

_BEGINS_OF_STEMS = sorted(
    stem.encode()
    for stem in re.findall(
        "[^,]+",
        "allo,acce,pass,lift,trus,perm,whit,unbl,un-b,unba,unli,un-l,deli,de-l,remo,dele,expi,"
        "exem,exce,excl,revo,rele,with,resc,over,annu,canc,inac,disa,susp,safe,beni,clea,depr,"
        "reti,bypa,nega,inve,fals,noma,no m,no b,no l,no d,non ,no  ,no s,no e,ne  ,mai ,nunc,"
        "long,not ,neve,desb,leva,elim,anul,libe,blan,posi,sblo,rimo,escl,ecce,cons,amme,inat,"
        "bian,бл,ис,сн,ра,уд,от,бе,ло,ак,déb,debl,auto,supp,ne p,ents,frei,aufg,aufh,erla,ausn,"
        "weiß,weis,gelö,entf,nich,bran,não,nao ,odbl,usun,wykr,nie ,wyją,biał,uchy,znie,dozw,"
        "fał,kald,izin,enge,ipta,beya,sili,isti,levé,cadu,fin ,fina,ence,cess,ceas,de b,venc,"
        "scad,deca,riab,been,abge,wide,ende,laps,good,know,form",
    )
)
# Every phrase has one of these beginnings of words, except ``not`` alone, ``don't`` and marks.
_SHORT = re.compile(rb"not(?![a-z])|don.|!(?=[ \t\r\n]|\Z)", re.DOTALL)


def rows_with_stems(text: str) -> list[int]:
    """Return the rows of lines, from 0, that may have a stem, or a mark at the end of a word."""
    data = text.lower().encode("utf-8", "surrogatepass")
    places = [found.start() for found in _SHORT.finditer(data)]
    for begin in _BEGINS_OF_STEMS:
        at = data.find(begin)
        while at >= 0:
            places.append(at)
            at = data.find(begin, at + 1)
    if not places:
        return []
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))
    rows: list[int] = np.unique(np.searchsorted(ends, places)).tolist()
    return rows


# What a sentence says of its address only when it turns it round, wherever it stands in it.
_TURNS = (
    r"allow(?:ed|listed)?|(?:white|allow)[ -]?list(?:ed|ing|s)?|permitted"
    r"|un-?(?:block|ban|list)\w*|de-?list(?:ed|ing)?|remov(?:ed?|al)|deleted|expire[sd]?"
    r"|exempt(?:ed|ions?)?|exceptions?|excepted|exclu(?:ded|sions?)"
    r"|lifted|revoked|withdrawn|rescinded|overturned|annulled|cancell?ed|inactive|disabled|released"
    r"|suspended|false[ -]positives?|no ?match"
    r"|no[ ]+longer|(?:not|never)[ ]+(?:yet[ ]+|(?:to[ ]+)?be[ ]+|get[ ]+)?(?:block|list|bann)ed"
    r"|(?:do[ ]+not|don.?t|never)[ ]+(?:block|list|drop|ban|touch|filter)"
    # Spanish and Italian, in both genders and numbers.
    r"|permitid[oa]s?|desbloque\w+|levanta(?:d[oa]s?|miento)|retirad[oa]s?|eliminad[oa]s?"
    r"|excluid[oa]s?|exclusiones|exclusión|excepci(?:ón|ones)|anulad[oa]s?|listas? blancas?"
    r"|fals[oi] positiv[oi]|falsos positivos|n(?:o|unca)[ ]+(?:se[ ]+|están[ ]+)?bloque\w+"
    r"|(?:non|mai)[ ]+(?:sono[ ]+)?blocc\w+|sblocc\w+|rimoss[oaie]|revocat[oaie]|esclus[oaie]"
    r"|esclusion[ei]|eccezion[ei]|consentit[oaie]|annullat[oaie]|list[ae] bianc(?:a|he)"
    r"|разблокир\w+|исключ[её]н\w*|снят\w*|разреш\w+|удал[её]н\w*|отмен[её]н\w*"
    r"|бел\w+ спис\w+|ложн\w+ срабатыван\w+|не[ ]+(?:за)?блокир\w+"
    # French and German.
    r"|d[ée]blo(?:qu|ca)\w+|autorisée?s?|supprimée?s?|retirée?s?|listes? blanches?"
    r"|(?:ne[ ]+pas|non)[ ]+bloqu\w+|entsperr(?:t|ung)\w*|freig(?:egeben|abe)\w*|freigeschaltet\w*"
    r"|auf(?:gehoben|hebung)\w*|erlaubt\w*|ausnahmen?|wei(?:ß|ss)e[ ]+listen?|gelöscht|entfernt"
    r"|nicht[ ]+(?:mehr[ ]+)?(?:ge)?(?:sperr|block)\w+"
    # Portuguese and Polish.
    r"|removid[oa]s?|excluíd[oa]s?|exclusão|exclusões|exceç(?:ão|ões)|revogad[oa]s?|suspens[oa]s?"
    r"|cancelad[oa]s?|liberad[oa]s?|inativ[oa]s?|listas? brancas?|n[ãa]o[ ]+bloque\w+"
    r"|odblok\w+|usunię\w+|wykreśl\w+|nie[ ]+(?:za)?blok\w+|wyjąt\w+|biał\w+ list\w+"
    r"|uchylon\w+|zniesion\w+|dozwolon\w+|fałszyw\w+"
    # Turkish, and blocks that are over.
    r"|kald[ıi]r[ıi]l\w+|izin[ ]+veril\w+|engellenm(?:edi|emiş|eyen|iyor)\w*|iptal\w*|silindi"
    r"|beyaz liste\w*|istisna\w*|levée?s?|caduques?|fin d[eu] blocage|finalizad[oa]s?"
    r"|caducad[oa]s?|dad[oa]s? de baja|vencid[oa]s?|encerrad[oa]s?|cessa(?:d[oa]s?|t[oaie])"
    r"|(?:de|s)cadut[oaie]|riabilitat[oaie]|expir(?:ad[oa]|ée?)s?|beendet\w*|nicht[ ]+mehr"
    r"|abgelaufen\w*|widerrufen\w*"
    r"|(?:block(?:ing)?|ban|order|listing|measure)[ ]+(?:has[ ]+)?(?:ended|ceased)|lapsed"
    r"|known[ -]good|goodware"
)
_LETS_THROUGH = re.compile(
    r"((white|allow) ?list|allow|accept|pass|unblock|unlist|delist|lift|trust|except)(ed|s|ion)?"
    r"|permit(ted|s)?|(remove|delete|revoke|expire|release|exclude)d?|expires|unbann?(ed)?"
    r"|withdr(aw|awn|ew)|exempt(ed)?|inactive|disabled|safe|benign|clean|deprecated|retired"
    r"|except for|no ?match|!+|not|bypass(ed)?|exclusion|negated?|invert(ed)?|false positive"
    r"|annul|(not?|no longer|do not|don.?t|never) (block|list|drop|ban)(ed|ped|ned)?( any ?more)?"
    r"|permitid[oa]?|permitir|inactiv[oa]|inattiv[oa]|consenti|permess[oa]|ammess[oa]"
    r"|не ?актив(ен|но|на)"
)
_OPENS = re.compile(
    r"((not|no longer) (block|list|bann?)ed|(do not|don.?t|never) (block|list|drop|ban)|allowed"
    r"|permitted|(white|allow) ?list(ed|ing)?|unblocked|delisted|removed|lifted|desbloquead[oa]"
    r"|permitid[oa]|levantad[oa]|sbloccat[oa]|rimoss[oa]|разблокирован[оаы]?|разреш[её]н[оаы]?|исключ[её]н[оаы]?)"
    r"\b.*"
)
_THROUGH = re.compile(
    rf"(?:{_LETS_THROUGH.pattern}|{_TURNS})(?: ?[^\w\s].*)?|{_OPENS.pattern}", re.DOTALL
)
_WATCHES = re.compile(
    r"(monitor|log|alert|ignore|detect|observe|watch|report|propose)(g?ed|d)?|skip|pending|draft"
    r"|test(ing)?|planned|pendiente|in attesa|планируется|наблюдение"
)
"""Actions other than blocking, and blocking that is yet to be done."""
_WITHIN = re.compile(rf"\b(?:{_TURNS})\b", re.IGNORECASE)
_ENTRIES = (
    r"list|entr(?:y|ies)|addresses|ips|domains?|names|hosts|servers?|sites|direcciones|dominios|entradas"
    r"|indirizzi|domini|siti|voci|adress(?:es?|en)|domaines|sites|seiten|endereços|sítios|adresy"
    r"|strony|adresler|siteler|адрес(?:а|ов)|домен(?:ы|ов)"
    r"|запис(?:и|ей)|сайт(?:ы|ов)"
)
# A comment of nothing else, which may name what it is about, and a day.
_ALONE = re.compile(
    rf"[#;!\"](?:[^\w\n.]{{0,99}}+(?=\w)(?:(?:{_ENTRIES})[ ]+)?"
    rf"(?P<word>{_LETS_THROUGH.pattern}|{_TURNS}|former(?=[ ]))"
    rf"(?:(?<!clean)(?<!deprecated)(?<!retired)[ ]+(?:d[ei][ ]+)?(?:{_ENTRIES})){{0,2}}"
    r"(?:(?<!expire)(?<!expires)[ ]+[\d./-]{8,10})?[^\w\n]{0,99}$"
    r"|[ \t]{0,9}(?P<mark>!{1,9})[ \t\r]{0,9}$)",
    re.MULTILINE,
)
_NEVER = (
    r"(?:(?:do[ ]+not|don.?t|never)[ ]+(?:block|list|drop|ban|touch|filter)|no[ ]+bloquear"
    r"|non[ ]+bloccare|ne[ ]+pas[ ]+bloquer|nicht[ ]+(?:sperren|blockieren)|не[ ]+блокировать)"
)
_THESE = (
    r"(?:(?:all[ ]+(?:of[ ]+)?)?(?:these|those|the[ ]+following|following|everything[ ]+below)"
    r"|(?:est[oa]s|l[oa]s[ ]+siguientes)|(?:quest[ie]|[il]e?[ ]+seguenti)|эти|следующие)"
    rf"(?:[ ]+(?:{_ENTRIES}))?"
)
_MAY_PASS = (
    r"allowed|permitted|exempt(?:ed)?|permitid[oa]s|permess[ie]|consentit[ie]|autorisée?s"
    r"|erlaubte|zugelassene|freigegebene|dozwolone|izin verilen|разреш[её]нные"
)
# Names of lists of what is not blocked.
_LISTS = (
    r"(?:(?:white|allow|safe|pass|exempt(?:ion)?|exceptions?)[ -]?list(?:s|ed)?|exceptions?"
    r"|exemptions?|exclusions?|exempt|not[ ]+blocked|excepci(?:ón|ones)|exclusi(?:ón|ones)"
    r"|listas? (?:blancas?|brancas?|permitidas?)|list[ae] bianc(?:a|he)|eccezion[ei]|esclusion[ei]"
    r"|listes? blanches?|(?:wei(?:ß|ss)e[ ]+|freigabe|erlaubnis|ausnahme)listen?|ausnahmen|exceções"
    r"|biał\w+ list\w+|wyj[ąa]tki|бел\w+ спис\w+|исключени\w|beyaz liste(?:ler|si)?"
    rf"|istisna(?:lar|[ ]+listesi)|(?:{_ENTRIES})[ ]+(?:{_MAY_PASS})"
    rf"|(?:{_MAY_PASS})[ ]+(?:{_ENTRIES})|{_NEVER})"
)
# Who undid it, or from when on.
_UNDONE_BY = (
    r"(?:since|as[ ]+of|from|on|desde|el|dal|il|с)[ ]+(?:the[ ]+|el[ ]+)?"
    r"(?:[\d./-]{8,10}|\d{1,2}[ ]+(?:de[ ]+)?(?:jan|ene|gen|feb|mar|a[pb]r|ma[yg]|jun|giu|jul|lug"
    r"|aug|ago|se[pt]|o[ct]t|nov|d[ei]c|янв|фев|мар|апр|мая|июн|июл|авг|сен|окт|ноя|дек)\w*"
    r"(?:[ ]+(?:de[ ]+)?\d{4})?)"
    r"|(?:by|after|following|upon|per|under|por|tras|según|su|dopo|по|на[ ]+основании)[ ]+"
    r"(?:[^\W\d]+[ ]+){0,3}(?:court|judg|ruling|regulator|authorit|order|decision|appeal|orden"
    r"|sentencia|resoluci|juez|juzgado|tribunal|ordine|sentenza|decisione|agcom|giudice|суд"
    r"|решени|роскомнадзор|постановлени|определени)\w*(?:[ ]+(?:[^\W\d]+\.?|№)){0,3}"
    r"(?:[ ]+[\d/-]{1,20})?"
)
_HEADING = re.compile(
    r"[ \t]{0,9}(?:[#;!]|//)[^\w\n.]{0,99}+(?:please[ ]+|always[ ]+)?(?:"
    rf"{_THESE}[ ]+(?:[^\W\d]+[ ]+){{0,2}}(?P<clause>{_TURNS})"
    rf"|(?P<these>(?:allow(?:ed)?|permit(?:ted)?|except)[ :,—–-]+{_THESE})"
    rf"|(?:(?:{_THESE}|{_ENTRIES})[ ]+)?(?P<undone>{_TURNS})(?:[ ]+(?:(?:block|list|bann)ed"
    rf"|{_ENTRIES}))?[ ]+(?:{_UNDONE_BY})"
    rf"|[^\d.@/\n]{{2,80}}[,:;—–-][ ]*(?:please[ ]+)?(?P<last>{_NEVER})"
    r")[^\w\n]{0,99}$"
)
# A title is no link, and no sentence about another list.
_NO_TITLE = (
    r"[/@]|\w\.\w*[^\W\d]\w|\b(?:(?:no|not|do|don.?t)\b(?![ ]+(?:\w+[ ]+){0,2}(?:block|bloq))"
    r"|(?:see|none|empty|report|contact|disabled|enabled|unused|separate|ninguna?|nessuna?|vuota|нет"
    r"|write|suggest\w*|appl(?:y|ied)|used?|using|on|off|yes|removed|excluded|checked|filtered"
    r"|generated|updated?|may|can|does)\b)"
)
# It may tell for whom its list is, since when, by whom.
_TITLE = re.compile(
    r"[ \t]{0,9}[#;!/][^\w\n]{0,99}+"
    r"(?:(?!(?:no[nt]?|nicht|kein\w*|pas|nie|не|with(?:out)?|minus|except|after|and|or)\b)"
    r"[\w'’-]+:?[ ]+){0,6}"
    rf"(?P<list>{_LISTS})(?![^\n]*(?:{_NO_TITLE}))"
    r"(?:[ ]*[(\[,:;—–-]+[ ]*[^\W\d][^\n]*"
    rf"|[ ]+(?:v?\d|(?:{_ENTRIES}|{_THESE}|any|for|of|during|in|at|as|from|since|by|to|version"
    r"|d[eu][lrs]?|para|por|pour|pendant|durante|per|d[ia]l?|für|von|während|ab|vom|dla|podczas|od"
    r"|для|от|во|при|için)\b)[^\n]*|[^\w\n]*)$"
)
# Marks a comment, not glued to what is before it unless that is a number or the comment says so.
_BEHIND = re.compile(
    rf"[^#;\n]*[^#;\s][ \t]*(?:(?<=[\d \t])[#;]|(?<=comment \")|[#;](?=[#; \t]*(?:{_TURNS})\b))"
    r"(?P<comment>.*)"
)
# A time in the first record of a zone: no entry and its comment.
_NO_ENTRY = re.compile(r"[ \t]*\d+[smhdw]?[ \t]*\)?[ \t]*;+[ \t]*expire\b")
_MARKS = ("#", ";", "!", '"')
_DIGITS = str.maketrans("123456789", "0" * 9)
_YES_OR_NO = re.compile(r"yes|no|true|false|on|off|sí|si|sì|да|нет|✓|✔|✗|✘|✖")

# Of these, what people, firms and places are called too.
_NAMED = re.compile(
    r"(?:(?:accept|pass|lift|trust|permit|exempt|bypass|invert|exclusion|release|safe|benign|clean"
    r"|retired|not)s?)(?: ?[^\w\s].*)?",
    re.DOTALL,
)
# What a rule does with an address, as no firm and no place is called.
_DOES = re.compile(
    r"(?:permit|accept|deny|denie[sd]|(?:block|reject|prohibit)(?:ed|s)?|drop(?:ped|s)?|ban(?:ned)?"
    r"|discard(?:ed)?|(?:black|block|deny) ?list(?:ed)?|bloque(?:ar|ad[oa])|blocca(?:re|t[oa])"
    r"|denegad[oa]|negat[oa]|(?:за)?блокир(?:ован[оаы]?|овать)|запрещ[её]н[оаы]?)"
)
NAMES = frozenset(re.findall(r"\w+", """
    asname asnname asorg asnorg asorganization asdescription asowner asdomain isp netname org
    orgname organization organisation organizationname autonomoussystemorganization owner company
    registrar registrant rir registry maintainer city cityname continent countryname location
    timezone host hostname hostnames fqdn domain domains rdns ptr reversedns site país pais nombre
    organizacion organización ciudad dominio paese nome organizzazione città страна название
    организация город домен domínio domaine domäne domena nom nazwa empresa titular azienda société
    firma cidade ville stadt miasto pays kraj sitio sítio sito сайт владелец
    shop store tienda loja negozio boutique magasin sklep магазин mağaza alanadı siteadı servername
    server servidor serveur serwer сервер sunucu standort ubicación localização luogo sede
    emplacement lokalizacja konum şehir ülke kurum şirket sahibi verantwortlich responsable
    responsável responsabile odpowiedzialny sorumlu team abteilung departamento reparto dział
"""))  # fmt: skip
"""Columns, without marks between their words, that hold names, some of them like ``On``."""
FORMS = (_THROUGH, _WATCHES, _YES_OR_NO)
# How all of these begin: most texts do not, and need no closer look.
_BEGINS = frozenset(
    re.findall(
        r"\w\w",
        "ab ac al am an au ba be bi bl by ca ce cl co da de di do dr dé ec el en er es ex fa fi fr"
        " ge go ig in ip is iz ka kn la le li lo me mo na ne ni no nã ob od of on or ov pa pe pl pr"
        " re ri sa sb sc si sk su sì sí te tr uc un us ve wa we wh wi wy ye zn бе да ис ло на не от"
        " пл ра сн уд",
    )
)


def words_against(cells: Iterable[str], *, are_texts: bool, are_names: bool = False) -> set[str]:
    """Return the cells that say of their row that its address is not blocked, or may say so.

    Parameters
    ----------
    are_texts
        A text that answers a question, or says what is done in place of blocking, is one of them.
    are_names
        A word that is a name as well is none of them, unless all cells are verdicts.
    """
    all_ = [*cells]
    near = [cell for cell in all_ if cell[:2].lower() in _BEGINS or not cell[:1].isalnum()]
    are_verdicts = are_names and _are_verdicts(all_)
    forms = FORMS if are_texts else (_THROUGH, _WATCHES)[: 1 + are_verdicts]
    against = {
        cell
        for cell, plain in zip(near, map(_bare, near), strict=True)
        if any(form.fullmatch(plain) is not None for form in forms)
    }
    if against and are_names and not are_verdicts:
        against = {cell for cell in against if not _may_be_name(_bare(cell))}
    return against


def _are_verdicts(cells: Iterable[str]) -> bool:
    """Whether cells tell what is done with their addresses, and nothing else."""
    does = False
    for plain in (_bare(cell) for cell in cells if cell.strip()):
        is_deed = _DOES.fullmatch(plain) is not None
        if not (is_deed or _THROUGH.fullmatch(plain) or _WATCHES.fullmatch(plain)):
            return False
        does = does or is_deed
    return does


def verdicts_among(cells: Iterable[str]) -> set[str]:
    """Return the comments that say, in some part, that their address is not blocked."""
    all_ = [*cells]
    text = "\n".join(all_)
    # A comment of several lines is looked at with the others.
    if text.count("\n") == len(all_) - 1:
        all_ = [all_[row] for row in rows_with_stems(text)]
    return {cell for cell in all_ if _WITHIN.search(cell) or _WITHIN.search(_bare(cell))}


def verdict_behind(text: str) -> tuple[int, str] | None:
    """Return how many lines precede a comment that says its entry is not blocked, and the word."""
    if not any(mark in text for mark in (*_MARKS, "//")):
        return None
    rows = rows_with_stems(text)
    lines = text.split("\n") if rows else []
    # Entries that differ in digits alone say the same; a heading is of what is below it.
    alike = {
        (lines[row].translate(_DIGITS), row if lines[row].lstrip()[:1] in _MARKS else -1): row
        for row in reversed(rows)
    }
    small = [(row, lines[row].lower()) for row in sorted(alike.values())]
    for row, line in small:
        at = 0
        while alone := _ALONE.search(line, at):
            at = alone.start() + 1
            if _is_comment(line, alone):
                start, end = alone.span(alone.lastgroup or 0)
                return row, lines[row][start:end]
        if heading := _HEADING.match(line) or _TITLE.match(line):
            start, end = heading.span(heading.lastgroup or 0)
            return row, lines[row][start:end]
    for row, line in small:
        behind = _BEHIND.match(line)
        if behind is None or _NO_ENTRY.match(line):
            continue
        if word := _WITHIN.search(line, *behind.span("comment")):
            return row, lines[row][word.start() : word.end()]
    return None


def _is_comment(small: str, alone: re.Match[str]) -> bool:
    """Whether what looks like a comment of nothing else is one: a heading, or behind an entry."""
    before, mark = small[: alone.start()], small[alone.start()]
    if not any(map(str.isalnum, before)):
        return not before.strip() and mark != '"' and alone["mark"] is None
    if mark in "#;":
        return not _NO_ENTRY.match(small)
    return before.endswith("comment ") if mark == '"' else before[-1].isspace()


def told_of(value: Any) -> str:
    """Return what a value of JSON says: the first text in it that lets through, or all of them."""
    texts = [*_leaves(value)]
    return next((text for text in texts if lets_through(text)), " ".join(texts))


def _leaves(value: Any) -> Iterator[str]:
    match value:
        case None:
            return
        case dict():
            for key, each in value.items():
                if isinstance(each, bool):
                    yield str(key) if each else f"not {key}"
                else:
                    yield from _leaves(each)
        case list():
            for each in value:
                yield from _leaves(each)
        case str():
            yield value.encode("utf-8", "backslashreplace").decode()
        case _:
            yield str(value)


def lets_through(cell: str, *, is_name: bool = False) -> bool:
    """Return whether a text says of an address that it is let through, or no longer there."""
    plain = _bare(cell)
    return _THROUGH.fullmatch(plain) is not None and not (is_name and _may_be_name(plain))


def _may_be_name(plain: str) -> bool:
    return _NAMED.fullmatch(plain) is not None and not _WITHIN.search(plain)


def _bare(cell: str) -> str:
    return " ".join(cell.lower().replace("_", " ").replace("-", " ").split())
