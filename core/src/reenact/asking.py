"""How a workflow asks its run for a step: on the deterministic loop, by path and hash."""

import asyncio
import functools
from types import CodeType
from typing import Any

from reenact.codec import canonical, digest
from reenact.errors import UsageError
from reenact.execution import Execution, current_execution
from reenact.steps import Call

Site = tuple[CodeType, int]
"""The code that asks, and the line in it."""


def running() -> Execution | None:
    """Return the run whose workflow code is asking; None outside, and in the body of a step."""
    execution = current_execution.get()
    return execution if execution is not None and execution.loop.inside else None


@functools.lru_cache(maxsize=4096)
def _hash_end(kind: str, name: str) -> bytes:
    return b',"kind":' + canonical(kind) + b',"name":' + canonical(name) + b"}"


def hash_input(kind: str, name: str, data: bytes) -> str:
    """Return the input hash: SHA-256 of the canonical JSON of kind, name and input.

    Args:
        kind: What kind of step.
        name: Its name.
        data: The canonical spelling of its input.
    """
    return digest(b'{"input":' + data + _hash_end(kind, name))


async def perform(execution: Execution, call: Call) -> Any:
    """Ask for a step and wait for its outcome."""
    future = execution.ask(call)
    try:
        return await future
    except asyncio.CancelledError:
        execution.call_off(call)
        raise


def checked_name(name: str) -> str:
    """Return *name*, if a step may be called so.

    Raises:
        UsageError: If it holds what means something in a path.
    """
    if not name or any(char in "/#[]%:" or not char.isprintable() for char in name):
        raise UsageError(f"{name!r} is no name for a step: it may not hold / # [ ] % : or control characters")
    return name
