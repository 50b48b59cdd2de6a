"""What a re-run would do, found out without doing it.

Today's code runs over the old record. A step that has the same content there takes
its outcome, as in a re-run. One that has not would run; so that the code can be
followed further, it is assumed to end as the step on record at its path did. What
is asked for after that is taken only if the assumption holds, and the plan says so.
Where there is nothing to assume, the plan ends.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal, TypeAlias

import attrs

from reenact.closing import Ending
from reenact.errors import PluginError, UsageError
from reenact.llm import LlmRequest, Usage
from reenact.models import Models, Target
from reenact.recorded import Recorded, Taken
from reenact.records import Status
from reenact.replay import Replay
from reenact.shapes import LlmShape
from reenact.steps import HELD, Call, Outcome
from reenact.tokens import estimate_tokens

Fate: TypeAlias = Literal["taken", "perhaps", "runs"]

_HOW_IT_ENDED = {
    Status.FAILED: "failed",
    Status.CANCELLED: "was cancelled",
    Status.DENIED: "was refused by a policy",
}


@attrs.frozen(kw_only=True)
class PlannedStep:
    """What would become of one step.

    Attributes:
        path: Where it stands.
        kind: What kind of step.
        name: Its name.
        fate: ``taken`` from the old run; ``runs``; or ``perhaps``: taken if what runs before it ends as
            it did in the old run.
        why: Why it would run, in words.
        tokens: Tokens it took in the old run; 0 if it is new.
        cost_usd: What it cost there; None if unknown or new.
        tokens_most: The most tokens it can take, read and written; None if its request sets no
            ``max_tokens``, or if it asks no model.
        cost_most_usd: The most that they can cost, whichever of the models that may be asked answers;
            None if a price is unknown.
        request: What would be asked, for a call of a model that runs.
        plan: What would become of the steps of a child run.
    """

    path: str
    kind: str
    name: str
    fate: Fate
    why: str = ""
    tokens: int = 0
    cost_usd: Decimal | None = None
    tokens_most: int | None = None
    cost_most_usd: Decimal | None = None
    request: LlmRequest | None = attrs.field(default=None, repr=False)
    plan: "Plan | None" = None


@attrs.frozen(kw_only=True)
class Plan:
    """What a re-run would do.

    Attributes:
        run_id: The run that would be re-run.
        steps: In the order in which they are asked for.
        complete: Whether the code was followed to its end. If not, more steps follow that nothing can be
            said about yet.
    """

    run_id: str
    steps: Sequence[PlannedStep]
    complete: bool

    def of(self, *fates: Fate) -> list[PlannedStep]:
        """Return the steps with one of these fates, those of child runs with their parent's."""
        return [step for step in self.flat() if step.fate in fates]

    def flat(self) -> list[PlannedStep]:
        """Return all steps that are not child runs, those of child runs too."""
        found: list[PlannedStep] = []
        for step in self.steps:
            found += step.plan.flat() if step.plan is not None else [step]
        return found

    @property
    def changes_nothing(self) -> bool:
        """Whether all steps are taken."""
        return self.complete and not self.of("perhaps", "runs")


