"""Writes as the kernel makes them: runs, rows in a chain of checksums, content."""

from collections.abc import Sequence
from typing import Any

from reenact.codec import Json, canonical, digest
from reenact.content import EMPTY_CHAIN, Blob, fold
from reenact.records import Row, RunRecord, Status, checksum
from reenact.stores import RunWrite, Store

OWNER = "pid 1 on here (aaaa)"
OTHER = "pid 2 on here (bbbb)"
TTL_S = 60.0


def rows(count: int, start: int = 0, before: bytes = b"") -> list[Row]:
    """Return rows as the kernel makes them: positions without gaps, checksums in a chain."""
    made = []
    for seq in range(start, start + count):
        body = b'{"seq":%d,"path":"step#%d","status":"running","at_ns":1}' % (seq, seq)
        before = checksum(before, body)
        made.append(Row(seq, body, before))
    return made


def record(run_id: str = "run-1", **fields: Any) -> RunRecord:
    """Return a run."""
    given = {"trace_id": "ab" * 16, "workflow": "flow", "created_ns": 5, "updated_ns": 5, "owner": OWNER}
    return RunRecord(id=run_id, epoch=1, **{**given, **fields})


def creation(run_id: str = "run-1", count: int = 3, **fields: Any) -> RunWrite:
    """Return the write that creates a run with *count* rows."""
    return RunWrite(run_id=run_id, epoch=1, create=True, rows=rows(count), run=record(run_id, **fields))


def text(value: str) -> Blob:
    """Return a piece of content."""
    data = canonical(value)
    return Blob(digest(data), data)


def chained(parts: Sequence[Blob]) -> Blob:
    """Return a link of a conversation whose items are *parts*."""
    items: list[Json] = [{"$ref": part.hash} for part in parts]
    data = canonical({"after": EMPTY_CHAIN, "items": items})
    name = EMPTY_CHAIN
    for part in parts:
        name = fold(name, part.hash)
    return Blob(name, data, chain=True)


def naming(blobs: Sequence[Blob], run_id: str = "run-1", **fields: Any) -> RunWrite:
    """Return the write that creates a run which has ended, and whose first row names *blobs*."""
    spelled = canonical([{"$chain" if blob.chain else "$ref": blob.hash} for blob in blobs])
    body = b'{"seq":0,"path":"","status":"running","at_ns":1,"kind":"workflow","input":%b}' % spelled
    run = record(run_id, **{"status": Status.SUCCEEDED, "owner": "", **fields})
    return RunWrite(run_id=run_id, epoch=1, create=True, rows=[Row(0, body, checksum(b"", body))], run=run)


async def read(store: Store, run_id: str = "run-1", start: int = 0) -> list[Row]:
    """Return a run's rows."""
    return [row async for batch in store.rows(run_id, start) for row in batch]
