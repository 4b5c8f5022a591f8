"""Prefixes between text and numbers, refused rather than repaired.

In: text such as ``198.51.100.0/24``. Out: network address and length as integers. It does not
know which file the text came from; the caller adds the place to the message.
"""

import ipaddress

import numpy as np
from numpy.typing import NDArray


def parse_prefix(text: str) -> tuple[int, int]:
    """Network address and length of one IPv4 prefix; a bare address is a /32.

    Raises
    ------
    ValueError
        With a message of the form ``expected …, got …``: not a prefix, leading zeros, host bits
        set (with the prefix that was probably meant), or another address family.
    """
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        raise ValueError(_explain(text)) from None
    if network.version != 4:
        raise ValueError(f"expected an IPv4 prefix, got the IPv6 prefix {text!r}")
    return int(network.network_address), network.prefixlen


def format_prefixes(address: NDArray[np.int64], length: NDArray[np.int64]) -> list[str]:
    """Canonical text of prefixes given as columns."""
    return [
        f"{ipaddress.IPv4Address(number)}/{bits}"
        for number, bits in zip(address.tolist(), length.tolist(), strict=True)
    ]


def _explain(text: str) -> str:
    """Say what is wrong with a prefix that the standard library refused."""
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return f"expected an IPv4 prefix such as 198.51.100.0/24, got {text!r}"
    return f"expected a prefix, got {text!r}, which has host bits set; did you mean {network}?"
