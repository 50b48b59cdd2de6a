"""Whether Python's collector of cycles is at work, whose moments do not repeat.

What it lets go of is let go of at another step on each run, so nothing of a workflow may follow from it.
"""

import gc


class Collector:
    """Knows whether the collector of this process is at work.

    Attributes:
        at_work: Whether it is, once `watch` was called.
    """

    at_work = False
    _watched = False

    def watch(self) -> None:
        """Be told of its work from now on."""
        if not self._watched:
            self._watched = True
            gc.callbacks.append(self._told)

    def _told(self, phase: str, _: dict[str, int]) -> None:
        self.at_work = phase == "start"


COLLECTOR = Collector()
