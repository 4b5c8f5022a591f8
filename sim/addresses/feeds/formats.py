"""The formats that are read.

What the format is, is told by the file unless the user says.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from sim.addresses.feeds.diagnosis import checked, explained
from sim.addresses.feeds.feed import Feed
from sim.addresses.feeds.forms import DATED, FORM, FORMATS, Form
from sim.addresses.feeds.inputs import Input
from sim.addresses.feeds.orders import Orders, read_orders
from sim.addresses.feeds.refused import refuse_unread
from sim.addresses.feeds.samples import take_sample
from sim.addresses.feeds.sniffing import sniff
from sim.addresses.text.source import Limits
from sim.errors import DataError, Problem, UsageError

_UNDATED = (
    "its orders are read without their times: whatever one of them names is listed, even if "
    "another unblocks it later"
)


def read_feed(
    given: Input,
    format_name: str = "",
    *,
    skip_bad: bool = False,
    limits: Limits | None = None,
    allow_empty: bool = False,
) -> Feed:
    """Read a file of any known format; dated orders without their times, and a note that says so.

    Parameters
    ----------
    given
        The file.
    format_name
        One of ``FORMATS``; found out from the file where empty.
    skip_bad
        Leave mistakes out and count them, instead of refusing the file.
    limits
        How much is read and described.
    allow_empty
        Return a feed without any address, too.

    Raises
    ------
    DataError
        If the file is missing, unreadable, of another format, holds mistakes, or gives no address.
    UsageError
        If there is no such format.
    """
    bounds = limits or Limits()
    name = _form_of(given, format_name, bounds)
    with explained(given, name, bounds, is_asked=bool(format_name)):
        feed = _read(given, name, skip_bad=skip_bad, limits=bounds)
    if name == DATED:
        feed = replace(feed, notes=(*feed.notes, _UNDATED))
    if feed.questions and not format_name:
        raise DataError(list(feed.questions))
    if not format_name and not _names_provider(given, FORM[name].named_by, bounds):
        feed = _without_provider(feed)
    return checked(feed, given, bounds, allow_empty=allow_empty)


def _names_provider(given: Input, named_by: str | None, limits: Limits) -> bool:
    """Whether a file says whose ranges it holds, or is of a form that is no provider's."""
    if named_by is None:
        return True
    sample = take_sample(given, limits)
    text = sample.text + sample.tail.decode("utf-8", "replace")
    return re.search(named_by, text, re.IGNORECASE) is not None


def _without_provider(feed: Feed) -> Feed:
    """Return ranges of whoever published them with a provider's keys."""
    form = feed.origin.format
    note = (
        f"its keys are those of the form {form}, but it does not say whose addresses these are: no "
        f"provider is named; --as {form}, or --attribute NAME={feed.origin.file}, names one"
    )
    return replace(
        feed,
        origin=replace(feed.origin, licence=""),
        labels={name: labels for name, labels in feed.labels.items() if name != "provider"},
        notes=(note, *feed.notes),
    )


def _form_of(given: Input, format_name: str, limits: Limits) -> str:
    """Form of a file, as asked for or by what it holds; compiled sets and rules are refused."""
    name = checked_format(format_name)
    refuse_unread(given, limits)
    return name or sniff(given, limits)


def _read(given: Input, name: str, *, skip_bad: bool, limits: Limits) -> Feed:
    """Read a file of a form."""
    form = FORM[name]
    how = _how(given, form, skip_bad=skip_bad, limits=limits)
    if form.read_path is not None:
        with given.plain(limits) as path:
            return form.read_path(path, given.name, **how)
    assert form.read is not None
    with given.open(limits) as source:
        return form.read(source, given.name, **how)


def _how(given: Input, form: Form, **options: Any) -> dict[str, Any]:
    """What a reader is told beside its file: of a table, what the user said of its columns."""
    return {**options, "columns": given.columns} if form.has_columns else options


def read_dated(
    given: Input,
    format_name: str = "",
    *,
    skip_bad: bool,
    limits: Limits | None = None,
    allow_empty: bool = False,
) -> Orders:
    """Read dated orders; errors as for `read_feed`.

    Raises
    ------
    DataError
        As for `read_feed`, or if files of the form hold no dated orders.
    """
    bounds = limits or Limits()
    name = _form_of(given, format_name, bounds)
    if name != DATED:
        message = f"expected dated orders (the form {DATED}), got a file of the form {name}"
        raise DataError([Problem(given.name, message)])
    how = _how(given, FORM[name], skip_bad=skip_bad, limits=bounds)
    with (
        explained(given, name, bounds, is_asked=bool(format_name)),
        given.open(bounds) as source,
    ):
        orders = read_orders(source, given.name, **how)
    return replace(orders, feed=checked(orders.feed, given, bounds, allow_empty=allow_empty))


def checked_format(name: str) -> str:
    """Return a format's name.

    Raises
    ------
    UsageError
        If there is no such format.
    """
    if name and name not in FORMATS:
        raise UsageError(f"--as: expected one of {', '.join(FORMATS)}, got {name!r}")
    return name
