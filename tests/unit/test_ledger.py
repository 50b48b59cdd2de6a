"""When an account can hold an amount: never more than its limit, and in the order of asking."""

from collections.abc import Sequence

import attrs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from reenact.ledger import (
    AMOUNT_MAX,
    FOR_GOOD_NS,
    TIME_MAX_NS,
    Accounts,
    Holding,
    LedgerFull,
    Line,
    Placed,
    place,
)


def line(
    name: str, at_ns: int, until_ns: int = FOR_GOOD_NS, amount: int = 1, *, queued: bool = False
) -> Line:
    return Line(name, amount, at_ns, until_ns, at_ns, queued)


def want(amount: int = 1, limit: int | None = 2, *, at_ns: int = 10, **fields: int | None) -> Holding:
    return Holding(account="a", id="me", amount=amount, limit=limit, at_ns=at_ns, **fields)  # type: ignore[arg-type]


PLACES: list[tuple[Holding, Sequence[Line], int | None]] = [
    (want(), [], 10),
    (want(), [line("x", 0)], 10),
    (want(), [line("x", 0), line("y", 0)], None),
    (want(limit=None), [line("x", 0, amount=99)], 10),
    (want(amount=3), [], None),
    (want(wait_ns=99), [line("x", 0, 50, 2)], 50),
    (want(wait_ns=39), [line("x", 0, 50, 2)], None),
    (want(wait_ns=99), [line("x", 0, 50), line("y", 0, 60)], 50),
    (want(amount=2, wait_ns=99), [line("x", 0, 50), line("y", 0, 60)], 60),
    (want(for_ns=5), [line("later", 15, 90, 2)], 10),
    (want(for_ns=6, wait_ns=99), [line("later", 15, 90, 2)], 90),
    (want(wait_ns=99), [line("waits", 30, 90, queued=True)], 30),
    (want(wait_ns=99), [line("other", 30, 90)], 10),
    (want(), [line("ended", 0, 10, 2)], 10),
    (want(amount=2), [line("me", 0, amount=2)], 10),
]


@pytest.mark.parametrize(("holding", "lines", "begins"), PLACES)
def test_a_holding_begins_when_there_is_room_for_it(
    holding: Holding, lines: Sequence[Line], begins: int | None
) -> None:
    """Now, later if it may wait, or not at all."""
    found = place([holding], [lines])

    assert (found.at_ns if isinstance(found, Placed) else None) == begins


def test_a_refusal_names_the_account_that_takes_longest() -> None:
    """With what it holds, and when it would fit."""
    soon, late = want(), attrs.evolve(want(), account="b")

    found = place([soon, late], [[line("x", 0, 20, 2)], [line("y", 0, 70, 2)]])

    assert found == LedgerFull(late, 2, 70)


def test_a_holding_needs_a_name_and_no_less_than_nothing() -> None:
    """The empty name is that of a sum; what is negative would make room for others."""
    with pytest.raises(ValueError, match="id"):
        Holding(account="a", id="", amount=1)
    with pytest.raises(ValueError, match="amount"):
        Holding(account="a", id="x", amount=-1)


def test_what_has_ended_can_be_forgotten() -> None:
    """It made no difference any more; what is held still is, and a copy goes its own way."""
    accounts = Accounts()
    accounts.hold([attrs.evolve(want(at_ns=0, for_ns=until_ns), id=f"{until_ns}") for until_ns in (5, 9)])
    before = accounts.copy()

    accounts.forget("a", 5)
    accounts.forget("nobody's", 5)

    assert list(accounts.lines["a"]) == ["9"]
    assert (before.held("a", 0), before.held("a", 5), accounts.held("a", 5)) == (2, 1, 1)
    accounts.forget("a", 9)
    assert accounts.lines == {}


@pytest.mark.parametrize(
    "fields",
    [
        {"amount": AMOUNT_MAX + 1},
        {"amount": 1, "at_ns": TIME_MAX_NS + 1},
        {"amount": 1, "for_ns": TIME_MAX_NS + 1},
    ],
)
def test_what_no_store_can_add_up_is_refused_where_it_is_made(fields: dict[str, int]) -> None:
    """In a store it would take down the commit that it shares with others."""
    with pytest.raises(ValueError, match=next(reversed(fields))):
        Holding(account="a", id="x", **fields)  # type: ignore[arg-type]  # a table of whole numbers


# --- a limiter, against an exact model ------------------------------------------------------------


