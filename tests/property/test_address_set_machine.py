"""A set that lives through a sequence of operations, against a plain set that does the same."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from tests.edges import V4, V6, Family, numbers, small_bounds


class SetMachine(RuleBasedStateMachine):
    """Pairs of an address set and the plain set it should be."""

    family: Family

    pairs = Bundle("pairs")

    def __init__(self):
        super().__init__()
        self.seen = []

    def _keep(self, addresses, plain):
        pair = addresses, frozenset(plain)
        self.seen.append(pair)
        return pair

    @initialize(target=pairs)
    def nothing(self):
        return self._keep(self.family.interval_set.empty(), ())

    @rule(target=pairs, data=st.data())
    def bounds(self, data):
        bounds = data.draw(st.lists(small_bounds(self.family), max_size=5))
        addresses = self.family.build(bounds)
        return self._keep(addresses, (n for a, b in bounds for n in range(a, b)))

    @rule(target=pairs, one=pairs, two=pairs)
    def union(self, one, two):
        return self._both(one, two, "union")

    @rule(target=pairs, one=pairs, two=pairs)
    def intersection(self, one, two):
        return self._both(one, two, "intersection")

    @rule(target=pairs, one=pairs, two=pairs)
    def difference(self, one, two):
        return self._both(one, two, "difference")

    @rule(target=pairs, one=pairs, two=pairs)
    def symmetric_difference(self, one, two):
        return self._both(one, two, "symmetric_difference")

    @rule(target=pairs, one=pairs, universe=pairs)
    def complement(self, one, universe):
        addresses = one[0].complement(universe[0])
        return self._keep(addresses, universe[1] - one[1])

    @rule(target=pairs, one=pairs)
    def through_prefixes(self, one):
        network, length = one[0].to_prefixes()
        listed = zip(self.family.numbers(network), length.tolist(), strict=True)
        addresses = self.family.build((n, n + (1 << (self.family.bits - k))) for n, k in listed)
        assert addresses == one[0]
        return self._keep(addresses, one[1])

    @rule(one=pairs, data=st.data())
    def contains(self, one, data):
        wanted = data.draw(st.lists(numbers(self.family), max_size=10))
        found = one[0].contains(self.family.column(wanted))
        assert found.tolist() == [number in one[1] for number in wanted]

    @rule(one=pairs, two=pairs)
    def compare(self, one, two):
        assert (one[0] == two[0]) == (one[1] == two[1])

    @invariant()
    def nothing_seen_before_has_changed(self):
        for addresses, plain in self.seen[-3:]:
            assert self.family.members(addresses) == plain
            assert addresses.n_addresses == len(plain)

    def _both(self, one, two, name):
        addresses = getattr(one[0], name)(two[0])
        return self._keep(addresses, getattr(one[1], name)(two[1]))


def machine(name, family):
    chosen = type(name, (SetMachine,), {"family": family})
    case = chosen.TestCase
    case.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
    return case


TestIPv4 = machine("IPv4", V4)
TestIPv6 = machine("IPv6", V6)
