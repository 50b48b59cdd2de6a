"""Where code and record part: in words, as a diff, and back to the step that caused it."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from reenact.closing import Closing, cause_path, close
from reenact.differences import LINES_MAX, diff_values
from reenact.divergence import describe, describe_call, describe_end
from reenact.records import Entry, Failure, Status, raw
from reenact.shapes import ValueShape
from reenact.steps import Call, StepSpec, spell_site


def entry(**fields: Any) -> Entry:
    return Entry(**{"seq": 0, "path": "plan#0", "status": Status.RUNNING, "at_ns": 0, **fields})


def test_a_step_on_record_is_described() -> None:
    """By kind, name, place, input and line."""
    text = describe(entry(kind="llm", name="plan", input_hash="abcdef0123456789", site="flow.py:3"))

    assert text == "llm 'plan' at 'plan#0' (input abcdef012345, asked for at flow.py:3)"
    assert describe(entry(kind="step", name="a")) == "step 'a' at 'plan#0' (input )"


def test_a_step_that_is_asked_for_is_described() -> None:
    """The same way, with the line that asks."""
    site = (test_a_step_that_is_asked_for_is_described.__code__, 7)
    call = Call(StepSpec(kind="step", name="plan"), "plan#0", "abc", site=site)

    assert describe_call(call) == f"step 'plan' at 'plan#0' (input abc, asked for at {spell_site(site)})"
    assert spell_site(site).endswith("test_divergence.py:7")
    assert describe_call(Call(StepSpec(kind="step", name="a"), "a#0", "")) == "step 'a' at 'a#0' (input )"
    assert describe_call(None) == "no step that is asked for"
    assert spell_site(None) == ""


def test_the_end_of_a_run_is_described() -> None:
    """By what it returned or raised."""
    failure = Failure(type="builtins.ValueError", message="no")

    assert describe_end(entry(status=Status.SUCCEEDED, output=raw(b"5"))) == "succeeded with 5"
    assert describe_end(entry(status=Status.CANCELLED)) == "cancelled with nothing"
    assert describe_end(entry(status=Status.FAILED, failure=failure)) == "failed with builtins.ValueError: no"


def test_two_inputs_are_shown_as_a_diff() -> None:
    """Of indented JSON; very long ones are cut."""
    text = diff_values({"a": 1, "b": "é"}, {"a": 2, "b": "é"}, "then", "now")

    assert text.splitlines()[:2] == ["--- then", "+++ now"]
    assert '-  "a": 1,' in text
    assert "é" in text

    long = diff_values(list(range(500)), list(range(1000, 1500)), "then", "now").splitlines()
    assert len(long) == LINES_MAX + 1
    assert long[-1].endswith("more lines")


# --- how a workflow ends


async def _ended(coroutine: Coroutine[Any, Any, Any], wanted: Any = Any, reason: str = "") -> Closing:
    task = asyncio.ensure_future(coroutine)
    await asyncio.wait([task])
    return close(task, ValueShape(wanted), {}, reason, "r")


async def _returns(value: object) -> object:
    return value


async def _raises(error: BaseException) -> None:
    raise error


async def test_how_a_workflow_ends_goes_on_record() -> None:
    """What it returned, raised, or that it was cancelled and why."""
    good = await _ended(_returns({"a": 1}))
    bad = await _ended(_raises(ValueError("no")))
    off = await _ended(_raises(asyncio.CancelledError()), reason="enough")

    assert (good.status, good.value, good.output) == (Status.SUCCEEDED, {"a": 1}, b'{"a":1}')
    assert (bad.status, str(bad.error)) == (Status.FAILED, "no")
    assert bad.described == "failed with builtins.ValueError: no"
    assert (off.status, off.note) == (Status.CANCELLED, "enough")


async def test_an_output_that_cannot_be_stored_fails_the_run() -> None:
    """With the place and the reason."""
    end = await _ended(_returns({1, 2}))

    assert end.status is Status.FAILED
    assert "annotate the return type" in str(end.error)


def _from(path: str, seq: int) -> Exception:
    error = ValueError(path)
    error.__dict__["_reenact_step"] = (seq, path)
    return error


def test_the_step_that_failed_a_run_is_found_behind_other_exceptions() -> None:
    """The earliest among causes, contexts and groups."""
    late, early = _from("late#0", 9), _from("early#0", 3)
    wrapped = RuntimeError("wrapped")
    wrapped.__cause__ = late
    wrapped.__context__ = wrapped
    group = ExceptionGroup("several", [wrapped, early])

    assert cause_path(wrapped) == "late#0"
    assert cause_path(group) == "early#0"
    assert cause_path(ValueError("own")) == ""


@pytest.mark.parametrize("error", [None])
def test_no_error_has_no_cause(error: None) -> None:
    """There is nothing to look for."""
    assert cause_path(error) == ""
