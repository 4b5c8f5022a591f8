"""Words by which a row says that its address is blocked, or the very opposite.

In: names and cells of columns that are no address and no attribute. Out: which cells say of their
address that it is let through, or no longer there: to count it would turn it round.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import lru_cache

_OF_KINDS = ("type", "kind", "list_type", "state")
_VERDICTS = ("action", "verdict", "decision", "disposition")
_SAID = (*_VERDICTS, "policy", "status", *_OF_KINDS)
_YES_OR_NO = (
    *("block", "blocked", "banned", "denied", "drop", "listed", "enabled", "active", "valid"),
    *("in_force", "inforce", "enforced", "effective", "applied", "current", "live", "confirmed"),
    *("bloqueado", "activo", "vigente", "en_vigor", "bloccato", "attivo", "in_vigore", "valido"),
    *("заблокирован", "действует", "активен", "в_силе"),
)
_AGAINST = (
    *("allow", "allowed", "permit", "permitted", "accept", "accepted", "pass", "bypass", "trusted"),
    *("whitelist", "whitelisted", "allowlist", "allowlisted", "iswhitelisted", "false_positive"),
    *("exempt", "exempted", "exception", "except", "exclude", "excluded", "nomatch", "negate"),
    *("negated", "inverted", "removed", "deleted", "disabled", "unblock", "unblocked", "unlisted"),
    *("delisted", "withdrawn", "revoked", "lifted", "expired", "inactive", "suspended", "annulled"),
    *("cancelled", "canceled", "permitido", "desbloqueado", "retirado", "levantado", "consentito"),
    *("sbloccato", "revocato", "rimosso", "разрешен", "разрешён", "разблокирован", "исключен"),
)
"""Names of columns: what is said, whether it is so, and whether it is not. Each cell of the first
four has to be understood."""

_LETS_THROUGH = re.compile(
    r"(allow|accept|pass|(white|allow) ?list|unblock|unlist|delist|lift|trust|except)(ed|s|ion)?"
    r"|permit(ted|s)?|(remove|delete|revoke|expire|release|exclude)d?|expires|unbann?(ed)?"
    r"|withdr(aw|awn|ew)|exempt(ed)?|inactive|disabled|safe|benign|clean"
    r"|no ?match|!+|not|bypass(ed)?|exclusion|negated?|invert(ed)?|false positive"
    r"|annul(led)?|cancell?ed|rescinded|overturned|liberad[oa]|anulad[oa]|cancelad[oa]|annullat[oa]"
    r"|(not?|no longer|do not|don.?t|never) (block|list|drop|ban)(ed|ped|ned)?"
    # Spanish and Italian, in both genders.
    r"|permiti[dr][oa]?|desbloque(ad[oa]|ar)|lista blanca|levantad[oa]|retirad[oa]|eliminad[oa]"
    r"|inactiv[oa]|excluid[oa]|consentit[oa]|consenti|permess[oa]|ammess[oa]|sblocc(at[oa]|are)"
    r"|lista bianca|rimoss[oa]|revocat[oa]|inattiv[oa]|esclus[oa]"
    r"|разреш[её]н[оаы]?|разрешить|белый список|разблокирован[оаы]?|исключ[её]н[оаы]?"
    r"|удал[её]н[оаы]?|снят[оаы]?|не ?актив(ен|но|на)|отмен[её]н[оаы]?"
    r"|не (за)?блокир(уется|ован[оаы]?)",
)
_STOPS = re.compile(
    r"(block|deny|drop|reject|ban|list|refuse|forbid|filter|sinkhole)(ed|ped|ned|s)?|denied"
    r"|(black|deny|block) ?list(ed)?|prohibit(ed)?|forbidden|active|enabled|malicious|bad"
    r"|bloque(ad[oa]|ar)|deneg(ad[oa]|ar)|prohibid[oa]|activ[oa]|vigente|lista negra"
    r"|blocc(at[oa]|are)|negat[oa]|vietat[oa]|attiv[oa]|lista nera"
    r"|(за)?блокир(ован[оаы]?|овать|уется)|запрещ[её]н[оаы]?|запретить|действует|актив(ен|но|на)"
    r"|ч[её]рный список|внес[её]н[оаы]?",
)
_OPENS = re.compile(
    r"((not|no longer) (block|list|bann?)ed|(do not|don.?t|never) (block|list|drop|ban)|allowed"
    r"|permitted|(white|allow) ?list(ed|ing)?|unblocked|delisted|removed|lifted|desbloquead[oa]"
    r"|permitid[oa]|levantad[oa]|sbloccat[oa]|rimoss[oa]|разблокирован[оаы]?|разреш[её]н[оаы]?|исключ[её]н[оаы]?)"
    r"\b.*",
)
_AND_MORE = re.compile(rf"(?:{_LETS_THROUGH.pattern}) ?[^\w\s].*")
_SURE = re.compile(rf"allow|exempt|{_OPENS.pattern.removesuffix('.*')}")
_WATCHES = re.compile(
    r"(monitor|log|alert|ignore|detect|observe|watch|report|propose)(g?ed|d)?|none|skip|pending|draft"
    r"|test(ing)?|planned|pendiente|in attesa|планируется|наблюдение"
)
"""How longer texts of letting through begin; and what is done in place of blocking."""
_YES = ("all", "yes", "y", "true", "t", "on", "1", "1.0", "x", "sí", "si", "sì", "да", "✓", "✔")
_NO = ("none", "no", "n", "false", "f", "off", "нет", "✗", "✘", "✖")
_ZERO = ("0", "0.0", "-")
_MOST_WORDS = 32
"""Values of a column whose words mean kinds; a column of more is free text."""


def has_own_rule(column: str) -> bool:
    """Return whether the plain name of a column says that it may tell what a row means."""
    return column in _SAID or _unasked(column) in (*_YES_OR_NO, *_AGAINST)


def words_against(column: str, cells: Collection[str], *, has_blanks: bool) -> set[str]:
    """Return the cells that say of their row that its address is not blocked, or may say so.

    Parameters
    ----------
    column
        Plain name.
    cells
        Distinct values that say something.
    has_blanks
        Whether some rows say nothing.
    """
    against: set[str] = set()
    if has_own_rule(column):
        against = {cell for cell in cells if _is_against(column, _plain(cell))}
    if column in _VERDICTS:
        against |= {cell for cell in cells if not _STOPS.match(_plain(cell))}
    if not against and len(cells) > _MOST_WORDS:
        return {cell for cell in cells if _SURE.fullmatch(_plain(cell))}
    if against:
        return against
    against = {cell for cell in cells if lets_through(cell)}
    if not against and any(_STOPS.fullmatch(_plain(cell)) for cell in cells):
        against = {cell for cell in cells if _WATCHES.fullmatch(_plain(cell))}
    if against or has_own_rule(column):
        return against
    kinds = {cell: _truth(_plain(cell)) for cell in cells}
    n_kinds = len({*kinds.values()})
    if None in kinds.values() or n_kinds + has_blanks < 2:
        return set()
    if n_kinds == 1 and all(_plain(cell) in ("all", "none") for cell in cells):
        return set()
    return {cell for cell, is_so in kinds.items() if not is_so} or set(cells)


def are_verdicts(cells: Collection[str]) -> bool:
    """Return whether all values are words of blocking or of letting through, some of the latter."""
    plain = [_plain(cell) for cell in cells]
    against = [cell for cell in plain if _LETS_THROUGH.fullmatch(cell)]
    return bool(against) and all(cell in against or _STOPS.fullmatch(cell) for cell in plain)


def may_be_verdicts(cells: Collection[str]) -> bool:
    """Return whether some value is a word of blocking or of letting through."""
    return any(
        _LETS_THROUGH.fullmatch(cell) or _STOPS.fullmatch(cell) for cell in map(_plain, cells)
    )


def first_against(texts: Sequence[str]) -> str:
    """Return the first of some texts that lets through, or all of them as one text."""
    return next((text for text in texts if lets_through(text)), " ".join(texts))


def lets_through(cell: str) -> bool:
    """Return whether a text says of an address that it is let through, or no longer there."""
    cell = _plain(cell)
    forms = (_LETS_THROUGH, _OPENS, _AND_MORE)
    return any(form.fullmatch(cell) is not None for form in forms)


@lru_cache(2**12)
def _plain(cell: str) -> str:
    return re.sub(r"[\s_-]+", " ", cell.strip().lower()) if len(cell) > 1 else cell.lower()


def _truth(cell: str) -> bool | None:
    return True if cell in _YES else False if cell in _NO or cell in _ZERO else None


def _is_against(column: str, cell: str) -> bool:
    """Whether a cell says that its row is not in force, or is let through."""
    if _unasked(column) in _AGAINST:
        return cell not in ("", "0", *_NO)
    if _LETS_THROUGH.fullmatch(cell):
        return True
    return (cell in _NO and column not in _OF_KINDS) or (
        cell == "0" and _unasked(column) in _YES_OR_NO
    )


def _unasked(column: str) -> str:
    """Name of a column without what makes a question of it: ``is_blocked`` is ``blocked``."""
    return re.sub(r"^(is|was|has_been)_", "", column)
