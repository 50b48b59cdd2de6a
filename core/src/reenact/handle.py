"""A run that was started and not waited for: what `Runtime.start` gives back."""

from reenact.records import RunRecord, Status
from reenact.runs import Runs, Started
from reenact.views import Run


class Handle:
    """A run that was started.

    Attributes:
        id: The run's id.
        trace_id: Its trace.
    """

    def __init__(self, runs: Runs, started: Started) -> None:
        self._runs = runs
        self._started = started
        record = _record_of(started)
        self.id = record.id
        self.trace_id = record.trace_id

    @property
    def status(self) -> Status:
        """What the run has become so far."""
        return _record_of(self._started).status

    async def wait(self) -> Run:
        """Wait until the run has ended, or was given back because it waits for somebody."""
        return await self._runs.wait(self._started)


def _record_of(started: Started) -> RunRecord:
    return started.record if isinstance(started, Run) else started.run
