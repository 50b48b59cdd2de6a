"""Where code and record part, in words."""

import attrs

from reenact.records import Entry, Failure, Status
from reenact.steps import Call, spell_site


@attrs.frozen
class Inputs:
    """Both inputs of a step that has changed; spelled as a diff by whoever can read content."""

    intent: Entry
    call: Call


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
