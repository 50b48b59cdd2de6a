"""Limits on what runs at once, and the clocks that timers go by."""

import asyncio
import random
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reenact import scheduler
from reenact.scheduler import (
    Limits,
    Pool,
    SkippingClock,
    SteadyClock,
    WallClock,
    boot_id,
    give_back,
    since_boot_ns,
    sleep_until,
    take,
    take_now,
)

SECOND_NS = 10**9


async def settle() -> None:
    """Let everything that is ready run."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_pool_lets_so_many_in_first_come_first_served() -> None:
    """The rest wait in the order in which they came."""
    pool = Pool(2)
    entered: list[int] = []

    async def enter(number: int) -> None:
        await pool.take()
        entered.append(number)

    tasks = [asyncio.create_task(enter(n)) for n in range(5)]
    await settle()
    assert entered == [0, 1]

    for _ in range(3):
        pool.give_back()
    await settle()

    assert entered == [0, 1, 2, 3, 4]
    await asyncio.gather(*tasks)


async def test_nobody_overtakes_those_who_wait() -> None:
    """A place that becomes free belongs to the first in the queue."""
    pool = Pool(1)
    assert pool.take_now()
    waiting = asyncio.create_task(pool.take())
    await settle()

    pool.give_back()

    assert not pool.take_now()
    await waiting


async def test_a_cancelled_wait_gives_its_turn_up() -> None:
    """Whether it was cancelled while waiting or just as its turn came."""
    pool = Pool(1)
    await pool.take()
    waiting = [asyncio.create_task(pool.take()) for _ in range(3)]
    await settle()

    waiting[0].cancel()
    pool.give_back()
    await settle()
    assert waiting[1].done()

    pool.give_back()  # the turn of the third, which is cancelled before it runs
    waiting[2].cancel()
    await settle()

    assert waiting[2].cancelled()
    assert pool.take_now()


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 3), st.integers(0, 2**32))
def test_no_place_is_lost_or_doubled(size: int, seed: int) -> None:
    """Whatever is taken, given back and cancelled in whatever order."""

    async def play() -> None:
        draw, pool = random.Random(seed), Pool(size)
        inside: set[int] = set()

        async def visit(number: int) -> None:
            await pool.take()
            inside.add(number)
            assert len(inside) <= size
            try:
                for _ in range(draw.randrange(3)):
                    await asyncio.sleep(0)
            finally:
                inside.discard(number)
                pool.give_back()

        tasks = [asyncio.create_task(visit(n)) for n in range(12)]
        for _ in range(20):
            await asyncio.sleep(0)
            draw.choice(tasks).cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert [pool.take_now() for _ in range(size + 1)] == [True] * size + [False]

    asyncio.run(play())


async def test_places_are_taken_in_all_pools_or_in_none() -> None:
    """What is full does not keep a place of what is not."""
    wide, narrow = Pool(2), Pool(1)
    assert take_now((wide, narrow))

    assert not take_now((wide, narrow))
    waiting = asyncio.create_task(take((wide, narrow)))
    await settle()
    waiting.cancel()
    await settle()

    assert waiting.cancelled()
    assert wide.take_now()
    give_back([wide, wide, narrow])
    await take((wide, narrow))


def test_a_step_counts_against_its_pool_and_the_process() -> None:
    """Its own limit first; without a limit it counts against nothing."""
    limits = Limits(3, {"db": 1})

    assert len(limits.of("db")) == 2
    assert len(limits.of("")) == len(limits.of("other")) == 1
    assert Limits().of("db") == ()


# --- clocks


async def test_a_clock_for_tests_skips_to_the_next_alarm() -> None:
    """In the order in which they are due; those called off do not ring."""
    clock, rung = SkippingClock(start_ns=0), list[str]()
    done = asyncio.Event()
    clock.alarm(3600 * SECOND_NS, lambda: rung.append("hour"))
    clock.alarm(3600 * SECOND_NS, done.set)
    clock.alarm(60 * SECOND_NS, lambda: rung.append("minute"))
    clock.alarm(30 * SECOND_NS, lambda: rung.append("never")).cancel()

    await done.wait()

    assert rung == ["minute", "hour"]
    assert 3600 * SECOND_NS < clock.now_ns() < 3601 * SECOND_NS


async def test_it_does_not_skip_while_something_is_busy() -> None:
    """A step that runs may still end before the alarm."""
    clock, rung = SkippingClock(), asyncio.Event()

    with clock.busy():
        clock.alarm(0, rung.set)
        await settle()
        assert not rung.is_set()

    await rung.wait()


async def test_it_does_not_go_back() -> None:
    """An alarm that was due long ago rings and moves nothing."""
    clock, rung = SkippingClock(), asyncio.Event()
    before_ns = clock.now_ns()

    clock.alarm(1, rung.set)
    await rung.wait()

    assert clock.now_ns() > before_ns


async def test_an_alarm_that_is_due_rings_at_once() -> None:
    """By the time of day."""
    clock, rung = WallClock(), asyncio.Event()

    clock.alarm(clock.now_ns() - SECOND_NS, rung.set)
    await asyncio.wait_for(rung.wait(), 5)


async def test_an_alarm_follows_the_wall_clock_when_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """It looks again at least every so often, and rings once the time has come."""
    day_ns = 86_400 * SECOND_NS
    wall = SimpleNamespace(now_ns=0)
    monkeypatch.setattr(scheduler, "time", SimpleNamespace(time_ns=lambda: wall.now_ns))
    monkeypatch.setattr(scheduler, "TIMER_STEP_S", 0.001)
    rung, called_off = asyncio.Event(), asyncio.Event()
    WallClock().alarm(day_ns, rung.set)
    alarm = WallClock().alarm(day_ns, called_off.set)
    await asyncio.sleep(0.01)
    assert not rung.is_set()

    alarm.cancel()
    wall.now_ns = day_ns
    await asyncio.wait_for(rung.wait(), 5)

    await settle()
    assert not called_off.is_set()


# --- the clock of the ledger


async def test_a_steady_clock_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes on by the time since boot, whatever the time of day becomes."""
    clock = SteadyClock(began_ns=1_000)
    before, since = clock.now_ns(), since_boot_ns()
    monkeypatch.setattr(time, "time_ns", lambda: 5)

    after = clock.now_ns()

    assert 0 <= after - before < 60_000_000_000
    assert abs(before - since - 1_000) < 60_000_000_000


async def test_an_alarm_of_a_steady_clock_rings_by_that_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A time of day that was set back does not hold it up."""
    clock, rung = SteadyClock(began_ns=0), asyncio.Event()
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    clock.alarm(clock.now_ns() + 1_000_000, rung.set)

    async with asyncio.timeout(10):
        await rung.wait()

    assert rung.is_set()


async def test_sleeping_can_be_called_off() -> None:
    """Then it does not ring."""
    clock, rings = SkippingClock(), list[int]()
    sleeping = asyncio.create_task(sleep_until(clock, clock.now_ns() + 10**12, lambda: rings.append(1)))
    await asyncio.sleep(0)
    sleeping.cancel()
    await asyncio.wait({sleeping})

    await sleep_until(clock, clock.now_ns() + 10**13, lambda: rings.append(2))

    assert rings == [2]


def test_a_boot_has_a_name_where_the_system_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The same all the time; none where there is no such file."""
    import reenact.scheduler

    assert boot_id() == boot_id()
    monkeypatch.setattr(reenact.scheduler, "_BOOT_ID", tmp_path / "none")
    assert boot_id() == ""
