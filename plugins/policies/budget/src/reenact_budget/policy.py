"""The policy: an attempt reserves what it may cost, and settles for what it did."""

from collections.abc import Sequence
from typing import Any

import attrs
from reenact.judging import Allow, Decision, Deny, Modify, PolicyContext, Settlement, Stage, Wait
from reenact.ledger import Holding, Later, LedgerFull
from reenact.llm import LlmRequest, Usage

from reenact_budget import BudgetOptions
from reenact_budget.shares import Estimate, Share, counts_usd, estimate_of, nano_usd, shares_of, tokens_of

NAME = "budget"
UNKNOWN_PRICE = (
    "the price of {model} is not known, and a budget in USD holds for it. "
    'Say what it costs, or set unknown_price = "allow" in [policies.budget]'
)


@attrs.frozen
class Reservation:
    """What an attempt has reserved."""

    shares: Sequence[Share]
    estimate: Estimate


class BudgetPolicy:
    """Keeps calls within budgets; what has been spent is in the ledger."""

    stages: frozenset[Stage] = frozenset({"admit", "settle"})

    def __init__(self, options: BudgetOptions) -> None:
        """Make the policy.

        Args:
            options: The limits.
        """
        self._options = options
        self._granted: dict[str, int] = {}

    async def evaluate(self, value: Any, context: PolicyContext) -> Decision:
        """Admit an attempt, or settle one."""
        if isinstance(value, Settlement):
            self._settle(value, context)
            return Allow()
        return self._admit(value, context)

    # --- admission

    def _admit(self, request: LlmRequest, context: PolicyContext) -> Decision:
        estimate = estimate_of(request, context, self._options.output_tokens)
        unpriced = estimate.cost is None and counts_usd(self._options, context)
        if unpriced and self._options.unknown_price == "deny":
            return Deny(UNKNOWN_PRICE.format(model=f"{context.provider}:{context.model}"))
        shares = shares_of(self._options, context, estimate)
        if not shares:
            return Allow()
        context.secrets[NAME] = Reservation(shares, estimate)
        return self._reserve(shares, request, context, ())

    def _reserve(
        self,
        shares: Sequence[Share],
        request: LlmRequest,
        context: PolicyContext,
        refused: Sequence[Share],
    ) -> Allow:
        """Reserve all shares, or none.

        Args:
            shares: What the call may take.
            request: What is asked.
            context: What is known of the call.
            refused: Shares that did not fit before, and for which more has been allowed since.
        """
        now_ns = context.clock.now_ns()
        wanted = [self._holding(share, request, context, now_ns) for share in shares]

        async def otherwise(answer: Later | LedgerFull) -> Decision:
            assert isinstance(answer, LedgerFull)  # noqa: S101  # nothing here may begin later
            full = next(s for s, one in zip(shares, wanted, strict=True) if one == answer.holding)
            if full in refused or not await self._may_go_beyond(full, context):
                return self._at_limit(full, answer, request, context)
            return self._reserve(shares, request, context, (*refused, full))

        return Allow(hold=wanted, otherwise=otherwise)

    def _holding(self, share: Share, request: LlmRequest, context: PolicyContext, at_ns: int) -> Holding:
        most: int | None = share.most + self._granted.get(share.grants, 0)
        if share.limit.at_limit == "model" and request.model == share.limit.use:
            most = None  # the stand-in is what the limit makes of calls, not what it holds back
        return Holding(
            account=share.account, id=context.attempt_id, amount=share.amount, limit=most, at_ns=at_ns
        )

    async def _may_go_beyond(self, share: Share, context: PolicyContext) -> bool:
        """Find out whether people have allowed more, or do so now; say whether to try again."""
        if share.limit.at_limit != "ask":
            return False
        known = self._granted.get(share.grants, 0)
        granted = await context.held(share.grants)
        if granted == known and context.answer:
            grant = Holding(account=share.grants, id=context.attempt_id, amount=share.more)
            await context.hold(grant)
            granted = await context.held(share.grants)
        self._granted[share.grants] = granted
        return granted > known

    def _at_limit(
        self, share: Share, full: LedgerFull, request: LlmRequest, context: PolicyContext
    ) -> Decision:
        """Decide about a call that does not fit."""
        most = share.most + self._granted.get(share.grants, 0)
        spent = f"{share.spell(full.held)} of {share.spell(most)} of {share.whose} are used or reserved"
        reason = f"{spent}, and this call may take {share.spell(share.amount)}"
        limit = share.limit
        if limit.at_limit == "model" and request.model != limit.use:
            detail = {"model": limit.use}
            return Modify(attrs.evolve(request, model=limit.use), f"{reason}; {limit.use} instead", detail)
        if limit.at_limit == "ask" and context.answer is None:
            return Wait(
                reason=reason,
                question=f"{reason}. Allow another {share.spell(share.more)}?",
                show={
                    "provider": context.provider,
                    "model": context.model,
                    "used": share.spell(full.held),
                    "limit": share.spell(most),
                    "this call": share.spell(share.amount),
                },
                topic=share.grants,
            )
        said = "; a person was asked and said no" if context.answer is False else ""
        return Deny(f"{reason}{said}")

    # --- settlement

    def _settle(self, spent: Settlement, context: PolicyContext) -> None:
        held: Reservation | None = context.secrets.pop(NAME, None)
        if held is None:
            return
        for share in {share.account: share for share in held.shares}.values():  # limits may share one
            amount = _used(spent, held.estimate, share, context) if spent.began else 0
            context.keep(
                Holding(account=share.account, id=context.attempt_id, amount=amount, settled=spent.began)
            )


def _used(spent: Settlement, estimate: Estimate, share: Share, context: PolicyContext) -> int:
    """Return what an attempt has taken of a share; where nobody says, what was reserved."""
    if spent.usage is None:
        return share.amount
    usage = _filled(spent.usage, estimate.usage)
    if share.unit == "tokens":
        return tokens_of(usage)
    cost = nano_usd(spent.cost_usd if spent.cost_usd is not None else context.price(usage))
    return share.amount if cost is None else cost


def _filled(usage: Usage, estimate: Usage) -> Usage:
    """Return a usage in which what nobody has said is as estimated."""
    known = usage.input_tokens, usage.output_tokens
    return attrs.evolve(
        usage,
        input_tokens=estimate.input_tokens if known[0] is None else known[0],
        output_tokens=estimate.output_tokens if known[1] is None else known[1],
    )
