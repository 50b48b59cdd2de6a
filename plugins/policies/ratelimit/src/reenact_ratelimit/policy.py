"""The policy: an attempt takes its slots, waits for them, or is refused."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import attrs
from reenact.judging import Allow, Decision, Deny, PolicyContext, Settlement, Stage, Wait
from reenact.ledger import Holding, Later, LedgerFull
from reenact.llm import Usage

from reenact_ratelimit import RatelimitOptions
from reenact_ratelimit.queue import Queue
from reenact_ratelimit.slots import NS, Slot, holdings_of, lead_ns, slots_of

NAME = "ratelimit"


@attrs.define
class Place:
    """Where an attempt stands.

    Attributes:
        slots: What it takes.
        asked_ns: When it asked first.
        waits: It has no slots yet.
        misses: How often it had its slots and did not begin in time.
        until_ns: By when it has to begin, if it has its slots.
    """

    slots: Sequence[Slot]
    asked_ns: int
    waits: bool = False
    misses: int = 0
    until_ns: int | None = None


class RatelimitPolicy:
    """Keeps calls within limits; what has been taken is in the ledger."""

    stages: frozenset[Stage] = frozenset({"admit", "settle"})

    def __init__(self, options: RatelimitOptions) -> None:
        """Make the policy.

        Args:
            options: The limits.
        """
        self._options = options
        self._queue = Queue()

    async def evaluate(self, value: Any, context: PolicyContext) -> Decision:
        """Admit an attempt, or settle one."""
        if isinstance(value, Settlement):
            await self._settle(value, context)
            return Allow()
        return self._admit(context)

    # --- admission

    def _admit(self, context: PolicyContext) -> Decision:
        place: Place | None = context.secrets.get(NAME)
        if place is not None:
            return self._take(place, context)
        slots = slots_of(self._options, context)
        over = next((slot for slot in slots if slot.amount > slot.most), None)
        if over is not None:
            return Deny(f"it may take {over.amount:,} {over.unit}, and no more than {over} are allowed")
        if not slots:
            return Allow()
        place = context.secrets[NAME] = Place(slots, context.clock.now_ns())
        return self._take(place, context)

    def _take(self, place: Place, context: PolicyContext) -> Decision:
        """Take the slots now, or wait for the time at which they will be free."""
        now_ns = context.clock.now_ns()
        if place.until_ns is not None and now_ns > place.until_ns:
            place.misses, place.waits = place.misses + 1, False
        place.until_ns = now_ns + lead_ns(place.slots, place.misses)
        wanted = self._wanted(place, context, now_ns)
        return Allow(place.until_ns, wanted, lambda answer: self._put_off(answer, place, context))

    async def _put_off(self, answer: Later | LedgerFull, place: Place, context: PolicyContext) -> Decision:
        """Wait for the slots, or refuse."""
        if isinstance(answer, LedgerFull):
            await _give_back(place.slots, context)
            del context.secrets[NAME]
            return Deny(_refusal(answer, place.slots))
        place.waits, place.until_ns = True, None
        return Wait(
            reason=f"a slot within {_spelled(place.slots)}",
            until_ns=answer.at_ns,
            sooner=self._sooner(place, context, answer.at_ns),
        )

    def _wanted(self, place: Place, context: PolicyContext, now_ns: int) -> list[Holding]:
        waited_ns = now_ns - place.asked_ns if place.waits else None
        lead = lead_ns(place.slots, place.misses)
        return holdings_of(place.slots, context.attempt_id, now_ns, lead, waited_ns)

    def _sooner(self, place: Place, context: PolicyContext, at_ns: int) -> Callable[[], Awaitable[None]]:
        async def look() -> int:
            now_ns = context.clock.now_ns()
            answer = await context.hold(*self._wanted(place, context, now_ns))
            return answer.at_ns if isinstance(answer, Later) else now_ns

        return lambda: self._queue.wait(context.attempt_id, context.clock, at_ns, look)

    # --- settlement

    async def _settle(self, spent: Settlement, context: PolicyContext) -> None:
        place: Place | None = context.secrets.pop(NAME, None)
        slots = place.slots if place else slots_of(self._options, context)
        if not spent.began:
            await _give_back(slots, context)
            self._queue.look_again(at_once=True)
        elif spent.usage is not None:
            for slot in slots:
                if slot.unit == "tokens":
                    amount = _used(spent.usage, slot.amount)
                    context.keep(Holding(account=slot.account, id=context.attempt_id, amount=amount))
            self._queue.look_again(at_once=False)


async def _give_back(slots: Sequence[Slot], context: PolicyContext) -> None:
    """Give slots back for others to take at once."""
    free = [Holding(account=slot.account, id=context.attempt_id, amount=0) for slot in slots]
    if free:
        await context.hold(*free)


def _used(usage: Usage, estimate: int) -> int:
    """Return the tokens of an attempt; what nobody has said is as estimated."""
    if usage.input_tokens is None or usage.output_tokens is None:
        return max(estimate, (usage.input_tokens or 0) + (usage.output_tokens or 0))
    return usage.input_tokens + usage.output_tokens


def _refusal(full: LedgerFull, slots: Sequence[Slot]) -> str:
    slot = next(slot for slot in slots if slot.account == full.holding.account)
    wait_s = (full.fits_ns - full.holding.at_ns) / NS
    longest_s = full.holding.wait_ns / NS
    return f"{slot} are used up for {wait_s:.1f} s, and it may wait {longest_s:.1f} s (wait_s)"


def _spelled(slots: Sequence[Slot]) -> str:
    return ", ".join(dict.fromkeys(str(slot) for slot in slots))
