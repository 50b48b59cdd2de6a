"""From a store to a file: the run, its child runs, the runs whose rows it shares, their content.

A run is read twice: once to verify it and to learn what its rows add up to, once to spell it.
What is written while that goes on is not part of the export.
"""

from collections.abc import AsyncIterator, Sequence

import attrs
import reenact
from reenact.audit import Audit, Contents, load_listed, verify_run
from reenact.desk import Desk
from reenact.errors import DamagedError, RunNotFoundError
from reenact.pruning import links
from reenact.records import Row, RunRecord, decode_entry
from reenact.retrieval import journal
from reenact.stores import RunFilter, Store

from reenact_portable.model import (
    BLOBS_BEGIN,
    Gatherer,
    Speller,
    first_own,
    group_begin,
    spell_about,
    spell_blobs,
    spell_head,
    spell_record,
    spell_rows,
)
from reenact_portable.redacting import Redactor, left_out

BLOBS_AT_A_TIME = 64
_CHILDREN_MAX = 1_000_000


@attrs.frozen
class Exported:
    """An export.

    Attributes:
        data: The file's bytes; empty if they were written to a file already.
        runs: How many runs are in it.
        entries: How many entries.
        size: How many bytes.
    """

    data: bytes
    runs: int
    entries: int
    size: int = 0


@attrs.frozen
class _Taken:
    """A run that was verified: what its first *rows* rows add up to."""

    record: RunRecord
    rows: int


async def export_run(desk: Desk, record: RunRecord, *, redact: bool = False) -> Exported:
    """Return a run as a file, with its child runs, the runs whose rows it shares, and all content.

    Args:
        desk: Where it is.
        record: The run.
        redact: Leave out what was asked and answered, and names of hosts; what is left verifies, and
            cannot be run.

    Raises:
        DamagedError: If anything of it is not what was written.
        RunNotFoundError: If it is removed meanwhile.
    """
    export = Export(desk.store, record, redact=redact)
    data = b"".join([piece async for piece in export.pieces()])
    return Exported(data, export.runs, export.entries, len(data))


def spell_run(desk: Desk, record: RunRecord, *, redact: bool = False) -> "Export":
    """Return the export of a run, to be taken piece by piece: ``async for piece in export.pieces()``."""
    return Export(desk.store, record, redact=redact)


class Export:
    """The export of one run, in pieces, so that a long run need not fit into memory.

    Attributes:
        runs: How many runs were spelled so far.
        entries: How many entries.
    """

    def __init__(self, store: Store, record: RunRecord, *, redact: bool) -> None:
        self.runs = 0
        self.entries = 0
        self._store = store
        self._record = record
        self._gathered = Gatherer()
        self._contents = Contents(store, store.where)
        self._redact = redact

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the file, piece by piece."""
        speller = Speller()
        async for text in self._texts():
            yield speller.piece(text)
        yield speller.end()

    async def _texts(self) -> AsyncIterator[str | bytes]:
        main = await self._taken(self._record)
        groups = {
            "children": [await self._taken(one) for one in await _descendants(self._store, self._record)],
            "linked": [await self._taken(one) for one in await _linked(self._store, self._record)],
        }
        yield spell_head(reenact.__version__, redacted=self._redact)
        async for text in self._run(main):
            yield text
        for name, runs in groups.items():
            for text in group_begin(name):
                yield text
            for number, taken in enumerate(runs):
                yield "{" if number == 0 else ",\n{"
                async for text in self._run(taken):
                    yield text
                yield "}"
        yield BLOBS_BEGIN
        async for text in self._blobs():
            yield text
        yield spell_about(self._gathered.about())

    async def _taken(self, record: RunRecord) -> _Taken:
        audit = await verify_run(self._store, record)
        return _Taken(audit.projection(), audit.rows)

    async def _run(self, taken: _Taken) -> AsyncIterator[str | bytes]:
        redactor = Redactor(taken.record) if self._redact else None
        record = await self._projected(taken) if redactor else taken.record
        yield spell_record(record)
        own, first = first_own(record), True
        async for rows in self._rows(taken):
            told = [row for row in (redactor.rows(rows) if redactor else rows) if row.seq >= own]
            for row in told:
                self._take(taken, row)
            for text in spell_rows(told, first=first):
                yield text
            first = first and not told
        yield "]"
        self.runs += 1

    async def _projected(self, taken: _Taken) -> RunRecord:
        """Return what a run's rows add up to once they are redacted."""
        redactor = Redactor(taken.record)
        audit = Audit(redactor.record(), self._store.where)
        async for rows in self._rows(taken):
            for row in redactor.rows(rows):
                audit.take(row)
        return audit.projection()

    async def _rows(self, taken: _Taken) -> AsyncIterator[Sequence[Row]]:
        """Yield the rows that were verified, shared ones first, and none that came later."""
        seen = 0
        async for batch in journal(self._store, taken.record):
            rows = batch[: taken.rows - seen]
            if rows:
                yield rows
            seen += len(rows)
            if seen == taken.rows:
                return
        if await self._store.load(taken.record.id) is None:
            raise RunNotFoundError(taken.record.id)
        where = f"{self._store.where}, run {taken.record.id}"
        raise DamagedError(where, f"row {seen} is missing, and was there a moment ago")

    def _take(self, taken: _Taken, row: Row) -> None:
        entry = decode_entry(row.body)
        self._gathered.take(taken.record.id, entry)
        self._contents.add(entry)
        self._gathered.left_out += left_out(entry) if self._redact else 0
        self.entries += 1

    async def _blobs(self) -> AsyncIterator[str | bytes]:
        await self._contents.check()
        names = sorted(key.hex() for key in self._contents.seen)
        for start in range(0, len(names), BLOBS_AT_A_TIME):
            some = await load_listed(self._store, names[start : start + BLOBS_AT_A_TIME], self._store.where)
            for text in spell_blobs(some, first=start == 0):
                yield text


async def _descendants(store: Store, record: RunRecord) -> list[RunRecord]:
    """Return the runs that a run started, and those they started, parents first, then by age."""
    found: list[RunRecord] = []
    children = await store.list(RunFilter(parent=record.id, limit=_CHILDREN_MAX))
    for child in sorted(children, key=lambda one: (one.created_ns, one.id)):
        found += [child, *await _descendants(store, child)]
    return found


async def _linked(store: Store, record: RunRecord) -> list[RunRecord]:
    """Return the runs whose rows a run shares, and those whose rows they share; the furthest first."""
    found: dict[str, RunRecord] = {}
    wanted = sorted(links(record).shared)
    while wanted:
        run_id = wanted.pop()
        if run_id in found or run_id == record.id:
            continue
        linked = await store.load(run_id)
        if linked is None:
            raise DamagedError(store.where, f"run {record.id} shares run {run_id}, which is not there")
        found[run_id] = linked
        wanted += sorted(links(linked).shared)
    return list(reversed(found.values()))
