"""When things may start: limits on what runs at once, and the clock that timers go by."""

import asyncio
import collections
import heapq
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

TIMER_STEP_S = 60.0
"""A real timer looks at the wall clock at least this often: it may have been set, or the machine asleep."""


class Pool:
    """Lets *size* calls run at once, first come first served."""

    def __init__(self, size: int) -> None:
        self._free = size
        self._queue: collections.deque[asyncio.Future[None]] = collections.deque()

    def take_now(self) -> bool:
        """Take a place if one is free and nobody waits."""
        if self._free <= 0 or self._queue:
            return False
        self._free -= 1
        return True

    async def take(self) -> None:
        """Take a place, waiting for one; a cancelled wait gives up its turn."""
        if self.take_now():
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give_back()
            elif turn in self._queue:  # else it was passed over already
                self._queue.remove(turn)
            raise

    def give_back(self) -> None:
        """Give a place back."""
        while self._queue:
            turn = self._queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1


class Limits:
    """The limits of a process: in all, and for each pool that has one.

    Args:
        steps: Most steps at once, of all runs; None for no limit.
        pools: Most at once for each pool, such as ``provider:openai``.
    """

    def __init__(self, steps: int | None = None, pools: Mapping[str, int] | None = None) -> None:
        self._steps = Pool(steps) if steps else None
        self._pools = {name: Pool(size) for name, size in (pools or {}).items()}

    def of(self, pool: str) -> tuple[Pool, ...]:
        """Return the limits a step of *pool* counts against, in the order they are taken."""
        if self._steps is None and not self._pools:
            return ()
        own = self._pools.get(pool) if pool else None
        return tuple(limit for limit in (own, self._steps) if limit is not None)


def take_now(pools: tuple[Pool, ...]) -> bool:
    """Take a place in each of *pools*, or in none."""
    taken: list[Pool] = []
    for pool in pools:
        if not pool.take_now():
            give_back(taken)
            return False
        taken.append(pool)
    return True


async def take(pools: tuple[Pool, ...]) -> None:
    """Take a place in each of *pools*, waiting; a cancelled wait holds none."""
    taken: list[Pool] = []
    try:
        for pool in pools:
            await pool.take()
            taken.append(pool)
    except asyncio.CancelledError:
        give_back(taken)
        raise


def give_back(pools: "tuple[Pool, ...] | list[Pool]") -> None:
    """Give back a place in each of *pools*."""
    for pool in pools:
        pool.give_back()


class Alarm(Protocol):
    """A timer that can be called off."""

    def cancel(self) -> None:
        """Call it off."""


class Clock(Protocol):
    """Where runs get the time from, and what wakes them."""

    def now_ns(self) -> int:
        """Return the time in nanoseconds since the epoch."""

    def alarm(self, due_ns: int, ring: Callable[[], None]) -> Alarm:
        """Call *ring* from the real loop when it is *due_ns*, at once if that is past."""


class _WallAlarm:
    def __init__(self, due_ns: int, ring: Callable[[], None], now_ns: Callable[[], int]) -> None:
        self._due_ns, self._ring, self._now_ns = due_ns, ring, now_ns
        self._handle: asyncio.Handle | None = None
        self._arm()

    def _arm(self) -> None:
        left_s = (self._due_ns - self._now_ns()) / 1e9
        loop = asyncio.get_running_loop()
        if left_s <= 0:
            self._handle = loop.call_soon(self._ring)
        else:
            self._handle = loop.call_later(min(left_s, TIMER_STEP_S), self._arm)

    def cancel(self) -> None:
        if self._handle is not None:
            self._handle.cancel()


class WallClock:
    """The time of day."""

    def now_ns(self) -> int:
        """Return the time of day."""
        return time.time_ns()

    def alarm(self, due_ns: int, ring: Callable[[], None]) -> Alarm:
        """Set an alarm by the time of day; it survives the clock being set."""
        return _WallAlarm(due_ns, ring, time.time_ns)


_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def boot_id() -> str:
    """Return what names this boot of the machine; empty where the system does not say."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def since_boot_ns() -> int:
    """Return the time since the machine was started, in nanoseconds; nobody can set it."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    return time.monotonic_ns()


class SteadyClock:
    """The time since boot, counted on from a time of day.

    Args:
        began_ns: What time of day it was when the machine was started, as all processes have agreed.
    """

    def __init__(self, began_ns: int) -> None:
        self._began_ns = began_ns

    def now_ns(self) -> int:
        """Return the time."""
        return self._began_ns + since_boot_ns()

    def alarm(self, due_ns: int, ring: Callable[[], None]) -> Alarm:
        """Set an alarm."""
        return _WallAlarm(due_ns, ring, self.now_ns)


async def sleep_until(clock: Clock, due_ns: int, rings: Callable[[], object] = lambda: None) -> None:
    """Wait until it is *due_ns* by *clock*; *rings* is called at that moment."""
    rung: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def ring() -> None:
        if not rung.done():
            rung.set_result(None)
            rings()

    alarm = clock.alarm(due_ns, ring)
    try:
        await rung
    finally:
        alarm.cancel()


class Sleeper:
    """A clock that can be waited for; see `reenact.judging.LedgerClock`."""

    def __init__(self, clock: Clock) -> None:
        self.now_ns = clock.now_ns
        self._clock = clock

    async def sleep_until(self, due_ns: int) -> None:
        """Wait for a time."""
        await sleep_until(self._clock, due_ns)


class _SkippedAlarm:
    def __init__(self) -> None:
        self.called_off = False

    def cancel(self) -> None:
        self.called_off = True


class SkippingClock:
    """A clock for tests: when nothing else happens, it goes to the next alarm at once.

    "Nothing else" is the real loop having nothing ready for some rounds in a row, with no step
    running; `busy` marks the time in which one does.

    Args:
        start_ns: What it shows at first, ns since the epoch.
    """

    IDLE_ROUNDS = 3

    def __init__(self, start_ns: int = 1_700_000_000_000_000_000) -> None:
        self._now_ns = start_ns
        self._alarms: list[tuple[int, int, _SkippedAlarm, Callable[[], None]]] = []
        self._count = 0
        self._busy = 0
        self._watching = False

    def now_ns(self) -> int:
        """Return the time it shows; each look moves it on by a microsecond."""
        self._now_ns += 1_000
        return self._now_ns

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Keep the clock from skipping."""
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1

    def alarm(self, due_ns: int, ring: Callable[[], None]) -> Alarm:
        """Set an alarm."""
        made = _SkippedAlarm()
        self._count += 1
        heapq.heappush(self._alarms, (due_ns, self._count, made, ring))
        if not self._watching:
            self._watching = True
            asyncio.get_running_loop().call_soon(self._watch, self.IDLE_ROUNDS)
        return made

    def _watch(self, rounds: int) -> None:
        loop = asyncio.get_running_loop()
        while self._alarms and self._alarms[0][2].called_off:
            heapq.heappop(self._alarms)
        if not self._alarms:
            self._watching = False
        elif self._busy:
            loop.call_later(0.001, self._watch, self.IDLE_ROUNDS)
        elif rounds > 0:
            loop.call_soon(self._watch, rounds - 1)
        else:
            due_ns, _, _, ring = heapq.heappop(self._alarms)
            self._now_ns = max(self._now_ns, due_ns)
            ring()
            loop.call_soon(self._watch, self.IDLE_ROUNDS)
