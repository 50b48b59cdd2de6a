"""What a suite of stores rests on: a store that is open, and empty."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from reenact.stores import Store

from pytest_reenact.conformance.store.writes import OWNER, TTL_S


class Checks:
    """What a suite of stores rests on; `open` says how to open an empty store."""

    def open(self, tmp_path: Path) -> AbstractAsyncContextManager[Store]:
        """Return an async context manager that yields an empty store."""
        raise NotImplementedError("say how to open your store")

    @pytest.fixture
    def on_store(self, tmp_path: Path) -> Callable[[Callable[[Store], Awaitable[None]]], None]:
        """Runs a test's coroutine on an open store."""

        def run(test: Callable[[Store], Awaitable[None]]) -> None:
            async def opened() -> None:
                async with self.open(tmp_path) as store:
                    await store.renew(OWNER, TTL_S)
                    await test(store)

            asyncio.run(asyncio.wait_for(opened(), 30))

        return run
