"""What is held against which account, and when more may be: rate slots, budgets.

An account holds amounts, each from some time until another, or for good. At no moment may it
hold more than a limit. That is all there is: a slot of a sliding window is held from the call
until the window is over, a part of a budget for good.

Who asks may be put off: the earliest time is found at which the account can hold the amount for
as long as it is asked for, behind everybody who waits for the same account. That time is a
forecast. When it has come one asks again, and then only what has begun counts, and those who
asked before. So who is late, or looks early, keeps his place in the order, and those behind
him are put off or move up.

Nothing here waits or reads a clock. Stores keep the lines; every store finds a place for a
holding with the same function, in the transaction that keeps it. Who keeps them in memory
has `Accounts` for it.
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import attrs

FOR_GOOD_NS = 2**63 - 1
"""The end of what is held for good."""

SUM_ID = ""
"""The id of the line that holds the sum of what is settled for good."""


AMOUNT_MAX = 10**18
"""The largest amount of one holding."""

TIME_MAX_NS = 2**62

_AMOUNT = attrs.validators.and_(attrs.validators.ge(0), attrs.validators.le(AMOUNT_MAX))
_TIME = attrs.validators.le(TIME_MAX_NS)


@attrs.frozen(kw_only=True)
class Holding:
    """An amount held against an account.

    Amounts and times that are larger than stores can add up are refused here, for in a store they
    would take down the commit that they share with others.

    Attributes:
        account: What is limited, such as ``rate:openai:requests``.
        id: Names it; the same id again changes it. Not empty.
        amount: How much, in the account's unit; 0 gives it back.
        limit: The most the account may hold at any moment; None to hold without asking, and to
            change the amount of what is held.
        at_ns: From when it is asked for, by the clock of the ledger.
        for_ns: How long it is held; None for good.
        wait_ns: How much later than *at_ns* it may begin, if it does not fit at once.
        settled: The amount is final, so that a store may keep what is held for good as part of a
            sum. Goes into a write with rows: then it counts once, however often that is sent.
    """

    account: str
    id: str = attrs.field(validator=attrs.validators.min_len(1))
    amount: int = attrs.field(validator=_AMOUNT)
    limit: int | None = None
    at_ns: int = attrs.field(default=0, validator=_TIME)
    for_ns: int | None = attrs.field(
        default=None,
        validator=attrs.validators.optional(attrs.validators.and_(attrs.validators.ge(1), _TIME)),
    )
    wait_ns: int = attrs.field(default=0, validator=attrs.validators.ge(0))
    settled: bool = False


@attrs.frozen
class Later:
    """Holdings were made, and begin later than they were asked for.

    Attributes:
        at_ns: When they begin.
    """

    at_ns: int


@attrs.frozen
class LedgerFull:
    """A holding was refused, and with it the whole write.

    Attributes:
        holding: The one that did not fit.
        held: What the account holds without it, at the time from which it was asked for.
        fits_ns: When it would fit; 0 if never as things are.
    """

    holding: Holding
    held: int
    fits_ns: int


class Line(NamedTuple):
    """What one holding has come to.

    Attributes:
        id: The holding's id.
        amount: How much.
        at_ns: From when it is held.
        until_ns: Until when, itself not included.
        asked_ns: When it was first asked for.
        queued: It could not begin then, because of this account.
    """

    id: str
    amount: int
    at_ns: int
    until_ns: int
    asked_ns: int
    queued: bool = False


@attrs.frozen
class Placed:
    """Holdings that fit.

    Attributes:
        at_ns: When they begin, all at once.
        lines: What they have come to, one for each, in order.
    """

    at_ns: int
    lines: Sequence[Line]


def place(wanted: Sequence[Holding], lines: Sequence[Sequence[Line]]) -> Placed | LedgerFull:
    """Find the earliest time at which *wanted* can be held together.

    Args:
        wanted: The holdings, at least one; each of another account, or with other limits of one.
        lines: For each, the lines of its account; those that have ended may be left out, its own not.
    """
    accounts = [_Account(*pair) for pair in zip(wanted, lines, strict=True)]
    asked_ns = max(holding.at_ns for holding in wanted)
    latest_ns = min(holding.at_ns + holding.wait_ns for holding in wanted)
    begin_ns = _common(accounts, asked_ns)
    if begin_ns is None or begin_ns > latest_ns:
        return _refusal(accounts, asked_ns, begin_ns or 0)
    return Placed(begin_ns, [account.line(asked_ns, begin_ns) for account in accounts])


@attrs.define
class Accounts:
    """What accounts hold, kept in memory.

    Attributes:
        lines: The lines of each account that has any, by the id of the holding.
    """

    lines: dict[str, dict[str, Line]] = attrs.field(factory=dict)

    def hold(self, holdings: Sequence[Holding]) -> Later | LedgerFull | None:
        """Make and change holdings; those with a limit together, or nothing at all."""
        limited = [one for one in holdings if one.limit is not None]
        answer = None
        if limited:
            placed = place(limited, [list(self.lines.get(one.account, {}).values()) for one in limited])
            if isinstance(placed, LedgerFull):
                return placed
            for one, line in zip(limited, placed.lines, strict=True):
                self.lines.setdefault(one.account, {})[one.id] = line
            answer = Later(placed.at_ns) if placed.at_ns > max(one.at_ns for one in limited) else None
        for one in holdings:
            if one.limit is None:
                self.change(one)
        return answer

    def change(self, one: Holding) -> None:
        """Make a holding that asks for no limit, or change one that was made."""
        lines = self.lines.setdefault(one.account, {})
        before = lines.pop(one.id, None)
        until_ns = one.at_ns + one.for_ns if one.for_ns else FOR_GOOD_NS
        if one.amount and one.settled and one.for_ns is None:
            kept = lines.get(SUM_ID)
            amount = one.amount + (kept.amount if kept else 0)
            lines[SUM_ID] = Line(SUM_ID, amount, one.at_ns, until_ns, one.at_ns)
        elif one.amount:
            made = before or Line(one.id, 0, one.at_ns, until_ns, one.at_ns)
            lines[one.id] = made._replace(amount=one.amount)
        if not lines:
            del self.lines[one.account]

    def held(self, account: str, at_ns: int) -> int:
        """Return what *account* holds that does not end by *at_ns*."""
        return sum(line.amount for line in self.lines.get(account, {}).values() if line.until_ns > at_ns)

    def forget(self, account: str, at_ns: int) -> None:
        """Forget what *account* held that has ended by *at_ns*."""
        kept = {name: line for name, line in self.lines.pop(account, {}).items() if line.until_ns > at_ns}
        if kept:
            self.lines[account] = kept

    def copy(self) -> "Accounts":
        """Return the same, changed by itself from now on."""
        return Accounts({account: dict(lines) for account, lines in self.lines.items()})


def _common(accounts: Sequence["_Account"], begin_ns: int) -> int | None:
    """Return the earliest time that suits all of *accounts*; None if there is none."""
    while True:
        found = [account.earliest(begin_ns) for account in accounts]
        known = [time for time in found if time is not None]
        if len(known) < len(found):
            return None
        if max(known) == begin_ns:
            return begin_ns
        begin_ns = max(known)


def _refusal(accounts: Sequence["_Account"], asked_ns: int, fits_ns: int) -> LedgerFull:
    """Name the account that takes longest to have room."""

    def own(account: "_Account") -> int:
        earliest = account.earliest(asked_ns)
        return FOR_GOOD_NS if earliest is None else earliest

    worst = max(accounts, key=own)  # the first of several
    return LedgerFull(worst.holding, worst.load(asked_ns), fits_ns)


class _Account:
    """What an account holds besides one holding, over time."""

    def __init__(self, holding: Holding, lines: Sequence[Line]) -> None:
        self.holding = holding
        self._own = next((line for line in lines if line.id == holding.id), None)
        others = [line for line in lines if line.id != holding.id and self._counts(line)]
        waiting = (line.at_ns for line in others if line.queued and line.at_ns > holding.at_ns)
        self._behind_ns = max(waiting, default=0)
        changes: dict[int, int] = {}
        for line in others:
            changes[line.at_ns] = changes.get(line.at_ns, 0) + line.amount
            changes[line.until_ns] = changes.get(line.until_ns, 0) - line.amount
        self._times = sorted(changes)
        self._loads = list(accumulate(changes[time] for time in self._times))

    def _counts(self, line: Line) -> bool:
        """Say whether *line* has begun and not ended, or stands before the holding.

        A line whose time has come has not begun as long as it is queued: nobody has looked yet.
        """
        if self._own is None:
            return line.until_ns > self.holding.at_ns
        earlier = (line.asked_ns, line.id) < (self._own.asked_ns, self._own.id)
        if line.at_ns <= self.holding.at_ns:
            return line.until_ns > self.holding.at_ns and (earlier or not line.queued)
        return earlier

    def load(self, at_ns: int) -> int:
        """Return what it holds at a time."""
        place = bisect_right(self._times, at_ns)
        return self._loads[place - 1] if place else 0

    def earliest(self, begin_ns: int) -> int | None:
        """Return the first time from *begin_ns* on at which the holding fits for as long as it lasts."""
        begin_ns = max(begin_ns, self._behind_ns)
        limit, lasts_ns = self.holding.limit, self.holding.for_ns
        if limit is None:
            return begin_ns
        room = limit - self.holding.amount
        start = begin_ns if self.load(begin_ns) <= room else None
        for place in range(bisect_right(self._times, begin_ns), len(self._times)):
            time = self._times[place]
            if start is not None and lasts_ns is not None and time >= start + lasts_ns:
                return start
            if self._loads[place] > room:
                start = None
            elif start is None and time < FOR_GOOD_NS:
                start = time
        return start

    def line(self, asked_ns: int, begin_ns: int) -> Line:
        """Return what the holding comes to if it begins at *begin_ns*."""
        queued = self.earliest(asked_ns) != asked_ns
        until_ns = begin_ns + self.holding.for_ns if self.holding.for_ns else FOR_GOOD_NS
        first_ns = asked_ns if self._own is None else self._own.asked_ns
        return Line(self.holding.id, self.holding.amount, begin_ns, until_ns, first_ns, queued)
