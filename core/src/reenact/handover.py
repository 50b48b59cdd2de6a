"""How a run goes on as another one.

The other run is made, this one ended and what nobody took of its messages moved in one commit.
Three have a part in it: the execution, which has its workflow's end to put on record; the host,
which makes the other run; and the handover between them, which brings the two together.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any

import attrs

from reenact.book import Book
from reenact.closing import Ending
from reenact.records import Entry
from reenact.stores import CommitResult


class Handover:
    """From the workflow's wish to go on to the run in which it does.

    Args:
        going_on: Makes the other run, and asks for it; returns it, as it was started.
        wake: Called when the run that ends may be ready to.
    """

    def __init__(self, going_on: Coroutine[Any, Any, Any], wake: Callable[[], None]) -> None:
        self._wake = wake
        self._asked: asyncio.Future[CommitResult] | None = None
        self._following: Book | None = None
        self._created: CommitResult = None
        self._going_on = asyncio.get_running_loop().create_task(going_on, name="reenact-continue")
        self._going_on.add_done_callback(lambda _: wake())

    @property
    def is_asked(self) -> bool:
        """Whether the other run is made, or there, and waits for the end of this one."""
        return self._asked is not None

    @property
    def ready(self) -> bool:
        """Whether this run can end."""
        return self._asked is not None or self._going_on.done()

    @property
    def under_way(self) -> bool:
        """Whether the other run is not begun yet."""
        return not self._going_on.done()

    @property
    def error(self) -> BaseException | None:
        """Why the other run could not be made, if it could not."""
        made = self._going_on
        return made.exception() if made.done() and not made.cancelled() else None

    async def ask(self, following: Book | None) -> CommitResult:
        """Have the run end, and leave what was not taken to the one in which it goes on.

        Args:
            following: That run's, whose next write creates it, in the commit that ends this one; None if
                it is there already.

        Returns:
            What became of the creation, when the run has ended.

        Raises:
            asyncio.CancelledError: If the run is let go of, or lost, instead.
        """
        self._asked, self._following = asyncio.get_running_loop().create_future(), following
        self._wake()
        return await self._asked

    def write(self) -> None:
        """Write the creation of the other run, into the commit in which this one's end is written next."""
        if self._following is not None:
            self._following.write(self._note_created, joined=True)

    def complete(self) -> bool:
        """Tell whoever asked that this run has ended; say whether anybody has."""
        if self._asked is None:
            return False
        self._asked.set_result(self._created)
        return True

    def tell(self, waiting: asyncio.Future[Ending], ending: Ending) -> None:
        """Tell who waits for this run how it ended, as soon as it is known where it goes on."""
        self._going_on.add_done_callback(partial(_tell, waiting, ending))

    def drop(self) -> None:
        """Give up, if it was not completed."""
        if self._asked is None or not self._asked.done() or self._asked.cancelled():
            self._going_on.cancel()

    def _note_created(self, result: CommitResult, _: Sequence[Entry]) -> None:
        self._created = result


def _tell(waiting: asyncio.Future[Ending], ending: Ending, continued: asyncio.Task[Any]) -> None:
    if waiting.done():
        return
    if continued.cancelled():
        waiting.cancel()
    elif (error := continued.exception()) is not None:
        waiting.set_exception(error)
    else:
        waiting.set_result(attrs.evolve(ending, continued=continued.result()))
