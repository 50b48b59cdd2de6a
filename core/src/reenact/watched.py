"""A run's loop with somebody looking on while workflow code runs, such as a check for what does not repeat.

It is a class of its own, so that a loop which nobody looks on at has nothing of it, and pays nothing.
"""

import functools
from collections.abc import Sequence
from typing import Any

from reenact.loop import RunLoop, TimerHost
from reenact.seams import Watch


class WatchedLoop(RunLoop):
    """A loop whose turns somebody looks on at.

    Args:
        watches: Those who look on, each handed the turn to call it.
    """

    def __init__(self, host: TimerHost, *, watches: Sequence[Watch], **options: Any) -> None:
        super().__init__(host, **options)
        self._watches = watches

    def turn(self) -> None:
        """Run what is ready to rest, with everybody looking on."""
        turn = super().turn
        for watch in self._watches:
            turn = functools.partial(watch.look_on, turn)
        turn()
