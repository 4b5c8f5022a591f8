"""Address arithmetic: sets, tables, text and covers of IPv4 and IPv6 addresses."""
