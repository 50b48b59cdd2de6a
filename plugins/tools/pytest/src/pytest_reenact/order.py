"""A world in which the test decides what happens next: which step ends, which timer rings.

Bodies of steps stop at `World.turn` and timers at the clock. When nothing else
moves, the world picks one of them, by a number drawn from the seed and its name:
so the same things waiting lead to the same choice, in another process too.
"""

import asyncio
import hashlib
from collections.abc import Callable

from reenact.scheduler import Alarm

QUIET_ROUNDS = 12
"""Rounds of the loop in which nothing was added, after which nothing else moves."""


class _Waiting:
    def __init__(self, name: str, due_ns: int, go: Callable[[], None]) -> None:
        self.name, self.due_ns, self.go = name, due_ns, go
        self.called_off = False

    def cancel(self) -> None:
        self.called_off = True


class World:
    """Decides the order of everything that could happen in any order. A clock, too.

    Args:
        seed: Another seed, another order.
        now_ns: What the clock shows; it moves only when a timer rings.
    """

    def __init__(self, seed: int, now_ns: int = 1_700_000_000_000_000_000) -> None:
        self.seed = seed
        self._now_ns = now_ns
        self._waiting: list[_Waiting] = []
        self._added = 0
        self._watching = False

    def now_ns(self) -> int:
        """Return what the clock shows."""
        return self._now_ns

    def alarm(self, due_ns: int, ring: Callable[[], None]) -> Alarm:
        """Have *ring* called when nothing else moves and it is its turn."""
        return self._add(_Waiting(f"alarm {due_ns}", due_ns, ring))

    async def turn(self, name: str) -> None:
        """Wait until it is the turn of *name*."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def go() -> None:
            if not future.done():
                future.set_result(None)

        waiting = self._add(_Waiting(name, 0, go))
        try:
            await future
        finally:
            waiting.cancel()

    def _add(self, waiting: _Waiting) -> _Waiting:
        self._waiting.append(waiting)
        self._added += 1
        if not self._watching:
            self._watching = True
            asyncio.get_running_loop().call_soon(self._watch, self._added, QUIET_ROUNDS)
        return waiting

    def _watch(self, added: int, rounds: int) -> None:
        loop = asyncio.get_running_loop()
        if added != self._added:
            loop.call_soon(self._watch, self._added, QUIET_ROUNDS)
        elif rounds > 0:
            loop.call_soon(self._watch, added, rounds - 1)
        else:
            self._pick()

    def _pick(self) -> None:
        self._waiting = [waiting for waiting in self._waiting if not waiting.called_off]
        self._watching = bool(self._waiting)
        if not self._waiting:
            return
        first_due = min((w.due_ns for w in self._waiting if w.due_ns), default=0)
        ready = [w for w in self._waiting if w.due_ns in (0, first_due)]
        chosen = min(ready, key=self._draw)
        self._waiting.remove(chosen)
        self._now_ns = max(self._now_ns, chosen.due_ns)
        chosen.go()
        asyncio.get_running_loop().call_soon(self._watch, self._added, QUIET_ROUNDS)

    def _draw(self, waiting: _Waiting) -> bytes:
        return hashlib.sha256(f"{self.seed} {waiting.name}".encode()).digest()
