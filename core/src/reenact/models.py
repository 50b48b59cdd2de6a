"""Asking a model: aliases and stand-ins, the policy chain around each call, and its price.

Every way to a provider goes through `Models.call`: plain calls and streams,
retries and stand-ins, the rounds of a tool loop, repairs, child runs.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from decimal import Decimal
from typing import Any, TypeAlias, TypeVar

import attrs

from reenact.codec import canonical
from reenact.content import Blob, Chains
from reenact.errors import (
    AuthenticationError,
    BadRequestError,
    ConfigError,
    ForbiddenError,
    MalformedAnswerError,
    ModelNotFoundError,
    OverloadedError,
    PolicyDeniedError,
    QuotaError,
    RateLimitedError,
    did_you_mean,
)
from reenact.ledger import Holding, Later, LedgerFull
from reenact.llm import LlmEvent, LlmRequest, LlmResponse, Usage
from reenact.policy import Chain, Member, Verdict
from reenact.records import RunRecord
from reenact.seams import CallContext, LedgerClock, PolicyContext, Provider, Settlement, Stage
from reenact.steps import NO_TICKET, Body, Call, Gate, Passed, PutOff, Retry, StepContext
from reenact.tokens import text_tokens
from reenact.trace import TraceContext

T = TypeVar("T")

ADMIT_TRIES = 8
"""How often an attempt may be judged anew, because it took too long to begin or got another model."""

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
Price: TypeAlias = Callable[[str, str, Usage], Decimal | None]
"""Returns the price of a call in USD, from provider, model and usage; None if it is not known."""


@attrs.frozen
class Target:
    """One model that may be asked.

    Attributes:
        provider: The provider's name.
        model: The vendor's name for the model.
    """

    provider: str
    model: str

    def __str__(self) -> str:
        return f"{self.provider}:{self.model}"


@attrs.define
class Heard:
    """What came of an answer before it broke off."""

    _usage: Usage | None = None
    _written: int = 0

    def take(self, event: LlmEvent) -> None:
        """Note a piece of it."""
        self._usage = event.usage or self._usage
        self._written += text_tokens(event.text)

    def usage(self) -> Usage | None:
        """Return what it has taken so far, no less than what was heard; None if nothing was."""
        if self._usage is None and not self._written:
            return None
        known = self._usage or Usage()
        return attrs.evolve(known, output_tokens=max(known.output_tokens or 0, self._written))


@attrs.frozen(kw_only=True)
class Models:
    """What a process can ask, and how.

    Attributes:
        aliases: Models by alias: ``provider:model``, in the order in which they are tried.
        provider: Returns an open provider by name.
        chain: The policies in force.
        hold: Holds amounts for a run, in a commit; or says that an account is full.
        held: Tells what an account holds now.
        now_ns: Tells the time of day, in nanoseconds since the epoch.
        clock: The clock of the ledger.
        price: What a call costs.
        retry: How often each model is tried.
        timeout_s: How long one attempt may take, in seconds.
    """

    aliases: Mapping[str, Sequence[str]]
    provider: Callable[[str], Awaitable[Provider]]
    chain: Chain
    hold: Callable[[RunRecord, Sequence[Holding]], Awaitable[LedgerFull | Later | None]]
    held: Callable[[str], Awaitable[int]]
    now_ns: Callable[[], int]
    clock: LedgerClock
    price: Price = lambda provider, model, usage: None
    retry: Retry = attrs.field(factory=lambda: Retry(attempts=4))
    timeout_s: float | None = 600.0

    def targets(self, name: str) -> tuple[Target, ...]:
        """Return the models that *name* stands for: an alias, or ``provider:model``.

        Raises:
            ConfigError: If it is neither.
        """
        listed = self.aliases.get(name, (name,))
        return tuple(self._target(one, name) for one in listed)

    def _target(self, spelled: str, name: str) -> Target:
        provider, colon, model = spelled.partition(":")
        if colon and provider and model:
            return Target(provider, model)
        hint = did_you_mean(name, list(self.aliases))
        known = ", ".join(sorted(self.aliases)) or "none"
        raise ConfigError(
            f"no model is called {name!r}{hint} (aliases: {known}; or write provider:model)", "models"
        )

    def call(
        self, request: LlmRequest, run: RunRecord, chains: Chains, listener: Listener | None
    ) -> "LlmCall":
        """Return what performs *request* for *run*."""
        return LlmCall(models=self, request=request, run=run, chains=chains, listener=listener)


@attrs.define(kw_only=True)
class LlmCall:
    """One call of a model, in all its attempts.

    Attributes:
        models: What can be asked.
        request: The request as the code made it.
        run: The run it belongs to.
        chains: The run's conversations.
        listener: Told of the answer as it comes, live only.
        asked: The model that was asked last, as ``provider:model``.
    """

    models: Models
    request: LlmRequest
    run: RunRecord
    chains: Chains
    listener: Listener | None = None
    _secrets: dict[str, object] = attrs.field(factory=dict, init=False, repr=False)
    _call: Call | None = attrs.field(default=None, init=False)
    _passed: frozenset[str] | None = attrs.field(default=None, init=False)
    _heard: Heard = attrs.field(factory=Heard, init=False)
    asked: str = attrs.field(default="", init=False)

    def spell(self, blobs: dict[str, Blob]) -> bytes:
        """Return the stored spelling of the request as it is now."""
        return canonical(self.request.stored(self.chains, blobs))

    @property
    def gate(self) -> Gate | None:
        """What asks the policies before the first attempt; None if no policy wants to be asked."""
        return self._judge_request if self.models.chain.of("request") else None

    async def _judge_request(self, call: Call) -> Passed:
        target = self.models.targets(self.request.model)[0]
        trace = TraceContext(self.run.trace_id, self.run.id, call.path, call.attempt)
        context = self._context("request", StepContext(trace), target)
        verdict = await self.models.chain.judge("request", self.request, context)
        self.request = verdict.value
        return Passed(
            body=self.perform,
            spell=self.spell if verdict.changed else None,
            decisions=verdict.decisions,
            denied=verdict.denied,
        )

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
        self.asked, self._heard = str(target), Heard()
        try:
            response = await self._answer(provider, target, request, step)
        except (Exception, asyncio.CancelledError) as error:
            await self._settle_failed(error, step, target)
            raise
        response = self._priced(response, target)
        spent = Settlement(began=True, usage=response.usage, cost_usd=response.cost_usd, response=response)
        verdict = await self._settle(spent, step, target)
        if verdict.denied is not None:
            raise verdict.denied
        return await self._judged("response", response, step, target)

    # --- admission

    async def _admitted(self, step: StepContext) -> "tuple[LlmRequest, Target, Provider]":
        """Have this attempt admitted; by another model, if a policy names one."""
        request, target = self.request, self._target_of(self.request, step)
        self.asked = str(target)
        if step.candidate:  # another provider than the one that was judged
            request = await self._judged("request", request, step, target)
        for _ in range(ADMIT_TRIES):
            provider = await self.models.provider(target.provider)
            verdict = await self._admit(request, step, target)
            if verdict.value.model != request.model:
                await self._settle(NOT_BEGUN, step, target)
                request = verdict.value
                target = self._target_of(request, step)
                request = await self._judged("request", request, step, target)
            elif verdict.until_ns is None or self.models.clock.now_ns() <= verdict.until_ns:
                return verdict.value, target, provider
        await self._settle(NOT_BEGUN, step, target)
        names = ", ".join(member.name for member in self.models.chain.of("admit"))
        raise PolicyDeniedError(names, f"policy_error: not admitted in {ADMIT_TRIES} tries", "admit")

    def _target_of(self, request: LlmRequest, step: StepContext) -> Target:
        targets = self.models.targets(request.model)
        return targets[min(step.candidate, len(targets) - 1)]

    async def _admit(self, request: LlmRequest, step: StepContext, target: Target) -> Verdict[LlmRequest]:
        if not self.models.chain.of("admit"):
            return Verdict(request, False, [])
        try:
            verdict = await self.models.chain.judge("admit", request, self._context("admit", step, target))
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

    async def _settle_failed(self, error: BaseException, step: StepContext, target: Target) -> None:
        used = NOTHING if isinstance(error, REFUSED) else self._heard.usage()
        await self._settle(Settlement(began=True, usage=used, error=type(error).__name__), step, target)

    async def _settle(self, spent: Settlement, step: StepContext, target: Target) -> Verdict[Settlement]:
        """Ask those who let the attempt pass to settle it, and those who only settle if it began."""

        def concerns(member: Member) -> bool:
            if "admit" not in member.policy.stages:
                return spent.began
            return self._passed is None or member.name in self._passed

        verdict = await self.models.chain.judge(
            "settle", spent, self._context("settle", step, target), concerns=concerns
        )
        self._note(verdict)
        self._passed = None
        return verdict

    def _note(self, verdict: Verdict[Any]) -> None:
        if self._call is not None:
            self._call.late_decisions = [*self._call.late_decisions, *verdict.decisions]

    async def _answer(
        self, provider: Provider, target: Target, request: LlmRequest, step: StepContext
    ) -> LlmResponse:
        context = CallContext(
            trace=step.trace, idempotency_key=step.idempotency_key, timeout_s=self.models.timeout_s
        )
        if self.listener is None or not provider.capabilities.stream:
            return await provider.complete(target.model, request, context)
        answer: LlmResponse | None = None
        async with aclosing(provider.stream(target.model, request, context)) as events:
            async for event in events:
                self._heard.take(event)
                if event.type == "end":
                    answer = event.response
                self.listener(event)
        if answer is None:
            raise MalformedAnswerError(target.provider, "the stream ended without its end")
        return answer

    def _priced(self, response: LlmResponse, target: Target) -> LlmResponse:
        cost = response.cost_usd
        if cost is None:
            cost = self.models.price(target.provider, response.model or target.model, response.usage)
        return attrs.evolve(response, provider=target.provider, cost_usd=cost)

    async def _judged(self, stage: Stage, value: T, step: StepContext, target: Target) -> T:
        if not self.models.chain.of(stage):
            return value
        verdict = await self.models.chain.judge(stage, value, self._context(stage, step, target))
        self._note(verdict)
        if verdict.denied is not None:
            raise verdict.denied
        return verdict.value

    def _context(self, stage: Stage, step: StepContext, target: Target) -> Callable[[object], PolicyContext]:
        models, call = self.models, self._call
        ticket = call.ticket if call is not None else NO_TICKET

        async def hold(*holdings: Holding) -> LedgerFull | Later | None:
            return await models.hold(self.run, holdings)

        def keep(holding: Holding) -> None:
            if call is None or stage != "settle":
                raise RuntimeError(f"{holding.account} can be settled in the stage settle only")
            call.holdings.append(holding)

        def make(_: object) -> PolicyContext:
            return PolicyContext(
                stage=stage,
                run=self.run,
                trace=step.trace,
                provider=target.provider,
                model=target.model,
                request=self.request,
                at_ns=models.now_ns(),
                clock=models.clock,
                attempt_id=f"{self.run.id} {step.trace.path} {ticket}",
                answer=call.answer if call is not None and stage == "admit" else None,
                hold=hold,
                held=models.held,
                keep=keep,
                price=lambda usage: models.price(target.provider, target.model, usage),
                secrets=self._secrets,
            )

        return make
