"""Executors that keep their promises pass the suite: at once, few at a time, and none here at all."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path

from pytest_reenact.conformance.executor import ExecutorConformance, adding, asking, breaking, family
from pytest_reenact.memory import MemoryStore
from reenact import Plugins, Runtime
from reenact.config import Config
from reenact.seams import Executor, Store

WORKFLOWS = (adding, asking, breaking, family)


class AtOnce:
    """Runs runs at once."""

    def __init__(self) -> None:
        self.tasks: set[asyncio.Task[None]] = set()

    async def submit(self, run_id: str, start: Callable[[], Awaitable[None]]) -> None:
        await asyncio.sleep(0)
        self.begin(start)

    def begin(self, start: Callable[[], Awaitable[None]]) -> None:
        task = asyncio.ensure_future(self.see_through(start))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def see_through(self, start: Callable[[], Awaitable[None]]) -> None:
        await start()

    async def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


class Few(AtOnce):
    """Runs a few runs at a time, the others when there is a place."""

    def __init__(self, places: int) -> None:
        super().__init__()
        self.places = asyncio.Semaphore(places)

    async def see_through(self, start: Callable[[], Awaitable[None]]) -> None:
        async with self.places:
            await start()


class Elsewhere:
    """Has a worker with a runtime of its own resume runs; stands for another process."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[str] = asyncio.Queue()

    async def submit(self, run_id: str, start: Callable[[], Awaitable[None]]) -> None:
        await self.queue.put(run_id)

    async def work(self, store: Store) -> None:
        plugins = Plugins(installed=False)
        async with (
            Runtime.open(Config(), store=store, plugins=plugins) as runtime,
            asyncio.TaskGroup() as runs,
        ):
            while True:
                run_id = await self.queue.get()
                runs.create_task(runtime.resume(run_id))


@asynccontextmanager
async def closing(executor: AtOnce) -> AsyncIterator[Executor]:
    yield executor
    await executor.close()


class TestAtOnce(ExecutorConformance):
    def open(self, tmp_path: Path) -> AbstractAsyncContextManager[Executor]:
        return closing(AtOnce())


class TestFew(ExecutorConformance):
    def open(self, tmp_path: Path) -> AbstractAsyncContextManager[Executor]:
        return closing(Few(2))


class TestElsewhere(ExecutorConformance):
    here = False

    @asynccontextmanager
    async def store(self, tmp_path: Path) -> AsyncIterator[Store]:
        self.shared = MemoryStore()
        yield self.shared

    @asynccontextmanager
    async def open(self, tmp_path: Path) -> AsyncIterator[Executor]:
        executor = Elsewhere()
        worker = asyncio.ensure_future(executor.work(self.shared))
        yield executor
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker
