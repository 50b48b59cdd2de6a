"""A workflow that waits for what nothing can bring says so, and where; it does not wait for ever."""

import asyncio
from types import SimpleNamespace

import pytest
from pytest_reenact.memory import MemoryStore
from reenact import Status, sleep, step, wait_signal, workflow
from reenact.errors import DeadlockError

from conftest import Opened

code = SimpleNamespace(stuck=True)
done: list[int] = []


@pytest.fixture(autouse=True)
def fresh() -> None:
    code.stuck = True
    done.clear()


@step
async def work(number: int) -> int:
    done.append(number)
    return number


@workflow
async def forgets() -> int:
    first = await work(1)
    if code.stuck:
        await asyncio.Event().wait()  # here
    return first + await work(2)


def line_of(mark: str) -> int:
    """Return the number of the line of this file that ends with *mark*."""
    with open(__file__, encoding="utf-8") as lines:  # noqa: PTH123  # the file that runs
        return next(number for number, line in enumerate(lines, 1) if line.endswith(f"# {mark}\n"))


async def test_it_says_where_and_the_run_can_go_on(opened: Opened) -> None:
    """The error names file and line; with mended code the run is resumed there, and nothing is done again."""
    async with opened() as runtime:
        started = await runtime.start(forgets)
        with pytest.raises(DeadlockError, match="nothing can bring") as raised:
            await asyncio.wait_for(started.wait(), 10)
        assert raised.value.at == (f"{__file__}:{line_of('here')}",)
        assert (await runtime.find(started.id)).status is Status.RUNNING
        assert (await runtime.find(started.id)).owner == ""
        code.stuck = False
        assert (await runtime.resume(started.id)).output == 3
    assert done == [1, 2]


async def test_before_its_first_step_too(opened: Opened) -> None:
    """Nothing has to have happened before."""

    @workflow
    async def never() -> None:
        await asyncio.get_running_loop().create_future()

    async with opened() as runtime:
        with pytest.raises(DeadlockError):
            await asyncio.wait_for(runtime.run(never), 10)


async def test_tasks_that_wait_for_each_other(opened: Opened) -> None:
    """All of them are named, in the order in which they were started."""

    @workflow
    async def embrace() -> None:
        one, other = asyncio.Lock(), asyncio.Lock()

        async def take(first: asyncio.Lock, second: asyncio.Lock, number: int) -> None:
            async with first:
                await work(number)
                async with second:  # embrace
                    await work(number)

        await asyncio.gather(take(one, other, 1), take(other, one, 2))  # gather

    async with opened() as runtime:
        with pytest.raises(DeadlockError) as raised:
            await asyncio.wait_for(runtime.run(embrace), 10)
    lines = [int(at.rpartition(":")[2]) for at in raised.value.at]
    assert lines == [line_of("gather"), line_of("embrace"), line_of("embrace")]


async def test_who_waits_for_somebody_or_for_time_is_not_stuck(opened: Opened, store: MemoryStore) -> None:
    """A signal, a timer or a step in another task may bring what the workflow waits for."""

    @workflow
    async def patient() -> str:
        told = asyncio.Event()

        async def listen() -> str:
            heard: str = await wait_signal("go")
            await sleep(3600)
            await work(1)
            told.set()
            return heard

        listening = asyncio.ensure_future(listen())
        await told.wait()
        return await listening

    async with opened() as runtime:
        run = await runtime.start(patient)
        while run.id not in store.runs or store.runs[run.id].status is not Status.WAITING:
            await asyncio.sleep(0)
        await runtime.signal(run.id, "go", "on")
        assert (await asyncio.wait_for(run.wait(), 10)).output == "on"


async def test_a_parent_hears_of_its_child(opened: Opened) -> None:
    """What is stuck is the child, and the parent fails with its error."""

    @workflow
    async def parent() -> int:
        return await forgets()

    async with opened() as runtime:
        run = await asyncio.wait_for(runtime.run(parent), 10)
    assert run.status is Status.FAILED
    assert isinstance(run.error, DeadlockError)
