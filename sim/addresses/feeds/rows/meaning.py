"""Words by which a row says that its address is not blocked.

In: cells of columns that are no address and no attribute, and comments. Out: which of them say of
their address that it is let through, or no longer there: to count it would turn it round.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

_LETS_THROUGH = re.compile(
    r"(allow|accept|pass|(white|allow) ?list|unblock|unlist|delist|lift|trust|except)(ed|s|ion)?"
    r"|permit(ted|s)?|(remove|delete|revoke|expire|release|exclude)d?|expires|unbann?(ed)?"
    r"|withdr(aw|awn|ew)|exempt(ed)?|inactive|disabled|safe|benign|clean|deprecated|retired"
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
_OPENS = re.compile(
    r"((not|no longer) (block|list|bann?)ed|(do not|don.?t|never) (block|list|drop|ban)|allowed"
    r"|permitted|(white|allow) ?list(ed|ing)?|unblocked|delisted|removed|lifted|desbloquead[oa]"
    r"|permitid[oa]|levantad[oa]|sbloccat[oa]|rimoss[oa]|разблокирован[оаы]?|разреш[её]н[оаы]?|исключ[её]н[оаы]?)"
    r"\b.*",
)
_THROUGH = re.compile(rf"(?:{_LETS_THROUGH.pattern})(?: ?[^\w\s].*)?|{_OPENS.pattern}", re.DOTALL)
_WATCHES = re.compile(
    r"(monitor|log|alert|ignore|detect|observe|watch|report|propose)(g?ed|d)?|skip|pending|draft"
    r"|test(ing)?|planned|pendiente|in attesa|планируется|наблюдение"
)
"""What is done in place of blocking, or is yet to be done."""
# What a sentence says of its address only when it turns it round, wherever it stands in it.
_WITHIN = re.compile(
    r"\b(?:allow(?:ed|listed)?|(?:white|allow)[ -]?list(?:ed|ing)?|permitted"
    r"|un-?(?:block|ban|list)\w*|de-?list(?:ed|ing)?|remov(?:ed?|al)|deleted|expire[sd]?|exempt(?:ed|ion)?|exception|excluded"
    r"|lifted|revoked|withdrawn|rescinded|overturned|annulled|cancell?ed|inactive|disabled|released"
    r"|suspended|false positive|no ?match|no longer|not (?:yet )?(?:block|list|bann)ed"
    r"|(?:do not|don.?t|never) (?:block|list|drop|ban)"
    r"|permitid[oa]|desbloque\w+|levantad[oa]|retirad[oa]|eliminad[oa]|excluid[oa]|anulad[oa]"
    r"|sblocc\w+|rimoss[oa]|revocat[oa]|esclus[oa]|consentit[oa]|annullat[oa]|разблокир\w+"
    r"|исключ[её]н\w*|снят\w*|разреш\w+|удал[её]н\w*|отмен[её]н\w*|белый список)\b",
    re.IGNORECASE,
)
_COMMENT, _WORD = re.compile(r'(?:[#;!]|comment ")[^\n]*'), re.compile(r"[^\W\d_]+")
_OPENERS = ("no", "not", "do", "don", "dont", "never", "false", "white", "allow", "un", "de", "не")
# A comment of nothing else, behind an entry or as a heading; and what stands before other comments.
_ALONE = re.compile(
    rf"(?:[#;!]|comment \")[#;!=*\[ \t-]*({_LETS_THROUGH.pattern})[=*\]:# \t\"-]*\r?$",
    re.IGNORECASE | re.MULTILINE,
)
_BEHIND = re.compile(r'[^#;\n]*[^#;\s][ \t]*(?:(?<=[\d \t])[#;]|(?<=comment "))')
_YES_OR_NO = re.compile(r"yes|no|true|false|on|off|sí|si|sì|да|нет|✓|✔|✗|✘|✖")

FORMS = (_THROUGH, _WATCHES, _YES_OR_NO)
# How all of these begin: most texts do not, and need no closer look.
_BEGINS = frozenset(
    re.findall(
        r"\w\w",
        "ac al am an be bl by ca cl co de di do dr el es ex fa ig in le li lo mo ne no ob of on ov"
        " pa pe pl pr re ri sa sb si sk sì sí te tr un wa wh wi ye бе да ис на не от пл ра сн уд",
    )
)


def words_against(cells: Iterable[str], *, are_texts: bool) -> set[str]:
    """Return the cells that say of their row that its address is not blocked, or may say so.

    Parameters
    ----------
    are_texts
        A text that answers a question, or says what is done in place of blocking, is one of them.
    """
    near = [cell for cell in cells if cell[:2].lower() in _BEGINS or not cell[:1].isalnum()]
    forms = FORMS if are_texts else (_THROUGH,)
    return {
        cell
        for cell, plain in zip(near, map(_plain, near), strict=True)
        if any(form.fullmatch(plain) is not None for form in forms)
    }


def verdict_in(comment: str) -> str:
    """Return what of a comment says that its address is not blocked; empty where nothing does."""
    found = _WITHIN.search(comment)
    return found[0] if found else comment if lets_through(comment) else ""


def verdicts_behind(text: str) -> Iterator[tuple[int, str]]:
    """Yield where comments say that an entry before or below them is not blocked, and the word."""
    comments = [*_COMMENT.finditer(text)]
    words = {*_WORD.findall(" ".join(found[0] for found in comments).lower())}
    if not any(word in _OPENERS or verdict_in(word) for word in words):
        return
    for found in comments:
        if word := _ALONE.match(text, found.start()):
            yield word.start(1), word[1]
        elif word := _WITHIN.search(text, *found.span()):
            start = text.rfind("\n", 0, found.start()) + 1
            if _BEHIND.match(text, start, found.end()):
                yield word.start(), word[0]


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


def lets_through(cell: str) -> bool:
    """Return whether a text says of an address that it is let through, or no longer there."""
    return _THROUGH.fullmatch(_plain(cell)) is not None


def _plain(cell: str) -> str:
    return " ".join(cell.lower().replace("_", " ").replace("-", " ").split())
