"""What plain SQLite does on this machine at this moment: the limit that nobody passes.

One row for the outcome of a step and one for the intent of the next, of the sizes the
runtime writes, in a plain loop over ``sqlite3``, WAL, ``synchronous=full``. A sequence
commits once a step (outcome of step k with intent of step k+1: the merged commit);
what runs at once commits in groups of 256 rows, and for comparison of 64.
"""

import json
import sqlite3
import subprocess
import sys
from functools import partial
from pathlib import Path

from common import (
    CHAT_TURN_BYTES,
    PAYLOAD_BYTES,
    SEQUENCE_STEPS,
    STORED_BYTES,
    Measure,
    Watch,
    words,
)

NAME = "raw SQLite"
PACKAGES: tuple[str, ...] = ()
DURABILITY = "outcome and next intent in one commit, synchronous=full"
SKIPPED: dict[str, str] = {
    "H": "nothing waits",
    **dict.fromkeys(("G/memory", "G/fork"), "nothing is replayed or forked"),
}

GROUPED_STEPS = 16_384
_INTENT_BYTES = 260


def _open(folder: Path, synchronous: str) -> sqlite3.Connection:
    connection = sqlite3.connect(folder / "raw.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    connection.execute("CREATE TABLE entries (id INTEGER PRIMARY KEY, body BLOB NOT NULL)")
    return connection


def _bodies() -> tuple[bytes, list[bytes]]:
    intent = json.dumps({"path": "step#0", "input": "x" * (_INTENT_BYTES - 40)}).encode()
    outcomes = [
        json.dumps({"path": "step#0", "status": "succeeded", "output": words(PAYLOAD_BYTES, number)}).encode()
        for number in range(64)
    ]
    return intent, outcomes


def _append(connection: sqlite3.Connection, steps: int, rows_per_commit: int) -> float:
    """Return the steps a second of appending *steps* steps of two rows."""
    intent, outcomes = _bodies()
    insert = "INSERT INTO entries (id, body) VALUES (?, ?)"
    per_commit = rows_per_commit // 2
    watch = Watch()
    for start in range(0, steps, per_commit):
        connection.execute("BEGIN IMMEDIATE")
        for step in range(start, start + per_commit):
            connection.execute(insert, (2 * step, outcomes[step % 64]))
            connection.execute(insert, (2 * step + 1, intent))
        connection.execute("COMMIT")
    return watch.per_second(steps)


def _appended(folder: Path, *, synchronous: str, steps: int, rows_per_commit: int) -> float:
    connection = _open(folder, synchronous)
    rate = _append(connection, steps, rows_per_commit)
    connection.close()
    return rate


def _decoded(folder: Path) -> float:
    """Return the steps a second of reading and decoding two rows a step."""
    import msgspec

    connection = _open(folder, "normal")
    _append(connection, SEQUENCE_STEPS, 256)
    decode = msgspec.json.Decoder().decode
    watch = Watch()
    for (body,) in connection.execute("SELECT body FROM entries ORDER BY id").fetchall():
        decode(body)
    rate = watch.per_second(SEQUENCE_STEPS)
    connection.close()
    return rate


def _bare_python(_: Path) -> float:
    watch = Watch()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return watch.seconds()


_grouped = partial(_appended, synchronous="full", steps=GROUPED_STEPS, rows_per_commit=256)
_grouped_64 = partial(_appended, synchronous="full", steps=GROUPED_STEPS, rows_per_commit=64)

CASES: dict[str, Measure] = {
    "A": partial(_appended, synchronous="full", steps=SEQUENCE_STEPS, rows_per_commit=2),
    "A'": partial(_appended, synchronous="normal", steps=SEQUENCE_STEPS, rows_per_commit=2),
    "B": _grouped,
    "B/64": _grouped_64,
    "C": _grouped,
    "D": _decoded,
    "E": _bare_python,
    "F": lambda _: STORED_BYTES,
    "F64": lambda _: STORED_BYTES,
    "F'": lambda _: CHAT_TURN_BYTES,
    "G": lambda _: 1.0,
    "G/replay": lambda _: 1.0,
    **dict.fromkeys(("I", "I/stream", "I/200", "I/memory", "I/run"), lambda _: 1.0),
}
