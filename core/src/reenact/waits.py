"""Waiting: for time, for a signal, for a person."""

import asyncio
import sys
from typing import Any, TypeVar, overload

from reenact.asking import Site, checked_name, hash_input, perform, running
from reenact.codec import canonical, plain
from reenact.content import pack
from reenact.errors import UsageError
from reenact.scopes import current_scope
from reenact.shapes import ValueShape
from reenact.steps import Call, StepSpec, current_step

T = TypeVar("T")

_NOW_S = 0.000_001
"""In place of no time at all, in which not even what was sent before could be taken."""

sleep = asyncio.sleep
"""Waits durably: a run that is resumed after the time was up goes on at once."""


async def _wait_for(name: str, show: dict[str, Any], wanted: Any, site: Site) -> Any:
    execution = running()
    if execution is None and current_step.get() is not None:
        raise UsageError(
            f"{name!r} waits for somebody, and a step or tool cannot: it belongs into workflow code, "
            f"before the step is asked for or after it"
        )
    if execution is None:
        raise UsageError(f"nobody can answer {name!r} outside a run; start the workflow with a runtime")
    path = current_scope.get().path(name)
    data = canonical(plain(show, f"{path} input", omit_defaults=True))
    spec = StepSpec(kind="signal", name=name)
    call = Call(
        spec,
        path,
        hash_input("signal", name, data),
        lambda blobs: pack(data, blobs),
        shape=ValueShape(wanted),
        site=site,
    )
    return await perform(execution, call)


@overload
async def wait_signal(name: str, *, timeout_s: float | None = ...) -> Any: ...
@overload
async def wait_signal(name: str, schema: type[T], *, timeout_s: float | None = ...) -> T: ...
async def wait_signal(name: str, schema: Any = Any, *, timeout_s: float | None = None) -> Any:
    """Wait until somebody sends the run a signal of that name; return what it carries.

    A signal that was sent before is taken at once; each is taken by one wait.

    Args:
        name: The signal's name.
        schema: The type of what it carries.
        timeout_s: How long to wait, in seconds of the run's time; with 0 it takes only what was sent before.

    Raises:
        TimeoutError: If nobody sent one in time.
    """
    frame = sys._getframe(1)
    site = (frame.f_code, frame.f_lineno)
    async with asyncio.timeout(None if timeout_s is None else max(timeout_s, _NOW_S)):
        return await _wait_for(checked_name(name), {}, schema, site)


@overload
async def approve(question: str, *, show: Any = ..., timeout_s: float | None = ...) -> bool: ...
@overload
async def approve(question: str, *, schema: type[T], show: Any = ..., timeout_s: float | None = ...) -> T: ...
async def approve(
    question: str, *, show: Any = None, schema: Any = bool, timeout_s: float | None = None
) -> Any:
    """Wait until a person answers.

    Args:
        question: What is asked.
        show: What the answer depends on; stored, and shown with the question.
        schema: The type of the answer; yes or no by default.
        timeout_s: How long to wait, in seconds of the run's time.

    Raises:
        TimeoutError: If nobody answered in time.
    """
    frame = sys._getframe(1)
    site = (frame.f_code, frame.f_lineno)
    async with asyncio.timeout(timeout_s):
        return await _wait_for("approve", {"question": question, "show": show}, schema, site)
