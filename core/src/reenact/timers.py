"""The timers of a run's loop, which are steps: on record when they are set, delivered when they are due."""

import asyncio

from reenact.deliveries import TIMER
from reenact.scopes import Scope
from reenact.steps import OVER, Call

FAR_S = 253_402_300_799.0
"""The end of the year 9999: when what waits without end is due."""

_HASH = "0" * 64


class Timers:
    """Keeps which step each timer of a loop is."""

    def __init__(self) -> None:
        self._calls: dict[int, Call] = {}

    def set(self, handle: asyncio.TimerHandle, scope: Scope, behind_ns: int) -> Call:
        """Return the step that a timer is.

        Args:
            handle: The timer, by the loop's time.
            scope: Where it is set.
            behind_ns: How far the loop's time is behind the time outside.
        """
        due_ns = int(min(handle.when(), FAR_S) * 1e9) + behind_ns
        call = Call(TIMER, scope.path("timer"), _HASH)
        call.due_ns, call.handle = due_ns, handle
        self._calls[id(handle)] = call
        return call

    def drop(self, handle: asyncio.TimerHandle) -> Call | None:
        """Forget a timer; return its step, if that is not over."""
        call = self._calls.pop(id(handle), None)
        return call if call is not None and call.state is not OVER else None

    def open_calls(self) -> list[Call]:
        """Return the steps of the timers that are set."""
        return list(self._calls.values())
