"""Looking on with `sys.setprofile`, on Python 3.11: the lesser way.

A profile function is set while a turn is on and taken away after it. It sees what is
called, and functions that begin, but not lines and not calls of types: the order of a set
is found where something is called in a loop over it, and ``list(names)`` of a set is not
unless something else is called on its line. Another profiler sees nothing of turns.
"""

import sys
from collections.abc import Callable
from opcode import opname
from types import FrameType
from typing import Any

from reenact_determinism.noting import Notes, guarded
from reenact_determinism.places import Place
from reenact_determinism.sources import UNKNOWN

_COMPREHENSIONS = ("<listcomp>", "<genexpr>", "<dictcomp>")


class Profiling:
    """Looks on in the thread that turns a loop."""

    def open(self) -> None:
        """Begin to look on; there is nothing to do until a turn is on."""

    def close(self) -> None:
        """End it; nothing is left after a turn."""

    def look_on(self, notes: Notes, turn: Callable[[], None]) -> None:
        """Call *turn*, and have what it does noted."""
        before = sys.getprofile()
        looks = {"call": guarded(_Looks(notes).began), "c_call": guarded(_Looks(notes).called)}

        def look(frame: FrameType, event: str, seen: Any) -> None:
            found = looks.get(event)
            if found is not None:
                found(frame, seen)

        sys.setprofile(look)
        try:
            turn()
        finally:
            sys.setprofile(before)


class _Looks:
    """What is done about each event."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    def began(self, frame: FrameType, _: Any) -> None:
        notes, code = self._notes, frame.f_code
        if notes.knows(code):
            notes.began(frame)
        elif code.co_name in _COMPREHENSIONS and notes.places.of(frame) is Place.USER:
            notes.began_in_user_code(frame)
        caller = frame.f_back
        if caller is not None:
            self._reached(caller)

    def called(self, frame: FrameType, function: Any) -> None:
        notes = self._notes
        if notes.places.of(frame) in (Place.TRUSTED, Place.OPAQUE):
            return
        first = UNKNOWN if isinstance(getattr(function, "__self__", None), type(sys)) else function.__self__
        notes.called(frame, function, first, lambda: _count(frame))
        self._reached(frame)

    def _reached(self, frame: FrameType) -> None:
        if self._notes.places.of(frame) is Place.USER and frame.f_lineno is not None:
            self._notes.reached(frame, frame.f_lineno)


def _count(frame: FrameType) -> int:
    """Return how many arguments the call has that *frame* is at, -1 if it does not say."""
    data, offset = frame.f_code.co_code, frame.f_lasti
    return data[offset + 1] if opname[data[offset]] == "CALL" else -1
