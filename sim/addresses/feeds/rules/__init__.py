"""Rules of firewalls, routers, proxies and name servers, read as lists of addresses."""
