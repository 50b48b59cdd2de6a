"""Runs that were handed to an executor, and how the one who asked for them hears of their end.

A run that is submitted is on record and free. Whoever takes it up first has it: this
process, when the executor calls what it was given, or another one, which resumes it.
Here the run is waited for; elsewhere it is followed in the store.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from reenact.errors import RunOwnedError, UsageError
from reenact.execution import Execution
from reenact.records import RunRecord
from reenact.seams import Executor
from reenact.steps import WorkflowSpec
from reenact.stores import Store
from reenact.views import Run

TakenUp: TypeAlias = "Execution | Run"
"""A run in this process, or as it ended before it was taken up."""


class Submission:
    """A run that was submitted.

    Attributes:
        submitted: The run as it was then.
        spec: Its code.
        taken: What became of it in this process, if it was taken up here.
    """

    def __init__(self, submitted: RunRecord, spec: WorkflowSpec) -> None:
        self.submitted = submitted
        self.spec = spec
        self.taken: asyncio.Future[TakenUp] = asyncio.get_running_loop().create_future()

    @property
    def run(self) -> RunRecord:
        """The run, as this process knows it."""
        if not self.taken.done() or self.taken.exception() is not None:
            return self.submitted
        taken = self.taken.result()
        return taken.record if isinstance(taken, Run) else taken.run

    def refuse(self, error: BaseException) -> None:
        """Note that it could not be taken up here."""
        if not self.taken.done():
            self.taken.set_exception(error)
            self.taken.exception()  # nobody need wait for it

    def accept(self, taken: TakenUp) -> None:
        """Note that it was taken up here."""
        if not self.taken.done():
            self.taken.set_result(taken)


class Submissions:
    """Hands runs to an executor and follows them.

    Args:
        executor: Decides where and when they run.
        store: Where they are followed, if that is elsewhere.
        stopping: Says whether the process is letting go of its runs.
        poll_s: How often the store is looked at, in seconds.
    """

    def __init__(self, executor: Executor, store: Store, stopping: Callable[[], bool], poll_s: float) -> None:
        self._executor = executor
        self._store = store
        self._stopping = stopping
        self._poll_s = poll_s

    async def submit(
        self, record: RunRecord, spec: WorkflowSpec, take_up: Callable[[], Awaitable[TakenUp]], *, new: bool
    ) -> Submission:
        """Submit a run that is on record and free.

        Args:
            record: The run.
            spec: Its code.
            take_up: Takes it up in this process.
            new: Whether it was never taken up, so that it makes no difference who is the first to do so.
        """
        made = Submission(record, spec)

        async def start() -> None:
            if self._stopping():
                return  # it stays on record, for whoever resumes it
            try:
                taken = await take_up()
            except RunOwnedError as error:
                if not new:
                    made.refuse(error)
            except UsageError as error:
                if not self._stopping():
                    made.refuse(error)
            except Exception as error:
                made.refuse(error)
            else:
                made.accept(taken)
                if isinstance(taken, Execution):
                    await asyncio.wait({taken.finished})

        await self._executor.submit(record.id, start)
        return made

    async def follow(self, submission: Submission) -> "TakenUp | RunRecord":
        """Wait until a run is taken up here, or has been taken up elsewhere and let go of again.

        Returns:
            The run in this process; or its record, if it was elsewhere or this process stops first.
        """
        before = submission.submitted
        while True:
            await asyncio.wait({submission.taken}, timeout=self._poll_s)
            if submission.taken.done():
                return submission.taken.result()
            found = await self._store.load(before.id) or before
            if self._stopping() or (found.epoch > before.epoch and not found.owner):
                return found
