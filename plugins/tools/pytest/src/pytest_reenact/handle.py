"""A run that a test has started, and may wait for."""

import asyncio
from typing import TYPE_CHECKING

from reenact.handle import Handle
from reenact.records import Status

from pytest_reenact.acts import Act
from pytest_reenact.loops import Opened
from pytest_reenact.runs import TestRun

if TYPE_CHECKING:
    from pytest_reenact.runtime import TestRuntime


class TestHandle:
    """A run that was started.

    Attributes:
        id: The run's id.
        trace_id: Its trace.
    """

    __test__ = False  # pytest is not to take it for a class of tests

    def __init__(self, runtime: "TestRuntime", handle: Handle, opened: Opened, act: Act) -> None:
        self._runtime = runtime
        self._act = act
        self._handle = handle
        self.id = handle.id
        self.trace_id = handle.trace_id
        self._leaving = asyncio.create_task(self._leave(opened), name="reenact-test-handle")

    @property
    def status(self) -> Status:
        """What the run has become so far."""
        return self._handle.status

    @property
    def over(self) -> bool:
        """Whether it has ended, or was given back."""
        return self._leaving.done()

    async def on_record(self) -> None:
        """Wait until the store has the run, so that it can be told things."""
        store = self._runtime.store
        while not self.over and await store.load(self.id) is None:  # noqa: ASYNC110  # a round or two
            await asyncio.sleep(0)

    async def wait(self) -> TestRun:
        """Wait until the run has ended, or was given back because it waits for somebody."""
        act = Act(verb="wait", run_id=self.id, workflow=self._act.workflow, options=self._act.options)
        run: TestRun = await self._runtime.performed(act, lambda _: self._handle.wait())
        return run

    async def _leave(self, opened: Opened) -> None:
        """Let the runtime be closed once the run is over, waited for or not."""
        try:
            await self._handle.wait()
        except Exception:
            return  # whoever waits for the run is told
        finally:
            await opened.leave()
