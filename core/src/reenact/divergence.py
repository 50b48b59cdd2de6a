"""Where code and record part: the errors, and both sides in words.

An error is made here without its inputs, which the record may keep elsewhere; whoever
can read content adds them (`differences.showing_inputs`).
"""

from collections.abc import Iterable

import attrs

from reenact.errors import Asked, DivergenceError
from reenact.records import RUN_PATH, Entry, Failure, Status
from reenact.steps import HELD, Call, spell_site


@attrs.frozen
class Inputs:
    """Where both inputs of a divergence are found; None on a side that has no step."""

    intent: Entry | None
    call: Call | None


def unlike(kind: type[DivergenceError], run_id: str, intent: Entry, call: Call) -> DivergenceError:
    """Return the error for a step that is asked for with another input than the one on record."""
    return _error(kind, run_id, call.path, describe(intent), describe_call(call), intent, call)


def unasked(run_id: str, intent: Entry, asked: Iterable[Call]) -> DivergenceError:
    """Return the error for a step on record that nobody asks for.

    Args:
        run_id: The run.
        intent: The step.
        asked: What the code asks for instead: steps that are not on record before those that are.
    """
    call = next(iter(asked), None)
    path = call.path if call is not None and call.state is HELD else intent.path
    return _error(DivergenceError, run_id, path, describe(intent), describe_call(call), intent, call)


def unfit(run_id: str, intent: Entry, call: Call, problem: str) -> DivergenceError:
    """Return the error for a result on record that the code cannot read as the type it declares now."""
    expected = f"{describe(intent)}, whose result cannot be read any more"
    found = f"{describe_call(call)}, which reads it so: {problem}"
    return _error(DivergenceError, run_id, call.path, expected, found, intent, call)


def left_over(run_id: str, intent: Entry) -> DivergenceError:
    """Return the error for a step on record that the workflow has ended without."""
    return _error(
        DivergenceError, run_id, intent.path, describe(intent), "the end of the workflow", intent, None
    )


def unrecorded(run_id: str, status: Status, call: Call | None) -> DivergenceError:
    """Return the error for code that asks for a step, or waits for nothing, where the run has ended."""
    expected = f"the end of the run ({status})"
    path = call.path if call is not None else RUN_PATH
    return _error(DivergenceError, run_id, path, expected, describe_call(call), None, call)


def other_end(run_id: str, ended: Entry, found: str) -> DivergenceError:
    """Return the error for a workflow that ends in another way than the one on record."""
    return DivergenceError(run_id, RUN_PATH, describe_end(ended), found)


def _error(
    kind: type[DivergenceError],
    run_id: str,
    path: str,
    expected: str,
    found: str,
    intent: Entry | None,
    call: Call | None,
) -> DivergenceError:
    error = kind(
        run_id,
        path,
        expected,
        found,
        then=_then(intent) if intent is not None else None,
        now=_now(call) if call is not None else None,
    )
    error.__dict__["where"] = Inputs(intent, call)
    return error


def _then(intent: Entry) -> Asked:
    return Asked(
        path=intent.path,
        kind=intent.kind,
        name=intent.name,
        input_hash=intent.input_hash,
        site=intent.site,
        scrubbed=intent.hash_keyed,
    )


def _now(call: Call) -> Asked:
    return Asked(
        path=call.path,
        kind=call.spec.kind,
        name=call.spec.name,
        input_hash=call.input_hash,
        site=spell_site(call.site),
    )


def describe(intent: Entry) -> str:
    """Return a step on record in words."""
    at = f", asked for at {intent.site}" if intent.site else ""
    return f"{intent.kind} {intent.name!r} at {intent.path!r} (input {intent.input_hash[:12]}{at})"


def describe_call(call: Call | None) -> str:
    """Return a step that the code asks for in words."""
    if call is None:
        return "no step that is asked for"
    at = f", asked for at {spell_site(call.site)}" if call.site else ""
    return f"{call.spec.kind} {call.spec.name!r} at {call.path!r} (input {call.input_hash[:12]}{at})"


def describe_end(entry: Entry) -> str:
    """Return the end of a run in words."""
    return described_end(entry.status, entry.failure, bytes(entry.output))


def described_end(status: Status, failure: Failure | None, output: bytes) -> str:
    """Return how a workflow ended in words."""
    if failure is not None:
        return f"{status} with {failure.type}: {failure.message}"
    return f"{status} with {output[:200].decode('utf-8', 'replace') or 'nothing'}"
