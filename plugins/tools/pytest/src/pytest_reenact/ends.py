"""What the runs of a test came to, so that two ways of getting there can be compared."""

import functools
from collections.abc import Iterator, Mapping

import attrs
from reenact.records import RUN_PATH, Entry, Failure, Row, Status, decode_entry
from reenact.steps import spell_site
from reenact.workflows import WORKFLOWS

from pytest_reenact.memory import MemoryStore

SHOWN_CHARS = 300
LISTED = 5
CANCEL = ":cancel#"
DECODED_MAX = 4096
NOTHING_SAID = "", "", ""

Key = tuple[str, str]
"""A run and the path of a step in it."""


@attrs.frozen
class StepEnd:
    """What a step came to.

    Attributes:
        status: Its status.
        effect: ``once``, or empty if it may be repeated.
        site: File and line of the call.
        input_hash: The hash of its input.
        output: Its output as it is stored.
    """

    status: Status
    effect: str = ""
    site: str = ""
    input_hash: str = ""
    output: bytes = b""


@attrs.frozen(kw_only=True)
class RunEnd:
    """What a run came to.

    Attributes:
        workflow: The workflow's name.
        status: Its status.
        output: Its output as it is stored.
        failure: What it failed with.
        steps: Its steps, by path.
    """

    workflow: str
    status: Status
    output: bytes = b""
    failure: Failure | None = None
    steps: Mapping[str, StepEnd] = attrs.field(factory=dict)

    @property
    def described(self) -> str:
        """How it ended, in words."""
        if self.failure is not None:
            return f"{self.status} with {self.failure.type}: {self.failure.message}"[:SHOWN_CHARS]
        shown = self.output[:SHOWN_CHARS].decode("utf-8", "replace")
        return f"{self.status} with {shown}" if shown else str(self.status)


Ends = Mapping[str, RunEnd]


def decoded(row: Row) -> Entry:
    """Return what is in a row; most rows of a trial are the same, byte for byte, in the next one."""
    return _decoded(row.body)


_decoded = functools.lru_cache(maxsize=DECODED_MAX)(decode_entry)


def entries_of(store: MemoryStore, run_id: str) -> Iterator[Entry]:
    """Yield the entries of a run."""
    for row in store.journals.get(run_id, ()):
        yield decoded(row)


def ends_of(store: MemoryStore) -> Ends:
    """Return what all runs in *store* came to, by id."""
    return {run_id: _end_of(store, run_id) for run_id in store.runs}


def _end_of(store: MemoryStore, run_id: str) -> RunEnd:
    said: dict[str, tuple[str, str, str]] = {}
    latest: dict[str, Entry] = {}
    outputs: dict[int, bytes] = {}
    status, output, failure = Status.RUNNING, b"", None
    for entry in entries_of(store, run_id):
        outputs[entry.seq] = outputs.get(entry.again, bytes(entry.output))
        if entry.path == RUN_PATH:
            status, output, failure = entry.status, bytes(entry.output), entry.failure
            continue
        latest[entry.path] = entry
        if entry.effect or entry.site or entry.input_hash:
            effect, site, input_hash = said.get(entry.path, NOTHING_SAID)
            said[entry.path] = entry.effect or effect, entry.site or site, entry.input_hash or input_hash
    steps = {
        path: StepEnd(entry.status, *said.get(path, NOTHING_SAID), outputs[entry.seq])
        for path, entry in latest.items()
    }
    workflow = store.runs[run_id].workflow
    return RunEnd(workflow=workflow, status=status, output=output, failure=failure, steps=steps)


def swallowed(store: MemoryStore) -> str:
    """Return which run was cancelled and did not end so, and where it went on; nothing if none."""
    for run_id, run in store.runs.items():
        cancelled, after, status = False, "", Status.RUNNING
        for entry in entries_of(store, run_id):
            if entry.path == RUN_PATH:
                status = entry.status
            elif entry.path.startswith(CANCEL):
                cancelled = True
            elif cancelled and entry.kind and not after:
                after = f"{entry.path} ({entry.site}) was asked for"
        if cancelled and status in (Status.SUCCEEDED, Status.FAILED):
            went_on = after or f"it returned{_place(run.workflow)}"
            return (
                f"run {run_id} of {run.workflow} was cancelled, swallowed that, and {status}: then {went_on}"
            )
    return ""


def difference(expected: Ends, found: Ends) -> str:
    """Return what is not the same, and the line where it began to differ; nothing if all is."""
    for run_id, one in expected.items():
        other = found.get(run_id)
        if other is None:
            return f"run {run_id} of {one.workflow} is missing: it is nobody's and never resumed"
        told = _difference(one, other)
        if told:
            return f"run {run_id} of {one.workflow} {told}"
    return ""


def _difference(one: RunEnd, other: RunEnd) -> str:
    failed = one.failure, other.failure
    ended_alike = one.status is other.status and one.output == other.output
    if not ended_alike or _kinds(failed[0]) != _kinds(failed[1]):
        ended = f"ended otherwise:\n  expected: {one.described}\n  found:    {other.described}"
        return f"{ended}\n  {_first(one, other)}"
    done, done_now = _done(one), _done(other)
    if done != done_now:
        missing, more = sorted(done - done_now), sorted(done_now - done)
        told = [f"  no longer done: {_listed(one, missing)}"] if missing else []
        told += [f"  done as well: {_listed(other, more)}"] if more else []
        return "\n".join(["did other steps:", *told])
    return ""


def _kinds(failure: Failure | None) -> tuple[str, str] | None:
    return (failure.type, failure.message) if failure is not None else None


def _done(run: RunEnd) -> set[str]:
    return {path for path, step in run.steps.items() if step.status is Status.SUCCEEDED}


def _listed(run: RunEnd, paths: list[str]) -> str:
    more = len(paths) - LISTED
    shown = [_named(path, run.steps[path]) for path in paths[:LISTED]]
    return ", ".join([*shown, *([f"and {more} more"] if more > 0 else [])])


def _named(path: str, step: StepEnd) -> str:
    return f"{path} ({step.site})" if step.site else path


def _first(one: RunEnd, other: RunEnd) -> str:
    """Return where two runs part: the first step that was asked something else, or answered otherwise."""
    for path, step in one.steps.items():
        now = other.steps.get(path)
        if now is None:
            return f"the first step that is missing: {_named(path, step)}"
        if now.input_hash != step.input_hash:
            return f"the first step with another input: {_named(path, now)}"
        if now.status is not step.status or now.output != step.output:
            return f"the first step that came to something else: {_named(path, now)}"
    more = next((path for path in other.steps if path not in one.steps), None)
    if more is not None:
        return f"the first step that was not there: {_named(more, other.steps[more])}"
    return (
        f"every step came to the same: the difference was made in the workflow itself{_place(one.workflow)}"
    )


def _place(workflow: str) -> str:
    """Return where a workflow is defined."""
    found = WORKFLOWS.get(workflow)
    if found is None:
        return ""
    code = found.spec.fn.__code__
    return f" ({spell_site((code, code.co_firstlineno))})"
