"""The version of the program, which every module may ask for and which asks for none."""

__version__ = "0.4.0.dev0"
