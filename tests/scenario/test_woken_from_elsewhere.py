"""What does not repeat is refused in words, and what cannot come is not waited for."""

import asyncio
import concurrent.futures
import contextlib
import gc
import math
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from reenact import LlmEvent, LlmRequest, Runtime, Status, Workflow, complete, step, user, workflow
from reenact.errors import DivergenceError, NotDeterministicError, UsageError
from reenact.turns import DELIVERIES_AT_A_TIME

from conftest import Opened

shared: dict[str, Any] = {}


def line_of(text: str) -> str:
    """Return the file and line of what *text* is the comment of."""
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    return f"{__file__}:{next(number for number, line in enumerate(lines, 1) if line.endswith(text))}"


@step
async def work(value: int = 0) -> int:
    return value


# --- woken from elsewhere


@step
async def set_event() -> None:
    shared["event"].set()  # from a step


@workflow
async def waits_for_an_event() -> str:
    shared["event"] = asyncio.Event()
    waiting = asyncio.create_task(shared["event"].wait())
    await asyncio.sleep(0)
    try:
        await set_event()
    except NotDeterministicError as error:
        waiting.cancel()
        return str(error)
    return "woken"


async def test_a_step_cannot_wake_its_workflow(opened: Opened) -> None:
    """A replay, which performs no step, would wait for ever."""
    async with opened() as runtime:
        run = await runtime.run(waits_for_an_event)
        replayed = await runtime.replay(run.id)

    assert "being woken from outside of the run" in run.output
    assert line_of("# from a step") in run.output
    assert "what a step returns is how it speaks to its workflow" in run.output
    assert replayed.output == run.output


@workflow
async def listens() -> list[str]:
    heard: asyncio.Queue[str] = asyncio.Queue()
    words: list[str] = []

    async def consume() -> None:
        while True:
            words.append(await heard.get())

    def listen(event: LlmEvent) -> None:
        heard.put_nowait(event.type)

    consumer = asyncio.create_task(consume())
    await asyncio.sleep(0)
    await complete(LlmRequest(model="fake:m", messages=[user("a word or two")]), on_event=listen)
    consumer.cancel()
    return words


async def test_nor_can_what_listens_to_a_stream(opened: Opened) -> None:
    """It hears on the real loop; the run is the same without it."""
    async with opened() as runtime:
        run = await runtime.run(listens)
        replayed = await runtime.replay(run.id)

    assert run.output == replayed.output == []


# --- refused, with the user's line


@workflow
async def in_a_thread() -> str:
    return await asyncio.to_thread(str)  # in a thread


@workflow
async def in_an_executor() -> str:
    return await asyncio.get_running_loop().run_in_executor(None, str)  # in an executor


@workflow
async def by_a_pool() -> str:
    with concurrent.futures.ThreadPoolExecutor() as pool:
        return await asyncio.wrap_future(pool.submit(str))  # by a pool


@workflow
async def by_a_connection() -> None:
    await asyncio.open_connection("127.0.0.1", 1)  # by a connection


@workflow
async def by_a_process() -> None:
    await asyncio.create_subprocess_exec("true")  # by a process


@workflow
async def by_a_client() -> None:
    async with httpx.AsyncClient() as client:
        await client.get("http://localhost:1")  # by a client


@workflow
async def by_a_factory() -> None:
    asyncio.get_running_loop().set_task_factory(None)  # by a factory


REFUSED: list[tuple[Workflow[[], Any], str]] = [
    (in_a_thread, "# in a thread"),
    (in_an_executor, "# in an executor"),
    (by_a_pool, "# by a pool"),
    (by_a_connection, "# by a connection"),
    (by_a_process, "# by a process"),
    (by_a_client, "# by a client"),
    (by_a_factory, "# by a factory"),
]


@pytest.mark.parametrize(("which", "comment"), REFUSED, ids=lambda one: getattr(one, "__name__", ""))
async def test_what_does_not_repeat_is_refused_on_its_line(
    opened: Opened, which: Workflow[[], Any], comment: str
) -> None:
    """The user's, also where a library is between."""
    async with opened() as runtime:
        run = await runtime.run(which)
        assert run.status is Status.FAILED
        replayed = await runtime.replay(run.id)

    assert isinstance(run.error, NotDeterministicError)
    assert run.error.where == line_of(comment)
    assert run.error.remedy == "do this in a step"
    assert str(replayed.error) == str(run.error)


@workflow
async def runs_a_loop() -> list[str]:
    coroutine = work()
    seen = []
    for run in (asyncio.run, asyncio.Runner().run):
        try:
            run(coroutine)
        except RuntimeError as error:
            seen.append(str(error))
    coroutine.close()
    return seen


