"""One call of a model, in all its attempts: admitted by policies, asked, settled and judged.

Every way to a provider goes through `LlmCall`: plain calls and streams, retries and
stand-ins, the rounds of a tool loop, repairs, child runs. The request is judged before
the first attempt, and anew for another model; each attempt is admitted and settled by itself.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import aclosing
from typing import Any, TypeAlias, TypeVar

import attrs

from reenact.codec import Json, canonical
from reenact.content import Blob, Chains
from reenact.errors import (
    AuthenticationError,
    BadRequestError,
    ForbiddenError,
    MalformedAnswerError,
    ModelNotFoundError,
    OverloadedError,
    PolicyDeniedError,
    ProviderError,
    QuotaError,
    RateLimitedError,
)
from reenact.failures import described_place, ends_process, foreign
from reenact.judging import PolicyContext, Settlement, Stage
from reenact.ledger import Holding, Later, LedgerFull
from reenact.llm import LlmEvent, LlmRequest, LlmResponse, Usage
from reenact.models import Models, Target
from reenact.placeholders import NO_PLACEHOLDERS, Original, Place, Placeholders, Value
from reenact.policy import Member, Verdict
from reenact.records import DecisionRecord, RunRecord
from reenact.seams import CallContext, Provider
from reenact.steps import NO_TICKET, Body, Call, Gate, Passed, PutOff, Spent, StepContext
from reenact.tokens import Used, believable
from reenact.trace import TraceContext

log = logging.getLogger("reenact.models")

T = TypeVar("T")

ADMIT_TRIES = 8
"""How often an attempt may be judged anew, because it took too long to begin or got another model."""

COST_MAX_USD = 1_000_000
"""More than this no call has cost; who says so is not believed."""

NOT_BEGUN = Settlement(began=False)
NOTHING = Usage(input_tokens=0, output_tokens=0)

REFUSED = (
    AuthenticationError,
    BadRequestError,
    ForbiddenError,
    ModelNotFoundError,
    OverloadedError,
    QuotaError,
    RateLimitedError,
)
"""Errors of vendors that did not begin to answer, and charge nothing."""

Listener: TypeAlias = Callable[[LlmEvent], None]


@attrs.define(kw_only=True)
class LlmCall:
    """One call of a model, in all its attempts.

    Attributes:
        models: What can be asked.
        request: The request as the code made it, then as policies have left it.
        run: The run it belongs to.
        chains: The run's conversations.
        listener: Told of the answer as it comes, live only.
        asked: The model that was asked last, as ``provider:model``.
        known: What policies have taken out of the run's requests, by placeholder.
        spelled: The plain value of the request, if it was worked out and no policy was asked since.
    """

    models: Models
    request: LlmRequest
    run: RunRecord
    chains: Chains
    listener: Listener | None = None
    known: dict[str, Value] = attrs.field(factory=dict, repr=False)
    _original: Original = attrs.field(
        default=attrs.Factory(lambda self: Original(self.request.segments), takes_self=True), init=False
    )
    _secrets: dict[str, object] = attrs.field(factory=dict, init=False, repr=False)
    _call: Call | None = attrs.field(default=None, init=False)
    _passed: frozenset[str] | None = attrs.field(default=None, init=False)
    asked: str = attrs.field(default="", init=False)
    spelled: Mapping[str, Json] | None = attrs.field(default=None, init=False, repr=False)

    def spell(self, blobs: dict[str, Blob]) -> bytes:
        """Return the stored spelling of the request as it is now."""
        return canonical(self.request.stored(self.chains, blobs, self.spelled))

    @property
    def gate(self) -> Gate | None:
        """What asks the policies before the first attempt; None if no policy wants to be asked."""
        return self._judge_request if self.models.chain.of("request") else None

    @property
    def ahead(self) -> bool:
        """Whether an attempt begins while its entry is written, so that what policies hold goes with it."""
        return bool(self.models.chain.of("admit"))

    async def _judge_request(self, call: Call) -> Passed:
        trace = TraceContext(self.run.trace_id, self.run.id, call.path, call.attempt)
        step, decisions, changed = StepContext(trace), list[DecisionRecord](), False
        for _ in range(ADMIT_TRIES):
            asked = self.request
            context = self._context("request", step, self._target_of(asked, step))
            verdict = await self.models.chain.judge("request", asked, context, self._original)
            self.request, self.spelled = verdict.value, None
            self._note_places(call, verdict.places)
            decisions += verdict.decisions
            changed, denied = changed or verdict.changed, verdict.denied
            if denied is not None or self.request.model == asked.model:
                break
        else:
            denied = self._unsettled("request")
        spell = self.spell if changed else None
        return Passed(body=self.perform, spell=spell, decisions=decisions, denied=denied)

    def _unsettled(self, stage: Stage) -> PolicyDeniedError:
        """Return what refuses a call of which policies make one of another model, again and again."""
        names = ", ".join(member.name for member in self.models.chain.of(stage))
        return PolicyDeniedError(names, f"policy_error: not admitted in {ADMIT_TRIES} tries", stage)

    def _note_places(self, call: Call, places: Mapping[str, Place]) -> None:
        if places:
            call.hidden = {**call.hidden, **places}
            self.known.update(self._original.values(places))

    def delivered(self, response: LlmResponse) -> LlmResponse:
        """Return what the workflow gets of an answer on record: with values for placeholders."""
        return self._placeholders().restore_response(response, in_json=self._in_json)

    @property
    def _in_json(self) -> bool:
        return self.request.output_schema is not None

    def _placeholders(self) -> Placeholders:
        if self._call is None or not self._call.hidden:
            return NO_PLACEHOLDERS
        values = self._original.values(self._call.hidden)
        self.known.update(values)
        return Placeholders(values)

    def bound(self, call: Call) -> Body:
        """Return what performs the call, knowing *call*, whose record takes later decisions."""
        self._call = call
        return self.perform

    async def perform(self, step: StepContext) -> LlmResponse:
        """Ask the candidate of this attempt, with policies before and after.

        Raises:
            PutOff: If a policy has it wait.
        """
        request, target, provider = await self._admitted(step)
        used = Used(request)
        try:
            response = self._priced(
                await self._answer(provider, target, request, step, used), target, provider
            )
            used.answered(response)
        except BaseException as error:
            if ends_process(error):
                raise
            if isinstance(error, ProviderError):
                _rename(error, target.provider)
            self._charge(used, target, provider, error)
            await self._settle(self._broken_off(used, error), step, target, provider)
            if isinstance(error, SystemExit):
                raise foreign(error) from error
            raise
        try:
            spent = Settlement(
                began=True, usage=response.usage, cost_usd=response.cost_usd, response=response
            )
            denied = (await self._settle(spent, step, target, provider)).denied
            if denied is not None:
                raise denied
            return await self._judged("response", response, step, target)
        except (Exception, asyncio.CancelledError) as error:
            self._charge(used, target, provider, error)
            raise

    # --- admission

    async def _admitted(self, step: StepContext) -> "tuple[LlmRequest, Target, Provider]":
        """Have this attempt admitted; by another model, if a policy names one."""
        request, target = self.request, self._target_of(self.request, step)
        if step.candidate:  # another provider than the one that was judged
            request, target = await self._judged_anew(request, step)
        for _ in range(ADMIT_TRIES):
            provider, self.asked = await self.models.provider(target.provider), str(target)
            verdict = await self._admit(request, step, target, provider)
            if verdict.value.model != request.model:
                await self._settle(NOT_BEGUN, step, target)
                request, target = await self._judged_anew(verdict.value, step)
            elif verdict.until_ns is None or self.models.clock.now_ns() <= verdict.until_ns:
                return verdict.value, target, provider
        await self._settle(NOT_BEGUN, step, target)
        raise self._unsettled("admit")

    async def _judged_anew(self, request: LlmRequest, step: StepContext) -> "tuple[LlmRequest, Target]":
        """Have a request judged for the model it goes to; once more if that makes it one for another."""
        for _ in range(ADMIT_TRIES):
            target = self._target_of(request, step)
            judged = await self._judged("request", request, step, target)
            if judged.model == request.model:
                return judged, target
            request = judged
        raise self._unsettled("request")

    def _target_of(self, request: LlmRequest, step: StepContext) -> Target:
        targets = self.models.targets(request.model)
        return targets[min(step.candidate, len(targets) - 1)]

    async def _admit(
        self, request: LlmRequest, step: StepContext, target: Target, provider: Provider
    ) -> Verdict[LlmRequest]:
        if not self.models.chain.of("admit"):
            return Verdict(request, False, [])
        context = self._context("admit", step, target, provider)
        try:
            verdict = await self.models.chain.judge("admit", request, context, self._original)
            if self._call is not None:
                await self._call.on_record()
        except asyncio.CancelledError:
            await self._settle(NOT_BEGUN, step, target)
            raise
        self._note(verdict)
        self._passed = frozenset(one.policy for one in verdict.decisions if one.verdict != "deny")
        if self._call is not None and verdict.waits is None:
            self._call.admitted()
        if verdict.denied is not None:
            await self._settle(NOT_BEGUN, step, target)
            raise verdict.denied
        if verdict.waits is not None:
            if verdict.waits.question:  # which may take days: nobody holds anything for it meanwhile
                await self._settle(NOT_BEGUN, step, target)
            raise PutOff(verdict.waits)
        return verdict

    # --- settlement

    async def give_up(self, step: StepContext) -> None:
        """Have policies give back what they hold for an attempt that was called off while it waited."""
        await self._settle(NOT_BEGUN, step, self._target_of(self.request, step))

    def _broken_off(self, used: Used, error: BaseException) -> Settlement:
        """Return what became of an attempt that gives no answer."""
        usage = NOTHING if isinstance(error, REFUSED) else None
        spent = self._call.spent if self._call is not None else None
        if used.begun and spent is not None:
            usage = Usage(input_tokens=spent.tokens_in, output_tokens=spent.tokens_out)
        return Settlement(began=True, usage=usage, error=type(error).__name__)

    async def _settle(
        self, spent: Settlement, step: StepContext, target: Target, provider: Provider | None = None
    ) -> Verdict[Settlement]:
        """Ask those who let the attempt pass to settle it, and those who only settle if it began."""

        def concerns(member: Member) -> bool:
            if "admit" not in member.policy.stages:
                return spent.began
            return self._passed is None or member.name in self._passed

        if not self.models.chain.of("settle"):
            self._passed = None
            return Verdict(spent, False, [])
        context = self._context("settle", step, target, provider)
        verdict = await self.models.chain.judge("settle", spent, context, concerns=concerns)
        self._note(verdict)
        self._passed = None
        return verdict

    def _note(self, verdict: Verdict[Any]) -> None:
        if self._call is not None:
            self._call.late_decisions = [*self._call.late_decisions, *verdict.decisions]
            self._note_places(self._call, verdict.places)

    def _charge(self, used: Used, target: Target, provider: Provider, error: BaseException) -> None:
        """Note what an attempt used that gives no result, for the entry that says how it ended."""
        usage = used.so_far(called_off=isinstance(error, asyncio.CancelledError))
        if usage is None or self._call is None:
            return
        cost = used.cost_usd or self.models.cost(target, provider, usage)
        self._call.spent = Spent(
            model=used.model or target.model,
            tokens_in=usage.input_tokens or 0,
            tokens_out=usage.output_tokens or 0,
            cost_usd="" if cost is None else f"{cost:f}",
            estimated=used.estimated,
        )

    async def _answer(
        self, provider: Provider, target: Target, request: LlmRequest, step: StepContext, used: Used
    ) -> LlmResponse:
        context = CallContext(
            trace=step.trace, idempotency_key=step.idempotency_key, timeout_s=self.models.timeout_s
        )
        if self.listener is None or not provider.capabilities.stream:
            return await provider.complete(target.model, request, context)
        answer: LlmResponse | None = None
        restored = self._placeholders().listener(self._tell, in_json=self._in_json)
        async with aclosing(provider.stream(target.model, request, context)) as events:
            async for event in events:
                used.take(event)
                if event.type == "end":
                    answer = event.response
                restored(event)
        if answer is None:
            raise MalformedAnswerError(target.provider, "the stream ended without its end")
        return answer

    def _tell(self, event: LlmEvent) -> None:
        """Tell the listener; one that fails is told nothing more, for the answer is not to blame."""
        if self.listener is None:
            return
        try:
            self.listener(event)
        except Exception as error:  # whose words may be the answer's, so they stay out of the log
            what = described_place(error)
            log.error("on_event of a model's answer failed and is told nothing more: %s", what)  # noqa: TRY400
            self.listener = None

    def _priced(self, response: LlmResponse, target: Target, provider: Provider) -> LlmResponse:
        usage, cost = believable(response.usage), response.cost_usd
        if cost is None or not (cost.is_finite() and 0 <= cost <= COST_MAX_USD):
            cost = self.models.cost(target, provider, usage, response.model)
        return attrs.evolve(response, provider=target.provider, usage=usage, cost_usd=cost)

    async def _judged(self, stage: Stage, value: T, step: StepContext, target: Target) -> T:
        if not self.models.chain.of(stage):
            return value
        context = self._context(stage, step, target)
        verdict = await self.models.chain.judge(stage, value, context, self._original)
        self._note(verdict)
        if verdict.denied is not None:
            raise verdict.denied
        return verdict.value

    def _context(
        self, stage: Stage, step: StepContext, target: Target, provider: Provider | None = None
    ) -> Callable[[object], PolicyContext]:
        models, call = self.models, self._call
        ticket = call.ticket if call is not None else NO_TICKET

        async def hold(*holdings: Holding) -> LedgerFull | Later | None:
            return await models.hold(self.run, holdings)

        def keep(holding: Holding) -> None:
            if call is None or stage != "settle":
                raise RuntimeError(f"{holding.account} can be settled in the stage settle only")
            call.holdings = (*call.holdings, holding)

        def make(value: object) -> PolicyContext:
            goes_to = target
            if stage == "request" and isinstance(value, LlmRequest) and value.model != self.request.model:
                goes_to = self._target_of(value, step)  # a policy before has named another model
            return PolicyContext(
                stage=stage,
                run=self.run,
                trace=step.trace,
                provider=goes_to.provider,
                model=goes_to.model,
                request=self.request,
                at_ns=models.now_ns(),
                clock=models.clock,
                attempt_id=f"{self.run.id} {step.trace.path} {ticket}",
                answer=call.answer if call is not None and stage == "admit" else None,
                hold=hold,
                held=models.held,
                keep=keep,
                price=lambda usage: models.cost(goes_to, provider, usage),
                secrets=self._secrets,
                known=self.known,
            )

        return make


def _rename(error: ProviderError, provider: str) -> None:
    """Have an error name its provider as the configuration does; a plugin may not know that name."""
    if error.provider != provider:
        error.args = tuple(provider if value == error.provider else value for value in error.args)
        error.provider = provider
