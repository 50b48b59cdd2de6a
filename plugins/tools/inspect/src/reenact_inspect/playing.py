"""One past call, judged once more by one policy, at the times at which things happened then.

The call goes through the stages in the kernel's order: request, admission, then the answer
that is on record is settled and judged. A refusal ends it, and it spends nothing. A wait moves
what follows; a question to a person ends it, for there is nobody to answer.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

import attrs
from reenact.calling import ADMIT_TRIES
from reenact.errors import ConfigError
from reenact.judging import PolicyContext, Settlement, Stage, ToolRequest
from reenact.llm import LlmRequest, Usage
from reenact.models import Target, targets_of
from reenact.placeholders import Original
from reenact.policy import Chain, Member, Verdict
from reenact.trace import TraceContext

from reenact_inspect.past import Attempt, PastCall
from reenact_inspect.rehearsal import Ledger, RecordedClock
from reenact_inspect.tally import Outcome, PolicyReport

Price: TypeAlias = Callable[[str, str, Usage, int], Decimal | None]
"""Returns what a usage costs in USD, from provider, model, usage and time; None if it is not known."""

At: TypeAlias = Callable[[int, Callable[[], Awaitable[None]]], None]
"""Has something done at a time."""

NOT_BEGUN = Settlement(began=False)
WAITS_MAX = 1_000


@attrs.define
class Trial:
    """A policy on trial, in a world of its own.

    Attributes:
        member: The policy.
        report: What it did.
        models: Models by alias.
        price: What calls cost.
        at: Has something done at a time.
        examples: How many examples are kept of each outcome in each stage.
    """

    member: Member
    report: PolicyReport
    models: Mapping[str, Sequence[str]]
    price: Price
    at: At
    examples: int
    clock: RecordedClock = attrs.field(factory=RecordedClock)
    ledger: Ledger = attrs.field(init=False)
    chain: Chain = attrs.field(init=False)
    _known: dict[str, dict[str, Any]] = attrs.field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self.ledger = Ledger(self.clock)
        self.chain = Chain([attrs.evolve(self.member, requires=())])

    def known(self, run_id: str) -> dict[str, Any]:
        """Return what the policy has taken out of a run's requests."""
        return self._known.setdefault(run_id, {})


