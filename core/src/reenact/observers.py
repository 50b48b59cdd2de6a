"""Who is told in this process of what has become durable.

One that raises is told nothing more: a run does not fail because somebody looks on.
"""

import contextlib
import logging
from collections.abc import Callable, Sequence

from reenact.journal import Observer
from reenact.records import Entry, RunRecord

log = logging.getLogger("reenact")


class Observers:
    """The observers of one runtime."""

    def __init__(self) -> None:
        self._observers: list[Observer] = []

    def add(self, observer: Observer) -> Callable[[], None]:
        """Have *observer* told from now on; return what ends that."""
        self._observers.append(observer)
        return lambda: self._dismiss(observer)

    def _dismiss(self, observer: Observer) -> None:
        with contextlib.suppress(ValueError):  # it is gone already
            self._observers.remove(observer)

    def tell(self, run: RunRecord, entries: Sequence[Entry]) -> None:
        """Tell all of them what has become durable."""
        for observer in tuple(self._observers):
            try:
                observer(run, entries)
            except Exception:
                log.exception("an observer failed and is told nothing more")
                self._dismiss(observer)
