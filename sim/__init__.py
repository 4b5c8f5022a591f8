"""overblock: what blocking Internet addresses does to everyone who was not the target."""

__version__ = "0.1.0"
