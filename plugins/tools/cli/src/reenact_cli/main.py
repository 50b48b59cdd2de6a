"""The command ``reenact``: signals first, then everything else.

Handlers stand before anything slow is imported, so that Ctrl-C is Ctrl-C from the
first moment on.
"""

import sys

from reenact_cli.interrupts import INTERRUPTS, Interrupted


def main() -> None:
    """Run the command line of this process and exit with its code."""
    INTERRUPTS.install()
    try:
        from reenact_cli.root import root

        root()
    except Interrupted as stopped:  # while nothing was running yet
        sys.exit(stopped.exit_code)


if __name__ == "__main__":
    main()
