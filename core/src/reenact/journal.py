"""The only way an entry gets into a journal.

What a turn of a run produced goes in as one write: outcomes first, then the
intents that follow from them. The store makes the write durable, then effects
start and exporters are told. In that order a crash can lose what nobody saw, and
never what somebody did.

One writer serves all runs of a process. While a commit is on its way, the writes
of other runs gather and go into the next one together.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, TypeAlias

from reenact.errors import LeaseLostError, StoreError
from reenact.ledger import LedgerFull
from reenact.records import Entry, RunRecord
from reenact.seams import Exporter
from reenact.stores import CommitResult, RunWrite, Store

log = logging.getLogger("reenact.journal")

ROWS_PER_COMMIT = 256
"""Rows after which a commit is full: what it holds can go on while the next one is being made."""

READ_BACK_TRIES = 3

GATHER_TURNS_MAX = 4
"""Turns of the loop for which a commit waits at most, while more that belongs into it is expected."""

Done: TypeAlias = Callable[[CommitResult], None]


class Pending(NamedTuple):
    """A write that waits for a commit.

    Attributes:
        write: What is written.
        done: Told how it ended, from the real loop.
        joined: It belongs into one commit with the write that is submitted next.
    """

    write: RunWrite
    done: Done
    joined: bool = False


class Writer:
    """Gathers writes and commits them, one commit at a time.

    Use it as an async context manager: leaving it commits what was submitted.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[Pending] = []
        self._wake: asyncio.Future[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._closing = False
        self._expecting = False
        self.commits = 0

    async def __aenter__(self) -> "Writer":
        self._task = asyncio.create_task(self._write_on(), name="reenact-writer")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing = True
        self._rouse()
        cancelled: asyncio.CancelledError | None = None
        while self._task is not None and not self._task.done():
            try:
                await asyncio.shield(self._task)
            except asyncio.CancelledError as error:
                cancelled = cancelled if self._task.cancelled() else error
            self._rouse()
        if cancelled is not None:
            raise cancelled

    def submit(self, write: RunWrite, done: Done, *, joined: bool = False) -> None:
        """Put *write* into the next commit; writes of one run are made in the order of submission.

        Args:
            write: What is written.
            done: Told how it ended, from the real loop.
            joined: What is submitted next, before the loop turns, goes into the same commit.
        """
        self._waiting.append(Pending(write, done, joined))
        self._rouse()

    def expect(self) -> None:
        """Have the next commit wait for what is about to run, since it is likely to submit something.

        It is a matter of turns of the loop, and not of time: a run that goes on at once goes into the
        commit with what let it go on.
        """
        self._expecting = True

    async def _gather(self) -> None:
        for _ in range(GATHER_TURNS_MAX):
            if not self._expecting:
                return
            self._expecting = False
            await asyncio.sleep(0)

    def _rouse(self) -> None:
        wake, self._wake = self._wake, None
        if wake is not None and not wake.done():  # a bare future, not an Event: on the way of every step
            wake.set_result(None)
        elif self._task is not None and self._task.cancelled():  # by a loop that ends: runs are let go yet
            self._task = asyncio.create_task(self._write_on(), name="reenact-writer")

    async def write(self, write: RunWrite) -> None:
        """Put *write* into the next commit and wait for it.

        Raises:
            StoreError: If it was not made.
        """
        result = await self.result(write)
        if isinstance(result, Exception):
            raise result
        if isinstance(result, LedgerFull):
            raise StoreError(self._store.where, f"account {result.holding.account} is full")

    async def result(self, write: RunWrite) -> CommitResult:
        """Put *write* into the next commit; return what has become of it."""
        made: asyncio.Future[CommitResult] = asyncio.get_running_loop().create_future()

        def done(result: CommitResult) -> None:
            if not made.done():
                made.set_result(result)

        self.submit(write, done)
        return await made

    async def _write_on(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            if not self._waiting:
                if self._closing:
                    return
                self._wake = loop.create_future()
                await self._wake
            await self._gather()
            batch = self._next_batch()
            if batch:
                await self._commit(batch)

    def _next_batch(self) -> Sequence[Pending]:
        """Take writes off the queue until they are enough for one commit."""
        rows = count = 0
        for pending in self._waiting:
            rows += len(pending.write.rows)
            count += 1
            if rows >= ROWS_PER_COMMIT and not pending.joined:
                break
        batch, self._waiting = self._waiting[:count], self._waiting[count:]
        return batch

    async def _commit(self, batch: Sequence[Pending]) -> None:
        try:
            results = await self._results([pending.write for pending in batch])
        except asyncio.CancelledError:
            self._waiting[:0] = batch  # whether it was made is not known; a store does not double it
            raise
        for pending, result in zip(batch, results, strict=True):
            try:
                pending.done(result)
            except Exception:
                log.exception("a run could not go on after its commit")

    async def _results(self, writes: Sequence[RunWrite]) -> Sequence[CommitResult]:
        """Commit; one whose outcome is not known is made again, which a store answers without doubling."""
        tries = 0
        while True:
            try:
                results = await self._store.commit(writes)
                self.commits += 1
            except StoreError as error:
                return [error] * len(writes)
            except Exception as error:
                tries += 1
                log.warning("a commit ended in an unknown way (%s); reading back", error)
                if tries >= READ_BACK_TRIES:
                    return [StoreError(self._store.where, f"a write failed: {error}")] * len(writes)
            else:
                return results


class Observer(Protocol):
    """Is told at once, in this process, of what has become durable. It must not block."""

    def __call__(self, run: RunRecord, entries: Sequence[Entry]) -> None:
        """Take entries of *run*, in order."""


EXPORT_QUEUE_MAX = 10_000


class Outlet:
    """Tells one exporter, from a task of its own, behind a bounded queue.

    Attributes:
        dropped: How many entries were not exported, because it was too slow or raised.
    """

    def __init__(self, name: str, exporter: Exporter) -> None:
        self.name = name
        self.dropped = 0
        self._exporter = exporter
        self._queue: asyncio.Queue[tuple[RunRecord, Sequence[Entry]] | None] = asyncio.Queue(EXPORT_QUEUE_MAX)
        self._task: asyncio.Task[None] | None = None
        self._leaving = False

    async def __aenter__(self) -> "Outlet":
        self._task = asyncio.create_task(self._export_on(), name=f"reenact-exporter-{self.name}")
        return self

    async def __aexit__(self, *_: object) -> None:
        with contextlib.suppress(asyncio.QueueFull):
            self._queue.put_nowait(None)
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=EXPORT_GRACE_S)
            self._leaving = True
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=EXPORT_GRACE_S)
        while not self._queue.empty():
            left = self._queue.get_nowait()
            self.dropped += len(left[1]) if left is not None else 0
        if self.dropped:
            log.warning("exporter %s missed %d entries", self.name, self.dropped)

    def __call__(self, run: RunRecord, entries: Sequence[Entry]) -> None:
        """Queue *entries*, or count them as dropped."""
        try:
            self._queue.put_nowait((run, entries))
        except asyncio.QueueFull:
            self.dropped += len(entries)

    async def _export_on(self) -> None:
        while (item := await self._queue.get()) is not None:
            try:
                await self._exporter.export(*item)
            except (Exception, asyncio.CancelledError):
                self.dropped += len(item[1])
                if self._leaving:
                    return
                log.exception("exporter %s failed", self.name)


EXPORT_GRACE_S = 5.0


def lost_lease(where: str, run_id: str) -> LeaseLostError:
    """Return the error for a run that another process has taken over."""
    return LeaseLostError(where, f"run {run_id!r} was taken over by another process; nothing was written")
