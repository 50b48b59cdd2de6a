"""No more tokens or dollars than a run, a workflow or a day may cost.

In the stage *admit* each attempt of a call reserves what it may cost at most; in the stage
*settle* the reservation becomes what it did cost, in the commit that puts its end on record. So
calls in parallel cannot spend one dollar twice, a crash neither loses nor doubles what was spent,
a replay is free, and a run that is resumed has not forgotten.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from decimal import Decimal, InvalidOperation
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import attrs
from reenact.errors import ConfigError
from reenact.hookspecs import hookimpl
from reenact.judging import Policy
from reenact.seams import Offer

__all__ = ["BudgetOptions", "Limit", "open_budget", "reenact_policies"]

Per = Literal["run", "workflow", "day"]

USD_MAX = Decimal(1_000_000_000)


def _listed(value: "Per | list[Per]") -> list[Per]:
    return [value] if isinstance(value, str) else list(value)


def _usd(value: "str | float | int | None") -> Decimal | None:
    if value is None:
        return None
    try:
        made = Decimal(str(value))
    except InvalidOperation:
        raise ConfigError(f"must be an amount in USD such as 2.50, not {value!r:.40}", "usd") from None
    if not (made.is_finite() and 0 < made <= USD_MAX):
        raise ConfigError(f"must be more than 0 and no more than {USD_MAX:,} USD, not {value!r:.40}", "usd")
    return made


@attrs.frozen(kw_only=True)
class Limit:
    """``[[policies.budget.limits]]``.

    Attributes:
        usd: Most US dollars; no limit if not set.
        tokens: Most tokens, read and written; no limit if not set.
        per: What has a budget of its own: each ``run``, ``workflow`` or ``day``. One of them, or a
            list, such as ``["workflow", "day"]``; one budget for all and for good if empty.
        provider: Which providers' calls count; ``*``, ``?`` and ``[ab]`` as in file names.
        model: Which models' calls count, by the vendor's names; as in *provider*.
        workflow: Which workflows' calls count; as in *provider*.
        children: Whether the calls of child runs count as those of the outermost run.
        at_limit: What happens to a call that does not fit any more: ``deny``; ``ask``: a person is asked
            whether as much again may be spent; ``model``: the call is made with *use* instead, which
            this limit does not hold back.
        use: An alias or ``provider:model``, for ``at_limit = "model"``.
    """

    usd: str | float | int | None = attrs.field(default=None, converter=_usd)
    tokens: int | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.ge(1))
    )
    per: Per | list[Per] = attrs.field(factory=lambda: ["run"], converter=_listed)
    provider: str = "*"
    model: str = "*"
    workflow: str = "*"
    children: bool = True
    at_limit: Literal["deny", "ask", "model"] = "deny"
    use: str = ""

    def __attrs_post_init__(self) -> None:
        if self.usd is None and self.tokens is None:
            raise ConfigError("it limits nothing; give 'usd', 'tokens' or both")
        if (self.at_limit == "model") != bool(self.use):
            raise ConfigError("at_limit = \"model\" and 'use', the model to go on with, need each other")


@attrs.frozen(kw_only=True)
class BudgetOptions:
    """``[policies.budget]``.

    Attributes:
        limits: The limits; all that match a call hold for it.
        output_tokens: How many tokens an answer is taken to have at most, if the request does not say.
        unknown_price: What happens to a call whose price is not known, where a limit in USD matches:
            ``deny``, or ``allow`` it without counting its price.
        timezone: Where a day begins at midnight, such as ``Europe/Berlin``.
    """

    limits: list[Limit] = attrs.field(validator=attrs.validators.min_len(1))
    output_tokens: int = attrs.field(default=4096, validator=attrs.validators.ge(0))
    unknown_price: Literal["deny", "allow"] = "deny"
    timezone: str = "UTC"

    def __attrs_post_init__(self) -> None:
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ConfigError(f"there is no time zone {self.timezone!r}", "timezone") from None


@asynccontextmanager
async def open_budget(options: BudgetOptions) -> AsyncIterator[Policy]:
    """Open the policy."""
    from reenact_budget.policy import BudgetPolicy

    yield BudgetPolicy(options)


@hookimpl
def reenact_policies() -> Iterable[Offer[Policy]]:
    """Offer the policy ``budget``."""
    yield Offer("budget", open_budget, BudgetOptions, doc="tokens and USD per run, workflow and day")
