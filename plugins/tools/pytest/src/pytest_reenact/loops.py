"""Event loops that belong to somebody else: opening on whichever runs, and closing where it was opened."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

from reenact.errors import UsageError
from reenact.runtime import Runtime

T = TypeVar("T")


def run_here(coroutine: Coroutine[Any, Any, T], leave: Callable[[], Awaitable[None]] | None = None) -> T:
    """Return what *coroutine* returns, on a loop of its own that leaves no trace in the process.

    Args:
        coroutine: What to run.
        leave: Awaited before the loop ends.

    Raises:
        UsageError: If a loop is running in this thread already.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:  # which sets no current loop
            try:
                return runner.run(coroutine)
            finally:
                if leave is not None:
                    runner.run(_awaited(leave))
    coroutine.close()
    raise UsageError(
        "a loop is running here: write 'await runtime.run(...)' in place of run_sync, and no sync()"
    )


async def _awaited(leave: Callable[[], Awaitable[None]]) -> None:
    await leave()


class Opened:
    """A runtime that is open on one loop, held by a task of that loop.

    The task does the opening and the closing, so that the loop's end, which cancels its
    tasks, closes the runtime too; and so that no fixture has to be asynchronous.

    Args:
        enter: Opens the runtime.
    """

    def __init__(self, enter: Callable[[], AbstractAsyncContextManager[Runtime]]) -> None:
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:
            raise UsageError(
                "workflows run on asyncio, and no asyncio loop is running here: use run_sync(), or have the "
                "test run by asyncio (with anyio's plugin: anyio_backend = 'asyncio')"
            ) from None
        self._users = 0
        self._leave = asyncio.Event()
        self._restarting = False
        self._ready: asyncio.Future[Runtime] = self._loop.create_future()
        self._task = self._loop.create_task(self._hold(enter), name="reenact-test-runtime")

    @property
    def usable(self) -> bool:
        """Whether it is open, on the loop that runs here.

        Raises:
            UsageError: If it is in use on another loop.
        """
        leaving = self._leave.is_set() and not self._restarting
        if self._task.done() or leaving or self._loop.is_closed():
            return False
        try:
            here = asyncio.get_running_loop()
        except RuntimeError:
            return False
        if here is not self._loop and self._users:
            raise UsageError(
                "the runtime is in use on another event loop; a test's runtime works on one at a time"
            )
        return here is self._loop

    def join(self) -> None:
        """Count one more who needs it."""
        self._users += 1

    async def runtime(self) -> Runtime:
        """Return the runtime, as soon as it is open."""
        return await asyncio.shield(self._ready)

    async def leave(self) -> None:
        """Count one less who needs it; the last one closes it."""
        self._users -= 1
        if self._users == 0:
            await self.close()

    async def close(self) -> None:
        """Close it, whoever needs it."""
        self._leave.set()
        await asyncio.wait({self._task})
        if not self._task.cancelled():
            self._task.result()

    async def restart(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Close the runtime and open another in its place, for all who need it.

        Args:
            meanwhile: Called when the one is closed and the other not open yet.
        """
        self._ready = self._loop.create_future()
        self._restarting = True
        self._meanwhile = meanwhile
        self._leave.set()
        await self.runtime()

    async def _hold(self, enter: Callable[[], AbstractAsyncContextManager[Runtime]]) -> None:
        try:
            while True:
                async with enter() as runtime:
                    self._ready.set_result(runtime)
                    await self._leave.wait()
                if not self._restarting:
                    return
                self._restarting = False
                self._leave.clear()
                self._meanwhile()
        except asyncio.CancelledError:
            raise
        except Exception as error:
            if self._ready.done():
                raise
            self._ready.set_exception(error)

    def close_from_outside(self) -> None:
        """Close it when no loop runs: on its own loop, if that can still run."""
        if self._task.done() or self._loop.is_closed() or self._loop.is_running():
            return
        self._leave.set()
        with contextlib.suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._task)
