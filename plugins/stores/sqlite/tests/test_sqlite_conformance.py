"""The SQLite store does what every store must, on disk and in memory."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path

from pytest_reenact.conformance.store import StoreConformance
from reenact.stores import Store
from reenact_sqlite import SqliteOptions, open_sqlite


class TestOnDisk(StoreConformance):
    def open(self, tmp_path: Path) -> AbstractAsyncContextManager[Store]:
        return open_sqlite(SqliteOptions(path=tmp_path / "journal.db"))


class TestInMemory(StoreConformance):
    def open(self, tmp_path: Path) -> AbstractAsyncContextManager[Store]:
        return open_sqlite(SqliteOptions(path=Path(":memory:")))
