"""Mechanisms that are about addresses, as compiled loops count them."""

from sim.engine.orders import Mechanism
from sim.engine.state.space_kernel import DROP, EXEMPT, THROTTLE

COLUMN = {Mechanism.DROP: DROP, Mechanism.THROTTLE: THROTTLE, Mechanism.EXEMPT: EXEMPT}
"""Column of counts of each."""
