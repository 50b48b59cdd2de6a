"""Why a step was asked for as it was: what led to its input, and what has changed since.

Two kinds of facts, kept apart. Which outcomes had come in before a step was asked for is on
record, and certain: nothing else can have led to it. Which of them it was made of is found
by their content (`flow`), and likely. What only decided whether a step was asked for at all
leaves no trace in its input; so what is not found is named too.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import attrs
from reenact.content import references
from reenact.desk import Desk
from reenact.errors import RunNotFoundError, UsageError, did_you_mean
from reenact.records import Entry, RunRecord

from reenact_inspect.differences import StepDiff, diff_journals
from reenact_inspect.flow import Link, Outcome, find_links
from reenact_inspect.journals import NEVER, Journal, Position, Step, input_of, output_of, read_journal
from reenact_inspect.origins import origin_of
from reenact_inspect.talk import asked
from reenact_inspect.values import Change, diff_values

SinceWhat: TypeAlias = Literal["fork", "rerun", "revision"]

REASONS_MAX = 500
"""Steps that a chain of reasons may have; it is cut where it has more."""

RESULT = "result"
"""What stands for a step's kind where the reasons are those of what the run returned."""


@attrs.frozen(kw_only=True, eq=False)
class Reason:
    """One step in the chain that led to another one.

    Attributes:
        path: The step; empty for what the run returned.
        step: It; None for what the run returned.
        links: What its input is made of, as far as that is found.
        before: How many outcomes had come in before it was asked for.
        silent: Those of them that are not found in its input, nor in what led to it, the latest
            first. Any of them may have decided that it was asked for.
        since: How it differs from the same step in the run that this one was made from; None if
            there is no such run.
        revised: Where its input differs from the one it had when it was asked for the time before,
            in the same run.
        revisions: How often it began anew with another input.
    """

    path: str
    step: Step | None
    links: Sequence[Link]
    before: int
    silent: Sequence[str]
    since: StepDiff | None = None
    revised: Sequence[Change] = ()
    revisions: int = 0

    @property
    def has_changed(self) -> bool:
        """Whether it is another than in the run that this one was made from, or than the time before."""
        return bool(self.revisions) or (self.since is not None and self.since.how != "same")


@attrs.frozen(kw_only=True, eq=False)
class Why:
    """What led to a step.

    Attributes:
        run: The run.
        path: The step; empty for what the run returned.
        reasons: The step itself, then what led to it, then what led to that: each once.
        since: What it is compared with: the run that this one is a ``fork`` or ``rerun`` of, or a
            ``revision`` of its own; None if nothing of it has changed.
        origin: That run's id; empty for a revision.
        input: Where the input of the run differs from that of its origin.
        missing: The origin is not in this store.
    """

    run: RunRecord
    path: str
    reasons: Sequence[Reason]
    since: SinceWhat | None = None
    origin: str = ""
    input: Sequence[Change] = ()
    missing: bool = False

    def reason(self, path: str) -> Reason | None:
        """Return the reason with that path."""
        return next((one for one in self.reasons if one.path == path), None)

    @property
    def changed(self) -> list[Reason]:
        """What of the chain has changed."""
        return [one for one in self.reasons if one.has_changed]


async def why(desk: Desk, run_id: str, path: str = "") -> Why:
    """Say what led to a step.

    Args:
        desk: Where the run is; a `Runtime` is one.
        run_id: The run: an id, a prefix that only it has, or ``last``.
        path: The step, child runs included; ``plan`` means ``plan#0``. What the run returned if empty.

    Raises:
        RunNotFoundError: If there is no such run.
        UsageError: If it has no such step, or has not returned anything yet.
        DamagedError: If a journal is not what was written.
    """
    journal = await read_journal(desk, run_id)
    start = _start(journal, path)
    before = await _origin(desk, journal)
    reasons = await _Chain(journal, _by_path(before)).back_from(start)
    origin = origin_of(journal.record)
    revised = any(one.revisions for one in reasons)
    since: SinceWhat | None = "revision" if revised else None
    if origin is not None:
        since = "rerun" if origin.how == "rerun" else "fork"
    return Why(
        run=journal.record,
        path=start.path if start is not None else "",
        reasons=reasons,
        since=since,
        origin=origin.run_id if origin is not None else "",
        input=before.input if before is not None else (),
        missing=origin is not None and before is None,
    )


@attrs.frozen(eq=False)
class _Before:
    """How a run differs from the one it was made from."""

    input: Sequence[Change]
    steps: Sequence[StepDiff]


async def _origin(desk: Desk, journal: Journal) -> _Before | None:
    origin = origin_of(journal.record)
    if origin is None:
        return None
    try:
        found = await diff_journals(await read_journal(desk, origin.run_id), journal)
    except RunNotFoundError:
        return None  # pruned, or in another store
    return _Before(found.input, found.steps)


