"""The double that ships does what every store must."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from pytest_reenact.conformance.store import StoreConformance
from pytest_reenact.memory import MemoryStore
from reenact.stores import Store


@asynccontextmanager
async def opened() -> AsyncIterator[Store]:
    yield MemoryStore()


class TestMemoryStore(StoreConformance):
    def open(self, tmp_path: Path) -> AbstractAsyncContextManager[Store]:
        return opened()
