"""How a workflow ended: as it goes on record, and as whoever waits for its run is told."""

import asyncio
from typing import Any

import attrs

from reenact.codec import Json, canonical
from reenact.content import Blob
from reenact.divergence import described_end
from reenact.failures import record_failure
from reenact.records import Failure, RunRecord, Status
from reenact.steps import ContinueAsNew, Shape, idempotency_key
from reenact.views import Run

CONTINUED_AS = "$continued_as"
"""The one key of the output of a run that goes on as another one, which it names."""


@attrs.frozen
class Closing:
    """How a workflow ended.

    Attributes:
        status: What its run becomes.
        value: What it returned, as it is read back.
        error: What it raised.
        output: The stored spelling of what it returned.
        failure: What it raised, as it goes on record.
        note: Why it was cancelled.
    """

    status: Status
    value: Any = None
    error: BaseException | None = None
    output: bytes = b""
    failure: Failure | None = None
    note: str = ""

    @property
    def described(self) -> str:
        """It in words."""
        return described_end(self.status, self.failure, self.output)


@attrs.frozen(kw_only=True)
class Ending:
    """How a run ended, or why it stopped, in this process.

    Attributes:
        run: The run as it is on record now.
        value: What the workflow returned.
        error: What it raised.
        continued: The run in which it goes on, as it was started.
    """

    run: RunRecord
    value: Any = None
    error: BaseException | None = None
    continued: Any = None

    @property
    def view(self) -> Run:
        """The run, for whoever has waited for it."""
        return Run(record=self.run, error=self.error, value=self.value)


def close(
    main: asyncio.Task[Any],
    shape: Shape,
    blobs: dict[str, Blob],
    cancel_reason: str,
    run_id: str,
    failed: BaseException | None = None,
) -> Closing:
    """Return how the workflow whose task is *main* ended.

    Args:
        main: Its task, done.
        shape: How its result is put on record.
        blobs: Where what is large goes.
        cancel_reason: Why it was cancelled, if it was.
        run_id: The run.
        failed: Why the run could not be started in which it was to go on.
    """
    if main.cancelled():
        return Closing(Status.CANCELLED, note=cancel_reason)
    error = failed or main.exception()
    if isinstance(error, ContinueAsNew):
        value: dict[str, Json] = {CONTINUED_AS: continued_id(run_id)}
        note = f"continued as run {value[CONTINUED_AS]}"
        return Closing(Status.SUCCEEDED, value=value, output=canonical(value), note=note)
    if error is None:
        try:
            settled = shape.settle(main.result(), blobs)
        except Exception as unfit:
            error = unfit
        else:
            return Closing(Status.SUCCEEDED, value=settled.value, output=settled.data)
    return Closing(Status.FAILED, error=error, failure=record_failure(error, cause_path(error)))


def continued_id(run_id: str) -> str:
    """Return the id of the run in which a run goes on that ended with `ContinueAsNew`."""
    return idempotency_key(run_id, ":continued", 0)[:16]


def cause_path(error: BaseException | None) -> str:
    """Return the path of the earliest failed step among the causes of *error*; empty if none is."""
    found: list[tuple[int, str]] = []
    todo: list[BaseException | None] = [error]
    seen: set[int] = set()
    while todo:
        one = todo.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        step = one.__dict__.get("_reenact_step")
        if step is not None:
            found.append(step)
        todo += [one.__cause__, one.__context__, *getattr(one, "exceptions", ())]
    return min(found)[1] if found else ""
