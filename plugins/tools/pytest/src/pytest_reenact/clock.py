"""A clock for tests: time stands still until there is nothing to do but wait for it.

Two things have to hold before it goes on to the next alarm. A test waits for a run
(so a run that waits for a signal does not time out while the test is about to send it),
and nothing is under way: no step is being performed, no turn or write is due. A step that
takes real time therefore holds the clock for as long as it takes, on however slow a
machine, and the order of what happens does not depend on how fast anything is.
"""

import asyncio
import datetime as dt
import heapq
from collections.abc import Callable, Iterator
from contextlib import contextmanager

START_NS = 1_767_225_600_000_000_000
"""What a clock shows at first: the first of January 2026, midnight UTC."""

LOOK_NS = 1_000
"""How far each look moves the clock on, so that what happens later has a later time."""

_QUIET_LOOKS = 3
"""Looks in a row, one a round of the loop, that have to find nothing under way."""

_EAGER_LOOKS = 200
"""Looks at something under way after which the next ones are made by the wall clock."""

_LAZY_S = 0.0005


class _Alarm:
    def __init__(self, due_ns: int, ring: Callable[[], None], loop: asyncio.AbstractEventLoop) -> None:
        self.due_ns = due_ns
        self.ring = ring
        self.loop = loop
        self.called_off = False

    @property
    def gone(self) -> bool:
        return self.called_off or self.loop.is_closed()

    def cancel(self) -> None:
        self.called_off = True


class VirtualClock:
    """A clock that tests can read, set and skip with; see `reenact.scheduler.Clock`.

    Args:
        start_ns: What it shows at first, in nanoseconds since the epoch.
    """

    def __init__(self, start_ns: int = START_NS) -> None:
        self._now_ns = start_ns
        self._alarms: list[tuple[int, int, _Alarm]] = []
        self._count = 0
        self._asleep = 0
        self._waiting = 0
        self._watching: asyncio.AbstractEventLoop | None = None
        self._work: list[Callable[[], int]] = []
        self._told: list[Callable[[float], None]] = []

    # --- what runs see

    def now_ns(self) -> int:
        """Return the time it shows, in nanoseconds since the epoch; each look is a microsecond later."""
        self._now_ns += LOOK_NS
        return self._now_ns

    def alarm(self, due_ns: int, ring: Callable[[], None]) -> _Alarm:
        """Have *ring* called from the running loop when it is *due_ns*."""
        made = _Alarm(due_ns, ring, asyncio.get_running_loop())
        self._count += 1
        heapq.heappush(self._alarms, (due_ns, self._count, made))
        self._watch()
        return made

    @property
    def asleep(self) -> int:
        """How many wait in `sleep`."""
        return self._asleep

    # --- what tests do

    @property
    def now(self) -> dt.datetime:
        """The time it shows, in UTC."""
        return dt.datetime.fromtimestamp(self._now_ns / 1e9, tz=dt.UTC)

    def advance(
        self, seconds: float = 0.0, *, minutes: float = 0.0, hours: float = 0.0, days: float = 0.0
    ) -> None:
        """Move the clock on at once; what is due by then is overdue.

        Raises:
            ValueError: If that would be back.
        """
        delta = dt.timedelta(seconds=seconds, minutes=minutes, hours=hours, days=days)
        if delta < dt.timedelta():
            raise ValueError(f"a clock goes forward only, not by {delta}")
        self._now_ns += delta // dt.timedelta(microseconds=1) * 1_000
        for told in self._told:
            told(delta.total_seconds())
        self._watch()

    def tell(self, told: Callable[[float], None]) -> None:
        """Have *told* called with the seconds of each `advance`."""
        self._told.append(told)

    async def sleep(self, seconds: float) -> None:
        """Wait by this clock: for doubles that take some time, such as a model that is slow."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def ring() -> None:
            if not woken.done():
                woken.set_result(None)
                self._asleep -= 1

        alarm = self.alarm(self._now_ns + int(seconds * 1e9), ring)
        self._asleep += 1
        try:
            await woken
        except asyncio.CancelledError:
            self._asleep -= woken.cancelled()
            raise
        finally:
            alarm.cancel()

    # --- when it goes on

    @contextmanager
    def follows(self, under_way: Callable[[], int]) -> Iterator[None]:
        """Have the clock stand still while *under_way* counts more than those who sleep by it."""
        self._work.append(under_way)
        try:
            yield
        finally:
            self._work.remove(under_way)

    @contextmanager
    def waited_for(self) -> Iterator[None]:
        """Let the clock go on: somebody waits, and does nothing else."""
        self._waiting += 1
        self._watch()
        try:
            yield
        finally:
            self._waiting -= 1

    def _watch(self) -> None:
        """Begin to look for a moment at which nothing is under way, in the running loop."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return  # whoever waits next will look
        if self._watching is not loop and self._alarms:
            self._watching = loop
            loop.call_soon(self._look, 0, 0)

    def _look(self, quiet: int, busy: int) -> None:
        loop = asyncio.get_running_loop()
        while self._alarms and self._alarms[0][2].gone:
            heapq.heappop(self._alarms)
        if self._watching is not loop:
            return  # another loop has taken over
        if not self._alarms or not self._may_ring():
            self._watching = None
        elif sum(count() for count in self._work) > self._asleep:
            if busy < _EAGER_LOOKS:
                loop.call_soon(self._look, 0, busy + 1)
            else:
                loop.call_later(_LAZY_S, self._look, 0, busy)
        elif quiet < _QUIET_LOOKS:
            loop.call_soon(self._look, quiet + 1, 0)
        else:
            self._ring_next()
            loop.call_soon(self._look, 0, 0)

    def _may_ring(self) -> bool:
        return self._waiting > 0 or self._alarms[0][0] <= self._now_ns

    def _ring_next(self) -> None:
        due_ns, _, alarm = heapq.heappop(self._alarms)
        self._now_ns = max(self._now_ns, due_ns)
        alarm.ring()
