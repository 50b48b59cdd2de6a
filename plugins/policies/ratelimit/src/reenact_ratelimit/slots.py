"""Which accounts a call counts against, and how much."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

import attrs
from reenact.codec import canonical, plain
from reenact.judging import PolicyContext
from reenact.ledger import Holding
from reenact.llm import LlmRequest
from reenact.tokens import estimate_tokens

from reenact_ratelimit import Limit, RatelimitOptions

NS = 1_000_000_000
LEAD_PART = 50
LEAD_MIN_NS = 20_000_000
LEAD_MAX_NS = NS


@attrs.frozen
class Slot:
    """A part of a limit that one attempt takes.

    Attributes:
        limit: The limit.
        unit: ``requests`` or ``tokens``.
        account: What it is counted in.
        most: What the account may hold.
        amount: What the attempt takes.
        wait_ns: The longest wait for it.
    """

    limit: Limit
    unit: str
    account: str
    most: int
    amount: int
    wait_ns: int

    @property
    def window_ns(self) -> int:
        """How long the window is."""
        return int(self.limit.window_s * NS)

    def __str__(self) -> str:
        return f"{self.most:,} {self.unit} in {self.limit.window_s:g} s"


def slots_of(options: RatelimitOptions, context: PolicyContext) -> Sequence[Slot]:
    """Return what an attempt takes of which limits."""
    found = []
    estimate: int | None = None
    for limit in options.limits:
        if not _matches(limit, context):
            continue
        account = _account(limit, context)
        wait_ns = int((options.wait_s if limit.wait_s is None else limit.wait_s) * NS)
        if limit.requests is not None:
            found.append(Slot(limit, "requests", f"rate requests {account}", limit.requests, 1, wait_ns))
        if limit.tokens is not None:
            if estimate is None:
                estimate = _most_tokens(context.request, options.output_tokens)
            found.append(Slot(limit, "tokens", f"rate tokens {account}", limit.tokens, estimate, wait_ns))
    return found


def _matches(limit: Limit, context: PolicyContext) -> bool:
    return (
        fnmatchcase(context.provider, limit.provider)
        and fnmatchcase(context.model, limit.model)
        and fnmatchcase(context.run.workflow, limit.workflow)
    )


def _account(limit: Limit, context: PolicyContext) -> str:
    """Name what a limit is counted in: what it is about, and whose count it is."""
    run = context.run
    outermost = run.parent.partition("/")[0] or run.id
    own = {
        "provider": context.provider,
        "model": context.model,
        "workflow": run.workflow,
        "run": outermost,
        "key": outermost.partition(":")[0] if ":" in outermost else "",
    }
    about = limit.name or [limit.provider, limit.model, limit.workflow]
    whose = {what: own[what] for what in limit.per}
    return canonical(plain({"about": about, "per": whose, "window_s": limit.window_s})).decode()


def _most_tokens(request: object, output_tokens: int) -> int:
    if not isinstance(request, LlmRequest):
        return 0
    written = output_tokens if request.max_tokens is None else request.max_tokens
    return estimate_tokens(request) + written


def lead_ns(slots: Sequence[Slot], misses: int) -> int:
    """Return how long an attempt may take to begin once it has its slots.

    They are held for that much longer than the window, so that the moment at which an attempt
    does begin never lies in a window with too many others. One that takes longer asks anew, with
    twice the time.
    """
    shortest = min(slot.window_ns for slot in slots)
    return min(max(shortest // LEAD_PART, LEAD_MIN_NS), LEAD_MAX_NS) << min(misses, 12)


def holdings_of(
    slots: Sequence[Slot], attempt_id: str, at_ns: int, lead: int, waited_ns: int | None
) -> list[Holding]:
    """Return the holdings that take *slots*.

    Args:
        slots: What is taken.
        attempt_id: For whom.
        at_ns: From when.
        lead: How long the attempt may take to begin.
        waited_ns: How long it has waited, if it waits; then it may be put off by a window beyond its
            bound, for others before it may have begun late.
    """
    return [
        Holding(
            account=slot.account,
            id=attempt_id,
            amount=slot.amount,
            limit=slot.most,
            at_ns=at_ns,
            for_ns=slot.window_ns + lead,
            wait_ns=slot.wait_ns if waited_ns is None else max(slot.wait_ns - waited_ns, 0) + slot.window_ns,
        )
        for slot in slots
    ]
