"""What a workflow is handed of an outcome: a value of the type it asked for, or an error, and when.

An error says which run and which step it comes from. `turns` decides which outcome
is delivered next; nothing here waits or writes.
"""

from typing import Any

from reenact.away import LeftAway
from reenact.content import Blob, unpack
from reenact.divergence import unfit
from reenact.errors import InputError, NotStorableError
from reenact.failures import record_failure, revive, rewritten
from reenact.history import History
from reenact.records import Entry, Failure, Status
from reenact.steps import Call, Outcome, StepSpec
from reenact.trace import TraceContext

TIMER = StepSpec(kind="timer", name="timer")


def value_of(call: Call, entry: Entry, history: History, run_id: str) -> Any:
    """Return what a step returned, read from its record.

    Raises:
        DivergenceError: If it is not of the type that the code expects now.
        LeftAway: If so, and what is held does not tell where it was asked for.
    """
    value = unpack(bytes(entry.output), history.blobs) if entry.output else None
    try:
        return call.shape.read(value) if call.shape is not None else value
    except NotStorableError as error:
        recorded = history.steps.get(call.path)
        if recorded is None and history.rest is not None:
            raise LeftAway from error
        intent = recorded.intent if recorded is not None else entry
        raise unfit(run_id, intent, call, str(error)) from error


def error_of(
    call: Call, entry: Entry, failure: Failure, outcome: Outcome | None, trace: TraceContext
) -> BaseException:
    """Return what a step raised, as its workflow sees it.

    Args:
        call: The step.
        entry: Its end on record.
        failure: What it raised, as it is on record.
        outcome: Its end, if it was seen in this process.
        trace: The run's.
    """
    if call.placeholders is not None:
        failure = rewritten(failure, call.placeholders().restore_value)
    error = revive(failure)
    if outcome is not None and outcome.error is not None:
        error.__cause__ = outcome.error
    stamp(error, trace)
    error.__dict__.setdefault("_reenact_step", (entry.seq, entry.path))
    return error


def stamp(error: BaseException, trace: TraceContext) -> None:
    """Have an error say which run it comes from, once."""
    error.__dict__["trace_id"] = trace.trace_id
    note = f"run {trace.run_id}, trace {trace.trace_id}"
    if note not in getattr(error, "__notes__", ()):
        error.add_note(note)


def outcome_given(call: Call, value: Any) -> Outcome:
    """Return the outcome that was set for a step, or how it does not fit."""
    assert call.shape is not None  # noqa: S101  # what can be given has a type
    try:
        blobs: dict[str, Blob] = {}
        settled = call.shape.settle(call.shape.given(value), blobs)
    except Exception as error:
        misfit = InputError(f"what was given as the outcome of {call.path} does not fit: {error}")
        return Outcome(Status.FAILED, failure=record_failure(misfit, call.path), error=misfit)
    return Outcome(Status.SUCCEEDED, settled=settled, blobs=blobs)


def told_ns(call: Call, entry: Entry) -> int:
    """Return the workflow's time when it is told of an outcome; of a taken one, when the other run was."""
    if entry.taken:
        return entry.due_ns
    if call.spec is TIMER:
        return max(entry.at_ns, call.due_ns)
    return entry.at_ns


def as_cancelled(outcome: Outcome) -> Outcome:
    """Return *outcome* as that of a step which was called off: its cost stays, what it was told does not."""
    return Outcome(Status.CANCELLED, settled=outcome.settled, blobs=outcome.blobs)