def _by_path(before: _Before | None) -> Mapping[str, StepDiff]:
    steps = before.steps if before is not None else ()
    return {one.b.path: one for one in steps if one.b is not None}


def _start(journal: Journal, path: str) -> Step | None:
    if not path:
        if journal.ended is None or not journal.ended.output:
            raise UsageError(f"run {journal.record.id!r} has not returned anything; name a step of it")
        return None
    found = journal.step(path)
    if found is None:
        hint = did_you_mean(path, [step.path for step in journal.steps])
        raise UsageError(f"run {journal.record.id!r} has no step {path!r}{hint}")
    return found


class _Chain:
    """Follows what led to a step, and what led to that.

    Args:
        journal: The run.
        since: How its steps differ from those of the run that it was made from, by path.
    """

    def __init__(self, journal: Journal, since: Mapping[str, StepDiff]) -> None:
        self._journal = journal
        self._since = since
        self._steps = {step.path: step for step in journal.steps}
        self._outcomes: dict[str, Outcome] = {}

    async def back_from(self, start: Step | None) -> list[Reason]:
        """Return the reasons of *start*, of what led to it, and so on; each once, nearest first."""
        todo: list[Step | None] = [start]
        seen = {start.path if start is not None else ""}
        reasons: list[Reason] = []
        for one in todo:
            reason = await self._reason(one)
            reasons.append(reason)
            for link in reason.links:
                found = self._steps.get(link.path)
                if found is not None and found.path not in seen and len(seen) < REASONS_MAX:
                    seen.add(found.path)
                    todo.append(found)
        return [
            attrs.evolve(one, silent=[path for path in one.silent if path not in seen]) for one in reasons
        ]

    async def _reason(self, step: Step | None) -> Reason:
        earlier = self._before(step)
        outcomes = [await self._given(step), *[await self._outcome(one) for one in earlier]]
        if step is None:
            links = find_links(RESULT, "", await self._journal.output(), outcomes)
        else:
            links = find_links(step.kind, step.name, await self._journal.value(input_of(step)), outcomes)
        found = {path for link in links for path in (link.path, *link.also)}
        revised = await self._revised(step) if step is not None and step.earlier else []
        return Reason(
            path=step.path if step is not None else "",
            step=step,
            links=links,
            before=len(earlier),
            silent=[one.path for one in reversed(earlier) if one.path not in found],
            since=self._since.get(step.path) if step is not None else None,
            revised=revised,
            revisions=len(step.earlier) if step is not None and revised else 0,
        )

    def _before(self, step: Step | None) -> list[Step]:
        """Return the steps of the same run whose outcome had come in before *step* was asked for."""
        run_id = step.run_id if step is not None else self._journal.record.id
        until: Position = step.asked_at if step is not None else (len(self._steps) * 2 + 1,)
        found = [
            one
            for one in self._journal.steps
            if one.run_id == run_id and one.kind != "timer" and one.ended_at != NEVER and one.ended_at < until
        ]
        return sorted(found, key=lambda one: one.ended_at)

    async def _given(self, step: Step | None) -> Outcome:
        """Return what the run of *step* was given: of a child run, by the step that started it."""
        if step is None or step.run_id == self._journal.record.id:
            return Outcome(path="", kind="input", value=await self._journal.input())
        parent = self._steps[step.path.removesuffix(f"/{step.intent.path}")]
        return Outcome(path=parent.path, kind="input", value=await self._journal.value(input_of(parent)))

    async def _outcome(self, step: Step) -> Outcome:
        known = self._outcomes.get(step.path)
        if known is None:
            value = await self._journal.value(output_of(step))
            if step.failure is not None:
                value = step.failure.message
            known = Outcome(path=step.path, kind=step.kind, value=value, chain=_chain(step))
            self._outcomes[step.path] = known
        return known

    async def _revised(self, step: Step) -> list[Change]:
        last: Entry = step.earlier[-1]
        if bytes(last.input) == input_of(step):
            return []
        then, now = await self._journal.value(bytes(last.input)), await self._journal.value(input_of(step))
        return diff_values(asked(step.kind, then), asked(step.kind, now))


def _chain(step: Step) -> str:
    """Return the name of the conversation that a model's answer ends."""
    if step.kind != "llm" or step.failure is not None:
        return ""
    value: Any = None
    data = output_of(step)
    if references(data):
        import msgspec

        value = msgspec.json.decode(data)
    message = value.get("message") if isinstance(value, dict) else None
    name = message.get("$last") if isinstance(message, dict) else None
    return name if isinstance(name, str) else ""
