"""How two runs differ: step by step, and where they first part.

Steps are paired by `alignment`. Two inputs are the same if their spelling is, which needs
no content; content is read only of what differs.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal, TypeAlias

import attrs
from reenact.desk import Desk
from reenact.records import DecisionRecord, Failure, RunRecord, Status

from reenact_inspect.alignment import Pair, align
from reenact_inspect.journals import Journal, Step, input_of, output_of, read_journal
from reenact_inspect.talk import answered, asked
from reenact_inspect.values import Change, diff_values

How: TypeAlias = Literal["same", "changed", "moved", "renamed", "added", "removed"]
Aspect: TypeAlias = Literal["input", "output", "status", "failure", "model", "policy", "due"]

_DUE_SLACK_NS = 1_000_000_000
"""Timers whose lengths differ by less are the same: a length is only known to within a commit."""


@attrs.frozen(kw_only=True, eq=False)
class StepDiff:
    """One step in two runs.

    Attributes:
        how: What became of it from the first run to the second.
        a: It in the first run; None if it was added.
        b: It in the second; None if it was removed.
        aspects: In what the two differ.
        input: Where their inputs differ.
        output: Where their results differ.
        scrubbed: A policy had changed an input before it was stored, so that what was asked may
            differ where what is stored does not.
    """

    how: How
    a: Step | None
    b: Step | None
    aspects: Sequence[Aspect] = ()
    input: Sequence[Change] = ()
    output: Sequence[Change] = ()
    scrubbed: bool = False

    @property
    def path(self) -> str:
        """Where it stands in the second run, or stood in the first."""
        return self.there.path

    @property
    def there(self) -> Step:
        """It, in the second run if that has it."""
        step = self.b or self.a
        assert step is not None  # noqa: S101  # a pair has one side at least
        return step

    @property
    def asked_otherwise(self) -> bool:
        """Whether the runs part where it was asked for, and not in what came of it."""
        return self.how not in ("same", "changed") or "input" in self.aspects or "due" in self.aspects


@attrs.frozen(kw_only=True)
class Totals:
    """What a run took.

    Attributes:
        steps: How many of its steps have succeeded, as everywhere: see `reenact.records.Entry.counts`.
        steps_below: How many of its child runs' have.
        tokens_in: Tokens read.
        tokens_out: Tokens written.
        cost_usd: Its price; None if that of a step is not known.
        took_ns: From its beginning to its end, or to the last thing on record.
    """

    steps: int
    steps_below: int = 0
    tokens_in: int
    tokens_out: int
    cost_usd: Decimal | None
    took_ns: int


@attrs.frozen(kw_only=True)
class Cause:
    """Why two runs part where they do.

    Attributes:
        kind: ``input`` (that of the run), ``code``, ``order`` (in which outcomes came), ``policy``,
            ``outcome`` (something outside answered otherwise), or ``unfinished``.
        words: It in words.
        certain: Whether the record says so; otherwise it is what is left when everything on
            record before is the same.
    """

    kind: Literal["input", "code", "order", "policy", "outcome", "unfinished"]
    words: str
    certain: bool


@attrs.frozen(kw_only=True, eq=False)
class First:
    """Where two runs first part.

    Attributes:
        step: The step; None if it is the end of the runs.
        cause: Why.
    """

    step: StepDiff | None
    cause: Cause


@attrs.frozen(kw_only=True, eq=False)
class RunDiff:
    """How two runs differ.

    Attributes:
        a: The first run.
        b: The second.
        a_totals: What the first took.
        b_totals: What the second took.
        input: Where their inputs differ.
        output: Where their results differ.
        failures: What they failed with.
        steps: Their steps, in an order that fits both.
        first: Where they first part; None if they do not.
    """

    a: RunRecord
    b: RunRecord
    a_totals: Totals
    b_totals: Totals
    input: Sequence[Change] = ()
    output: Sequence[Change] = ()
    failures: tuple[Failure | None, Failure | None] = (None, None)
    steps: Sequence[StepDiff] = ()
    first: First | None = None

    @property
    def same(self) -> bool:
        """Whether the runs did the same: asked the same, were answered the same, ended the same."""
        return self.first is None

    @property
    def changed(self) -> list[StepDiff]:
        """The steps that are not the same."""
        return [step for step in self.steps if step.how != "same"]


async def diff(desk: Desk, a: str, b: str) -> RunDiff:
    """Compare two runs: their steps, inputs, results, and what they took.

    Args:
        desk: Where they are; a `Runtime` is one.
        a: The first run: an id, a prefix that only it has, or ``last``.
        b: The second.

    Raises:
        RunNotFoundError: If there is none of that name.
        DamagedError: If a journal is not what was written.
    """
    return await diff_journals(await read_journal(desk, a), await read_journal(desk, b))


async def diff_journals(a: Journal, b: Journal) -> RunDiff:
    """Compare two runs that were read."""
    from reenact_inspect.causes import find_first  # which knows what is defined here

    steps = [await _diff_step(pair, a, b) for pair in align(a.steps, b.steps)]
    made = RunDiff(
        a=a.record,
        b=b.record,
        a_totals=totals(a),
        b_totals=totals(b),
        input=diff_values(await a.input(), await b.input()),
        output=diff_values(await a.output(), await b.output()),
        failures=(
            a.ended.failure if a.ended is not None else None,
            b.ended.failure if b.ended is not None else None,
        ),
        steps=steps,
    )
    return attrs.evolve(made, first=find_first(made, a, b))


def totals(journal: Journal) -> Totals:
    """Return what a run took, its child runs included."""
    calls = [step for step in journal.steps if step.kind == "llm"]
    priced = [step.cost_usd for step in calls if step.tokens_in or step.cost_usd is not None]
    known = [cost for cost in priced if cost is not None]
    return Totals(
        steps=journal.succeeded,
        steps_below=journal.succeeded_below,
        tokens_in=sum(step.tokens_in for step in calls),
        tokens_out=sum(step.tokens_out for step in calls),
        cost_usd=sum(known, Decimal(0)) if len(known) == len(priced) else None,
        took_ns=journal.took_ns,
    )


async def _diff_step(pair: Pair[Step], a: Journal, b: Journal) -> StepDiff:
    first, second = pair.a, pair.b
    if first is None or second is None:
        return await _diff_one_sided(first, second, a, b)
    inputs = await _diff_inputs(first, second, a, b)
    outputs = await _diff_outputs(first, second, a, b)
    aspects = _aspects(first, second, inputs, outputs)
    return StepDiff(
        how=_how(pair, aspects),
        a=first,
        b=second,
        aspects=aspects,
        input=inputs,
        output=outputs,
        scrubbed=first.intent.hash_keyed or second.intent.hash_keyed,
    )


async def _diff_one_sided(first: Step | None, second: Step | None, a: Journal, b: Journal) -> StepDiff:
    if second is not None:
        value = await b.value(input_of(second))
        change = Change(at="$", how="added", b=asked(second.kind, value))
        return StepDiff(how="added", a=None, b=second, input=[change] if value else [])
    assert first is not None  # noqa: S101  # a pair has one side at least
    value = await a.value(input_of(first))
    change = Change(at="$", how="removed", a=asked(first.kind, value))
    return StepDiff(how="removed", a=first, b=None, input=[change] if value else [])


def _how(pair: Pair[Step], aspects: Sequence[Aspect]) -> How:
    assert pair.a is not None and pair.b is not None  # noqa: S101, PT018  # the caller has looked
    if pair.a.name != pair.b.name:
        return "renamed"
    if pair.moved:
        return "moved"
    return "changed" if aspects else "same"


async def _diff_inputs(a: Step, b: Step, in_a: Journal, in_b: Journal) -> list[Change]:
    spelled = input_of(a), input_of(b)
    if spelled[0] == spelled[1]:
        return []
    then, now = await in_a.value(spelled[0]), await in_b.value(spelled[1])
    return diff_values(asked(a.kind, then), asked(b.kind, now))


async def _diff_outputs(a: Step, b: Step, in_a: Journal, in_b: Journal) -> list[Change]:
    spelled = output_of(a), output_of(b)
    if spelled[0] == spelled[1]:
        return []
    then, now = await in_a.value(spelled[0]), await in_b.value(spelled[1])
    return diff_values(answered(a.kind, then), answered(b.kind, now))


def _aspects(a: Step, b: Step, inputs: Sequence[Change], outputs: Sequence[Change]) -> list[Aspect]:
    found: list[tuple[Aspect, bool]] = [
        ("input", bool(inputs)),
        ("due", _waits_otherwise(a, b)),
        ("policy", verdicts(a) != verdicts(b)),
        ("model", a.model != b.model and bool(a.model and b.model)),
        ("status", a.status is not b.status),
        ("failure", _spelled(a.failure) != _spelled(b.failure)),
        ("output", bool(outputs)),
    ]
    return [aspect for aspect, there in found if there]


def _waits_otherwise(a: Step, b: Step) -> bool:
    """Say whether a timer is another; one whose outcome was taken over was not waited for."""
    if a.kind != "timer" or a.reused or b.reused:
        return False
    lengths = [step.intent.due_ns - step.intent.at_ns for step in (a, b)]
    return abs(lengths[0] - lengths[1]) > _DUE_SLACK_NS


def verdicts(step: Step, *, before: bool = False) -> list[tuple[str, str, str, str]]:
    """Return what policies decided about a step: policy, stage, verdict, reason.

    Args:
        step: The step.
        before: Only what they decided before it began.
    """
    later = [step.outcome] if step.outcome is not None and not before else []
    entries = [step.intent, *later]
    decisions: list[DecisionRecord] = [one for entry in entries for one in entry.decisions]
    return [(one.policy, one.stage, one.verdict, one.reason) for one in decisions]


def _spelled(failure: Failure | None) -> Any:
    return (failure.type, failure.message) if failure is not None else None


def ended_alike(a: Journal, b: Journal) -> bool:
    """Say whether two runs have become the same: status and failure; their results are another matter."""
    failures = [_spelled(one.ended.failure) if one.ended else None for one in (a, b)]
    return a.status is b.status and failures[0] == failures[1]


def is_open(status: Status) -> bool:
    """Say whether more may come of a run."""
    return not status.ended
