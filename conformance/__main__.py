"""`python -m conformance`, and the command `arena-conformance`.

Nothing is imported before the signals are heeded: Ctrl-C and SIGTERM have to end every command with a message.
"""

from __future__ import annotations

import gc
import signal
import sys

# How many new objects there are before Python looks for garbage among them, and how often it looks at older ones. Most
# of what a run makes is kept for its report: looking through that again and again took a fifteenth of its time.
_COLLECTING = 5_000, 20, 100


def entry() -> None:
    """Runs the command line. SIGTERM is Ctrl-C."""
    try:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        gc.set_threshold(*_COLLECTING)
        from conformance.cli import entry as run_command

        run_command()
    except KeyboardInterrupt:
        sys.stderr.write("arena-conformance: interrupted\n")
        sys.exit(3)


if __name__ == "__main__":
    entry()
