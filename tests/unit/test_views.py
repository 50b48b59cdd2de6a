"""Runs as people look at them, and what a run says that has no output."""

from decimal import Decimal
from typing import Any

import pytest
from reenact import Run, RunView, Status, StepView
from reenact.errors import InDoubtError, ReenactError, RunCancelledError
from reenact.records import RunRecord


def run(status: Status, **fields: Any) -> Run:
    """Return a run that has become *status*."""
    record = {name: fields.pop(name) for name in ("waits_for", "cost_usd") if name in fields}
    return Run(record=RunRecord(id="r", trace_id="t", workflow="w", status=status, **record), **fields)


def test_a_run_that_succeeded_has_its_output() -> None:
    """And says who it is and what it cost."""
    ended = run(Status.SUCCEEDED, value=5, cost_usd="0.10")

    assert (ended.output, ended.id, ended.trace_id) == (5, "r", "t")
    assert ended.cost_usd == Decimal("0.10")
    assert run(Status.SUCCEEDED, cost_usd="").cost_usd is None


def test_a_run_that_failed_raises_what_it_failed_with() -> None:
    """The exception itself."""
    error = ValueError("no")

    with pytest.raises(ValueError, match="no") as caught:
        _ = run(Status.FAILED, error=error).output

    assert caught.value is error


@pytest.mark.parametrize(
    ("status", "waits_for", "kind", "message"),
    [
        (Status.CANCELLED, "", RunCancelledError, "run 'r' was cancelled"),
        (Status.IN_DOUBT, "pay#0: nobody knows", InDoubtError, "step 'pay#0' of run 'r' is in doubt: nobody"),
        (
            Status.WAITING,
            "approve at x",
            ReenactError,
            r"no output yet \(waiting\): it waits for approve at x",
        ),
        (Status.RUNNING, "", ReenactError, r"no output yet \(running\)$"),
    ],
)
def test_a_run_without_output_says_why(
    status: Status, waits_for: str, kind: type[Exception], message: str
) -> None:
    """In words that name what to do next."""
    with pytest.raises(kind, match=message):
        _ = run(status, waits_for=waits_for).output


def test_a_step_is_found_by_its_path() -> None:
    """The number may be left out for the first."""
    steps = [
        StepView(path=path, kind="step", name="plan", status=Status.RUNNING) for path in ("plan#0", "plan#1")
    ]
    view = RunView(record=RunRecord(id="r", trace_id="t", workflow="w"), steps=steps, entries=[])

    assert view.step("plan") is steps[0]
    assert view.step("plan#1") is steps[1]
    assert view.step("other") is None
    assert list(view) == steps
