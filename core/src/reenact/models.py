"""Asking a model: aliases and stand-ins, the policy chain around each call, and its price.

Every way to a provider goes through `Models.call`: plain calls and streams,
retries and stand-ins, the rounds of a tool loop, repairs, child runs.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from decimal import Decimal
from typing import TypeAlias, TypeVar

import attrs

from reenact.codec import canonical
from reenact.content import Blob, Chains
from reenact.errors import ConfigError, MalformedAnswerError, did_you_mean
from reenact.llm import LlmEvent, LlmRequest, LlmResponse, Usage
from reenact.policy import Chain
from reenact.records import RunRecord
from reenact.seams import CallContext, Holding, LedgerFull, PolicyContext, Provider, Stage
from reenact.steps import Body, Call, Gate, Passed, Retry, StepContext
from reenact.trace import TraceContext

T = TypeVar("T")

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


@attrs.frozen(kw_only=True)
class Models:
    """What a process can ask, and how.

    Attributes:
        aliases: Models by alias: ``provider:model``, in the order in which they are tried.
        provider: Returns an open provider by name.
        chain: The policies in force.
        hold: Holds an amount for a run, in a commit; or says that the account is full.
        price: What a call costs.
        retry: How often each model is tried.
        timeout_s: How long one attempt may take, in seconds.
    """

    aliases: Mapping[str, Sequence[str]]
    provider: Callable[[str], Awaitable[Provider]]
    chain: Chain
    hold: Callable[[RunRecord, Holding], Awaitable[LedgerFull | None]]
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
        """Ask the candidate of this attempt, with policies before and after."""
        targets = self.models.targets(self.request.model)
        target = targets[min(step.candidate, len(targets) - 1)]
        request, self.asked = self.request, str(target)
        if step.candidate:  # another provider than the one that was judged
            request = await self._judged("request", request, step, target)
        request = await self._judged("admit", request, step, target)
        provider = await self.models.provider(target.provider)
        response = await self._answer(provider, target, request, step)
        response = self._priced(response, target)
        response = await self._judged("settle", response, step, target)
        return await self._judged("response", response, step, target)

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
        if self._call is not None:
            self._call.late_decisions = [*self._call.late_decisions, *verdict.decisions]
        if verdict.denied is not None:
            raise verdict.denied
        return verdict.value

    def _context(self, stage: Stage, step: StepContext, target: Target) -> Callable[[object], PolicyContext]:
        async def hold(holding: Holding) -> LedgerFull | None:
            return await self.models.hold(self.run, holding)

        def make(_: object) -> PolicyContext:
            return PolicyContext(
                stage=stage,
                run=self.run,
                trace=step.trace,
                provider=target.provider,
                model=target.model,
                request=self.request,
                hold=hold,
                secrets=self._secrets,
            )

        return make
