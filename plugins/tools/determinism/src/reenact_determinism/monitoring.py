"""Looking on with `sys.monitoring`, on Python 3.12 and newer.

Code is watched from the first time that it begins within a turn: from then on its calls,
and the lines of the user's, are events; that it begins is none any more. Code of the
runtime and of asyncio is left alone at once. Other code, such as that of steps, costs one
look into a dictionary when a function begins. When nobody looks on, nothing is left.
"""

import functools
import sys
import threading
from collections.abc import Callable
from opcode import opname
from types import CodeType
from typing import Any

from reenact_determinism.noting import CREATE_TASK, Notes, guarded
from reenact_determinism.places import Place, is_of_the_runtime
from reenact_determinism.sources import C_TYPES, UNKNOWN

monitoring: Any = getattr(sys, "monitoring", None)

NAME = "reenact"
_TOOL_IDS = (4, 3, 2, 1, 0)
_MONITORED = 2
"""How many frames up the monitored code is: the guard is between."""

_COMPREHENSIONS = ("<listcomp>", "<genexpr>", "<dictcomp>")


class Monitoring:
    """Looks on in this process; there is one, shared by all watches that are open."""

    def __init__(self) -> None:
        self._looking: dict[int, Notes] = {}
        self._open = 0
        self._tool = -1
        self._watched: dict[int, CodeType] = {}
        self._lock = threading.Lock()

    # --- life

    def open(self) -> None:
        """Begin to look on."""
        with self._lock:
            self._open += 1
            if self._open == 1:
                self._begin()

    def close(self) -> None:
        """End it; the last one leaves nothing behind."""
        with self._lock:
            self._open -= 1
            if self._open == 0:
                self._end()

    def _begin(self) -> None:
        free = [number for number in _TOOL_IDS if monitoring.get_tool(number) is None]
        if not free:
            raise RuntimeError(
                "no id of sys.monitoring is free: too many debuggers and profilers are at work"
            )
        self._tool = free[0]
        monitoring.use_tool_id(self._tool, NAME)
        events = monitoring.events
        for event, look in (
            (events.PY_START, self._began),
            (events.CALL, self._called),
            (events.LINE, self._reached),
        ):
            monitoring.register_callback(self._tool, event, guarded(look))
        monitoring.restart_events()
        monitoring.set_events(self._tool, events.PY_START)

    def _end(self) -> None:
        monitoring.set_events(self._tool, 0)
        for code in self._watched.values():
            monitoring.set_local_events(self._tool, code, 0)
        self._watched.clear()
        for event in (monitoring.events.PY_START, monitoring.events.CALL, monitoring.events.LINE):
            monitoring.register_callback(self._tool, event, None)
        monitoring.free_tool_id(self._tool)

    def look_on(self, notes: Notes, turn: Callable[[], None]) -> None:
        """Call *turn*, and have what it does noted."""
        thread = threading.get_ident()
        before = self._looking.get(thread)
        self._looking[thread] = notes
        try:
            turn()
        finally:
            if before is None:
                del self._looking[thread]
            else:
                self._looking[thread] = before

    # --- events

    def _began(self, code: CodeType, _: int) -> Any:
        if is_of_the_runtime(code.co_filename) and code is not CREATE_TASK:
            return monitoring.DISABLE
        notes = self._looking.get(threading.get_ident())
        return self._begin_in_turn(code, notes) if notes is not None else None

    def _begin_in_turn(self, code: CodeType, notes: Notes) -> Any:
        frame = sys._getframe(_MONITORED + 1)
        if notes.knows(code):
            notes.began(frame)
            return None
        place = notes.places.of(frame)
        if place in (Place.TRUSTED, Place.OPAQUE):
            return monitoring.DISABLE
        if id(code) not in self._watched:
            self._watch(code, place)
        if place is Place.USER and code.co_name in _COMPREHENSIONS:
            notes.began_in_user_code(frame)
            return None
        return monitoring.DISABLE

    def _watch(self, code: CodeType, place: Place) -> None:
        events = monitoring.events
        wanted = events.CALL | events.LINE if place is Place.USER else events.CALL
        monitoring.set_local_events(self._tool, code, wanted)
        self._watched[id(code)] = code

    def _called(self, code: CodeType, offset: int, function: Any, first: Any) -> Any:
        if type(function) not in C_TYPES:
            return
        notes = self._looking.get(threading.get_ident())
        if notes is not None:
            seen = UNKNOWN if first is monitoring.MISSING else first
            notes.called(sys._getframe(_MONITORED), function, seen, functools.partial(_count, code, offset))

    def _reached(self, _: CodeType, line: int) -> Any:
        notes = self._looking.get(threading.get_ident())
        if notes is None:
            return None
        return None if notes.reached(sys._getframe(_MONITORED), line) else monitoring.DISABLE


def _count(code: CodeType, offset: int) -> int:
    """Return how many arguments the call at *offset* has, -1 if it does not say."""
    data = code.co_code
    return data[offset + 1] if opname[data[offset]] in ("CALL", "CALL_KW") else -1


MONITORING = Monitoring()
