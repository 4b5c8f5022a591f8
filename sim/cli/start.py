"""Where the command ``overblock`` begins: it loads the verbs, which takes a moment."""

import signal


def main() -> None:
    """Run the command line; Ctrl-C while it is loaded ends it at once, with nothing to say."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Nothing is begun yet. Verbs take interrupts as they need to.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from sim.cli.app import main as run

    run()
