"""Whose code is whose: the user's, a library's, the runtime's, or what looks on as we do.

What a library reads is put down to the user's line that called it. What the runtime
and asyncio read is theirs, but the code they call back is the user's. What logging,
warnings, imports, tracebacks and test tools read is nobody's business, and neither is
what they call: a formatter of the user's that reads the clock changes no run.
"""

import asyncio
import enum
import functools
import os
import selectors
import site
import sysconfig
from collections.abc import Iterable, Sequence
from types import CodeType, FrameType

import attrs
import reenact
from reenact import loop as kernel_loop
from reenact.seams import Line
from reenact.workflows import WORKFLOWS

OPAQUE_MODULES = (
    *("logging", "warnings", "importlib", "zipimport", "traceback", "linecache", "zoneinfo", "_strptime"),
    *("structlog", "loguru", "opentelemetry", "logfire", "sentry_sdk", "tqdm", "rich"),
    *("_pytest", "pytest", "pluggy", "coverage", "hypothesis", "pdb", "bdb", "pydevd", "debugpy"),
    "reenact_determinism",
)
"""What looks on: logging, imports, progress bars, test tools. What it does changes no run."""

READS_PACKAGES = ("importlib.resources", "importlib.metadata")
TRUSTED_MODULES = ("asyncio", "reenact", "selectors")
"""What calls workflow code, and reads clocks and the like for reasons of its own."""

_INSTALLED = ("site-packages", "dist-packages")
_NO_CODE_OF_A_WORKFLOW = ("<module>", "__del__")
_TYPED_IN = ("<stdin>", "<ipython-", "<doctest ", "<console>")


class Place(enum.IntEnum):
    """Whose a piece of code is."""

    USER = 0
    LIBRARY = 1
    TRUSTED = 2
    OPAQUE = 3


def _folders() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    found = {paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib") if name in paths}
    found.add(os.path.dirname(os.__file__))  # noqa: PTH120  # as code objects spell it
    if site.ENABLE_USER_SITE:
        found.add(site.getusersitepackages())
    return tuple(f"{folder}{os.sep}" for folder in found)


class Places:
    """Knows whose code is whose.

    Args:
        allow: More modules that are nobody's business.
    """

    def __init__(self, allow: Sequence[str] = ()) -> None:
        self._opaque = (*OPAQUE_MODULES, *allow)
        self._folders = _folders()
        self._known: dict[str, Place] = {}
        self._workflows = 0
        self._roots: tuple[str, ...] = ()

    def of(self, frame: FrameType) -> Place:
        """Return whose code *frame* runs."""
        code = frame.f_code
        if len(WORKFLOWS) != self._workflows:
            self._learn_roots()
        name = code.co_filename
        if name == "<string>":
            return Place.LIBRARY if _is_generated(code) else Place.USER
        place = self._known.get(name)
        if place is None:
            place = self._known[name] = self._find(name, str(frame.f_globals.get("__name__", "")))
        return place

    def _learn_roots(self) -> None:
        """Note which installed packages define workflows: those are the user's."""
        self._workflows = len(WORKFLOWS)
        files = (workflow.spec.fn.__code__.co_filename for workflow in WORKFLOWS.values())
        self._roots = tuple({root for file in files if (root := _package_of(file))})
        self._known.clear()

    def _find(self, filename: str, module: str) -> Place:
        if _is_in(module, self._opaque) and not _is_in(module, READS_PACKAGES):
            return Place.OPAQUE
        if _is_in(module, TRUSTED_MODULES):
            return Place.TRUSTED
        if filename.startswith("<"):
            return Place.USER if filename.startswith(_TYPED_IN) else Place.LIBRARY
        if filename.startswith(self._roots):
            return Place.USER
        installed = any(f"{os.sep}{name}{os.sep}" in filename for name in _INSTALLED)
        return Place.LIBRARY if installed or filename.startswith(self._folders) else Place.USER


_RUNTIME = tuple(
    file.removesuffix("__init__.py").removesuffix("places.py")
    for file in (asyncio.__file__, str(reenact.__file__), __file__)
)


@functools.lru_cache(maxsize=4096)
def is_of_the_runtime(filename: str) -> bool:
    """Say whether a file is asyncio's, the kernel's or this package's: there is nothing to see in it."""
    return filename.startswith(_RUNTIME) or filename == selectors.__file__


def _is_in(module: str, packages: Iterable[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def _is_generated(code: CodeType) -> bool:
    """Say whether code without a file is what dataclasses and the like have written."""
    return "__create_fn__" in code.co_qualname or code.co_name == "__new__" or code.co_name.startswith("__")


def _package_of(filename: str) -> str:
    """Return the top folder, or the file, of an installed package; empty if it is not installed."""
    for name in _INSTALLED:
        head, found, tail = filename.rpartition(f"{os.sep}{name}{os.sep}")
        if found:
            top, _, below = tail.partition(os.sep)
            return f"{head}{found}{top}{os.sep}" if below else filename
    return ""


# --- how it came to a line ------------------------------------------------------------------------

_TURN = kernel_loop.RunLoop.turn.__code__


@attrs.frozen
class Way:
    """How workflow code came to do something.

    Attributes:
        lines: The user's lines, innermost first.
        modules: The libraries' modules that it went through, the one that the user called first.
        qualname: The library's function that the user called; empty if none.
    """

    lines: tuple[Line, ...]
    modules: tuple[str, ...] = ()
    qualname: str = ""


def way_to(
    frame: FrameType | None,
    places: Places,
    begun_at: tuple[Line, ...] = (),
    *,
    through_trusted: bool = False,
) -> Way | None:
    """Return how workflow code came to *frame*; None if it did not, or if it does not matter.

    Args:
        frame: Where something is done.
        places: Whose code is whose.
        begun_at: The lines that began the task.
        through_trusted: What asyncio or the runtime does in the name of the user matters.
    """
    lines: list[Line] = []
    through: list[FrameType] = []
    while frame is not None and frame.f_code is not _TURN:
        place = places.of(frame)
        if place is Place.OPAQUE or frame.f_code.co_name in _NO_CODE_OF_A_WORKFLOW:
            return None
        if place is Place.USER:
            lines.append(line_of(frame))
        elif not lines:
            if place is Place.TRUSTED and not through_trusted:
                return None
            through.append(frame)
        frame = frame.f_back
    found = (*lines, *begun_at)
    if not found:
        return None
    modules = tuple(str(one.f_globals.get("__name__", "")) for one in reversed(through))
    return Way(found, modules, _called(through[-1]) if through else "")


def _called(entry: FrameType) -> str:
    """Return the name of a library's function; that of the class for what wrote itself."""
    code = entry.f_code
    if code.co_filename.startswith("<") and not code.co_filename.startswith("<frozen "):
        made = type(entry.f_locals.get("self"))
        return made.__qualname__ if code.co_name == "__init__" else code.co_name
    return code.co_qualname


def line_of(frame: FrameType) -> Line:
    """Return the line that *frame* is at."""
    code = frame.f_code
    return Line(file=code.co_filename, line=frame.f_lineno or code.co_firstlineno, function=code.co_qualname)
