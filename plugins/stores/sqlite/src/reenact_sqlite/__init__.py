"""The SQLite store: one file, one writer a process, every commit durable."""

from collections.abc import Iterable

from reenact.hookspecs import hookimpl
from reenact.seams import Offer
from reenact.stores import Store

from reenact_sqlite.store import SqliteOptions, SqliteStore, open_sqlite

__all__ = ["SqliteOptions", "SqliteStore", "open_sqlite", "reenact_stores"]


@hookimpl
def reenact_stores() -> Iterable[Offer[Store]]:
    """Offer the store as ``sqlite``."""
    yield Offer("sqlite", open_sqlite, SqliteOptions, doc="one file, durable at every commit")
