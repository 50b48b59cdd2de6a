"""A world for policies in which it is then: a ledger in memory, and the clock of the record.

What policies hold here nobody else sees, and it is gone when the rehearsal is over.
"""

import asyncio

import attrs
from reenact.ledger import FOR_GOOD_NS, SUM_ID, Holding, Later, LedgerFull, Line, place


@attrs.define
class RecordedClock:
    """A clock that shows the time of the record.

    Attributes:
        at_ns: The time.
    """

    at_ns: int = 0

    def now_ns(self) -> int:
        """Return the time."""
        return self.at_ns

    async def sleep_until(self, due_ns: int) -> None:
        """Have it be *due_ns*; nobody waits for what is past."""
        await asyncio.sleep(0)
        self.at_ns = max(self.at_ns, due_ns)


class Ledger:
    """What accounts hold, in memory.

    Args:
        clock: The time; what has ended by it is forgotten.
    """

    def __init__(self, clock: RecordedClock) -> None:
        self._clock = clock
        self._accounts: dict[str, dict[str, Line]] = {}

    async def hold(self, *holdings: Holding) -> LedgerFull | Later | None:
        """Hold amounts, all or none, as `reenact.PolicyContext.hold` does."""
        limited = [one for one in holdings if one.limit is not None]
        answer = None
        if limited:
            placed = place(limited, [list(self._lines(one.account).values()) for one in limited])
            if isinstance(placed, LedgerFull):
                return placed
            for one, line in zip(limited, placed.lines, strict=True):
                self._lines(one.account)[one.id] = line
            answer = Later(placed.at_ns) if placed.at_ns > max(one.at_ns for one in limited) else None
        for one in holdings:
            if one.limit is None:
                self.change(one)
        return answer

    def change(self, one: Holding) -> None:
        """Make a holding that asks for no limit, or change one that was made."""
        lines = self._lines(one.account)
        before = lines.pop(one.id, None)
        if not one.amount:
            return
        if one.settled and one.for_ns is None:
            kept = lines.get(SUM_ID)
            amount = one.amount + (kept.amount if kept else 0)
            lines[SUM_ID] = Line(SUM_ID, amount, one.at_ns, FOR_GOOD_NS, one.at_ns)
            return
        until_ns = one.at_ns + one.for_ns if one.for_ns else FOR_GOOD_NS
        made = before or Line(one.id, 0, one.at_ns, until_ns, one.at_ns)
        lines[one.id] = made._replace(amount=one.amount)

    async def held(self, account: str) -> int:
        """Return what *account* holds now."""
        return sum(line.amount for line in self._lines(account).values())

    def _lines(self, account: str) -> dict[str, Line]:
        lines = self._accounts.setdefault(account, {})
        for one in [one for one, line in lines.items() if line.until_ns <= self._clock.at_ns]:
            del lines[one]
        return lines