@attrs.define
class Play:
    """One call on its way through the stages.

    Attributes:
        trial: Who judges.
        call: The call.
        request: What is asked, as the policy has left it.
    """

    trial: Trial
    call: PastCall
    request: LlmRequest | ToolRequest = attrs.field(init=False)
    _model: str = attrs.field(init=False, default="")
    _secrets: dict[str, Any] = attrs.field(factory=dict)
    _seen: set[Outcome] = attrs.field(factory=set)
    _original: Original = attrs.field(init=False)
    _waits: int = 0

    def __attrs_post_init__(self) -> None:
        self.request = asked = self.call.asked
        self._model = asked.model if isinstance(asked, LlmRequest) else ""
        self._original = Original(
            asked.segments if isinstance(asked, LlmRequest) else lambda: [dict(asked.arguments)]
        )

    async def begin(self) -> None:
        """Judge what was asked for; go on with its first attempt."""
        if isinstance(self.request, ToolRequest):
            await self._judge("tool", self.request, 1, Target("", ""))
            self._finish()
            return
        first = self.call.attempts[0] if self.call.attempts else None
        if not await self._judge_request(first or Attempt(number=1, began_ns=self.call.at_ns)):
            self._finish()
        else:
            self._next(0)

    def _next(self, place: int) -> None:
        """Have an attempt made when it was, or now if that is later; finish if there is none."""
        if place >= len(self.call.attempts):
            self._finish()
            return
        attempt = self.call.attempts[place]
        began_ns = max(attempt.began_ns, self.trial.clock.at_ns)
        self.trial.at(began_ns, lambda: self._attempt(place))

    async def _attempt(self, place: int) -> None:
        attempt = self.call.attempts[place]
        if attempt.candidate and not self._waits and not await self._judge_request(attempt):
            self._finish()
            return
        if not await self._admitted(place, attempt):
            return
        self._waits = 0
        if not attempt.began:
            await self._settle(NOT_BEGUN, attempt)
            self._finish()
        elif attempt.ended_ns:
            took_ns = max(attempt.ended_ns - attempt.began_ns, 0)
            self.trial.at(self.trial.clock.at_ns + took_ns, lambda: self._end(place))
        else:
            self._finish()

    async def _admitted(self, place: int, attempt: Attempt) -> bool:
        for _ in range(ADMIT_TRIES):
            verdict = await self._judge("admit", self.request, attempt.number, self._target(attempt))
            if verdict is None:
                return True
            if verdict.denied is not None:
                self._finish()
                return False
            if verdict.waits is not None:
                await self._put_off(place, attempt, verdict)
                return False
            self.request = verdict.value
            model = self.request.model if isinstance(self.request, LlmRequest) else ""
            if model == self._model:
                return True
            await self._settle(NOT_BEGUN, attempt)
            self._model = model
            if not await self._judge_request(attempt):
                break
        self._finish()
        return False

    async def _put_off(self, place: int, attempt: Attempt, verdict: Verdict[Any]) -> None:
        wait = verdict.waits
        self._waits += 1
        if wait is None or wait.until_ns is None or self._waits > WAITS_MAX:
            await self._settle(NOT_BEGUN, attempt)
            self._seen.add("deny")  # nobody answers, so it does not go on
            self._finish()
            return
        self.trial.at(max(wait.until_ns, self.trial.clock.at_ns + 1), lambda: self._attempt(place))

    async def _end(self, place: int) -> None:
        """Settle what an attempt took, and judge its answer."""
        attempt = self.call.attempts[place]
        target = self._target(attempt)
        same = not attempt.asked or attempt.asked == str(target)
        cost = attempt.cost_usd
        if (cost is None or not same) and attempt.usage is not None:
            cost = self.trial.price(target.provider, target.model, attempt.usage, attempt.ended_ns)
        spent = Settlement(
            began=True,
            usage=attempt.usage,
            cost_usd=cost,
            response=attempt.response,
            error=attempt.error,
        )
        denied = await self._settle(spent, attempt)
        if not denied and attempt.response is None:
            self._next(place + 1)
            return
        if not denied:
            await self._judge("response", attempt.response, attempt.number, target)
        self._finish()

    # --- asking

    async def _judge_request(self, attempt: Attempt) -> bool:
        """Judge the request for the model it goes to; once more if that makes it one for another."""
        for _ in range(ADMIT_TRIES):
            verdict = await self._judge("request", self.request, attempt.number, self._target(attempt))
            if verdict is None:
                return True
            if verdict.denied is not None:
                return False
            self.request = verdict.value
            model = self.request.model if isinstance(self.request, LlmRequest) else ""
            if model == self._model:
                return True
            self._model = model
        self._seen.add("deny")
        return False

    async def _settle(self, spent: Settlement, attempt: Attempt) -> bool:
        """Settle an attempt that was admitted; say whether that was refused."""
        if not spent.began and "admit" not in self.trial.member.policy.stages:
            return False
        verdict = await self._judge("settle", spent, attempt.number, self._target(attempt))
        return verdict is not None and verdict.denied is not None

    async def _judge(self, stage: Stage, value: Any, attempt: int, target: Target) -> Verdict[Any] | None:
        """Ask the policy, and count what it says; None if it does not want to be asked in this stage."""
        if not self.trial.chain.of(stage):
            return None
        verdict = await self.trial.chain.judge(
            stage, value, lambda _: self._context(stage, attempt, target), self._original
        )
        self.trial.known(self.call.run.id).update(self._original.values(verdict.places))
        report = self.trial.report
        self._seen.add(report.note(self.call, attempt, stage, value, verdict, self.trial.examples))
        return verdict

    def _finish(self) -> None:
        """Count the call, once, by the worst that was decided about it."""
        report = self.trial.report
        if not self._seen:
            return
        report.calls += 1
        if self._seen & {"deny", "error"}:
            report.denied += 1
        elif "modify" in self._seen:
            report.changed += 1
        elif "wait" in self._seen:
            report.delayed += 1

    def _target(self, attempt: Attempt) -> Target:
        """Return the model that was asked, or would have been."""
        asked = self.call.asked
        if not isinstance(asked, LlmRequest):
            return Target("", "")
        if attempt.asked and self._model == asked.model:
            provider, _, model = attempt.asked.partition(":")
            return Target(provider, model)
        try:
            targets = targets_of(self.trial.models, self._model)
        except ConfigError:  # an alias that is no more
            return Target("", self._model)
        return targets[min(attempt.candidate, len(targets) - 1)]

    def _context(self, stage: Stage, attempt: int, target: Target) -> PolicyContext:
        trial, run, call = self.trial, self.call.run, self.call
        context = PolicyContext(
            stage=stage,
            run=run,
            trace=TraceContext(run.trace_id, run.id, call.path, attempt),
            provider=target.provider,
            model=target.model,
            request=self.request if stage != "tool" else None,
            at_ns=trial.clock.at_ns,
            clock=trial.clock,
            attempt_id=f"{run.id} {call.path} {call.at_ns} {attempt}" if stage != "tool" else "",
            hold=trial.ledger.hold,
            held=trial.ledger.held,
            price=lambda usage: trial.price(target.provider, target.model, usage, trial.clock.at_ns),
            secrets=self._secrets,
            known=trial.known(run.id),
        )
        return attrs.evolve(context, keep=trial.ledger.change) if stage == "settle" else context
