"""Runs that wait: timers, signals, approvals, child runs, limits."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import attrs
import pytest
from pytest_reenact.clock import VirtualClock
from pytest_reenact.memory import MemoryStore
from reenact import Status, approve, continue_as_new, current, parallel, sleep, step, wait_signal, workflow
from reenact.config import Config, RuntimeOptions
from reenact.retrieval import read_history
from turning import until

from conftest import Opened


@attrs.frozen
class Verdict:
    yes: bool
    why: str = ""


@workflow
async def asks() -> str:
    verdict = await approve("ship it?", show={"diff": "+1"}, schema=Verdict)
    return f"{verdict.yes} {verdict.why}"


async def test_a_run_waits_for_a_person_and_goes_on(opened: Opened, store: MemoryStore) -> None:
    """It is given back while it waits; the same answer twice counts once."""
    async with opened() as runtime:
        waiting = await runtime.run(asks)
        assert waiting.status is Status.WAITING
        assert store.runs[waiting.id].owner == ""
        assert waiting.record.waits_for == "approve at approve#0"
        wait = await runtime.approve(waiting.id, {"yes": True, "why": "fine"})
        assert wait.input == {"question": "ship it?", "show": {"diff": "+1"}}
        await runtime.approve(waiting.id, {"yes": False})
        run = await runtime.resume(waiting.id)
        assert run.output == "True fine"
        assert (await runtime.replay(run.id)).output == run.output
        with pytest.raises(Exception, match="has ended"):
            await runtime.approve(waiting.id)


async def test_an_answer_that_does_not_fit_is_dropped(
    opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    """The run goes on waiting, and the log says why."""
    async with opened() as runtime:
        waiting = await runtime.run(asks)
        await runtime.approve(waiting.id, "perhaps")
        still = await runtime.resume(waiting.id)
        assert still.status is Status.WAITING
        assert "does not fit and was dropped: $: not a" in caplog.text
        await runtime.approve(waiting.id, {"yes": False})
        assert (await runtime.resume(waiting.id)).output == "False "


async def test_a_wait_in_this_process_hears_the_answer(opened: Opened) -> None:
    """A started run stays here while it waits, and goes on when it is told."""
    async with opened() as runtime:
        handle = await runtime.start(asks)
        await until(lambda: handle.status is Status.WAITING)
        await runtime.approve(handle.id, {"yes": True})
        assert (await handle.wait()).output == "True "


@workflow
async def collects(count: int) -> list[int]:
    return [await wait_signal("number", int) for _ in range(count)]


async def test_signals_are_taken_in_order_each_by_one_wait(opened: Opened) -> None:
    """Signals that come before they are waited for are kept."""
    async with opened() as runtime:
        handle = await runtime.start(collects, (3,))
        await until(lambda: handle.status is Status.WAITING)
        for number in (1, 2, 3):
            await runtime.signal(handle.id, "number", number)
        run = await handle.wait()
        assert run.output == [1, 2, 3]
        assert (await runtime.replay(run.id)).output == [1, 2, 3]


@workflow
async def sleeps(seconds: float) -> float:
    before = current().now()
    await sleep(seconds)
    return current().now() - before


@workflow
async def drains() -> list[int]:
    found = [await wait_signal("n", int)]
    while True:
        try:
            found.append(await wait_signal("n", int, timeout_s=0))
        except TimeoutError:
            return found


async def test_what_was_sent_before_is_taken_without_waiting(opened: Opened) -> None:
    """With no time to wait, a workflow takes all that there is, and does the same again."""
    async with opened() as runtime:
        waiting = await runtime.run(drains)
        for number in range(3):
            await runtime.signal(waiting.id, "n", number)
        run = await runtime.resume(waiting.id)
        again = await runtime.replay(waiting.id)

    assert run.output == [0, 1, 2] == again.output


async def test_sleep_is_durable_time(opened: Opened) -> None:
    """A month passes at once on a test's clock, and the run sees a month."""
    async with opened() as runtime:
        run = await runtime.run(sleeps, 30 * 86_400.0)
        assert run.output == pytest.approx(30 * 86_400, rel=1e-6)
        assert (await runtime.replay(run.id)).output == run.output


@workflow
async def gives_up() -> str:
    try:
        return await wait_signal("never", str, timeout_s=60)
    except TimeoutError:
        return "nobody came"


