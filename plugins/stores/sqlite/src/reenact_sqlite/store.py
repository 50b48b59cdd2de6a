"""The store: one file, a connection that writes and one that reads, one hop to their threads a batch."""

import asyncio
import os
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Concatenate, Literal, ParamSpec, TypeVar

import attrs
from reenact.content import Blob
from reenact.errors import DamagedError, ReenactError, StoreError
from reenact.records import Message, Row, RunRecord
from reenact.stores import CommitResult, RunFilter, RunWrite, Swept

from reenact_sqlite.connecting import BUSY_S, Link, connect, deleting, make_file
from reenact_sqlite.owners import Alive
from reenact_sqlite.removal import remove
from reenact_sqlite.schema import prepare
from reenact_sqlite.statements import Statements
from reenact_sqlite.sweeping import Sweep

P = ParamSpec("P")
T = TypeVar("T")

_OVER = object()

FAILURES = (sqlite3.Error, UnicodeDecodeError)
"""What SQLite raises; the second where not even the name of what is damaged is text."""

ROWS_AT_A_TIME = 2048
MEMORY = ":memory:"


@attrs.frozen(kw_only=True)
class SqliteOptions:
    """``[journal]`` with ``store = "sqlite"``.

    Attributes:
        path: The file; made if it is not there. ``:memory:`` keeps nothing.
        synchronous: ``full``: what is acknowledged survives a power cut. ``normal``: it survives the
            process, and a power cut may take the last commits; about four times as fast.
    """

    path: Path = Path(".reenact/journal.db")
    synchronous: Literal["full", "normal"] = "full"


