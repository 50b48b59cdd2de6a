"""Which processes are alive: leases by a clock nobody sets, and locks the kernel drops with a process.

A lease ends when its time is up, by the clock that counts from boot. A process that
was killed is known to be gone at once: it held a lock on a file of its own, and the
kernel has let go of it.
"""

import contextlib
import os
import time
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: leases only
    fcntl = None  # type: ignore[assignment]

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def boot_id() -> str:
    """Return what names this boot of the machine; empty where the system does not say."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def lease_clock_ns(boot: str) -> int:
    """Return the time leases go by: since boot where *boot* is known, else the time of day."""
    if boot and hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    return time.time_ns()


class Alive:
    """Locks that show which owners live.

    Args:
        folder: Where the lock files are; None for a database in memory, which has one process.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder if fcntl is not None else None
        self._held: dict[str, int] = {}

    def _file(self, owner: str) -> Path | None:
        if self._folder is None:
            return None
        safe = "".join(char if char.isalnum() else "-" for char in owner)[-80:]
        return self._folder / safe

    def hold(self, owner: str) -> None:
        """Show that *owner* lives, until this process ends or `drop`."""
        file = self._file(owner)
        if file is None or owner in self._held:
            return
        file.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        self._held[owner] = descriptor

    def gone(self, owner: str) -> bool:
        """Say whether the process of *owner* is certainly gone."""
        file = self._file(owner)
        if file is None or owner in self._held:
            return False
        try:
            descriptor = os.open(file, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return True
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        else:
            with contextlib.suppress(OSError):
                file.unlink()
            return True
        finally:
            os.close(descriptor)

    def drop(self) -> None:
        """Let go of all locks."""
        for owner, descriptor in self._held.items():
            file = self._file(owner)
            if file is not None:
                with contextlib.suppress(OSError):
                    file.unlink()
            os.close(descriptor)
        self._held.clear()
        if self._folder is not None:
            with contextlib.suppress(OSError):
                self._folder.rmdir()
