"""Functions that components of a business serve.

It imports nothing, as compiled loops depend on it.
"""

ROLES = ("frontend", "storage", "payment", "customer_service", "other")
"""The article's four, and the front end before them."""
FRONTEND = ROLES.index("frontend")
