"""Reading what of a long record is not held, while the run that comes to it stands still."""

import asyncio
from collections.abc import Awaitable, Coroutine, Mapping
from typing import Any, Protocol

from reenact.content import Blob, Chains
from reenact.history import History, Rest


class Reader(Protocol):
    """The run that reads."""

    def wake(self) -> None:
        """Go on."""

    def abort(self, error: BaseException) -> None:
        """End with an error."""


class Reading:
    """Reads more of a run's record, on the real loop.

    Args:
        history: The record.
        chains: The run's conversations, which are told of what is read.
        host: The run.
    """

    def __init__(self, history: History, chains: Chains, host: Reader) -> None:
        self._history = history
        self._chains = chains
        self._host: Reader | None = host
        self._loop = asyncio.get_running_loop()  # the real one: it is made outside of every turn
        self._task: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        """Whether the run has to stand still."""
        return self._task is not None

    def on(self) -> None:
        """Read the next outcomes, which were left away."""
        self._begin(self._told(self._rest.read_on(self._history)))

    def further(self) -> None:
        """Read on in a record that is read as it goes."""
        self._begin(self._told(self._rest.read_further(self._history)))

    def whole(self) -> None:
        """Read everything."""
        self._begin(self._rest.read_whole(self._history))

    def let_go(self) -> None:
        """Read no more: the run is over."""
        self._host = None
        if self._task is not None:
            self._task.cancel()

    @property
    def _rest(self) -> Rest:
        assert self._history.rest is not None  # noqa: S101  # what was left away can be read
        return self._history.rest

    async def _told(self, found: Awaitable[Mapping[str, Blob]]) -> None:
        self._chains.seen((await found).values())

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        self._task = self._loop.create_task(work, name="reenact-read")
        self._task.add_done_callback(self._has_read)

    def _has_read(self, task: asyncio.Task[None]) -> None:
        self._task = None
        error = None if task.cancelled() else task.exception()
        if self._host is None:
            return
        if error is not None:
            self._host.abort(error)
        else:
            self._host.wake()
