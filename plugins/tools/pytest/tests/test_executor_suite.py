"""Executors that keep their promises pass the suite: at once, few at a time, and none here at all.

Those that break one promise each are caught.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path

import pytest
from pytest_reenact.conformance.executor import ExecutorConformance, adding, asking, breaking, family
from pytest_reenact.memory import MemoryStore
from reenact import Plugins, Runtime
from reenact.config import Config
from reenact.seams import Executor
from reenact.stores import Store

from .conftest import Failures

pytest_plugins = ("pytester",)

Start = Callable[[], Awaitable[None]]

WORKFLOWS = (adding, asking, breaking, family)


class AtOnce:
    """Runs runs at once."""

    def __init__(self) -> None:
        self.tasks: set[asyncio.Task[None]] = set()

    async def submit(self, run_id: str, start: Start) -> None:
        await asyncio.sleep(0)
        self.begin(start)

    def begin(self, start: Start) -> None:
        task = asyncio.ensure_future(self.see_through(start))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def see_through(self, start: Start) -> None:
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

    async def see_through(self, start: Start) -> None:
        async with self.places:
            await start()


class Elsewhere:
    """Has a worker with a runtime of its own resume runs; stands for another process."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[str] = asyncio.Queue()

    async def submit(self, run_id: str, start: Start) -> None:
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
    try:
        yield executor
    finally:
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


# --- mutants ------------------------------------------------------------------------------------


class Mutant(AtOnce):
    """A sound executor; mutants change a method of it."""


class NeverStarts(Mutant):
    """What is submitted is forgotten."""

    def begin(self, start: Start) -> None:
        return None


class StartsTwice(Mutant):
    """What is submitted is run twice."""

    def begin(self, start: Start) -> None:
        super().begin(start)
        super().begin(start)


class WaitsForTheEnd(Mutant):
    """Whoever submits a run waits until it has ended."""

    async def submit(self, run_id: str, start: Start) -> None:
        await start()


class ForgetsToAwait(Mutant):
    """A run is called and not awaited, so that nothing of it happens."""

    async def see_through(self, start: Start) -> None:
        begun = start()
        await asyncio.sleep(0)
        begun.close()  # type: ignore[attr-defined]  # it is a coroutine


class CutsOff(Mutant):
    """A run that does not end at once is cut off."""

    async def see_through(self, start: Start) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(start(), 0)


class OneLoopForAll(Mutant):
    """A worker takes runs one after the other, and an error ends the worker."""

    def __init__(self) -> None:
        super().__init__()
        self.queue: asyncio.Queue[Start] = asyncio.Queue()

    def begin(self, start: Start) -> None:
        self.queue.put_nowait(start)
        if not self.tasks:
            self.tasks.add(asyncio.ensure_future(self.work()))

    async def work(self) -> None:
        while True:
            await (await self.queue.get())()


class DropsWhatDoesNotFit(Mutant):
    """A queue that is full takes no more, and says nothing."""

    def begin(self, start: Start) -> None:
        if len(self.tasks) < 10:
            super().begin(start)


class SubmitsAgain(Mutant):
    """A submission that is cancelled is made again, although it was made."""

    async def submit(self, run_id: str, start: Start) -> None:
        self.begin(start)
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            self.begin(start)
            raise


class LeavesTasksBehind(Mutant):
    """Closing it leaves what it began."""

    async def close(self) -> None:
        await asyncio.sleep(0)


class WaitsForAllToEnd(Mutant):
    """Closing it waits for runs that go on."""

    async def close(self) -> None:
        await asyncio.gather(*self.tasks, return_exceptions=True)


class StartsLaterThanItSays(Mutant):
    """What is submitted begins when something else is submitted."""

    before: Start | None = None

    def begin(self, start: Start) -> None:
        if self.before is not None:
            super().begin(self.before)
        self.before = start


class LosesEqualIds(Mutant):
    """A run that it has had before is not run again: one that waited never goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.known: set[str] = set()

    async def submit(self, run_id: str, start: Start) -> None:
        if run_id not in self.known:
            self.known.add(run_id)
            await super().submit(run_id, start)


class LosesAPlaceWhenCancelled(Mutant):
    """A run that is cancelled keeps its place for ever."""

    def __init__(self) -> None:
        super().__init__()
        self.places = asyncio.Semaphore(2)

    async def see_through(self, start: Start) -> None:
        await self.places.acquire()
        try:
            await start()
        except Exception:
            self.places.release()
            raise
        self.places.release()


def suite_of(kind: type[AtOnce]) -> type[ExecutorConformance]:
    """Return the suite, over a kind of executor."""

    class Suite(ExecutorConformance):
        scene_s = 1.0

        def open(self, tmp_path: Path) -> AbstractAsyncContextManager[Executor]:
            return closing(kind())

    return Suite


@pytest.mark.parametrize("mutant", Mutant.__subclasses__(), ids=lambda kind: kind.__name__)
def test_an_executor_that_breaks_a_promise_is_caught(mutant: type[Mutant], failures: Failures) -> None:
    """At least one test of the suite fails on it."""
    assert failures(suite_of(mutant))