async def test_a_loop_in_the_loop_is_what_it_is_in_asyncio(opened: Opened) -> None:
    """An error, at once."""
    async with opened() as runtime:
        run = await runtime.run(runs_a_loop)

    assert ["cannot be called from a running event loop" in one for one in run.output] == [True, True]


# --- the runtime's verbs


@workflow
async def child() -> int:
    return await work(1)


@workflow
async def runs_a_run(verb: str) -> int:
    runtime: Runtime = shared["runtime"]
    run = await (runtime.run(child) if verb == "run" else runtime.resume("last", child))
    assert isinstance(run.output, int)
    return run.output


@pytest.mark.parametrize("verb", ["run", "resume"])
async def test_a_workflow_does_not_use_the_runtime(opened: Opened, verb: str) -> None:
    """It would wait for what its own loop does not do; it is told what to do instead."""
    async with opened() as runtime:
        shared["runtime"] = runtime
        run = await runtime.run(runs_a_run, verb)

    assert isinstance(run.error, UsageError)
    assert "is not for workflow code: call a workflow, which is a child run" in str(run.error)


# --- what cannot come


@workflow
async def waits_without_end() -> list[str]:
    seen = []
    async with asyncio.timeout(math.inf):
        seen.append(str(await work(1)))
    waiting = asyncio.create_task(asyncio.sleep(math.inf))
    await work(2)
    waiting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await waiting
    return seen


async def test_without_end_is_a_time(opened: Opened) -> None:
    """As in asyncio."""
    async with opened() as runtime:
        run = await runtime.run(waits_without_end)
        assert run.output == ["1"]
        assert (await runtime.replay(run.id)).output == ["1"]


code: dict[str, bool] = {"stuck": False}


@workflow
async def may_be_stuck() -> int:
    found = await work(1)
    if code["stuck"]:
        await asyncio.Event().wait()
    return found


async def test_a_replay_that_waits_for_nothing_diverges(opened: Opened) -> None:
    """It does not hang; where the record has no end, it ends where that does."""
    code["stuck"] = False
    async with opened() as runtime:
        run = await runtime.run(may_be_stuck)
        code["stuck"] = True

        with pytest.raises(DivergenceError, match="no step that is asked for"):
            await asyncio.wait_for(runtime.replay(run.id), 10)

        unended = await runtime.start(may_be_stuck)
        await asyncio.sleep(0)
    async with opened() as runtime:
        assert (await asyncio.wait_for(runtime.replay(unended.id), 10)).status is Status.RUNNING


@workflow
async def counts(steps: int) -> int:
    return sum([await work(number) for number in range(steps)])


@pytest.mark.parametrize("steps", [DELIVERIES_AT_A_TIME - 1, DELIVERIES_AT_A_TIME, 2 * DELIVERIES_AT_A_TIME])
async def test_a_replay_goes_on_after_as_many_deliveries_as_are_made_at_a_time(
    opened: Opened, steps: int
) -> None:
    """What the last of them leads to is still to come."""
    async with opened() as runtime:
        run = await runtime.run(counts, steps)

        assert (await runtime.replay(run.id)).output == run.output


# --- what the collector finds


class Knot:
    """Holds itself, so that only the collector lets it go."""

    def __init__(self, held: Any) -> None:
        self.held = held
        self.self = self


async def numbers(closed: list[str], most: int) -> AsyncIterator[int]:
    try:
        for number in range(most):
            yield await work(number)
    finally:
        closed.append(f"closed {most}")
        await work(most)


collects = {"early": False}
closed_at_the_end: list[str] = []


@workflow
async def leaves_knots() -> list[str]:
    closed_at_the_end.clear()
    for most in (2, 3):
        generator = numbers(closed_at_the_end, most)
        await anext(generator)
        Knot(generator)
        del generator
    if collects["early"]:
        gc.collect()
    await work(7)
    return list(closed_at_the_end)


@pytest.mark.parametrize("early", [True, False])
async def test_when_the_collector_comes_makes_no_difference(opened: Opened, early: bool) -> None:
    """A generator that only it can find is closed at the end of the run, in the order they were begun."""
    gc.collect()
    async with opened() as runtime:
        collects["early"] = early
        run = await runtime.run(leaves_knots)
        assert closed_at_the_end == ["closed 2", "closed 3"]
        collects["early"] = not early
        replayed = await runtime.replay(run.id)

    assert run.output == replayed.output == []
    assert closed_at_the_end == ["closed 2", "closed 3"]
