"""Accounts hold what was put into them, never more than their limits, in the order of asking."""

from typing import Any

import attrs
from reenact.errors import LeaseLostError
from reenact.ledger import Holding, Later, LedgerFull
from reenact.stores import RunWrite, Store

from pytest_reenact.conformance.store.checks import Checks
from pytest_reenact.conformance.store.writes import OWNER, TTL_S, creation, read, rows, text


class Ledger(Checks):
    """What accounts hold, and for how long."""

    def test_an_account_never_holds_more_than_its_limit(self, on_store: Any) -> None:
        """A holding that does not fit refuses the whole write; the same id changes the amount."""

        async def check(store: Store) -> None:
            await store.commit([creation()])
            assert await hold(store, Holding(account="a", id="x", amount=6, limit=10, at_ns=10)) is None
            big = Holding(account="a", id="y", amount=5, limit=10, at_ns=20)
            full = await hold(store, Holding(account="b", id="y", amount=1, limit=1, at_ns=20), big)
            assert full == LedgerFull(big, 6, 0)
            assert (await store.held("a"), await store.held("b")) == (6, 0)
            assert await hold(store, Holding(account="a", id="x", amount=3)) is None
            assert await hold(store, big) is None
            assert await store.held("a") == 8
            assert await hold(store, Holding(account="a", id="x", amount=0)) is None
            assert await store.held("a") == 5
            assert isinstance(
                await hold(store, Holding(account="a", id="z", amount=11, limit=10)), LedgerFull
            )

        on_store(check)

    def test_what_comes_with_a_holding_that_does_not_fit_is_not_written(self, on_store: Any) -> None:
        """Neither its rows nor its content."""

        async def check(store: Store) -> None:
            await store.commit([creation()])
            blob = text("kept back")
            big = Holding(account="a", id="x", amount=2, limit=1)
            more = rows(1, 3, rows(3)[-1].checksum)
            write = RunWrite(run_id="run-1", epoch=1, rows=more, blobs=[blob], ledger=[big])
            assert list(await store.commit([write])) == [LedgerFull(big, 0, 0)]
            assert await read(store) == rows(3)
            assert not await store.blobs([blob.hash])

        on_store(check)

    def test_what_is_held_for_a_time_ends(self, on_store: Any) -> None:
        """It counts until its end, itself not included; the refusal says when there will be room."""

        async def check(store: Store) -> None:
            await store.commit([creation()])
            for at_ns in (100, 130):
                assert await hold(store, slot(f"s{at_ns}", at_ns)) is None
            late = slot("late", 199)
            assert await hold(store, late) == LedgerFull(late, 2, 200)
            assert await hold(store, slot("next", 200)) is None
            assert await store.held("slots", 199) == 3
            assert await store.held("slots", 200) == 2

        on_store(check)

    def test_who_may_wait_is_put_off_in_the_order_of_asking(self, on_store: Any) -> None:
        """Each begins when there is room for it, and nobody who asks later begins sooner."""

        async def check(store: Store) -> None:
            await store.commit([creation()])
            assert await hold(store, slot("a", 100)) is None
            assert await hold(store, slot("b", 110)) is None
            assert await hold(store, slot("c", 120, wait_ns=500)) == Later(200)
            assert await hold(store, slot("d", 121, wait_ns=500)) == Later(210)
            assert await hold(store, slot("e", 122, wait_ns=500)) == Later(300)
            refused = await hold(store, slot("f", 123, wait_ns=100))
            assert isinstance(refused, LedgerFull)
            assert refused.fits_ns == 310
            assert await hold(store, slot("c", 200, wait_ns=500)) is None  # its turn has come

        on_store(check)

    def test_a_place_that_is_given_back_is_taken_by_who_waits_longest(self, on_store: Any) -> None:
        """Who asks anew is behind them; who looks again moves up, and never past somebody before him."""

        async def check(store: Store) -> None:
            await store.commit([creation()])
            for name, at_ns in (("a", 100), ("b", 101), ("c", 102), ("d", 103), ("e", 104), ("f", 105)):
                await hold(store, slot(name, at_ns, wait_ns=900))  # a, b at once; c to f from 200 on
            await hold(store, Holding(account="slots", id="c", amount=0))
            assert await hold(store, slot("new", 150, wait_ns=900)) == Later(400)
            assert await hold(store, slot("f", 150, wait_ns=900)) == Later(301)
            assert await hold(store, slot("d", 151, wait_ns=900)) == Later(200)
            assert await hold(store, slot("e", 152, wait_ns=900)) == Later(201)
            assert await hold(store, slot("f", 153, wait_ns=900)) == Later(300)
            assert await hold(store, slot("new", 154, wait_ns=900)) == Later(301)

        on_store(check)

    def test_who_is_late_keeps_his_place(self, on_store: Any) -> None:
        """What has not begun and was asked for later gives way, and is put off."""

        async def check(store: Store) -> None:
            await store.commit([creation()])
            for name, at_ns in (("a", 100), ("b", 101), ("c", 102), ("d", 103), ("e", 104)):
                await hold(store, slot(name, at_ns, wait_ns=900))  # c at 200, d at 201, e at 300
            assert await hold(store, slot("d", 201, wait_ns=900)) is None
            assert await hold(store, slot("c", 240, wait_ns=900)) is None
            assert await hold(store, slot("e", 300, wait_ns=900)) == Later(301)
            assert await hold(store, slot("f", 300, wait_ns=900)) == Later(340)

        on_store(check)

    def test_several_accounts_are_held_together(self, on_store: Any) -> None:
        """From the first time that suits all; who does not wait for an account holds nobody up in it."""

        async def check(store: Store) -> None:
            await store.commit([creation()])

            def both(name: str, at_ns: int) -> list[Holding]:
                wide = attrs.evolve(slot(name, at_ns, wait_ns=900), account="wide", limit=5)
                return [slot(name, at_ns, wait_ns=900), wide]

            assert await hold(store, *both("a", 100)) is None
            assert await hold(store, *both("b", 101)) is None
            assert await hold(store, *both("c", 102)) == Later(200)
            wide_only = attrs.evolve(slot("w", 103), account="wide", limit=5)
            assert await hold(store, wide_only) is None
            assert (await store.held("slots"), await store.held("wide")) == (3, 4)

        on_store(check)

    def test_what_is_settled_counts_once(self, on_store: Any) -> None:
        """Also if the commit that says so is sent again because its end was not seen."""

        async def check(store: Store) -> None:
            await store.commit([creation()])
            await hold(store, Holding(account="usd", id="x", amount=50, limit=100))
            await hold(store, Holding(account="usd", id="y", amount=50, limit=100))
            done = [Holding(account="usd", id=name, amount=20, settled=True) for name in "xy"]
            more = rows(1, 3, rows(3)[-1].checksum)
            settled = RunWrite(run_id="run-1", epoch=1, rows=more, ledger=done)
            assert list(await store.commit([settled])) == [None]
            assert list(await store.commit([settled])) == [None]
            assert await store.held("usd") == 40
            assert isinstance(
                await hold(store, Holding(account="usd", id="z", amount=61, limit=100)), LedgerFull
            )
            assert await hold(store, Holding(account="usd", id="z", amount=60, limit=100)) is None

        on_store(check)

    def test_an_old_lease_holds_nothing(self, on_store: Any) -> None:
        """What a process holds for a run that it has lost is refused with the rest of its write."""

        async def check(store: Store) -> None:
            await store.commit([creation()])
            await store.acquire("run-1", OWNER, TTL_S)
            refused = await hold(store, Holding(account="a", id="x", amount=1, limit=1))
            assert isinstance(refused, LeaseLostError)
            assert await store.held("a") == 0

        on_store(check)

    def test_the_clock_of_the_ledger_is_not_set(self, on_store: Any) -> None:
        """It goes on from what the first one said, by the time since boot; a new boot begins anew."""

        async def check(store: Store) -> None:
            assert await store.ledger_ns("boot-1", 10, 1_000) == 1_000
            assert await store.ledger_ns("boot-1", 25, 999_999) == 1_015
            assert await store.ledger_ns("boot-2", 5, 7_000) == 7_000

        on_store(check)


def slot(name: str, at_ns: int, wait_ns: int = 0) -> Holding:
    """Return one of two slots, held for 100 ns."""
    return Holding(account="slots", id=name, amount=1, limit=2, at_ns=at_ns, for_ns=100, wait_ns=wait_ns)


async def hold(store: Store, *holdings: Holding) -> Any:
    """Hold amounts in a write of their own, and return the answer."""
    (result,) = await store.commit([RunWrite(run_id="run-1", epoch=1, ledger=holdings)])
    return result
