"""Who is calling: the user's line in an error, and whether a function of asyncio's is in between."""

import asyncio
import os
import sys
from types import FrameType
from typing import Any


def caller() -> str:
    """Return file and line of the user's nearest frame; of a library's, if there is none."""
    frame: FrameType | None = sys._getframe(2)
    library = ""
    while frame is not None:
        filename = frame.f_code.co_filename
        if not filename.startswith((_ASYNCIO_FOLDER, _OWN_FOLDER)):
            library = library or f"{filename}:{frame.f_lineno}"
            if not _is_library(filename):
                return f"{filename}:{frame.f_lineno}"
        frame = frame.f_back
    return library


def waiting_at(work: Any) -> str:
    """Return file and line of the innermost frame in a coroutine that waits: the user's, or a library's."""
    user = library = ""
    while work is not None:
        frame: FrameType | None = getattr(work, "cr_frame", None)
        filename = frame.f_code.co_filename if frame is not None else _OWN_FOLDER
        if frame is not None and not filename.startswith((_ASYNCIO_FOLDER, _OWN_FOLDER)):
            library = f"{filename}:{frame.f_lineno}"
            user = user if _is_library(filename) else library
        work = getattr(work, "cr_await", None)
    return user or library


def _is_library(filename: str) -> bool:
    return filename.startswith(_STDLIB_FOLDER) or "-packages" in filename


_ASYNCIO_FOLDER = asyncio.__file__.removesuffix("__init__.py")
_STDLIB_FOLDER = _ASYNCIO_FOLDER.removesuffix(os.path.join("asyncio", ""))  # noqa: PTH118  # as it is spelled
_OWN_FOLDER = __file__.removesuffix("callers.py")
TASKS_FILE = asyncio.tasks.__file__


def called_by(code: Any) -> bool:
    """Say whether one of the nearest callers within asyncio is the function with *code*."""
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_code.co_filename == TASKS_FILE:
        if frame.f_code is code:
            return True
        frame = frame.f_back
    return False
