"""Asking a model: aliases and stand-ins, the policy chain around each call, and its price.

Every way to a provider goes through `Models.call`: plain calls and streams,
retries and stand-ins, the rounds of a tool loop, repairs, child runs.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeAlias, TypeVar

import attrs

from reenact.codec import canonical
from reenact.content import Blob, Chains
from reenact.errors import ConfigError, MalformedAnswerError, ProviderError, did_you_mean
from reenact.llm import LlmEvent, LlmRequest, LlmResponse, Usage
from reenact.placeholders import NO_PLACEHOLDERS, Original, Place, Placeholders, Value
from reenact.policy import Chain
from reenact.prices import Price, PriceList
from reenact.records import RunRecord
from reenact.seams import CallContext, Counting, Holding, LedgerFull, PolicyContext, Priced, Provider, Stage
from reenact.steps import Body, Call, Gate, Passed, Retry, Spent, StepContext
from reenact.tokens import Used
from reenact.trace import TraceContext

log = logging.getLogger("reenact.models")

T = TypeVar("T")

Listener: TypeAlias = Callable[[LlmEvent], None]
PriceHook: TypeAlias = Callable[[str, str, Usage], Decimal | None]
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


def targets_of(aliases: Mapping[str, Sequence[str]], name: str) -> tuple[Target, ...]:
    """Return the models that *name* stands for: an alias, or ``provider:model``.

    Raises:
        ConfigError: If it is neither.
    """
    return tuple(_target(one, name, aliases) for one in aliases.get(name, (name,)))


def _target(spelled: str, name: str, aliases: Mapping[str, Sequence[str]]) -> Target:
    provider, colon, model = spelled.partition(":")
    if colon and provider and model:
        return Target(provider, model)
    hint = did_you_mean(name, list(aliases))
    known = ", ".join(sorted(aliases)) or "none"
    raise ConfigError(
        f"no model is called {name!r}{hint} (aliases: {known}; or write provider:model)", "models"
    )


@attrs.frozen(kw_only=True)
class Models:
    """What a process can ask, and how.

    Attributes:
        aliases: Models by alias: ``provider:model``, in the order in which they are tried.
        provider: Returns an open provider by name.
        chain: The policies in force.
        hold: Holds an amount for a run, in a commit; or says that the account is full.
        price: What a call costs, before anybody else is asked.
        prices: What the configuration says of prices; what it does not know, the provider may.
        now_ns: The time of day, for prices that change.
        retry: How often each model is tried.
        timeout_s: How long one attempt may take, in seconds.
    """

    aliases: Mapping[str, Sequence[str]]
    provider: Callable[[str], Awaitable[Provider]]
    chain: Chain
    hold: Callable[[RunRecord, Holding], Awaitable[LedgerFull | None]]
    price: PriceHook = lambda provider, model, usage: None
    prices: PriceList = attrs.field(factory=PriceList)
    now_ns: Callable[[], int] = time.time_ns
    retry: Retry = attrs.field(factory=lambda: Retry(attempts=4))
    timeout_s: float | None = 600.0

    def targets(self, name: str) -> tuple[Target, ...]:
        """Return the models that *name* stands for; see `targets_of`."""
        return targets_of(self.aliases, name)

    def price_of(self, target: Target, provider: Provider | None = None, answered: str = "") -> Price | None:
        """Return what a model costs today; None if that is not known.

        Args:
            target: The model that is asked.
            provider: The provider, open; without it only the configuration is looked into.
            answered: The model as it calls itself, which may be a dated one.
        """
        today = datetime.fromtimestamp(self.now_ns() / 1e9, UTC).date()
        for name in (target.model, answered):
            own = self.prices.find(f"{target.provider}:{name}", today)
            if own is not None:
                return own
        if not isinstance(provider, Priced):
            return None
        return (provider.price_of(answered, today) if answered else None) or provider.price_of(
            target.model, today
        )

    def cost(self, target: Target, provider: Provider, usage: Usage, answered: str = "") -> Decimal | None:
        """Return the price of a call in USD; None if it is not known."""
        hooked = self.price(target.provider, answered or target.model, usage)
        if hooked is not None:
            return hooked
        price = self.price_of(target, provider, answered)
        return None if price is None else price.cost(usage)

    async def count_tokens(self, request: LlmRequest, context: CallContext) -> int | None:
        """Return how many tokens the first model of *request* would read, as its vendor counts them.

        Returns:
            The number; None if the vendor does not count: `reenact.tokens.estimate_tokens` needs none.

        Raises:
            ProviderError: If the vendor does not say.
        """
        target = self.targets(request.model)[0]
        provider = await self.provider(target.provider)
        if not isinstance(provider, Counting):
            return None
        return await provider.count_tokens(target.model, request, context)

    def call(
        self,
        request: LlmRequest,
        run: RunRecord,
        chains: Chains,
        listener: Listener | None,
        known: dict[str, Value],
    ) -> "LlmCall":
        """Return what performs *request* for *run*."""
        return LlmCall(models=self, request=request, run=run, chains=chains, listener=listener, known=known)


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
        verdict = await self.models.chain.judge("request", self.request, context, self._original)
        self.request = verdict.value
        self._note_places(call, verdict.places)
        return Passed(
            body=self.perform,
            spell=self.spell if verdict.changed else None,
            decisions=verdict.decisions,
            denied=verdict.denied,
        )

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
        """Ask the candidate of this attempt, with policies before and after."""
        targets = self.models.targets(self.request.model)
        target = targets[min(step.candidate, len(targets) - 1)]
        request, self.asked = self.request, str(target)
        if step.candidate:  # another provider than the one that was judged
            request = await self._judged("request", request, step, target)
        request = await self._judged("admit", request, step, target)
        provider = await self.models.provider(target.provider)
        used = Used(request)
        try:
            response = await self._answer(provider, target, request, step, used)
            response = self._priced(response, target, provider)
            used.answered(response)
            response = await self._judged("settle", response, step, target)
            return await self._judged("response", response, step, target)
        except BaseException as error:
            if isinstance(error, ProviderError):
                _rename(error, target.provider)
            self._charge(used, target, provider, error)
            raise

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
        except Exception:
            log.exception("on_event of a model's answer failed and is told nothing more")
            self.listener = None

    def _priced(self, response: LlmResponse, target: Target, provider: Provider) -> LlmResponse:
        cost = response.cost_usd
        if cost is None:
            cost = self.models.cost(target, provider, response.usage, response.model)
        return attrs.evolve(response, provider=target.provider, cost_usd=cost)

    async def _judged(self, stage: Stage, value: T, step: StepContext, target: Target) -> T:
        if not self.models.chain.of(stage):
            return value
        context = self._context(stage, step, target)
        verdict = await self.models.chain.judge(stage, value, context, self._original)
        if self._call is not None:
            self._call.late_decisions = [*self._call.late_decisions, *verdict.decisions]
            self._note_places(self._call, verdict.places)
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
                known=self.known,
            )

        return make


def _rename(error: ProviderError, provider: str) -> None:
    """Have an error name its provider as the configuration does; a plugin may not know that name."""
    if error.provider != provider:
        error.args = tuple(provider if value == error.provider else value for value in error.args)
        error.provider = provider
