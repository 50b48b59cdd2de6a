"""Cancelled at any moment, a run leaves a record that is whole and replays, and other runs do not mind."""

import asyncio
from typing import Any

import pytest
from pytest_reenact.memory import MemoryStore
from reenact import Config, Runtime, Status, approve, llm, parallel, step, tool, workflow
from reenact.config import RuntimeOptions
from reenact.errors import ReenactError, RunEndedError
from reenact.retrieval import read_history
from turning import until

from conftest import Fake, Opened


@step(retries=2)
async def work(value: int) -> int:
    for _ in range(value % 3):
        await asyncio.sleep(0)
    if value == 4:
        raise ValueError(value)
    return value


@step(pool="narrow")
async def queued(value: int) -> int:
    await asyncio.sleep(0)
    return value


@tool
async def search(query: str) -> str:
    await asyncio.sleep(0)
    return query


@workflow(name="cancelling-child")
async def child(value: int) -> int:
    return await work(value)


@workflow(name="cancelling")
async def busy() -> list[Any]:
    """Do some of everything."""
    found: list[Any] = [await work(1)]
    found += await parallel(queued, range(3))
    found.append(await llm("fake:m", "hello"))
    try:
        async with asyncio.timeout(3):
            await asyncio.gather(work(2), asyncio.sleep(10))
    except TimeoutError:
        found.append("late")
    found.append(await child(2))
    first, rest = await asyncio.wait(
        [asyncio.create_task(queued(n)) for n in range(3)], return_when=asyncio.FIRST_COMPLETED
    )
    for task in rest:
        task.cancel()
    try:
        await work(4)
    except ValueError:
        found.append("failed")
    return [*found, len(first) > 0]


ENDED = [1, 0, 1, 2, "answer to hello", "late", 2, "failed", True]
CONFIG = Config(runtime=RuntimeOptions(pools={"narrow": 2}, grace_s=0.05))


async def check(runtime: Runtime, store: MemoryStore, run_id: str) -> None:
    """Assert that all journals are whole, and that no ended step has a later entry."""
    for one in list(store.runs):
        if store.journals.get(one):
            await runtime.verify(one)
            entries = (await read_history(store, one, keep_entries=True)).entries
            assert [entry.seq for entry in entries] == list(range(len(entries)))
    assert run_id in store.runs


@pytest.mark.parametrize("turns", range(0, 60))
async def test_a_run_that_is_cancelled_after_any_turn_ends_cleanly(
    opened: Opened, store: MemoryStore, turns: int
) -> None:
    """By request: it ends as cancelled (or had ended), replays to the same end, and the next run works."""
    async with opened(CONFIG) as runtime:
        handle = await runtime.start(busy)
        for _ in range(turns * 2):
            await asyncio.sleep(0)
        await _until_begun(store, handle.id)
        try:
            await runtime.cancel(handle.id, "enough")
        except RunEndedError:
            assert handle.status.ended
        run = await asyncio.wait_for(handle.wait(), 20)
        await check(runtime, store, run.id)
        replayed = await runtime.replay(run.id)
        fresh = await runtime.run(busy)

    assert run.status in (Status.CANCELLED, Status.SUCCEEDED)
    assert replayed.status is run.status
    assert fresh.output == ENDED
    assert all(one.status.ended for one in store.runs.values())
    assert all(not one.owner for one in store.runs.values())


async def _until_begun(store: MemoryStore, run_id: str) -> None:
    async with asyncio.timeout(10):
        while run_id not in store.runs:
            await asyncio.sleep(0)


@pytest.mark.parametrize("turns", range(0, 60))
async def test_a_run_whose_process_leaves_after_any_turn_goes_on(
    opened: Opened, store: MemoryStore, turns: int
) -> None:
    """The record is whole, and another runtime ends the run as if nothing had been."""
    async with opened(CONFIG) as runtime:
        handle = await runtime.start(busy)
        await _until_begun(store, handle.id)
        for _ in range(turns * 2):
            await asyncio.sleep(0)

    async with opened(CONFIG) as runtime:
        await check(runtime, store, handle.id)
        replayed_so_far = await runtime.replay(handle.id)
        run = await asyncio.wait_for(runtime.resume(handle.id), 20)
        await check(runtime, store, handle.id)
        replayed = await runtime.replay(handle.id)

    assert run.output == ENDED == replayed.output
    assert replayed_so_far.id == run.id


@pytest.mark.parametrize("turns", range(0, 60, 3))
async def test_who_gives_up_waiting_for_a_run_does_not_stop_it(opened: Opened, turns: int) -> None:
    """Cancelling the wait is not cancelling the run."""
    async with opened(CONFIG) as runtime:
        handle = await runtime.start(busy)
        waiting = asyncio.create_task(handle.wait())
        for _ in range(turns * 2):
            await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)

        run = await asyncio.wait_for(handle.wait(), 20)

    assert run.output == ENDED


@workflow(name="cancelling-stubborn")
async def stubborn() -> str:
    try:
        await approve("well?")
    except asyncio.CancelledError:
        return f"cleaned up {await work(1)}"
    return "?"


async def test_a_workflow_may_clean_up_when_it_is_cancelled(opened: Opened) -> None:
    """In steps, which are on record; what it returns then is its result."""
    async with opened() as runtime:
        handle = await runtime.start(stubborn)
        await _waiting(handle)
        await runtime.cancel(handle.id, "enough")
        run = await handle.wait()
        replayed = await runtime.replay(run.id)

    assert run.output == "cleaned up 1" == replayed.output


async def _waiting(handle: Any) -> None:
    async with asyncio.timeout(10):
        while handle.status is not Status.WAITING:
            await asyncio.sleep(0)


async def test_a_cancelled_stream_keeps_no_connection_open(opened: Opened, fake: Fake) -> None:
    """The provider's generator is closed when the step is called off."""
    closed = asyncio.Event()
    begun = asyncio.Event()

    async def answer(request: Any) -> str:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            closed.set()
        return ""

    fake.answer = answer

    @workflow(name="cancelling-stream")
    async def streaming() -> str:
        return await llm("fake:m", "hello", on_event=lambda event: None)

    async with opened() as runtime:
        handle = await runtime.start(streaming)
        await begun.wait()
        await runtime.cancel(handle.id)
        run = await handle.wait()

    assert run.status is Status.CANCELLED
    assert closed.is_set()
    with pytest.raises(ReenactError):
        _ = run.output


async def test_cancel_reaches_the_call_in_flight(opened: Opened, store: MemoryStore) -> None:
    """A cancelled run's step is cancelled too; the run says who asked, and stays cancelled."""
    cancelled = asyncio.Event()

    @step
    async def endless() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    @workflow(name="endless-one")
    async def endless_one() -> None:
        await endless()

    async with opened() as runtime:
        handle = await runtime.start(endless_one)
        await until(lambda: len(store.journals.get(handle.id, ())) == 2)
        await runtime.cancel(handle.id, "not needed")
        run = await handle.wait()
        view = await runtime.show(run.id)
        assert run.status is Status.CANCELLED
        assert cancelled.is_set()
        assert [(s.path, s.status) for s in view.steps if s.kind == "step"] == [("endless#0", "cancelled")]
        with pytest.raises(RunEndedError):
            await runtime.resume(run.id)
        replayed = await runtime.replay(run.id)
        assert replayed.status is Status.CANCELLED
