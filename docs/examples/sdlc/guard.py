"""Runs a command, and kills it with all it has started as soon as nobody waits for it any more.

Whoever starts this holds the other end of its standard input. When that process is gone,
however it went, the input ends; and so does the whole process group. It is started as
``python guard.py COMMAND...`` at the head of a session of its own.
"""

import os
import signal
import subprocess
import sys
import threading


def _watch() -> None:
    while os.read(0, 4096):  # not sys.stdin, whose lock would be held when the interpreter ends
        pass
    os.killpg(0, signal.SIGKILL)


def main() -> int:
    """Run the command of the arguments; return its exit code, as a shell would."""
    threading.Thread(target=_watch, daemon=True).start()
    try:
        code = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, check=False).returncode  # noqa: S603
    except OSError as error:
        print(f"{sys.argv[1]}: {error.strerror}")
        return 127
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
