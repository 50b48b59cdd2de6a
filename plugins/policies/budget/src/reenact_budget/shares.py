"""Which budgets a call counts against, and how much it may cost."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import ROUND_CEILING, Decimal
from fnmatch import fnmatchcase
from typing import Literal
from zoneinfo import ZoneInfo

import attrs
from reenact.codec import canonical, plain
from reenact.judging import PolicyContext
from reenact.llm import LlmRequest, Usage
from reenact.tokens import estimate_tokens

from reenact_budget import BudgetOptions, Limit

Unit = Literal["usd", "tokens"]

NANO_USD = Decimal("1e-9")
"""What money is counted in: a whole number of them fits the ledger, and any vendor's price of a token."""

_ORDER = {"model": 0, "deny": 1, "ask": 2}
"""A cheaper model may fit where this one does not; nobody is asked for what is denied anyway."""


@attrs.frozen
class Share:
    """A part of a limit that one attempt takes.

    Attributes:
        limit: The limit.
        unit: What it is counted in: ``tokens``, or ``usd`` in billionths.
        account: What keeps count.
        most: What the account may hold.
        amount: What the attempt may take.
    """

    limit: Limit
    unit: Unit
    account: str
    most: int
    amount: int

    @property
    def grants(self) -> str:
        """The account of what people have allowed beyond the limit."""
        return f"{self.account} beyond {self.most}"

    @property
    def more(self) -> int:
        """What a person is asked to allow beyond the limit: as much again, and enough for this call."""
        return max(self.most, self.amount)

    def spell(self, amount: int) -> str:
        """Return an amount in words."""
        return f"{amount:,} tokens" if self.unit == "tokens" else f"{dollars(amount)} USD"

    @property
    def whose(self) -> str:
        """What the budget is for, in words."""
        return f"the budget per {' and '.join(self.limit.per)}" if self.limit.per else "the budget for all"


def dollars(amount: int) -> str:
    """Return billionths of a dollar as dollars: cents at least, and no digit too many."""
    value = amount * NANO_USD
    return f"{value:,.2f}" if value == round(value, 2) else f"{value.normalize():,f}"


@attrs.frozen
class Estimate:
    """What an attempt may take at most.

    Attributes:
        usage: Tokens read and written.
        cost: Its price in billionths of a dollar; None if that is not known.
    """

    usage: Usage
    cost: int | None

    def amount(self, unit: Unit) -> int | None:
        """Return it in a unit; None if it is not known."""
        return self.cost if unit == "usd" else tokens_of(self.usage)


def tokens_of(usage: Usage) -> int:
    """Return all tokens of a usage."""
    return (usage.input_tokens or 0) + (usage.output_tokens or 0)


def nano_usd(cost: Decimal | None) -> int | None:
    """Return a price in billionths of a dollar, rounded up."""
    return None if cost is None else int((cost / NANO_USD).to_integral_value(ROUND_CEILING))


def estimate_of(request: LlmRequest, context: PolicyContext, output_tokens: int) -> Estimate:
    """Return what a request may take at most."""
    written = output_tokens if request.max_tokens is None else request.max_tokens
    usage = Usage(input_tokens=estimate_tokens(request), output_tokens=written)
    return Estimate(usage, nano_usd(context.price(usage)))


def shares_of(options: BudgetOptions, context: PolicyContext, estimate: Estimate) -> Sequence[Share]:
    """Return what an attempt takes of which limits, in the order in which they decide."""
    found = []
    for limit in sorted(options.limits, key=lambda limit: _ORDER[limit.at_limit]):
        if not _matches(limit, context):
            continue
        account = _account(limit, options, context)
        for unit, most in _bounds(limit):
            amount = estimate.amount(unit)
            if amount is not None:
                found.append(Share(limit, unit, f"budget {unit} {account}", most, amount))
    return found


def counts_usd(options: BudgetOptions, context: PolicyContext) -> bool:
    """Say whether a limit in USD holds for the call."""
    return any(limit.usd is not None and _matches(limit, context) for limit in options.limits)


def _bounds(limit: Limit) -> Sequence[tuple[Unit, int]]:
    bounds: list[tuple[Unit, int]] = []
    if isinstance(limit.usd, Decimal):
        bounds.append(("usd", int(limit.usd / NANO_USD)))
    if limit.tokens is not None:
        bounds.append(("tokens", limit.tokens))
    return bounds


def _matches(limit: Limit, context: PolicyContext) -> bool:
    return (
        fnmatchcase(context.provider, limit.provider)
        and fnmatchcase(context.model, limit.model)
        and fnmatchcase(context.run.workflow, limit.workflow)
    )


def _account(limit: Limit, options: BudgetOptions, context: PolicyContext) -> str:
    """Name what keeps count: what it is about, and whose budget it is."""
    run = context.run
    outermost = run.parent.partition("/")[0] or run.id
    day = datetime.fromtimestamp(context.at_ns / 1e9, UTC).astimezone(ZoneInfo(options.timezone)).date()
    own = {
        "run": outermost if limit.children else run.id,
        "workflow": run.workflow,
        "day": day.isoformat(),
    }
    about = [limit.provider, limit.model, limit.workflow]
    return canonical(plain({"about": about, "per": {what: own[what] for what in limit.per}})).decode()
