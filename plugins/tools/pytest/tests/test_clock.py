"""The clock of tests: it goes on when somebody waits and nothing is under way."""

import asyncio
import datetime as dt
import threading
from typing import Any

import pytest
from pytest_reenact import TestRuntime, VirtualClock
from reenact import approve, sleep, step, wait_signal, workflow


@workflow(name="clock-nap")
async def nap(seconds: float) -> str:
    await sleep(seconds)
    return "awake"


def test_a_day_is_slept_at_once(runtime: TestRuntime, reenact_clock: VirtualClock) -> None:
    """A durable sleep takes a day of the test's time and none of ours."""
    before = reenact_clock.now

    run = runtime.run_sync(nap, 86_400)

    assert run.output == "awake"
    assert reenact_clock.now - before >= dt.timedelta(days=1)


def test_a_step_in_real_time_holds_the_clock(runtime: TestRuntime) -> None:
    """A step whose work is done by a thread ends before a timeout of a minute, however slow the thread is."""
    go = threading.Event()

    @step
    async def slow() -> str:
        asyncio.get_running_loop().call_later(0.05, go.set)
        await asyncio.to_thread(go.wait, 30)
        return "done"

    @workflow
    async def impatient() -> str:
        try:
            return await asyncio.wait_for(slow(), 60)
        except TimeoutError:
            return "too late"

    assert runtime.run_sync(impatient).output == "done"


def test_the_sooner_timer_rings_first(runtime: TestRuntime) -> None:
    """Timers ring in the order in which they are due, and see the time at which they are."""
    rung: list[str] = []

    @workflow
    async def two() -> list[str]:
        async def after(seconds: float, name: str) -> None:
            await sleep(seconds)
            rung.append(name)

        await asyncio.gather(after(20, "b"), after(10, "a"), after(30, "c"))
        return rung

    assert runtime.run_sync(two).output == ["a", "b", "c"]


def test_time_stands_still_until_the_test_waits(runtime: TestRuntime, reenact_clock: VirtualClock) -> None:
    """A run that waits for a signal does not time out while the test is about to send it."""

    @workflow
    async def patient() -> str:
        async with asyncio.timeout(3600):
            return str(await wait_signal("go"))

    async def tell() -> Any:
        handle = await runtime.start(patient)
        await asyncio.to_thread(lambda: None)  # whatever a test does in the meantime
        for _ in range(500):
            await asyncio.sleep(0)
        assert handle.status in ("running", "waiting")
        await runtime.signal(handle.id, "go", "gone")
        return await handle.wait()

    before = reenact_clock.now
    run = runtime.sync(tell())

    assert run.output == "gone"
    assert reenact_clock.now - before < dt.timedelta(seconds=1)


def test_a_deadline_can_be_let_pass(runtime: TestRuntime, reenact_clock: VirtualClock) -> None:
    """An approval that nobody gives times out when the test moves the clock past its limit."""

    @workflow
    async def ask() -> str:
        try:
            await approve("fine?", timeout_s=3600)
        except TimeoutError:
            return "nobody answered"
        return "answered"

    run = runtime.run_sync(ask)
    assert run.status == "waiting"
    reenact_clock.advance(hours=2)

    run = runtime.sync(runtime.resume(run.id))

    assert run.output == "nobody answered"


def test_the_clock_goes_forward_only(reenact_clock: VirtualClock) -> None:
    """A clock cannot be set back."""
    with pytest.raises(ValueError, match="forward only"):
        reenact_clock.advance(seconds=-1)


def test_a_pause_between_attempts_is_skipped(runtime: TestRuntime, reenact_clock: VirtualClock) -> None:
    """Retries wait by the test's clock."""
    tries: list[int] = []

    @step(retries=3)
    async def flaky() -> str:
        tries.append(1)
        if len(tries) < 3:
            raise ConnectionError("not yet")
        return "up"

    @workflow
    async def insist() -> str:
        return await flaky()

    before = reenact_clock.now
    run = runtime.run_sync(insist)

    assert (run.output, len(tries)) == ("up", 3)
    assert run.effects("flaky") == 3
    assert reenact_clock.now - before > dt.timedelta(seconds=0.1)


def test_a_sleeper_who_is_cancelled_is_not_counted(reenact_clock: VirtualClock) -> None:
    """Whoever is cancelled while sleeping by the clock does not keep others from going on."""

    async def scene() -> None:
        task = asyncio.create_task(reenact_clock.sleep(100))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
        with reenact_clock.follows(lambda: 1), reenact_clock.waited_for():
            async with asyncio.timeout(10):
                await reenact_clock.sleep(5)

    asyncio.run(scene())


def test_alarms_of_a_loop_that_is_gone_are_gone(reenact_clock: VirtualClock) -> None:
    """What was set on a loop that is closed rings nowhere."""
    rung: list[str] = []

    async def leave_behind() -> None:
        reenact_clock.alarm(reenact_clock.now_ns(), lambda: rung.append("old"))

    async def look() -> None:
        with reenact_clock.waited_for():
            await reenact_clock.sleep(1)

    loop = asyncio.new_event_loop()
    loop.run_until_complete(leave_behind())
    loop.close()
    asyncio.run(look())

    assert rung == []


def test_child_runs_are_waited_for(runtime: TestRuntime) -> None:
    """A parent waits for the work of its child in real time, and for its sleep in the test's."""

    @step
    async def work() -> str:
        await asyncio.to_thread(lambda: None)
        return "worked"

    @workflow
    async def inner() -> str:
        done = await work()
        await sleep(600)
        return done

    @workflow
    async def outer() -> str:
        async with asyncio.timeout(900):
            return await inner()

    assert runtime.run_sync(outer).output == "worked"
