"""Address arithmetic: sets, tables, text and covers of IPv4 and IPv6 addresses.

Numbers
    `sim.addresses.sets.blocks`: columns of addresses, int64 of IPv4 and Python integers of IPv6.
Sets
    `sim.addresses.sets.intervals`: sets of one family and of both.
Tables
    `sim.addresses.sets.prefixes`: addresses to rows of a table of prefixes.
Text
    `sim.addresses.text.reading`: lists as text, in bulk, with the line of every
    mistake; `sim.addresses.text.source` reads bytes that may be compressed, damaged or hostile.
"""
