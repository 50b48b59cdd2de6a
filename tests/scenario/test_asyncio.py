"""What asyncio offers, a workflow may use: it does the same live, on replay, and after a crash anywhere."""

import asyncio
import contextlib
import contextvars
import gc
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import Any

import anyio
import pytest
from pytest_reenact.memory import MemoryStore
from pytest_reenact.order import World
from reenact import Plugins, Runtime, Workflow, current, parallel, step, workflow
from reenact.config import Config
from reenact.records import Status
from reenact.retrieval import read_history

worlds: dict[str, World] = {}
PLUGINS = Plugins(installed=False)
SEEDS = range(4)
VARIABLE: contextvars.ContextVar[str] = contextvars.ContextVar("VARIABLE", default="unset")


class Broken(Exception):
    """What failing steps raise."""


@step
async def work(value: int, fails: bool = False) -> int:
    await worlds["now"].turn(current().path)
    if fails:
        raise Broken(value)
    return value


# --- the workflows


@workflow
async def task_groups() -> list[Any]:
    seen: list[Any] = []

    async def note(number: int) -> None:
        seen.append(await work(number))

    async with asyncio.TaskGroup() as outer:
        outer.create_task(note(1))
        async with asyncio.TaskGroup() as inner:
            for number in range(2, 5):
                inner.create_task(note(number))
        seen.append("inner")
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(work(5, fails=True))
            group.create_task(work(6, fails=True))
            group.create_task(note(7))
            await work(8)
    except* Broken as errors:
        seen.append(sorted(str(one) for one in errors.exceptions))
    return seen


@workflow
async def timeouts() -> list[Any]:
    seen: list[Any] = []
    for limit in (0, 1, 5):
        try:
            async with asyncio.timeout(limit) as scope:
                await asyncio.sleep(2)
                scope.reschedule(asyncio.get_running_loop().time() + 1)
                await asyncio.sleep(3)
        except TimeoutError:
            seen.append([limit, scope.expired()])
    try:
        async with asyncio.timeout(3):
            async with asyncio.timeout(1):
                await asyncio.sleep(2)
    except TimeoutError:
        seen.append("inner first")
    async with asyncio.timeout(None):
        seen.append(await work(1))
    for limit in (-1, 0, 1, 9):
        try:
            seen.append(await asyncio.wait_for(asyncio.sleep(2, "slept"), limit))
        except TimeoutError:
            seen.append(f"not in {limit}")
    return seen


@workflow
async def shields() -> list[Any]:
    seen: list[Any] = []
    inner = asyncio.ensure_future(work(1))
    waiting = asyncio.create_task(asyncio.wait_for(asyncio.shield(inner), 1))
    waiting.cancel()
    seen += [str(one) for one in await asyncio.gather(waiting, return_exceptions=True)]
    seen.append(await inner)
    return seen


@workflow
async def queues() -> list[Any]:
    seen: list[Any] = []
    plain: asyncio.Queue[int] = asyncio.Queue(1)
    ranked: asyncio.PriorityQueue[int] = asyncio.PriorityQueue()
    stacked: asyncio.LifoQueue[int] = asyncio.LifoQueue()

    async def consume(name: str) -> None:
        while True:
            seen.append([name, await plain.get()])
            plain.task_done()

    consumers = [asyncio.create_task(consume(name)) for name in "ab"]
    for number in await asyncio.gather(*(work(n) for n in range(4))):
        await plain.put(number)
        ranked.put_nowait(-number)
        stacked.put_nowait(number)
    await plain.join()
    for consumer in consumers:
        consumer.cancel()
    await asyncio.gather(*consumers, return_exceptions=True)
    seen += [[await ranked.get(), await stacked.get()] for _ in range(4)]
    return seen


