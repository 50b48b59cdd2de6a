"""Reading a run's journal and its content out of a store, checked.

Nothing is handed on that is not what was written: rows are checked as a `History` takes
them, and content against the name it stands under.
"""

import sys
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing

import attrs

from reenact.away import LeftAway
from reenact.content import Blob, blob_is_whole, blob_references, references
from reenact.errors import DamagedError, RunNotFoundError
from reenact.history import History, check_row
from reenact.records import (
    Entry,
    Row,
    RunRecord,
    decode_entry,
    origin_of,
)
from reenact.stores import Store

WINDOW = 500
"""How many outcomes are held at the beginning and at the end of a record that code is run over.

In between it is twice as many: about what a store hands out at a time.
"""


@attrs.frozen
class Read:
    """A journal and its entries.

    Attributes:
        history: What it says.
        entries: All of them, in order, if they were asked for.
    """

    history: History
    entries: Sequence[Entry]


async def journal(store: Store, run: RunRecord, start: int = 0) -> AsyncGenerator[Sequence[Row], None]:
    """Yield a run's rows from seq *start* on, in batches; of a fork, first those it shares.

    Raises:
        DamagedError: If the run that it was forked from is gone.
    """
    origin = origin_of(run)
    if origin is not None and origin.how == "fork" and start < origin.seq:
        shared = await store.load(origin.run_id)
        if shared is None:
            raise DamagedError(f"{store.where}, run {run.id}", f"run {origin.run_id}, its beginning, is gone")
        async for batch in journal(store, shared, start):
            mine = [row for row in batch if row.seq < origin.seq]
            if mine:
                yield mine
            if len(mine) < len(batch):
                break
    async for batch in store.rows(run.id, start):
        yield batch


async def read_history(
    store: Store,
    run: RunRecord | str,
    *,
    keep_entries: bool = False,
    outputs: bool = True,
    window: int = 0,
    until: int = sys.maxsize,
) -> Read:
    """Read and check the journal of a run.

    Args:
        store: Where it is.
        run: Which, or its id.
        keep_entries: Return the entries too.
        outputs: Load the content that outcomes name.
        window: How many outcomes are held at the beginning and at the end; 0 to hold all of them.
        until: Read no row from that seq on.

    Raises:
        DamagedError: If it is not what was written.
    """
    if isinstance(run, str):
        found = await store.load(run)
        if found is None:
            raise RunNotFoundError(run)
        run = found
    history = History(window)
    where = _where(store, run)
    entries: list[Entry] = []
    try:
        async for batch in journal(store, run):
            for row in batch:
                if row.seq >= until:
                    break
                entry = history.take(row, where)
                if keep_entries:
                    entries.append(entry)
    except LeftAway:  # it was revised far behind what was the latest
        return await read_history(store, run, keep_entries=keep_entries, outputs=outputs, until=until)
    if window:
        history.leave_away()
    if history.shelf:
        history.rest = RestOfJournal(store, run, where)
    if outputs:
        history.blobs.update(await _named_by(store, history.outcomes_from(0), where))
    return Read(history, entries)


def _where(store: Store, run: RunRecord) -> str:
    return f"{store.where}, run {run.id}"


async def read_to_run(store: Store, run: RunRecord) -> History:
    """Read the journal of a run that code is run over; what is delivered late, only when it is.

    Raises:
        DamagedError: If it is not what was written.
    """
    history = (await read_history(store, run, window=WINDOW)).history
    if history.rest is not None and 0 <= history.failed_seq < history.revisable_from:
        await history.rest.read_whole(history)
    return history


async def read_to_replay(store: Store, run: RunRecord) -> History:
    """Read the beginning of the journal of a run that is replayed; the rest is read as it goes.

    Raises:
        DamagedError: If it is not what was written.
    """
    history = History(WINDOW)
    history.rest = rest = RestOfJournal(store, run, _where(store, run))
    try:
        history.more = await rest.take_rows(history)
    except LeftAway:
        return await read_to_run(store, run)
    await rest.name(history, 0)
    return history


