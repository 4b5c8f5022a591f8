"""Sets of addresses written in each form that is read: what is read back must be the same set.

Each writer takes prefixes as text, IPv4 and IPv6 in any sequence, and returns a file. Writers that
stand on several lines put one prefix on a line, so that a test can tell which line is bad.
"""

import json
from collections.abc import Callable, Mapping, Sequence

Writer = Callable[[Sequence[str]], str]


def _split(prefixes: Sequence[str]) -> tuple[list[str], list[str]]:
    """IPv4 and IPv6."""
    return [p for p in prefixes if ":" not in p], [p for p in prefixes if ":" in p]


def polls(prefixes: Sequence[str]) -> str:
    changes = [{"timestamp": "2026-01-03 20:00:00Z", "state": True}]
    data = [{"ip": p, "isp": "A", "description": "B", "stateChanges": changes} for p in prefixes]
    return json.dumps({"lastUpdate": "2026-01-03 20:10:00", "data": data}, indent=1)


def fastly(prefixes: Sequence[str]) -> str:
    four, six = _split(prefixes)
    return json.dumps({"addresses": four, "ipv6_addresses": six})


def cloudflare(prefixes: Sequence[str]) -> str:
    four, six = _split(prefixes)
    return json.dumps({"result": {"ipv4_cidrs": four, "ipv6_cidrs": six, "etag": "a"}})


def oracle(prefixes: Sequence[str]) -> str:
    cidrs = [{"cidr": prefix, "tags": ["OCI"]} for prefix in prefixes]
    return json.dumps(
        {"last_updated_timestamp": "t", "regions": [{"region": "a", "cidrs": cidrs}]}, indent=2
    )


def github(prefixes: Sequence[str]) -> str:
    meta = {"verifiable_password_authentication": True, "hooks": [], "pages": prefixes}
    return json.dumps(meta | {"actions": ["10.0.0.0/8"], "domains": {"website": ["a.example"]}})


def vultr(prefixes: Sequence[str]) -> str:
    subnets = [{"ip_prefix": prefix, "alpha2code": "NL", "region": "NL-NH"} for prefix in prefixes]
    return json.dumps({"description": "Vultr.com Geofeed", "updated": "2026", "subnets": subnets})


def ripestat(prefixes: Sequence[str]) -> str:
    end = "2026-10-24T08:00:00"
    listed = [{"prefix": prefix, "timelines": [{"endtime": end}]} for prefix in prefixes]
    data = {"prefixes": listed, "query_endtime": end}
    return json.dumps({"data_call_name": "announced-prefixes", "data": data})


def geofeed(prefixes: Sequence[str]) -> str:
    return "# a geofeed\n" + "".join(f"{prefix},US,US-NJ,Newark,\n" for prefix in prefixes)


def json_lines(prefixes: Sequence[str]) -> str:
    lines = [json.dumps({"cidr": prefix, "sblid": "SBL1", "rir": "a"}) for prefix in prefixes]
    last = json.dumps({"type": "metadata", "timestamp": 1, "records": len(prefixes)})
    return "\n".join([*lines, last, ""])


def names(prefixes: Sequence[str]) -> str:
    return "".join(f"{prefix}\na.example\n0.0.0.0 b.example\n" for prefix in prefixes)


RENDERED: Mapping[str, Writer] = {
    "polls": polls,
    "fastly": fastly,
    "cloudflare": cloudflare,
    "oracle": oracle,
    "github": github,
    "vultr": vultr,
    "ripestat": ripestat,
    "geofeed": geofeed,
    "json-list": lambda prefixes: json.dumps(prefixes, indent=1),
    "json-lines": json_lines,
    "names": names,
}
"""Writers by form."""

IN_LINES = ("json-lines", "names")
"""Forms of which a mistake has a line."""