@workflow
async def locks() -> list[Any]:
    seen: list[Any] = []
    lock, places, event = asyncio.Lock(), asyncio.BoundedSemaphore(2), asyncio.Event()
    condition, barrier = asyncio.Condition(), asyncio.Barrier(3)
    ready = False

    async def one(number: int) -> None:
        nonlocal ready
        async with places:
            await work(number)
        async with lock:
            seen.append(["locked", number])
            await work(number + 10)
        position = await barrier.wait()
        seen.append(["passed", number, position])
        async with condition:
            if position == 2:
                ready = True
                condition.notify_all()
            await condition.wait_for(lambda: ready)
        event.set()

    async with asyncio.TaskGroup() as group:
        for number in range(3):
            group.create_task(one(number))
        await event.wait()
        seen.append("event")
    return seen


@workflow
async def completions() -> list[Any]:
    seen: list[Any] = []
    with contextlib.suppress(TimeoutError):
        for future in asyncio.as_completed([work(n) for n in range(3)], timeout=1000):
            seen.append(await future)  # noqa: PERF401  # what came before the time was up stays
    seen.append("completed")
    if sys.version_info >= (3, 13):
        tasks = [asyncio.create_task(work(n)) for n in range(3)]
        order = [tasks.index(task) async for task in asyncio.as_completed(tasks)]
        seen.append(sorted(order))
    waiting = {asyncio.create_task(work(n)) for n in range(4)}
    while waiting:
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        seen += [task.result() for task in done]
    try:
        seen.append(await asyncio.gather(work(1), work(2, fails=True), work(3)))
    except Broken as error:
        seen.append(str(error))
    return seen


async def numbers(seen: list[Any], most: int) -> AsyncIterator[int]:
    try:
        for number in range(most):
            yield await work(number)
    finally:
        seen.append(f"closed {await work(most)}")


@workflow
async def generators() -> list[Any]:
    seen: list[Any] = [number async for number in numbers([], 2)]
    async with aclosing(numbers(seen, 3)) as made:
        async for number in made:
            seen.append(number)
            break
    async for number in numbers(seen, 4):
        seen.append(number)
        break
    await work(5)
    await asyncio.sleep(0)
    generator = numbers(seen, 6)
    seen.append(await anext(generator))
    try:
        await generator.athrow(Broken("thrown"))
    except Broken as error:
        seen.append(str(error))
    return seen


@workflow
async def context_variables() -> list[Any]:
    seen: list[Any] = [VARIABLE.get()]
    VARIABLE.set("outer")

    async def one(name: str) -> None:
        seen.append(VARIABLE.get())
        VARIABLE.set(name)
        await work(1)
        seen.append(VARIABLE.get())

    await parallel(one, ["a", "b"])
    await asyncio.create_task(one("own"), context=contextvars.Context())
    seen.append(VARIABLE.get())
    return seen


@workflow
async def cancellations() -> list[Any]:
    seen: list[Any] = []

    async def stubborn() -> str:
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            seen.append(await work(1))
            return "not yet"
        return "slept"

    async def cleans_up() -> None:
        try:
            await work(2)
        finally:
            seen.append(["cleaned", await work(3)])

    one, two = asyncio.create_task(stubborn()), asyncio.create_task(cleans_up())
    await asyncio.sleep(0)
    one.cancel("enough")
    two.cancel()
    seen += [repr(result) for result in await asyncio.gather(one, two, return_exceptions=True)]
    me = asyncio.current_task()
    assert me is not None
    me.cancel()
    try:
        await asyncio.sleep(1)
    except asyncio.CancelledError:
        seen.append(me.uncancel())
    seen.append(await work(4))
    return seen


@workflow
async def callbacks() -> list[Any]:
    seen: list[Any] = []
    loop = asyncio.get_running_loop()
    loop.call_soon(seen.append, "soon")
    loop.call_later(1, seen.append, "later")
    loop.call_at(loop.time() + 2, seen.append, "at")
    loop.call_later(1, seen.append, "never").cancel()
    future = loop.create_future()
    future.add_done_callback(lambda done: seen.append(done.result()))
    loop.call_later(3, future.set_result, "done")
    await future
    task = asyncio.create_task(work(1), name="named")
    task.add_done_callback(lambda done: seen.append([done.get_name(), done.result()]))
    await task
    await asyncio.sleep(0)
    return seen


