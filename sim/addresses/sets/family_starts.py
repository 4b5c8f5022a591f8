"""Where families begin on the line of addresses.

It imports nothing, as compiled loops depend on it.
"""

from __future__ import annotations

IPV6_START = 2**33
"""Where IPv6 begins on the line, with nothing between it and the last of IPv4."""
