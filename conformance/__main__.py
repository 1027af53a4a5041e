"""`python -m conformance`, and the command `arena-conformance`.

Nothing is imported before the signals are heeded: Ctrl-C and SIGTERM have to end every command with a message.
"""

from __future__ import annotations

import signal
import sys


def entry() -> None:
    """Runs the command line. SIGTERM is Ctrl-C."""
    try:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        from conformance import garbage

        garbage.look_rarely()  # also at what is imported
        from conformance.cli import entry as run_command

        try:
            run_command()
        finally:
            garbage.look_no_more()
    except KeyboardInterrupt:
        sys.stderr.write("arena-conformance: interrupted\n")
        sys.exit(3)


if __name__ == "__main__":
    entry()
