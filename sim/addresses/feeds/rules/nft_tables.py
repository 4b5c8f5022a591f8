"""What the tables of an nftables ruleset hold so far, and commands that take it away again.

In: where sets and rules stand, and commands such as ``flush set`` and ``delete table``. Out: the
entries that are gone, as the kernel would have it. Sets are counted by their names alone, and rules
together: where that does not say which entries a command means, it is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sim.addresses.feeds.gather import Gathering
from sim.addresses.feeds.rules.verdicts import Verdicts
from sim.addresses.sets.notation import shown

DROPPING_RULES, DROPPING_MAPS = "dropping rules", "dropping maps"
_FAMILIES = ("ip", "ip6", "inet", "arp", "bridge", "netdev")
_TAKE_BACK = ("delete", "destroy", "flush", "replace", "redefine", "undefine")


class Place(NamedTuple):
    """A table: its family, and its name."""

    family: str
    table: str

    @classmethod
    def of(cls, words: Sequence[str]) -> Place:
        """Return the table that words name first; its family is IPv4 where none is said."""
        named = words if words and words[0] in _FAMILIES else ("ip", *words)
        return cls(named[0], named[1] if len(named) > 1 else "")


class Tables:
    """What stands in which table."""

    def __init__(self, gathering: Gathering, verdicts: Verdicts) -> None:
        self._gathering = gathering
        self._verdicts = verdicts
        self._places_of: dict[str, set[Place]] = {}
        self._with_rules: set[Place] = set()
        self._with_definitions: set[Place] = set()

    def hold_elements(self, place: Place, name: str) -> None:
        """Note that a set or a map of a table has elements."""
        self._places_of.setdefault(name, set()).add(place)

    def hold_rules(self, place: Place) -> None:
        """Note that rules of a table name addresses, or sets."""
        self._with_rules.add(place)

    def hold_definition(self, place: Place) -> None:
        """Note that something in a table is made of a definition, which outlives it."""
        self._with_definitions.add(place)

    def remove(self, address: str, number: int, place: Place, name: str) -> None:
        """Take an element of a set away."""
        if self._places_of.get(name, {place}) != {place} or place in self._with_definitions:
            self._refuse(f"delete element {name} {{ {address} }}", number)
        else:
            self._verdicts.remove(address, number, name)

    def run(self, words: Sequence[str], number: int) -> bool:
        """Carry out a command that takes something away; False where it is none."""
        if words[0] == "include":
            self._gathering.note("rules of further files are included: give those files, too")
            return True
        if words[0] not in _TAKE_BACK:
            return False
        kind = words[1] if len(words) > 1 else ""
        place = Place.of(words[2:])
        match words[0], kind:
            case (("delete" | "destroy"), "element") if words[-1][0] not in "@$":
                is_done = True
            case "flush", "ruleset":
                family = words[2] if len(words) > 2 else ""
                is_done = self._empty({each for each in self._all() if family in ("", each.family)})
            case (("delete" | "destroy"), "table"):
                is_done = self._empty({place})
            case "flush", "table":
                is_done = self._empty_rules({place})
            case (("delete" | "destroy" | "flush"), ("set" | "map")):
                is_done = self._empty_sets({place}, [words[-1]])
            case (("delete" | "destroy" | "flush" | "replace"), ("chain" | "rule")):
                is_done = place not in self._with_rules
            case (("delete" | "destroy"), ("counter" | "quota" | "limit" | "flowtable")):
                is_done = True
            case _:
                is_done = False
        if not is_done:
            self._refuse(" ".join(words), number)
        # What replaces a rule is one.
        return words[0] != "replace"

    def _all(self) -> set[Place]:
        return self._with_rules.union(*self._places_of.values())

    def _empty(self, places: set[Place]) -> bool:
        """Take away all that tables hold; False where it cannot be told from what others hold."""
        names = [name for name, held in self._places_of.items() if held & places]
        return self._empty_rules(places) and self._empty_sets(places, names)

    def _empty_rules(self, places: set[Place]) -> bool:
        """Take away the rules of tables, and what they do with sets."""
        if not self._with_rules & places:
            return True
        if not self._with_rules <= places or self._with_definitions & places:
            return False
        self._with_rules -= places
        for group in (DROPPING_RULES, DROPPING_MAPS):
            self._verdicts.clear(group)
        self._verdicts.forget_uses()
        return True

    def _empty_sets(self, places: set[Place], names: Sequence[str]) -> bool:
        """Take away the elements of sets that stand in some tables and in no others."""
        held = {name: self._places_of.get(name, set()) for name in names}
        met = {name for name, where in held.items() if where & places}
        if any(not held[name] <= places for name in met):
            return False
        if met and self._with_definitions & places:
            return False
        for name in met:
            del self._places_of[name]
            self._verdicts.clear(name)
        return True

    def _refuse(self, command: str, number: int) -> None:
        message = "expected a command of which it is known which entries of the file it takes away"
        self._gathering.refuse(f"{message}, got {shown(command)}", number)