async def _named_by(store: Store, outcomes: Iterable[Entry], where: str) -> Mapping[str, Blob]:
    """Return the content that outcomes name."""
    return await load_blobs(
        store, {name for entry in outcomes if entry.output for name in references(bytes(entry.output))}, where
    )


@attrs.frozen
class RestOfJournal:
    """Reads what a history does not hold; see `reenact.history.Rest`."""

    store: Store
    run: RunRecord
    where: str

    async def read_on(self, history: History) -> Mapping[str, Blob]:
        """Read the next outcomes, and return the content that they name."""
        found = await self._entries(history.next_away())
        blobs = await _named_by(self.store, found.values(), self.where)
        history.hold(found, blobs)
        return blobs

    async def read_further(self, history: History) -> Mapping[str, Blob]:
        """Read more rows, and return the content that the outcomes among them name."""
        history.look_on()
        first = history.next_seq
        history.more = await self.take_rows(history)
        return await self.name(history, first)

    async def take_rows(self, history: History) -> bool:
        """Have *history* take rows until two windows of outcomes are held; say whether there may be more."""
        async with aclosing(journal(self.store, self.run, history.next_seq)) as batches:
            async for batch in batches:
                for row in batch:
                    history.take(row, self.where)
                if len(history.pending) >= 2 * WINDOW:
                    return True
        return False

    async def name(self, history: History, first: int) -> Mapping[str, Blob]:
        """Have *history* hold the content that outcomes name from seq *first* on; return it."""
        blobs = await _named_by(self.store, history.outcomes_from(first), self.where)
        history.looked_on(blobs)
        return blobs

    async def _entries(self, wanted: Sequence[int]) -> Mapping[int, Entry]:
        """Return what rows say, checked once more."""
        found = dict[int, Entry]()
        left = iter(wanted)
        seq, before = next(left), b""
        async with aclosing(journal(self.store, self.run, max(seq - 1, 0))) as batches:
            async for batch in batches:
                for row in batch:
                    if row.seq == seq:
                        check_row(row, seq, before, self.where)
                        found[seq] = decode_entry(row.body)
                        seq = next(left, -1)
                    before = row.checksum
                if seq < 0:
                    return found
        raise DamagedError(self.where, f"row {seq} is missing")

    async def read_whole(self, history: History) -> None:
        """Read all of it."""
        history.hold_all((await read_history(self.store, self.run, until=history.next_seq)).history)


async def load_blobs(store: Store, names: set[str], where: str) -> Mapping[str, Blob]:
    """Return the blobs named, and all that they refer to.

    Raises:
        DamagedError: If one is missing, or was changed.
    """
    found: dict[str, Blob] = {}
    while names:
        got = await store.blobs(names)
        for name in names:
            if name not in got:
                raise DamagedError(where, f"content {name[:12]} is missing")
            if not got[name].chain:
                check_content(got[name], {}, where)
        found.update(got)
        names = {ref for blob in got.values() for ref in _references(blob, where)} - found.keys()
    for blob in found.values():
        if blob.chain:  # its name is made of what its items refer to, which had to be found first
            check_content(blob, found, where)
    return found


def check_content(blob: Blob, parts: Mapping[str, Blob], where: str) -> None:
    """Refuse content whose bytes are not the ones its name stands for.

    Args:
        blob: It.
        parts: What its items refer to, if it is a link of a chain.
        where: What to call the journal in an error.

    Raises:
        DamagedError: If they are not.
    """
    try:
        whole = blob_is_whole(blob, parts.__getitem__)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DamagedError(where, f"content {blob.hash[:12]} makes no sense: {error}") from error
    if not whole:
        raise DamagedError(where, f"content {blob.hash[:12]} was changed after it was written")


def _references(blob: Blob, where: str) -> list[str]:
    try:
        return blob_references(blob)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DamagedError(where, f"content {blob.hash[:12]} makes no sense: {error}") from error
