"""The attempts of this process that wait for a slot, so that they can move up.

Each has a slot in the future already, and goes when its time has come. When one is called off, or
took less than was thought, those behind it may have an earlier one: they look again, in the order in
which they asked, one commit for all. What other processes give back they find by looking
now and then: when half of their time is over, then half of the rest.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import attrs
from reenact.judging import LedgerClock

LOOK_AGAIN_S = 0.02
"""How long what was settled is gathered before those who wait look."""

LOOKERS_MAX = 100
"""How many look again at once; who is behind them waits for his time, or his own look."""

SHORTEST_LOOK_NS = 1_000_000_000

Look = Callable[[], Awaitable[int]]


@attrs.define(eq=False)
class _Waiter:
    poked: asyncio.Event = attrs.field(factory=asyncio.Event)


class Queue:
    """Who waits in this process, first come first."""

    def __init__(self) -> None:
        self._waiters: dict[str, _Waiter] = {}
        self._timer: asyncio.TimerHandle | None = None

    async def wait(self, attempt_id: str, clock: LedgerClock, at_ns: int, look: Look) -> None:
        """Return when the attempt's time has come, which may move up.

        Args:
            attempt_id: Who waits.
            clock: What time goes by.
            at_ns: When its time comes, as things are.
            look: Asks for a place from now on; returns from when it has one.
        """
        waiter = self._waiters[attempt_id] = _Waiter()
        try:
            while clock.now_ns() < at_ns:
                await _until(_next_look(clock.now_ns(), at_ns), clock, waiter.poked)
                waiter.poked.clear()
                if clock.now_ns() < at_ns:
                    at_ns = await look()
        finally:
            self._waiters.pop(attempt_id, None)

    def look_again(self, *, at_once: bool) -> None:
        """Have those who wait look for an earlier place, at once or when what was settled is durable."""
        if at_once:
            self._poke()
        elif self._waiters and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LOOK_AGAIN_S, self._poke)

    def _poke(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for _, waiter in zip(range(LOOKERS_MAX), list(self._waiters.values()), strict=False):
            waiter.poked.set()


def _next_look(now_ns: int, at_ns: int) -> int:
    left_ns = at_ns - now_ns
    return at_ns if left_ns < 2 * SHORTEST_LOOK_NS else now_ns + left_ns // 2


async def _until(due_ns: int, clock: LedgerClock, poked: asyncio.Event) -> None:
    """Wait for a time, or to be poked."""
    sleep = asyncio.ensure_future(clock.sleep_until(due_ns))
    poke = asyncio.ensure_future(poked.wait())
    try:
        await asyncio.wait((sleep, poke), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (sleep, poke):
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(sleep, poke, return_exceptions=True)