@attrs.define
class Limiter:
    """Calls that take a place in two accounts, as a policy and a store would have them.

    Each has to wait for its forecast, asks again, and begins when it is told so.
    """

    limits: dict[str, int]
    window: int
    ledger: Accounts = attrs.field(factory=Accounts)
    begun: list[tuple[int, str, dict[str, int]]] = attrs.field(factory=list)
    waiting: dict[str, tuple[int, dict[str, int]]] = attrs.field(factory=dict)

    def ask(self, name: str, amounts: dict[str, int], now: int) -> None:
        """Ask for a place from now on; note when it comes, or begin."""
        wanted = [
            Holding(
                account=account,
                id=name,
                amount=amount,
                limit=self.limits[account],
                at_ns=now,
                for_ns=self.window,
                wait_ns=FOR_GOOD_NS // 2,
            )
            for account, amount in amounts.items()
        ]
        answer = self.ledger.hold(wanted)
        assert not isinstance(answer, LedgerFull)
        if answer is not None:
            self.waiting[name] = answer.at_ns, amounts
        else:
            self.waiting.pop(name, None)
            self.begun.append((now, name, amounts))

    def give_up(self, name: str) -> None:
        """Call a waiting one off."""
        _, amounts = self.waiting.pop(name)
        for account in amounts:
            self.ledger.change(Holding(account=account, id=name, amount=0))

    def wake(self, now: int, late: dict[str, int]) -> None:
        """Have those whose time has come ask again, unless they are late."""
        for name, (at, amounts) in sorted(self.waiting.items(), key=lambda item: item[1][0]):
            if at + late.get(name, 0) <= now:
                self.ask(name, amounts, now)


def most_in_a_window(begun: Sequence[tuple[int, str, dict[str, int]]], account: str, window: int) -> int:
    """The exact model: sums over every window that begins with a call."""
    calls = [(at, amounts[account]) for at, _, amounts in begun if account in amounts]
    return max((sum(a for t, a in calls if at <= t < at + window) for at, _ in calls), default=0)


ARRIVALS = st.lists(
    st.tuples(
        st.integers(0, 6),  # time since the one before
        st.integers(1, 3),  # what it takes of the first account
        st.booleans(),  # whether it takes a place in the second
        st.integers(0, 4),  # how late it is, when its time has come
        st.integers(0, 30),  # when it is called off if it still waits; 0 for never
    ),
    max_size=25,
)


@settings(max_examples=400, deadline=None)
@example([(0, 1, False, int(place == 8), 0) for place in range(13)], 1, 3, 1)  # late by a whole window
@given(ARRIVALS, st.integers(1, 12), st.integers(3, 6), st.integers(1, 3))
def test_no_window_ever_holds_more_than_the_limit(
    arrivals: list[tuple[int, int, bool, int, int]], window: int, limit: int, second: int
) -> None:
    """Whoever comes when, is late, looks again or gives up; all who do not give up have their turn."""
    limiter = Limiter({"one": limit, "two": second}, window)
    late = {f"c{i:02}": arrival[3] for i, arrival in enumerate(arrivals)}
    comes: dict[int, list[tuple[str, dict[str, int]]]] = {}
    goes: dict[int, list[str]] = {}
    now = 1
    for i, (since, amount, both, _, patience) in enumerate(arrivals):
        now += since
        amounts = {"one": amount, **({"two": 1} if both else {})}
        comes.setdefault(now, []).append((f"c{i:02}", amounts))
        if patience:
            goes.setdefault(now + patience, []).append(f"c{i:02}")

    given_up = set()
    last = now
    for now in range(1, last + 40 + 40 * window * max(len(arrivals), 1)):
        for name in goes.get(now, ()):
            if name in limiter.waiting:
                limiter.give_up(name)
                given_up.add(name)
        limiter.wake(now, late)
        for name, amounts in comes.get(now, ()):
            limiter.ask(name, amounts, now)
        if now > max([0, *comes]) and not limiter.waiting:
            break

    assert not limiter.waiting
    assert {name for _, name, _ in limiter.begun} | given_up == set(late)
    assert most_in_a_window(limiter.begun, "one", window) <= limit
    assert most_in_a_window(limiter.begun, "two", window) <= second


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 4)), max_size=25), st.integers(1, 12))
def test_first_come_is_first_served(arrivals: list[tuple[int, int]], window: int) -> None:
    """Nobody passes another who waits for the same account, however little he asks for."""
    limiter = Limiter({"one": 4}, window)
    comes: dict[int, list[str]] = {}
    now = 1
    for i, (since, _) in enumerate(arrivals):
        now += since
        comes.setdefault(now, []).append(f"c{i:02}")

    last = now
    for now in range(1, last + 2 + window * (len(arrivals) + 1)):
        limiter.wake(now, {})
        for name in comes.get(now, ()):
            limiter.ask(name, {"one": arrivals[int(name[1:])][1]}, now)

    names = [name for _, name, _ in limiter.begun]
    assert names == sorted(names)
    assert len(names) == len(arrivals)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 4), st.integers(1, 30)), min_size=1, max_size=20))
def test_an_account_never_holds_more_than_its_limit_at_any_moment(
    wanted: list[tuple[int, int, int]],
) -> None:
    """Forecasts included, as long as nobody asks again."""
    made: list[Line] = []
    now = 1
    for i, (since, amount, lasts) in enumerate(wanted):
        now += since
        one = Holding(
            account="a", id=f"h{i}", amount=amount, limit=4, at_ns=now, for_ns=lasts, wait_ns=FOR_GOOD_NS // 2
        )
        found = place([one], [made])
        assert isinstance(found, Placed)
        made.extend(found.lines)

    for moment in {line.at_ns for line in made}:
        assert sum(line.amount for line in made if line.at_ns <= moment < line.until_ns) <= 4