class Planning(Replay):
    """A re-run that is followed without doing anything.

    Attributes:
        planned: What would become of its steps, so far.
        children: The plans of the child runs that the old run had, by the path of their step.
    """

    def __init__(self, *args: Any, children: Mapping[str, Plan], **options: Any) -> None:
        super().__init__(*args, **options)
        self.turns.matching.host = self
        self.children = children
        self.planned: list[PlannedStep] = []
        self._assumed = False
        self._stuck = False

    @property
    def complete(self) -> bool:
        """Whether the workflow was followed to its end."""
        return not self._stuck

    def taken(self, call: Call, outcome: Outcome) -> None:
        """Note that a step takes the outcome that the old run had."""
        self._note(call, "perhaps" if self._assumed else "taken", outcome.taken)
        self.turns.taken(call, outcome)

    def revised(self, seq: int) -> None:
        """Leave the order on record."""
        self.turns.revised(seq)

    def given(self, call: Call, value: Any) -> None:
        """Hold a step whose outcome was set for the run."""
        self.turns.given(call, value)

    def ask_first(self, call: Call, reason: str) -> None:
        """Note that a person would be asked, and assume what is on record."""
        self._assume(call, reason)

    def _release_held(self) -> None:
        matching = self.turns.matching
        held, matching.held = matching.held, []
        for call in held:
            if call.state is HELD:
                self._assume(call, self._reason(call))
        if not self.turns.completed:  # also where what stopped it was asked for long before
            self._stuck = True
            self._end_without_a_word(Ending(run=self.run))

    def _reason(self, call: Call) -> str:
        recorded = self._recorded(call)
        if recorded is None:
            return "it is new"
        if recorded.status is not Status.SUCCEEDED:
            return f"it {_HOW_IT_ENDED.get(recorded.status, 'has not ended')} in the old run"
        return "its input has changed"

    def _recorded(self, call: Call) -> Recorded | None:
        assert self.earlier is not None  # noqa: S101  # a plan is made over an old run
        recorded = self.earlier.at(call.path)
        same_step = recorded is not None and recorded.intent.kind == call.spec.kind
        return recorded if same_step and recorded and recorded.intent.name == call.spec.name else None

    def _assume(self, call: Call, why: str) -> None:
        """Go on as if a step ended as the one at its path did; stop there if none did."""
        recorded = self._recorded(call)
        known = recorded is not None and recorded.status is Status.SUCCEEDED and recorded.outcome is not None
        taken = self._outcome_of(recorded) if recorded is not None and known else None
        plan = self.children.get(call.path)
        if call.spec.kind == "workflow" and taken is not None and plan is not None:
            self._follow_child(call, taken, plan)
        elif call.spec.kind != "timer":
            self._assumed = True
            self._note(call, "runs", taken, why)
        if taken is not None:
            self.completed(call, Outcome(Status.SUCCEEDED, taken=taken))

    def _follow_child(self, call: Call, taken: Taken, plan: Plan) -> None:
        same = (
            plan.changes_nothing and taken.intent is not None and taken.intent.input_hash == call.input_hash
        )
        fate: Fate = "runs" if not same else "perhaps" if self._assumed else "taken"
        self._assumed = self._assumed or not same
        self.planned.append(
            PlannedStep(path=call.path, kind="workflow", name=call.spec.name, fate=fate, plan=plan)
        )

    def _outcome_of(self, recorded: Recorded) -> Taken | None:
        assert self.earlier is not None  # noqa: S101  # a plan is made over an old run
        if recorded.outcome is None:
            return None
        outcome = self.earlier.history.outcome(recorded.outcome)
        return Taken(f"{self.earlier.run_id}:{outcome.seq}", outcome, recorded.intent)

    def _note(self, call: Call, fate: Fate, taken: Taken | None, why: str = "") -> None:
        outcome = taken.outcome if taken is not None else None
        request = call.shape.call.request if isinstance(call.shape, LlmShape) and fate != "taken" else None
        self.planned.append(
            PlannedStep(
                path=call.path,
                kind=call.spec.kind,
                name=call.spec.name,
                fate=fate,
                why=why,
                tokens=outcome.tokens_in + outcome.tokens_out if outcome else 0,
                cost_usd=Decimal(outcome.cost_usd) if outcome and outcome.cost_usd else None,
                tokens_most=_most(request),
                request=request,
            )
        )


def _most(request: LlmRequest | None) -> int | None:
    if request is None or request.max_tokens is None:
        return None
    return estimate_tokens(request) + request.max_tokens


# --- what it would cost


async def priced(plan: Plan, models: Models) -> Plan:
    """Return *plan* with the most that its calls of models can cost, where that is known."""
    return attrs.evolve(plan, steps=[await _priced(step, models) for step in plan.steps])


async def _priced(step: PlannedStep, models: Models) -> PlannedStep:
    if step.plan is not None:
        return attrs.evolve(step, plan=await priced(step.plan, models))
    if step.request is None or step.tokens_most is None:
        return step
    written = step.request.max_tokens or 0
    usage = Usage(input_tokens=step.tokens_most - written, output_tokens=written)
    costs = [await _cost(target, usage, models) for target in models.targets(step.request.model)]
    known = [cost for cost in costs if cost is not None]
    return attrs.evolve(step, cost_most_usd=max(known) if len(known) == len(costs) else None)


async def _cost(target: Target, usage: Usage, models: Models) -> Decimal | None:
    try:
        return models.cost(target, await models.provider(target.provider), usage)
    except (PluginError, UsageError):  # it cannot be opened here, so nobody knows its prices
        own = models.price_of(target)
        return None if own is None else own.cost(usage)
