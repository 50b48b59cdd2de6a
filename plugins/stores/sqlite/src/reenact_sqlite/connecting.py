"""A connection to the file: recognised before anything is changed, set up, then used a batch at a time."""

import os
import random
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import aiosqlite
from reenact.errors import StoreError

from reenact_sqlite.owners import Alive
from reenact_sqlite.schema import recognise
from reenact_sqlite.statements import Statements

P = ParamSpec("P")
T = TypeVar("T")

BUSY_S = 30.0
"""How long a connection waits for a file that another process holds."""

AGAIN_S = 0.01
WAL_PAGES = 1000
"""Pages after which SQLite moves the write-ahead log into the database: about 4 MB."""

WAL_BYTES_KEPT = 8_000_000


class _Errand:
    """Work for the other thread. aiosqlite logs what it is given to do, and prompts belong in no log."""

    __slots__ = ("_args", "_do", "_kwargs")

    def __init__(self, do: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        self._do, self._args, self._kwargs = do, args, kwargs

    def __call__(self, statements: Statements) -> Any:
        return self._do(statements, *self._args, **self._kwargs)

    def __repr__(self) -> str:
        return f"<{self._do.__name__}>"


class Link(aiosqlite.Connection):
    """A connection that does a whole batch in one hop to its thread."""

    statements: Statements

    async def hop(self, do: Callable[Concatenate[Statements, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call *do* with the statements, in the connection's thread."""
        return await self._execute(_Errand(do, args, kwargs), self.statements)  # type: ignore[no-untyped-call, no-any-return]  # a subclass may


async def connect(stack: AsyncExitStack, where: str, synchronous: str, alive: Alive, *more: str) -> Link:
    """Open a connection that is closed with *stack*.

    Args:
        stack: What closes it.
        where: The file, or ``:memory:``.
        synchronous: SQLite's setting of that name.
        alive: This process's locks as an owner of runs.
        more: Pragmas beside those that every connection has.
    """
    pragmas = (
        "auto_vacuum = INCREMENTAL",  # for a file that is new; before anything is written into it
        "journal_mode = WAL",
        f"synchronous = {synchronous.upper()}",
        f"wal_autocheckpoint = {WAL_PAGES}",
        f"journal_size_limit = {WAL_BYTES_KEPT}",
        "trusted_schema = OFF",
        "temp_store = MEMORY",
        *more,
    )
    link: Any = await stack.enter_async_context(Link(lambda: _opened(where), iter_chunk_size=64))
    await link._execute(_set_up, link._conn, where, pragmas)
    made: Link = link
    made.statements = Statements(made._conn, where, alive)
    return made


def _opened(where: str) -> sqlite3.Connection:
    return sqlite3.connect(where, timeout=BUSY_S, isolation_level=None, cached_statements=256)


def _set_up(connection: sqlite3.Connection, where: str, pragmas: Iterable[str]) -> None:
    recognise(connection, where)
    for pragma in pragmas:
        _patiently(connection, f"PRAGMA {pragma}")


def _patiently(connection: sqlite3.Connection, statement: str) -> None:
    """Execute *statement*, again and again while another process holds the file.

    SQLite itself does not wait, whatever its time-out is, where two that wait might wait for each other:
    as where several processes at once give a new file its write-ahead log
    (https://sqlite.org/c3ref/busy_handler.html).
    """
    until = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute(statement).fetchall()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
        else:
            return
        time.sleep(AGAIN_S * random.random())


@asynccontextmanager
async def deleting(where: str, synchronous: str, alive: Alive) -> AsyncIterator[Link]:
    """Open a connection that overwrites what it deletes, and copies into files, not into memory."""
    async with AsyncExitStack() as stack:
        yield await connect(stack, where, synchronous, alive, "secure_delete = ON", "temp_store = FILE")


def make_file(path: Path) -> None:
    """Make the file and its folder, for the user only; what is there keeps its content."""
    try:
        _make_folder(path.parent)
        if path.is_dir():
            raise StoreError(str(path), "it is a folder; name a file")
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StoreError(str(path), f"it cannot be opened: {error.strerror}") from error


def _make_folder(folder: Path) -> None:
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(mode=0o700)
