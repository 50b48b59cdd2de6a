"""What a process can ask, by which names, and what that costs.

An alias stands for models that are tried one after the other. The price of one is what
the code says, else the configuration, else the vendor's plugin; what nobody knows is not zero.
"""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeAlias

import attrs

from reenact.errors import ConfigError, did_you_mean
from reenact.judging import LedgerClock
from reenact.ledger import Holding, Later, LedgerFull
from reenact.llm import LlmRequest, Usage
from reenact.policy import Chain
from reenact.prices import Price, PriceList
from reenact.records import RunRecord
from reenact.seams import CallContext, Counting, Priced, Provider
from reenact.steps import Retry

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
        hold: Holds amounts for a run, in a commit; or says that an account is full.
        held: Tells what an account holds now.
        clock: The clock of the ledger.
        price: What a call costs, before anybody else is asked.
        prices: What the configuration says of prices; what it does not know, the provider may.
        now_ns: The time of day, for prices that change.
        retry: How often each model is tried.
        timeout_s: How long one attempt may take, in seconds.
    """

    aliases: Mapping[str, Sequence[str]]
    provider: Callable[[str], Awaitable[Provider]]
    chain: Chain
    hold: Callable[[RunRecord, Sequence[Holding]], Awaitable[LedgerFull | Later | None]]
    held: Callable[[str], Awaitable[int]]
    clock: LedgerClock
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

    def cost(
        self, target: Target, provider: Provider | None, usage: Usage, answered: str = ""
    ) -> Decimal | None:
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