class SqliteStore:
    """Keeps runs in one SQLite file; see `reenact.stores.Store`.

    Args:
        writer: The connection that writes.
        reader: The one that reads; the same for a database in memory.
        where: What to call it in an error.
        durable: Whether it outlives the process.
        keeper: Opens the connection that deletes.
    """

    def __init__(
        self,
        writer: Link,
        reader: Link,
        where: str,
        *,
        durable: bool,
        keeper: Callable[[], AbstractAsyncContextManager[Link]],
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._keeper = keeper
        self.where = where
        self.durable = durable
        self._owners: set[str] = set()

    async def _write(
        self, do: Callable[Concatenate[Statements, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        try:
            return await self._writer.hop(do, *args, **kwargs)
        except FAILURES as error:
            raise translated(error, self.where) from error

    async def _read(
        self, do: Callable[Concatenate[Statements, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        try:
            return await self._reader.hop(do, *args, **kwargs)
        except FAILURES as error:
            raise translated(error, self.where) from error

    async def acquire(self, run_id: str, owner: str, ttl_s: float) -> RunRecord:
        """Take a run over."""
        self._owners.add(owner)
        return await self._write(Statements.acquire, run_id, owner, ttl_s)

    async def renew(self, owner: str, ttl_s: float) -> None:
        """Extend the leases of *owner*."""
        self._owners.add(owner)
        await self._write(Statements.renew, owner, ttl_s)

    async def commit(self, writes: Sequence[RunWrite]) -> Sequence[CommitResult]:
        """Make *writes* durable together."""
        return await self._write(Statements.commit, writes)

    async def load(self, run_id: str) -> RunRecord | None:
        """Return the run, or None."""
        return await self._read(Statements.load, run_id)

    async def rows(self, run_id: str, start: int = 0) -> AsyncIterator[Sequence[Row]]:
        """Yield the run's rows in batches."""
        while True:
            batch = await self._read(Statements.rows, run_id, start, ROWS_AT_A_TIME)
            if batch:
                yield batch
            if len(batch) < ROWS_AT_A_TIME:
                return
            start = batch[-1].seq + 1

    async def recall(self, input_hash: str) -> tuple[str, int] | None:
        """Return the run and the seq of an outcome that other runs may take."""
        return await self._read(Statements.recall, input_hash)

    async def blobs(self, hashes: Iterable[str]) -> Mapping[str, Blob]:
        """Return the blobs that are stored, of those named."""
        return await self._read(Statements.blobs, list(hashes))

    async def list(self, which: RunFilter) -> Sequence[RunRecord]:
        """Return runs, newest first."""
        return await self._read(Statements.list, which)

    async def post(self, message: Message) -> int:
        """Keep a message for a run."""
        return await self._write(Statements.post, message)

    async def messages(self, owner: str) -> Sequence[Message]:
        """Return messages for runs that *owner* has."""
        return await self._read(Statements.messages, owner)

    async def held(self, account: str, at_ns: int = 0) -> int:
        """Return what *account* holds that does not end by *at_ns*."""
        return await self._read(Statements.held, account, at_ns)

    async def ledger_ns(self, boot: str, since_boot_ns: int, now_ns: int) -> int:
        """Return the time by the clock of the ledger, which nobody sets."""
        return await self._write(Statements.ledger_ns, boot, since_boot_ns, now_ns)

    async def remove(self, run_ids: Sequence[str]) -> None:
        """Remove runs for good, all that are named or none."""
        await self._write(remove, run_ids)

    async def sweep(self) -> Swept:
        """Delete what removed runs have left and nobody needs, little by little."""
        try:
            async with self._keeper() as keeper:
                sweep = Sweep(keeper.statements)
                steps = sweep.steps()
                began = time.monotonic()
                while await keeper.hop(lambda _: next(steps, _OVER)) is not _OVER:
                    await asyncio.sleep(
                        time.monotonic() - began
                    )  # as long as others had to wait, they may write
                    began = time.monotonic()
        except FAILURES as error:
            raise translated(error, self.where) from error
        return sweep.swept

    async def compact(self) -> None:
        """Write the file anew, without what was deleted, and empty the write-ahead log."""
        try:
            async with self._keeper() as keeper:
                await keeper.execute_fetchall("VACUUM")
                found = await keeper.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
        except FAILURES as error:
            raise translated(error, self.where) from error
        if any(busy for busy, _, _ in found):
            raise StoreError(
                self.where,
                "it was compacted, but somebody reads it, so that its write-ahead log could not be emptied; "
                "compact it again when nobody does",
            )

    async def check(self) -> Sequence[str]:
        """Return what SQLite finds wrong with the file."""
        try:
            found = await self._reader.execute_fetchall("PRAGMA integrity_check(20)")
        except FAILURES as error:
            return [str(translated(error, self.where))]
        return [str(row[0]) for row in found if row[0] != "ok"]

    async def backup(self, to: str) -> None:
        """Write a copy that is whole, to a file that does not exist."""
        target, part = Path(to), Path(f"{to}.part")
        try:
            await asyncio.to_thread(_claim_file, target)
            await self._reader.execute("VACUUM INTO ?", (str(part),))
            await asyncio.to_thread(_put_in_place, part, target)
        except FileExistsError as error:
            raise StoreError(to, "it exists; a backup never overwrites") from error
        except (*FAILURES, OSError) as error:
            await asyncio.to_thread(_remove, target, part)
            raise StoreError(to, f"the backup failed: {error}") from error

    async def forget_owners(self) -> None:
        """Take this process off the list of owners."""
        for owner in self._owners:
            await self._write(Statements.forget, owner)


def _claim_file(path: Path) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))


def _put_in_place(part: Path, target: Path) -> None:
    part.chmod(0o600)
    part.replace(target)


def _remove(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def translated(error: Exception, where: str) -> ReenactError:
    """Return a SQLite error in the runtime's words."""
    text = str(error)
    if isinstance(error, UnicodeDecodeError):
        return DamagedError(where, "the file is damaged: what should be text is none; nothing was changed")
    if isinstance(error, sqlite3.DatabaseError) and any(
        sign in text for sign in ("malformed", "not a database", "file is encrypted")
    ):
        return DamagedError(where, f"the file is damaged or no SQLite database ({text}); nothing was changed")
    remedies = {
        "disk is full": "the disk is full; nothing was lost, make room and resume",
        "readonly": "it cannot be written; check its permissions and those of its folder",
        "unable to open": "it cannot be opened; check its folder and permissions",
        "disk I/O": "the disk failed to read or write; nothing was acknowledged that is not stored",
        "locked": f"another process has held it for more than {BUSY_S:.0f} s",
    }
    remedy = next((remedy for sign, remedy in remedies.items() if sign in text), text)
    return StoreError(where, remedy)


@asynccontextmanager
async def open_sqlite(options: SqliteOptions) -> AsyncIterator[SqliteStore]:
    """Open the database, making it if it is not there."""
    memory = str(options.path.name) == MEMORY
    where = MEMORY if memory else str(options.path)
    if not memory:
        make_file(options.path)
    alive = Alive(None if memory else options.path.with_name(f"{options.path.name}-owners"))
    async with AsyncExitStack() as stack:
        try:
            writer = await connect(stack, where, options.synchronous, alive)
            await writer._execute(prepare, writer._conn, where)  # type: ignore[no-untyped-call]  # a subclass's business
            reader = writer if memory else await connect(stack, where, options.synchronous, alive)
        except FAILURES as error:
            raise translated(error, where) from error

        def keeper() -> AbstractAsyncContextManager[Link]:
            return nullcontext(writer) if memory else deleting(where, options.synchronous, alive)

        store = SqliteStore(writer, reader, where, durable=not memory, keeper=keeper)
        try:
            yield store
        finally:
            await asyncio.shield(_let_go(store, alive))


async def _let_go(store: SqliteStore, alive: Alive) -> None:
    try:
        await store.forget_owners()
    except ReenactError:
        pass  # a full or failing disk: the lease runs out instead
    finally:
        alive.drop()
