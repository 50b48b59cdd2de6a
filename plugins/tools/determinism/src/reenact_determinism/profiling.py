"""Looking on without `sys.monitoring`, on Python 3.11: the lesser way.

A profile function sees calls and functions that begin; a trace function sees lines of the
user's. Both are set while a turn is on, and taken away after it. Where a debugger or
coverage has the trace function, it keeps it: then the order of sets is found in
comprehensions, and on lines that call something. Another profiler sees nothing of turns.
"""

import functools
import sys
from collections.abc import Callable
from opcode import opname
from types import BuiltinFunctionType, FrameType, ModuleType
from typing import Any

from reenact_determinism.noting import CREATE_TASK, Notes, guarded
from reenact_determinism.places import Place, is_of_the_runtime
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
        profiled, traced = sys.getprofile(), sys.gettrace()
        looks = _Looks(notes, lines=traced is None)
        if traced is None:
            sys.settrace(looks.trace)
        sys.setprofile(looks.profile)
        try:
            turn()
        finally:
            sys.setprofile(profiled)
            if traced is None:
                sys.settrace(None)


class _Looks:
    """What is done about each event.

    Args:
        notes: Where it goes.
        lines: Lines are seen, too.
    """

    def __init__(self, notes: Notes, *, lines: bool) -> None:
        self._notes = notes
        self._lines = lines
        self._began = guarded(self._begin)
        self._called = guarded(self._call)
        self._reached = guarded(self._reach)

    def profile(self, frame: FrameType, event: str, seen: Any) -> None:
        code = frame.f_code
        if event == "c_call":
            if not is_of_the_runtime(code.co_filename) and type(seen) is BuiltinFunctionType:
                self._called(frame, seen)
        elif event == "call" and (not is_of_the_runtime(code.co_filename) or code is CREATE_TASK):
            self._began(frame)

    def trace(self, frame: FrameType, _event: str, _: Any) -> Any:
        if is_of_the_runtime(frame.f_code.co_filename):
            return None
        return self._trace_line if self._notes.places.of(frame) is Place.USER else None

    def _trace_line(self, frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            self._reached(frame)
        return self._trace_line

    def _begin(self, frame: FrameType) -> None:
        notes, code = self._notes, frame.f_code
        if notes.knows(code):
            notes.began(frame)
        elif code.co_name in _COMPREHENSIONS and notes.places.of(frame) is Place.USER:
            notes.began_in_user_code(frame)
        if not self._lines and frame.f_back is not None:
            self._reached(frame.f_back)

    def _call(self, frame: FrameType, function: Any) -> None:
        notes = self._notes
        if notes.places.of(frame) in (Place.TRUSTED, Place.OPAQUE):
            return
        owner = function.__self__
        first = UNKNOWN if owner is None or isinstance(owner, ModuleType) else owner
        notes.called(frame, function, first, functools.partial(_count, frame))
        if not self._lines:
            self._reached(frame)

    def _reach(self, frame: FrameType) -> None:
        if self._notes.places.of(frame) is Place.USER and frame.f_lineno is not None:
            self._notes.reached(frame, frame.f_lineno)


def _count(frame: FrameType) -> int:
    """Return how many arguments the call has that *frame* is at, -1 if it does not say."""
    data, offset = frame.f_code.co_code, frame.f_lasti
    return data[offset + 1] if opname[data[offset]] == "CALL" else -1
