"""A run's code over its record: nothing is performed, and nothing is written.

The record says what every step returned and in which order, so the workflow takes the way it took.
Where the record is used up, so is the replay; what the code asks for beside it is a divergence.
"""

import asyncio
from typing import Any

from reenact.closing import Ending
from reenact.execution import Execution
from reenact.steps import HELD


class Replay(Execution):
    """A run that is gone through again; the services it is given have no writer."""

    live = False

    def _release_held(self) -> None:
        """At rest with nothing left on record: this is the record's end, or a divergence."""
        matching = self.turns.matching
        if self.turns.completed and not matching.all_met:
            return  # outcomes that were kept from before come first
        matching.check_begun()
        held, matching.held = matching.held, []
        matching.check_unrecorded(next((call for call in held if call.state is HELD), None))
        self._end_without_a_word(Ending(run=self.run))

    def _end(self, main: asyncio.Task[Any]) -> None:
        if self.turns.clear_away():
            found = self._closing(main)
            self.turns.matching.check_end(found.status, found.output, found.described)
            self._end_without_a_word(Ending(run=self.run, value=found.value, error=found.error))

    def _end_without_a_word(self, ending: Ending) -> None:
        """End, with nothing put on record."""
        self._over = True
        self._dispose()
        self.finished.set_result(ending)

    def _flush(self, *, final: bool = False) -> None:
        """Write nothing."""