async def test_a_wait_can_time_out(opened: Opened) -> None:
    """The timeout is a timer of the run, on record like everything else."""
    async with opened() as runtime:
        handle = await runtime.start(gives_up)
        run = await handle.wait()
        assert run.output == "nobody came"
        assert (await runtime.replay(run.id)).output == "nobody came"


# --- child runs -----------------------------------------------------------------------------------


@step
async def shout(text: str) -> str:
    return text.upper()


@workflow
async def child(text: str) -> str:
    return await shout(text)


@workflow
async def parent(texts: list[str]) -> list[str]:
    return await parallel(child, texts, limit=2)


async def test_a_child_run_has_its_own_journal_and_the_same_trace(opened: Opened) -> None:
    """It is listed under its parent and verified like any run."""
    async with opened() as runtime:
        run = await runtime.run(parent, ["a", "b", "c"])
        assert run.output == ["A", "B", "C"]
        assert (await runtime.replay(run.id)).output == run.output
        children = [record for record in await runtime.list() if record.parent == run.id]
        assert len(children) == 3
        assert {record.trace_id for record in children} == {run.trace_id}
        for record in children:
            await runtime.verify(record.id)


@workflow
async def asking_parent() -> str:
    return await asks()


async def test_a_parent_waits_with_its_child(opened: Opened) -> None:
    """The answer goes to the child through the parent's id; resuming the parent resumes both."""
    async with opened() as runtime:
        waiting = await runtime.run(asking_parent)
        assert waiting.status is Status.WAITING
        await runtime.approve(waiting.id, {"yes": True, "why": "child"})
        assert (await runtime.resume(waiting.id)).output == "True child"


@workflow
async def endless_child() -> str:
    return await wait_signal("never", str)


@workflow
async def impatient() -> str:
    try:
        async with asyncio.timeout(5):
            return await endless_child()
    except TimeoutError:
        return "gave up"


async def test_cancelling_a_step_cancels_its_child_run(opened: Opened) -> None:
    """A child whose parent has given it up is cancelled, on record."""
    async with opened() as runtime:
        run = await (await runtime.start(impatient)).wait()
        assert run.output == "gave up"
        (record,) = [record for record in await runtime.list() if record.parent == run.id]
        assert record.status is Status.CANCELLED


@workflow
async def still_more_impatient() -> str:
    return await impatient()


@pytest.mark.parametrize("at_rest", [True, False])
@pytest.mark.parametrize(("outer", "runs"), [(impatient, 2), (still_more_impatient, 3)])
async def test_a_run_that_is_resumed_too_late_gives_up_its_child_run(
    opened: Opened, store: MemoryStore, outer: Any, runs: int, at_rest: bool
) -> None:
    """Whether the overdue timer rings when the child waits again or before, both runs are over then."""
    clock = VirtualClock()
    async with opened(clock=clock) as runtime, AsyncExitStack() as stack:
        if at_rest:
            stack.enter_context(clock.follows(lambda: runtime.under_way))
        waiting = await runtime.run(outer)
        clock.advance(hours=2)
        late = await runtime.resume(waiting.id)

    assert waiting.record.waits_for.startswith("never at never#0 of child run ")
    assert ";" not in waiting.record.waits_for
    assert late.output == "gave up"
    statuses = sorted(record.status for record in store.runs.values())
    assert statuses == [Status.CANCELLED, *[Status.SUCCEEDED] * (runs - 1)]


@step
async def shown(value: int) -> int:
    return value


@workflow
async def giving_up() -> list[int]:
    task = asyncio.create_task(endless_child())
    first = await shown(1)
    task.cancel()
    return [first, await shown(2)]


async def test_a_crash_leaves_no_child_run_that_was_called_off(opened: Opened, store: MemoryStore) -> None:
    """Wherever the process dies before the parent has on record that it ended, the child ends with it."""
    async with opened() as runtime:
        run = await (await runtime.start(giving_up)).wait()
    (child,) = [one for one in store.runs.values() if one.parent == run.id]
    entries = (await read_history(store, run.id, keep_entries=True)).entries
    (told,) = [one.seq for one in entries if one.status is Status.CANCELLED]

    for rows in range(1, told + 1):
        for left in range(1, len(store.journals[child.id])):
            cut = store.crashed(run.id, rows).crashed(child.id, left)
            async with opened(store=cut) as runtime:
                again = await runtime.resume(run.id, giving_up)
                replayed = await runtime.replay(run.id)
            assert again.output == run.output == replayed.output
            assert cut.runs[child.id].status is Status.CANCELLED, (rows, left)


