"""One attempt of a step: its body is run, within its time, and what came of it is an outcome.

Nothing here goes on record; `retries` decides what follows an attempt.
"""

import asyncio
from typing import Any

from reenact.content import Blob
from reenact.errors import NotStorableError, PluginError, PolicyDeniedError, UsageError
from reenact.failures import record_failure, rewritten
from reenact.records import Failure, RunRecord, Status
from reenact.steps import Call, Outcome, StepContext, current_step
from reenact.trace import TraceContext, current_trace

_FINAL = (NotStorableError, PolicyDeniedError, UsageError, PluginError)
"""Errors that no further attempt can cure."""


def context_of(call: Call, run: RunRecord) -> StepContext:
    """Return what the body of a step is told of the attempt."""
    trace = TraceContext(run.trace_id, run.id, call.path, call.attempt)
    return StepContext(trace, call.generation, call.candidate)


async def attempt(call: Call, run: RunRecord) -> Any:
    """Run the body of a step; return what it returned.

    Raises:
        TimeoutError: If it took longer than it may.
        Exception: Whatever it raised.
    """
    context = context_of(call, run)
    current_step.set(context)
    current_trace.set(context.trace)
    assert call.body is not None  # noqa: S101  # only waits have none
    if call.spec.timeout_s is None:
        return await call.body(context)
    limit = asyncio.timeout(call.spec.timeout_s)
    try:
        async with limit:
            return await call.body(context)
    except TimeoutError:
        if limit.expired():
            raise TimeoutError(f"step {call.path!r} took longer than {call.spec.timeout_s} s") from None
        raise


def succeeded(call: Call, value: Any) -> Outcome:
    """Return the outcome of a step whose body returned *value*.

    Raises:
        NotStorableError: If that cannot go on record.
    """
    assert call.shape is not None  # noqa: S101  # what has a body has a result
    blobs: dict[str, Blob] = {}  # written with the row that names them, which is made at the delivery
    return Outcome(Status.SUCCEEDED, settled=call.shape.settle(value, blobs), blobs=blobs)


def failed(call: Call, error: Exception) -> Outcome:
    """Return the outcome of a step that is not tried again."""
    status = Status.DENIED if isinstance(error, PolicyDeniedError) else Status.FAILED
    return Outcome(status, failure=failure_of(call, error), error=error)


def failure_of(call: Call, error: BaseException) -> Failure:
    """Return what a body raised, as it goes on record."""
    failure = record_failure(error, call.path, retryable=call.spec.retry.retryable(error))
    return rewritten(failure, call.placeholders().hide_value) if call.placeholders else failure


def next_try(call: Call, error: Exception) -> tuple[int, int, float] | None:
    """Return the number, candidate and pause in seconds of the try after *error*; None if it was the last."""
    return None if isinstance(error, _FINAL) else call.spec.retry.after(call.tries, call.candidate, error)


def cancel_requested() -> bool:
    """Say whether somebody has cancelled the task that asks, as opposed to its having raised that itself."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
