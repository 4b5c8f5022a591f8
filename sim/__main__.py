"""``python -m sim``: the command ``overblock`` where its script is not on the path."""

from sim.cli.start import main

# Worker processes import this module again under another name.
if __name__ == "__main__":
    main()
