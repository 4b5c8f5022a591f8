"""OpenWrt's configuration (UCI): sets, dropping rules and routes.

In: ``config`` sections with ``option`` and ``list`` lines, as in ``/etc/config/firewall`` and
``/etc/config/network`` or from ``uci export``. Out: one record per address.
"""

from __future__ import annotations

import ipaddress
import re
from typing import BinaryIO

from sim.addresses.feeds.feed import Feed, Origin
from sim.addresses.feeds.gather import Gathering
from sim.addresses.feeds.numbered import read_numbered
from sim.addresses.feeds.rules.verdicts import Verdict, Verdicts
from sim.addresses.feeds.samples import Sample
from sim.addresses.sets.notation import shown
from sim.addresses.text.source import Limits, Source

_LINE = re.compile(
    r"(package|config|option|list)\s+('[^']*'|\"[^\"]*\"|\S+)(?:\s+('[^']*'|\"[^\"]*\"|\S+))?"
    r"\s*(?:#.*)?"
)
_BLACKHOLES = ("blackhole", "unreachable", "prohibit", "throw")
# Addresses of one rule, which wait for its target.
_MOST_WAITING = 100_000
_ROUTES, _RULES = ("route", "route6"), ("rule", "defaults")


def read_openwrt(source: BinaryIO | Source, name: str, *, skip_bad: bool, limits: Limits) -> Feed:
    """Read a configuration of OpenWrt.

    Addresses come from the entries of ``ipset`` sections, from ``rule`` sections whose target is
    DROP or REJECT, and from routes. Routes that lead through an interface are taken as a list,
    and said; sets that rules only accept are left out, as is what is not enabled.

    References
    ----------
    OpenWrt documentation, "Firewall configuration /etc/config/firewall" and "Routing".
    """
    gathering = Gathering(name, skip_bad=skip_bad, limits=limits)
    found = _Configuration(gathering)
    for lines in read_numbered(source, gathering, limits):
        for number, line in lines:
            if not line.startswith("#"):
                found.read(line, number)
        found.verdicts.flush()
    found.end()
    if elsewhere := found.verdicts.dropped_elsewhere():
        how = "as uci export writes them"
        found.verdicts.note_elsewhere(len(elsewhere), "sets", elsewhere, how)
    return found.verdicts.finish(Origin(name, "openwrt"))


class _Configuration:
    """Reads section by section."""

    def __init__(self, gathering: Gathering) -> None:
        self._gathering = gathering
        self.verdicts = Verdicts(gathering, "sets")
        self._kind = self._name = ""
        self._options: dict[str, str] = {}
        self._waiting: list[tuple[str, str, int]] = []

    def read(self, line: str, number: int) -> None:
        """Read one line."""
        found = _LINE.fullmatch(line)
        if not found:
            self._gathering.refuse(
                f"expected config, option or list, as OpenWrt writes them, got {shown(line)}",
                number,
            )
            return
        what, key, value = found[1], found[2].strip("'\""), (found[3] or "").strip("'\"")
        if what in ("config", "package"):
            self.end()
            self._kind, self._name, self._options = key, value, {}
        elif key in ("entry", "src_ip", "dest_ip"):
            texts = value.split() if key != "entry" else [value]
            self._waiting += [(key, text, number) for text in texts]
            if len(self._waiting) > _MOST_WAITING:
                self._take_waiting()
        elif what == "option":
            self._options[key] = value
            if key == "target" and self._kind in _ROUTES:
                self._waiting.append(("route", value, number))

    def end(self) -> None:
        """End a section."""
        options = self._options
        target = options.get("target", "").upper()
        verdict = Verdict.PASS if target == "ACCEPT" else Verdict.OTHER
        verdict = Verdict.DROP if target in ("DROP", "REJECT") else verdict
        if self._kind in _RULES and options.get("enabled") != "0" and "ipset" in options:
            # A set with its direction: "name src".
            self.verdicts.use(options["ipset"].split()[0] if options["ipset"] else "", verdict)
        if "loadfile" in options:
            self._gathering.note(
                f"entries of a set stand in {shown(options['loadfile'])}: give that file, too"
            )
        self._take_waiting()
        self._kind, self._options = "", {}

    def _take_waiting(self) -> None:
        """Take the addresses of a section by what it is."""
        options, waiting = self._options, self._waiting
        self._waiting = []
        if not waiting:
            return
        if options.get("enabled") == "0" or options.get("disabled") == "1":
            self.verdicts.leave_out("addresses are of sections that are not enabled", len(waiting))
        elif self._kind == "ipset":
            self._take(waiting, options.get("name", self._name))
        elif self._kind in _ROUTES:
            self._route(waiting)
        elif options.get("target", "").upper() in ("DROP", "REJECT"):
            if len({key for key, _, _ in waiting}) > 1:
                message = "expected a source or a destination, got a rule for pairs of both"
                self._gathering.refuse(message, waiting[0][2])
            else:
                self._take(waiting, "dropping rules")
        else:
            self.verdicts.leave_out("addresses of rules are not dropped", len(waiting))

    def _route(self, waiting: list[tuple[str, str, int]]) -> None:
        options = self._options
        if options.get("type") not in _BLACKHOLES:
            self._gathering.note(
                f"routes through {shown(options.get('interface', ''))} are taken as a list of "
                "addresses: they lead elsewhere, and block nothing by themselves"
            )
        mask = options.get("netmask", "")
        self._take([(key, _masked(text, mask), at) for key, text, at in waiting], "routes")

    def _take(self, waiting: list[tuple[str, str, int]], group: str) -> None:
        for _, text, number in waiting:
            if text.startswith("!"):
                message = "expected an address that is matched, got one that is not (!)"
                self._gathering.refuse(f"{message}: {shown(text)}", number)
                continue
            # A set may match ports or MAC addresses beside addresses.
            self.verdicts.take(re.split(r"[ ,]", text)[0], number, group)


def _masked(text: str, mask: str) -> str:
    """Return a route's prefix, which may be written with a netmask beside it."""
    if not mask or "/" in text:
        return text
    try:
        return str(ipaddress.IPv4Network(f"{text}/{mask}"))
    except ValueError:
        return f"{text}/{mask}"


def fits_openwrt(sample: Sample) -> bool:
    """Return whether a section begins, and most lines are of sections."""
    lines = sample.lines
    if not lines or re.match(r"(config|package)\s+\S", lines[0]) is None:
        return False
    return sample.most_lines(_LINE.pattern, "#")
