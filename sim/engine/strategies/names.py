"""Names instead of addresses."""

from sim.engine.decisions import Decision, Observation, Strategy
from sim.engine.orders import Mechanism, Order
from sim.engine.strategies.registry import register
from sim.scenario import strategies as ask


def dns(overmatch: float) -> Strategy:
    """Block the target's name in the operators' resolvers.

    Really used: most European orders; evaded by changing the resolver.

    Parameters
    ----------
    overmatch
        Share of other names that the entry matches by accident.
    """
    return _name(overmatch, "dns")


def sni(overmatch: float) -> Strategy:
    """Block the target's name where it shows in the TLS handshake.

    Really used: Russia since 2019; a rule on t.co in March 2021 also matched names that contain it.

    Parameters
    ----------
    overmatch
        Share of other names that the pattern matches by accident.
    """
    return _name(overmatch, "sni")


def _name(overmatch: float, reason: str) -> Strategy:
    def decide(observation: Observation) -> Decision:
        if observation.in_force.of(Mechanism.NAME):
            return Decision()
        order = Order(
            "block",
            mechanism=Mechanism.NAME,
            overmatch=overmatch,
            reason=reason,
            operators=observation.operators,
        )
        return Decision((order,))

    return decide


register(ask.Dns, dns, lambda asked, _: dns(asked.overmatch))
register(ask.Sni, sni, lambda asked, _: sni(asked.overmatch))
