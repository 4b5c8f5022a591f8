"""What can be blocked: address arithmetic that knows nothing of censorship.

Numbers
    `sim.addresses.ipv6`: columns of IPv6 addresses; IPv4 addresses are int64 arrays.
Sets
    `sim.addresses.intervals`, `sim.addresses.intervals6` and, for both families,
    `sim.addresses.families`; `sim.addresses.sweep` and `sim.addresses.blocks` do their sums.
Tables
    `sim.addresses.prefixes`: addresses to rows of a table of prefixes.
Text
    `sim.addresses.text`: lists in files, streams and strings, in bulk, with the line of every
    mistake; `sim.addresses.source` reads bytes that may be compressed, damaged or hostile.
"""