@workflow
async def overtaken(then: int) -> str:
    task = asyncio.create_task(endless_child())
    said = await wait_signal("enough", str)
    task.cancel()
    for number in range(then):
        await shown(number)
    return said


@pytest.mark.parametrize("then", [0, 1, 3])
async def test_a_child_that_was_given_back_is_ended_when_it_is_called_off(
    opened: Opened, store: MemoryStore, then: int
) -> None:
    """Parent and child wait and no process has them; the parent goes on and has no more need of it."""
    async with opened() as runtime:
        run = await runtime.run(overtaken, then)
        assert run.status is Status.WAITING
    async with opened() as runtime:
        await runtime.signal(run.id, "enough", "stop")
        again = await runtime.resume(run.id, overtaken)
        assert again.output == "stop" == (await runtime.replay(run.id)).output

    (child,) = [one for one in store.runs.values() if one.parent == run.id]
    assert child.status is Status.CANCELLED


@workflow
async def itself(depth: int) -> int:
    return await itself(depth + 1)


async def test_a_workflow_that_calls_itself_for_ever_is_an_error(opened: Opened) -> None:
    """Not a crash of the interpreter."""
    async with opened() as runtime:
        run = await runtime.run(itself, 0)
        assert run.status is Status.FAILED
        assert "call itself" in str(run.error)


# --- limits ---------------------------------------------------------------------------------------

peak = {"now": 0, "most": 0}


@step(pool="narrow")
async def counted(n: int) -> int:
    peak["now"] += 1
    peak["most"] = max(peak["most"], peak["now"])
    for _ in range(5):
        await asyncio.sleep(0)
    peak["now"] -= 1
    return n


@workflow
async def fans_out(count: int, limit: int | None) -> int:
    return sum(await parallel(counted, range(count), limit=limit))


@pytest.mark.parametrize(
    ("limit", "options", "most"),
    [
        (3, RuntimeOptions(), 3),
        (None, RuntimeOptions(pools={"narrow": 4}), 4),
        (None, RuntimeOptions(steps_max=2), 2),
    ],
)
async def test_limits_hold(opened: Opened, limit: int | None, options: RuntimeOptions, most: int) -> None:
    """No more run at once than a block, a pool or the process allows."""
    peak.update(now=0, most=0)
    async with opened(Config(runtime=options)) as runtime:
        run = await runtime.run(fans_out, 40, limit)
    assert run.output == sum(range(40))
    assert peak["most"] == most


@step
async def settle() -> None:
    await asyncio.sleep(0)


@workflow
async def thinks_again(lives: int = 1) -> list[int]:
    if lives:
        waiting = asyncio.create_task(wait_signal("say"))
        await settle()
        waiting.cancel()
    if lives > 1:
        continue_as_new(0)
    return [await wait_signal("say"), await wait_signal("say")]


@pytest.mark.parametrize("lives", [1, 2], ids=["in the same run", "in the one it goes on as"])
async def test_a_signal_whose_wait_was_called_off_is_for_the_next_wait(opened: Opened, lives: int) -> None:
    """It came in while the wait was there, and was not handed over before the workflow took the wait back."""
    held: dict[str, Callable[[], None]] = {}

    def both_at_once(run_id: str, path: str, go: Callable[[], None]) -> None:
        name = path.rpartition("/")[2]
        if name in held or len(held) == 2:
            go()
            return
        held[name] = go
        if len(held) == 2:
            held["settle#0"]()
            held["say#0"]()

    async with opened(Config(runtime=RuntimeOptions(poll_s=0.001)), hold=both_at_once) as runtime:
        handle = await runtime.start(thinks_again, (lives,), run_id="a")
        for number in (1, 2):
            await runtime.signal(handle.id, "say", number)
        run = await handle.wait()
        replayed = await runtime.replay(run.id)

    assert set(held) == {"settle#0", "say#0"}
    assert run.output == [1, 2] == replayed.output
