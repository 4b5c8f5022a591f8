"""Lines in which a phrase may stand that says that an address is not blocked.

The search takes each window of four bytes at once.
"""

from __future__ import annotations

import re
from itertools import product
from string import ascii_lowercase, ascii_uppercase

import numpy as np
from numpy.typing import NDArray

STEMS = tuple(
    re.findall(
        "[^,]+",
        "allow,accept,pass,lift,trust,permit,white,unblock,un-block,unban,un-ban,unlist,un-list,"
        "delist,de-list,remov,delet,expir,exempt,excep,exclu,revok,releas,withdr,rescinded,"
        "overturned,annul,cancel,inactiv,disabled,suspended,safe,benign,clean,deprecated,retired,"
        "bypass,negate,invert,false,nomatch,no match,no block,no list,no drop,no ban,"
        "non blocca,no bloque,longer,not ,"
        "never,desbloque,levantad,retirad,eliminad,anulad,liberad,blanca,positiv,sblocc,rimoss,revocat,esclus,eccezion,consenti,"
        "annullat,permess,ammess,inattiv,bianc,блокир,исключ,снят,разреш,удал,отмен,бел,ложн,актив,"
        "débloq,debloq,autoris,supprim,retiré,blanch,ne pas,non bloq,entsp,freige,freisch,"
        "aufgeho,erlaubt,ausnahm,weiße,weisse,gelöscht,entfernt,nicht",
    )
)
"""Texts of which each phrase has one, but for ``not`` alone, ``don't`` and marks."""
_SMALL = bytes.maketrans(ascii_uppercase.encode(), ascii_lowercase.encode())
_FACTOR, _SHIFT = np.uint32(0x9E3779B1), np.uint32(16)
_SIZE = 4


def _places(windows: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Where windows stand in the table."""
    return np.asarray((windows * _FACTOR) >> _SHIFT, dtype=np.uint32)


def _begins() -> NDArray[np.uint32]:
    """First bytes of all stems, whatever the case of letters beyond ASCII."""
    begins = {
        "".join(each).encode()[:_SIZE]
        for stem in STEMS
        for each in product(
            *({letter, letter.upper()} if letter > "~" else letter for letter in stem[:_SIZE])
        )
    }
    begins |= {b"don" + bytes([last]) for last in range(256)}
    begins |= {b"not" + bytes([last]) for last in range(256) if not chr(last).isalpha()}
    return np.frombuffer(b"".join(sorted(begins)), "<u4")


_BEGINS = _begins()
_KNOWN = np.zeros(2**16, np.bool_)
_KNOWN[_places(_BEGINS)] = True


def rows_with_stems(text: str) -> list[int]:
    """Return the rows of lines, from 0, that may have a stem, or a mark at the end of a word."""
    data = text.encode("utf-8", "surrogatepass").translate(_SMALL) + b"\n" * _SIZE
    windows = np.ndarray((len(data) - _SIZE + 1,), "<u4", data, strides=(1,))
    found = np.flatnonzero(_KNOWN.take(_places(windows)))
    # Some windows share a place.
    found = found[np.isin(windows[found], _BEGINS)]
    byte = np.frombuffer(data, np.uint8)
    if b"!" in data:
        marks = np.flatnonzero(byte == ord("!"))
        found = np.concatenate((found, marks[np.isin(byte[marks + 1], [*b" \t\r\n"])]))
    if not found.size:
        return []
    rows: list[int] = np.unique(np.searchsorted(np.flatnonzero(byte == ord("\n")), found)).tolist()
    return rows
