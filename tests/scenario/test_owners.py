"""A run has one id and one owner: who starts it again gets it, and who lost it writes nothing."""

import asyncio

import pytest
from pytest_reenact.memory import MemoryStore
from reenact import llm, step, workflow
from reenact.errors import RunConflictError, RunOwnedError, UsageError
from turning import until

from conftest import Fake, Opened


@workflow(name="known-asks")
async def asks(topic: str) -> str:
    return await llm("fake:m", topic)


@workflow(name="known-another")
async def another() -> None:
    return None


async def test_a_known_run_id_with_the_same_input_is_that_run(opened: Opened, fake: Fake) -> None:
    """It is run once; with another input it is an error."""
    async with opened() as runtime:
        handles = [await runtime.start(asks, ("a",), run_id="mine") for _ in range(5)]
        runs = await asyncio.gather(*(handle.wait() for handle in handles))
        assert {run.id for run in runs} == {"mine"}
        assert fake.calls == 1
        with pytest.raises(RunConflictError, match="input"):
            await runtime.start(asks, ("b",), run_id="mine")
        with pytest.raises(RunConflictError, match="workflow"):
            await runtime.start(another, run_id="mine")
        with pytest.raises(UsageError, match="no run id"):
            await runtime.start(asks, ("b",), run_id="../mine")


@workflow
async def waits_for_ever() -> None:
    await asyncio.Event().wait()


async def test_a_run_has_one_owner(opened: Opened, store: MemoryStore) -> None:
    """A second process is told who has the run and until when."""
    async with opened() as first, opened() as second:
        run = await first.start(waits_for_ever)
        await until(lambda: run.id in store.runs)
        with pytest.raises(RunOwnedError, match=r"owned by pid \d+ on .* until 20"):
            await second.resume(run.id)


async def test_a_worker_that_was_taken_over_writes_nothing(opened: Opened, store: MemoryStore) -> None:
    """Every commit carries the lease's epoch; under an old one nothing is written, and the run ends here."""
    gate = asyncio.Event()

    @step
    async def slow() -> str:
        await gate.wait()
        return "late"

    @workflow(name="slow-one")
    async def slow_one() -> str:
        return await slow()

    async with opened() as sleeper, opened() as other:
        handle = await sleeper.start(slow_one)
        await until(lambda: len(store.journals.get(handle.id, ())) == 2)
        store.leases.clear()  # the sleeper's lease has run out
        taken = asyncio.create_task(other.resume(handle.id))
        await until(lambda: store.runs[handle.id].epoch == 2)
        rows = len(store.journals[handle.id])
        gate.set()
        with pytest.raises(Exception, match="taken over"):
            await handle.wait()
        assert (await taken).output == "late"
        assert rows <= len(store.journals[handle.id])
