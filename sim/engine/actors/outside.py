"""What a decision from outside withdraws: the oldest of some entries, up to a share of them.

In: entries in force, a decision. Out: entries to withdraw. Pure values.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import accumulate

from sim.engine.actors.limits import n_counted
from sim.engine.orders import Entry
from sim.world.withdrawals import OutsideWithdrawal


def withdrawn(entries: Iterable[Entry], decision: OutsideWithdrawal) -> list[Entry]:
    """Return the entries to withdraw: the oldest, as few as hold the share that is asked for.

    Parameters
    ----------
    entries
        Those in force that block, oldest first.

    Notes
    -----
    Entries of names are not looked at, nor such as lie in part outside of what is decided on.
    Addresses in several entries count in each. A share is taken as the decimal number that it is
    written as, so that no rounding decides on an entry.
    """
    within = decision.within
    meant = [
        entry
        for entry in entries
        if entry.addresses and (within is None or not entry.addresses.difference(within))
    ]
    sums = list(accumulate(n_counted(entry.addresses) for entry in meant))
    wanted = Fraction(str(decision.share)) * sums[-1] if sums else Fraction(0)
    # An entry goes if those before it hold less than is wanted.
    return [entry for entry, before in zip(meant, [0, *sums], strict=False) if before < wanted]