@workflow
async def names_of_tasks() -> list[str]:
    async def name() -> str:
        await work(1)
        task = asyncio.current_task()
        assert task is not None
        return task.get_name()

    found = [
        await name(),
        *await asyncio.gather(name(), name()),
        await asyncio.create_task(name(), name="own"),
    ]
    with contextlib.suppress(TimeoutError):
        found.append(await asyncio.wait_for(name(), 10_000))
    return found


@asynccontextmanager
async def resource(seen: list[Any], name: str) -> AsyncIterator[str]:
    seen.append(["open", name, await work(1)])
    try:
        yield name
    finally:
        seen.append(["close", name, await work(2)])


@workflow
async def context_managers() -> list[Any]:
    seen: list[Any] = []
    async with AsyncExitStack() as stack:
        for name in "ab":
            await stack.enter_async_context(resource(seen, name))
        stack.push_async_callback(work, 3)
    try:
        async with resource(seen, "c"):
            raise Broken("inside")
    except Broken:
        seen.append("raised")
    return seen


@workflow
async def with_anyio() -> list[Any]:
    seen: list[Any] = []
    sender, receiver = anyio.create_memory_object_stream[int](1)
    limiter, event = anyio.Semaphore(1), anyio.Event()

    async def send() -> None:
        async with sender:
            for number in range(3):
                async with limiter:
                    await sender.send(await work(number))
        event.set()

    async with anyio.create_task_group() as group:
        group.start_soon(send)
        async with receiver:
            seen += [number async for number in receiver]
        await event.wait()
    with anyio.move_on_after(1) as scope:
        await anyio.sleep(2)
    seen.append(scope.cancelled_caught)
    try:
        with anyio.fail_after(1):
            await anyio.sleep(2)
    except TimeoutError:
        seen.append("too late")
    return seen


WORKFLOWS: list[Workflow[[], Any]] = [
    *(task_groups, timeouts, shields, queues, locks, completions, generators),
    *(context_variables, cancellations, callbacks, names_of_tasks, context_managers, with_anyio),
]


# --- the same again


def opened(store: MemoryStore, world: World) -> Any:
    worlds["now"] = world
    return Runtime.open(Config(), store=store, plugins=PLUGINS, clock=world)


async def _order(store: MemoryStore, run_id: str) -> list[tuple[str, str]]:
    read = await read_history(store, run_id, keep_entries=True)
    return [(entry.path, entry.status) for entry in read.history.pending]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("which", WORKFLOWS, ids=lambda which: which.spec.name)
async def test_it_does_the_same_again(which: Workflow[[], Any], seed: int) -> None:
    """Live in several orders; replayed, with the collector at work; resumed after each row of its journal."""
    store, world = MemoryStore(), World(seed)
    async with opened(store, world) as runtime:
        run = await runtime.run(which)
        assert run.status is Status.SUCCEEDED, run.error
        first, order = run.output, await _order(store, run.id)
        gc.collect()
        assert (await runtime.replay(run.id, which)).output == first

    for kept in range(1, len(store.journals[run.id])):
        cut = store.crashed(run.id, kept)
        entries = (await read_history(cut, run.id, keep_entries=True)).entries
        async with opened(cut, World(seed, now_ns=max(entry.at_ns for entry in entries))) as runtime:
            resumed = await runtime.resume(run.id, which)
            assert resumed.output == first, f"resumed after {kept} rows"
        assert await _order(cut, run.id) == order, f"resumed after {kept} rows"


@pytest.mark.parametrize("which", WORKFLOWS, ids=lambda which: which.spec.name)
async def test_it_leaves_nothing_behind(which: Workflow[[], Any]) -> None:
    """No task that was never awaited, no warning, no error nobody saw."""
    before = asyncio.all_tasks()
    async with opened(MemoryStore(), World(1)) as runtime:
        await runtime.run(which)
    gc.collect()

    assert asyncio.all_tasks() <= before
