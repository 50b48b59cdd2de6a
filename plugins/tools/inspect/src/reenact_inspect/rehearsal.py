"""A world for policies in which it is then: a ledger in memory, and the clock of the record.

What policies hold here nobody else sees, and it is gone when the rehearsal is over.
"""

import asyncio

import attrs
from reenact.ledger import Accounts, Holding, Later, LedgerFull


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
        self._accounts = Accounts()

    async def hold(self, *holdings: Holding) -> LedgerFull | Later | None:
        """Hold amounts, all or none, as `reenact.PolicyContext.hold` does."""
        for one in holdings:
            self._accounts.forget(one.account, self._clock.at_ns)
        return self._accounts.hold(holdings)

    def change(self, one: Holding) -> None:
        """Make a holding that asks for no limit, or change one that was made."""
        self._accounts.forget(one.account, self._clock.at_ns)
        self._accounts.change(one)

    async def held(self, account: str) -> int:
        """Return what *account* holds now."""
        return self._accounts.held(account, self._clock.at_ns)
