"""What one watch has seen: each thing once, with the lines that led to it.

Both ways of looking on (`monitoring`, `profiling`) end here: with a call, a function that
begins, a line. An instrument that fails is switched off and logged; no run notices.
"""

import asyncio
import logging
import weakref
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

from reenact import loop as kernel_loop
from reenact.seams import Finding, Line
from reenact.trace import current_trace

from reenact_determinism import orders
from reenact_determinism.places import Places, Way, way_to
from reenact_determinism.reading import is_allowed
from reenact_determinism.sources import (
    REMEDIES,
    CFunctions,
    Source,
    kind_of,
    py_functions,
    spell_call,
    words,
)

log = logging.getLogger("reenact.determinism")

CREATE_TASK: CodeType = kernel_loop.RunLoop.create_task.__code__

_SET_ORDER = "set order"
_HASH = Source("identity", "hash()", direct=True)
_STDLIB_ENTRIES = words(
    "os os.path posixpath genericpath ntpath uuid random secrets time datetime tempfile pathlib "
    "shutil glob socket subprocess threading multiprocessing urllib http ssl locale getpass platform "
    "sqlite3 io concurrent"
)


class Notes:
    """Takes what is seen, and keeps what matters.

    Args:
        places: Whose code is whose.
        grave: Whether findings are errors.
        told: Told of each finding.

    Attributes:
        places: Whose code is whose.
        findings: What was found.
    """

    def __init__(self, places: Places, *, grave: bool, told: Callable[[Finding], None]) -> None:
        self.places = places
        self.findings: list[Finding] = []
        self._grave = grave
        self._told = told
        self._seen: set[tuple[str, int, str]] = set()
        self._c = CFunctions()
        self._py = py_functions()
        self._begun_at: weakref.WeakKeyDictionary[Any, tuple[Line, ...]] = weakref.WeakKeyDictionary()

    def take(self) -> tuple[Finding, ...]:
        """Return the findings and forget them."""
        found = tuple(self.findings)
        self.findings.clear()
        self._seen.clear()
        return found

    # --- what is seen

    def knows(self, code: CodeType) -> bool:
        """Say whether *code* must be seen each time it begins."""
        return id(code) in self._py or code is CREATE_TASK

    def called(self, frame: FrameType, function: Any, first: Any, count: Callable[[], int]) -> None:
        """Take a call of *function*; *count* returns how many arguments it has, -1 if that is not known."""
        if function is hash:
            if frame.f_code.co_name != "__hash__" and orders.hash_varies(frame, first):
                self._note_source(frame, _HASH)
            return
        source = self._c.find(function, first)
        if source is not None and (source.applies is None or source.applies(first, count())):
            self._note_source(frame, source)

    def began(self, frame: FrameType) -> None:
        """Take a function written in Python that begins."""
        code = frame.f_code
        if code is CREATE_TASK:
            self._note_task(frame)
            return
        known = self._py.get(id(code))
        if known is not None and (known.applies is None or known.applies(frame)):
            self._note_source(frame, known.source)

    def began_in_user_code(self, frame: FrameType) -> None:
        """Take a function of the user's that begins: it may be a comprehension over a set."""
        what = orders.begun_by_chance(frame)
        if what:
            self._note_order(frame.f_back, what)

    def reached(self, frame: FrameType, line: int) -> bool:
        """Take a line of the user's that is reached; say whether there is anything to see on it, ever."""
        if line not in orders.sites_of(frame.f_code.co_filename):
            return False
        what = orders.by_chance(frame, line)
        if what:
            self._note_order(frame, what)
        return True

    # --- what is kept

    def _note_task(self, frame: FrameType) -> None:
        coroutine = frame.f_locals.get("coro")
        way = way_to(frame.f_back, self.places, self._origin(), through_trusted=True)
        if way is not None and asyncio.iscoroutine(coroutine):
            self._begun_at[coroutine] = way.lines

    def _origin(self) -> tuple[Line, ...]:
        """Return the lines that began the task which is running."""
        task = asyncio.current_task()
        return self._begun_at.get(task.get_coro(), ()) if task is not None else ()

    def _note_source(self, frame: FrameType, source: Source) -> None:
        way = way_to(frame, self.places, self._origin())
        if way is None or (source.direct and way.modules):
            return
        self._note(way, kind_of(source, way.modules), _spell(source, way))

    def _note_order(self, frame: FrameType | None, what: str) -> None:
        way = way_to(frame, self.places, self._origin())
        if way is not None:
            self._note(way, _SET_ORDER, what)

    def _note(self, way: Way, kind: str, what: str) -> None:
        where = way.lines[0]
        key = (where.file, where.line, way.qualname or what)
        if key in self._seen:
            return
        self._seen.add(key)
        if is_allowed(way.lines):
            return
        trace = current_trace.get(None)
        finding = Finding(
            kind=kind,
            what=what,
            remedy=REMEDIES[kind],
            lines=way.lines,
            run_id=trace.run_id if trace is not None else "",
            grave=self._grave,
        )
        self.findings.append(finding)
        self._told(finding)


def _spell(source: Source, way: Way) -> str:
    if not way.modules:
        return source.name
    module = way.modules[0]
    called = spell_call(module, way.qualname)
    known = module.partition(".")[0] in _STDLIB_ENTRIES or called == source.name
    return called if known else f"{called}, by {source.name}"


def guarded(look: Callable[..., Any]) -> Callable[..., Any]:
    """Return *look* such that it never raises: an instrument that fails is logged, and sees nothing."""

    def looking(*seen: Any) -> Any:
        try:
            return look(*seen)
        except Exception:
            log.exception("the determinism check failed to look at something")
            return None

    return looking
