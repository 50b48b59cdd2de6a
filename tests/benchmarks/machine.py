"""Where the figures come from: machine, versions, load."""

import os
import platform
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def installed(packages: Sequence[str]) -> dict[str, str] | None:
    """Return the versions of *packages*, or None if one is not installed."""
    try:
        return {name: version(name) for name in packages}
    except PackageNotFoundError:
        return None


def describe() -> str:
    """Return machine, disk, Python, SQLite, the date and the load, in one line."""
    folder = os.environ.get("BENCHMARK_FOLDER") or tempfile.gettempdir()
    return ", ".join(
        [
            time.strftime("%Y-%m-%d %H:%M", time.gmtime()) + " UTC",
            f"{os.cpu_count()} cores ({_processor()})",
            f"Linux {platform.release()}" if platform.system() == "Linux" else platform.platform(),
            f"{_file_system(folder)}, commit of a 4 KB append {_sync_ms(folder):.2f} ms",
            f"Python {platform.python_version()}",
            f"SQLite {sqlite3.sqlite_version}",
            f"load average {os.getloadavg()[0]:.1f}",
        ]
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "?")


def _file_system(folder: str) -> str:
    try:
        command = ["stat", "--file-system", "--format=%T", folder]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown file system"
    return done.stdout.strip()


def _sync_ms(folder: str) -> float:
    """Return the median time in which an append of 4 KB becomes durable, in milliseconds."""
    took_ms = []
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        for _ in range(51):
            start_s = time.perf_counter()
            file.write(b"x" * 4096)
            getattr(os, "fdatasync", os.fsync)(file.fileno())
            took_ms.append((time.perf_counter() - start_s) * 1e3)
    return sorted(took_ms)[len(took_ms) // 2]
