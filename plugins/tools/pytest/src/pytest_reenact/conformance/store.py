"""What every store must do. Inherit, say how to open yours, and run pytest.

.. code-block:: python

    class TestMyStore(StoreConformance):
        def open(self, tmp_path):
            return open_my_store(MyOptions(path=tmp_path / "my.db"))
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import attrs
import pytest
from reenact.codec import Json, canonical, digest
from reenact.content import EMPTY_CHAIN, Blob, fold
from reenact.errors import LeaseLostError, RunConflictError, RunKeptError, RunNotFoundError, RunOwnedError
from reenact.ledger import Holding, Later, LedgerFull
from reenact.records import Message, Row, RunRecord, Status, checksum
from reenact.stores import RunFilter, RunWrite, Store, Swept

OWNER = "pid 1 on here (aaaa)"
OTHER = "pid 2 on here (bbbb)"
TTL_S = 60.0


def rows(count: int, start: int = 0, before: bytes = b"") -> list[Row]:
    """Return rows as the kernel makes them: positions without gaps, checksums in a chain."""
    made = []
    for seq in range(start, start + count):
        body = b'{"seq":%d,"path":"step#%d","status":"running","at_ns":1}' % (seq, seq)
        before = checksum(before, body)
        made.append(Row(seq, body, before))
    return made


def record(run_id: str = "run-1", **fields: Any) -> RunRecord:
    """Return a run."""
    given = {"trace_id": "ab" * 16, "workflow": "flow", "created_ns": 5, "updated_ns": 5, "owner": OWNER}
    return RunRecord(id=run_id, epoch=1, **{**given, **fields})


def creation(run_id: str = "run-1", count: int = 3, **fields: Any) -> RunWrite:
    """Return the write that creates a run with *count* rows."""
    return RunWrite(run_id=run_id, epoch=1, create=True, rows=rows(count), run=record(run_id, **fields))


def text(value: str) -> Blob:
    """Return a piece of content."""
    data = canonical(value)
    return Blob(digest(data), data)


def chained(parts: Sequence[Blob]) -> Blob:
    """Return a link of a conversation whose items are *parts*."""
    items: list[Json] = [{"$ref": part.hash} for part in parts]
    data = canonical({"after": EMPTY_CHAIN, "items": items})
    name = EMPTY_CHAIN
    for part in parts:
        name = fold(name, part.hash)
    return Blob(name, data, chain=True)


def naming(blobs: Sequence[Blob], run_id: str = "run-1", **fields: Any) -> RunWrite:
    """Return the write that creates a run which has ended, and whose first row names *blobs*."""
    spelled = canonical([{"$chain" if blob.chain else "$ref": blob.hash} for blob in blobs])
    body = b'{"seq":0,"path":"","status":"running","at_ns":1,"kind":"workflow","input":%b}' % spelled
    run = record(run_id, **{"status": Status.SUCCEEDED, "owner": "", **fields})
    return RunWrite(run_id=run_id, epoch=1, create=True, rows=[Row(0, body, checksum(b"", body))], run=run)


async def read(store: Store, run_id: str = "run-1", start: int = 0) -> list[Row]:
    """Return a run's rows."""
    return [row async for batch in store.rows(run_id, start) for row in batch]


def slot(name: str, at_ns: int, wait_ns: int = 0) -> Holding:
    """Return one of two slots, held for 100 ns."""
    return Holding(account="slots", id=name, amount=1, limit=2, at_ns=at_ns, for_ns=100, wait_ns=wait_ns)


async def hold(store: Store, *holdings: Holding) -> Any:
    """Hold amounts in a write of their own, and return the answer."""
    (result,) = await store.commit([RunWrite(run_id="run-1", epoch=1, ledger=holdings)])
    return result


class StoreConformance:
    """The suite; `open` says how to open an empty store."""

    def open(self, tmp_path: Path) -> AbstractAsyncContextManager[Store]:
        """Return an async context manager that yields an empty store."""
        raise NotImplementedError("say how to open your store")

    @pytest.fixture
    def on_store(self, tmp_path: Path) -> Callable[[Callable[[Store], Awaitable[None]]], None]:
        """Runs a test's coroutine on an open store."""

        def run(test: Callable[[Store], Awaitable[None]]) -> None:
            async def opened() -> None:
                async with self.open(tmp_path) as store:
                    await store.renew(OWNER, TTL_S)
                    await test(store)

            asyncio.run(asyncio.wait_for(opened(), 30))

        return run

    def test_what_is_committed_is_read_back(self, on_store: Any) -> None:
        """Rows, content and the run come back as they were written."""

        async def check(store: Store) -> None:
            blob = Blob(digest(b'"x"'), b'"x"')
            link = Blob(digest(b"chain"), b'{"after":"","items":[]}', chain=True)
            big = Blob(digest(b"y" * 100_000), b"y" * 100_000)
            write = attrs.evolve(creation(), blobs=[blob, link, big])
            assert list(await store.commit([write])) == [None]
            assert await read(store) == rows(3)
            assert await read(store, start=2) == rows(3)[2:]
            assert dict(await store.blobs([blob.hash, link.hash, big.hash, "00" * 32])) == {
                blob.hash: blob,
                link.hash: link,
                big.hash: big,
            }
            found = await store.load("run-1")
            assert found is not None
            assert attrs.evolve(found, until_ns=0) == write.run
            assert found.until_ns > 0

        on_store(check)

    def test_a_run_is_created_once(self, on_store: Any) -> None:
        """Another run of the same id is refused, and leaves no trace."""

        async def check(store: Store) -> None:
            await store.commit([creation()])
            (refused,) = await store.commit([creation(count=5, workflow="other")])
            assert isinstance(refused, RunConflictError)
            found = await store.load("run-1")
            assert found is not None
            assert found.workflow == "flow"
            assert await read(store) == rows(3)

        on_store(check)

    def test_a_run_may_be_created_for_somebody_else(self, on_store: Any) -> None:
        """Created and given back in one commit, it belongs to nobody, and whoever takes it has it."""

        async def check(store: Store) -> None:
            assert list(await store.commit([attrs.evolve(creation(), release=True)])) == [None]
            found = await store.load("run-1")
            assert found is not None
            assert (found.owner, found.until_ns, found.epoch) == ("", 0, 1)
            taken = await store.acquire("run-1", OTHER, TTL_S)
            assert (taken.owner, taken.epoch) == (OTHER, 2)

        on_store(check)

    def test_a_write_that_was_made_is_acknowledged_and_not_doubled(self, on_store: Any) -> None:
        """A commit whose end was not seen may be sent again."""

        async def check(store: Store) -> None:
            await store.commit([creation()])
            assert list(await store.commit([creation()])) == [None]
            more = RunWrite(run_id="run-1", epoch=1, rows=rows(2, 3, rows(3)[-1].checksum))
            assert list(await store.commit([more])) == [None]
            assert list(await store.commit([more])) == [None]
            assert [row.seq for row in await read(store)] == [0, 1, 2, 3, 4]

        on_store(check)

    def test_an_old_lease_writes_nothing(self, on_store: Any) -> None:
        """A commit under an epoch that has passed is refused whole; others in the batch are made."""

        async def check(store: Store) -> None:
            await store.commit([creation(), creation("run-2")])
            taken = await store.acquire("run-1", OWNER, TTL_S)
            assert taken.epoch == 2
            more = rows(1, 3, rows(3)[-1].checksum)
            blob = Blob(digest(b'"late"'), b'"late"')
            late = RunWrite(run_id="run-1", epoch=1, rows=more, blobs=[blob])
            fine = RunWrite(run_id="run-2", epoch=1, rows=more)
            first, second = await store.commit([late, fine])
            assert isinstance(first, LeaseLostError)
            assert second is None
            assert len(await read(store)) == 3
            assert not await store.blobs([blob.hash])
            assert len(await read(store, "run-2")) == 4

        on_store(check)

    def test_a_live_owner_keeps_its_run(self, on_store: Any) -> None:
        """Nobody else takes it while the lease lasts; once it is released or over, anybody may."""

        async def check(store: Store) -> None:
            await store.commit([creation()])
            with pytest.raises(RunOwnedError) as caught:
                await store.acquire("run-1", OTHER, TTL_S)
            assert caught.value.owner == OWNER
            await store.commit([RunWrite(run_id="run-1", epoch=1, release=True)])
            taken = await store.acquire("run-1", OTHER, TTL_S)
            assert (taken.owner, taken.epoch) == (OTHER, 2)
            with pytest.raises(RunNotFoundError):
                await store.acquire("nope", OTHER, TTL_S)

        on_store(check)

    def test_a_lease_that_is_over_can_be_taken(self, on_store: Any) -> None:
        """A lease of no time is over at once."""

        async def check(store: Store) -> None:
            await store.commit([creation()])
            await store.renew(OWNER, 0.0)
            taken = await store.acquire("run-1", OTHER, TTL_S)
            assert taken.owner == OTHER
            ownerless = await store.list(RunFilter(ownerless=True))
            assert [run.id for run in ownerless] == []

        on_store(check)

    def test_the_projection_follows_the_writes(self, on_store: Any) -> None:
        """Status, counts and cost are those of the latest write that carries them."""

        async def check(store: Store) -> None:
            await store.commit([creation()])
            run = record(
                status=Status.WAITING, updated_ns=9, steps=2, tokens_in=7, cost_usd="0.5", waits_for="you"
            )
            await store.commit([RunWrite(run_id="run-1", epoch=1, run=run, release=True)])
            found = await store.load("run-1")
            assert found == attrs.evolve(run, owner="", until_ns=0)

        on_store(check)

    def test_runs_are_listed_newest_first_and_filtered(self, on_store: Any) -> None:
        """By status, workflow, parent, prefix, age, and whether anybody has them."""

        async def check(store: Store) -> None:
            await store.commit(
                [
                    creation("aa-1", created_ns=1),
                    creation("aa-2", created_ns=3, workflow="other"),
                    creation("b_3", created_ns=2, parent="aa-1", status=Status.FAILED),
                    creation("b%4", created_ns=4, parent="zz/aa-1", owner=""),
                ]
            )

            async def ids(**fields: Any) -> list[str]:
                return [run.id for run in await store.list(RunFilter(**fields))]

            assert await ids() == ["b%4", "aa-2", "b_3", "aa-1"]
            assert await ids(limit=2) == ["b%4", "aa-2"]
            assert await ids(prefix="aa") == ["aa-2", "aa-1"]
            assert await ids(prefix="b_") == ["b_3"]
            assert await ids(prefix="b%") == ["b%4"]
            assert await ids(status=(Status.FAILED,)) == ["b_3"]
            assert await ids(workflow="other") == ["aa-2"]
            assert await ids(parent="aa-1") == ["b%4", "b_3"]
            assert await ids(roots=True) == ["aa-2", "aa-1"]
            assert await ids(since_ns=3) == ["b%4", "aa-2"]
            assert await ids(ownerless=True) == ["b%4"]

        on_store(check)

    def test_messages_wait_until_they_are_consumed(self, on_store: Any) -> None:
        """They come in the order they were posted, to whoever has the run, until a commit removes them."""

        async def check(store: Store) -> None:
            await store.commit([creation()])
            ids = [
                await store.post(
                    Message(run_id="run-1", kind="signal", name=f"n{i}", body=b'{"a":1}', at_ns=i)
                )
                for i in range(3)
            ]
            assert ids == sorted(set(ids))
            assert [message.id for message in await store.messages(OWNER)] == ids
            assert (await store.messages(OWNER))[0].body == b'{"a":1}'
            assert not await store.messages(OTHER)
            await store.commit([RunWrite(run_id="run-1", epoch=1, consumed=ids[:2])])
            assert [message.id for message in await store.messages(OWNER)] == ids[2:]
            with pytest.raises(RunNotFoundError):
                await store.post(Message(run_id="nope", kind="cancel"))

        on_store(check)

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

    def test_a_removed_run_is_gone(self, on_store: Any) -> None:
        """Nobody finds it, a late write to it is refused, and another run may have its id."""

        async def check(store: Store) -> None:
            await store.commit([creation(status=Status.SUCCEEDED), creation("run-2")])
            await store.post(Message(run_id="run-1", kind="cancel"))
            await store.commit([RunWrite(run_id="run-1", epoch=1, release=True)])
            await store.remove(["run-1"])
            late = RunWrite(run_id="run-1", epoch=1, rows=rows(1, 3, rows(3)[-1].checksum))
            (refused,) = await store.commit([late])
            assert isinstance(refused, Exception)
            assert await store.load("run-1") is None
            assert await read(store) == []
            assert [run.id for run in await store.list(RunFilter())] == ["run-2"]
            with pytest.raises(RunNotFoundError):
                await store.acquire("run-1", OWNER, TTL_S)
            with pytest.raises(RunNotFoundError):
                await store.remove(["run-1"])
            assert list(await store.commit([creation(count=2)])) == [None]
            await store.sweep()
            assert await read(store) == rows(2)
            assert await store.messages(OWNER) == []
            assert await read(store, "run-2") == rows(3)

        on_store(check)

    def test_all_that_are_named_are_removed_or_none(self, on_store: Any) -> None:
        """One that has not ended, that somebody has, or that is not there, keeps the others."""

        async def check(store: Store) -> None:
            ended: dict[str, Any] = {"status": Status.FAILED, "owner": ""}
            await store.commit(
                [
                    creation("ended", **ended),
                    creation("open", owner=""),
                    creation("taken", **ended),
                ]
            )
            await store.acquire("taken", OWNER, TTL_S)
            for other, error in (
                ("open", RunKeptError),
                ("taken", RunOwnedError),
                ("nope", RunNotFoundError),
            ):
                with pytest.raises(error):
                    await store.remove(["ended", other])
            assert {run.id for run in await store.list(RunFilter())} == {"ended", "open", "taken"}

        on_store(check)

    def test_a_family_goes_together(self, on_store: Any) -> None:
        """A run is removed with the runs it started, and not without them, nor they without it."""

        async def check(store: Store) -> None:
            ended: dict[str, Any] = {"status": Status.SUCCEEDED, "owner": ""}
            await store.commit(
                [
                    creation("a", **ended),
                    creation("b", parent="a", **ended),
                    creation("c", parent="a/b", **ended),
                    creation("ab", **ended),
                ]
            )
            for some in (["a"], ["b"], ["c"], ["a", "b"], ["b", "c"]):
                with pytest.raises(RunKeptError):
                    await store.remove(some)
            await store.remove(["c", "a", "b"])
            assert [run.id for run in await store.list(RunFilter())] == ["ab"]

        on_store(check)

    def test_a_run_that_another_came_from_stays_as_long(self, on_store: Any) -> None:
        """One that was forked stays with its fork, one that was re-run while that goes on; nothing is made of
        a run that is gone.
        """

        async def check(store: Store) -> None:
            ended: dict[str, Any] = {"status": Status.SUCCEEDED, "owner": ""}
            going: dict[str, Any] = {"status": Status.RUNNING, "owner": ""}
            await store.commit([creation("a", **ended), creation("b", **ended), creation("c", **ended)])
            await store.commit(
                [
                    creation("fork", origin="fork:a:2", **ended),
                    creation("rerun", origin="rerun:b", **going),
                    creation("over", origin="rerun:c", **ended),
                ]
            )
            for one in ("a", "b"):
                with pytest.raises(RunKeptError):
                    await store.remove([one])
            await store.remove(["c"])
            await store.remove(["a", "fork"])
            assert {run.id for run in await store.list(RunFilter())} == {"b", "rerun", "over"}
            (refused,) = await store.commit([creation("late", origin="fork:a:2", **ended)])
            assert isinstance(refused, RunNotFoundError)
            assert await store.load("late") is None

        on_store(check)

    def test_an_outcome_of_a_removed_run_is_not_recalled(self, on_store: Any) -> None:
        """What was made reusable goes with its run."""

        async def check(store: Store) -> None:
            name = digest(b"asked")
            write = attrs.evolve(creation(status=Status.SUCCEEDED, owner=""), reusable=[(name, 2)])
            await store.commit([write])
            assert await store.recall(name) == ("run-1", 2)
            await store.remove(["run-1"])
            assert await store.recall(name) is None
            await store.sweep()
            assert await store.recall(name) is None

        on_store(check)

    def test_a_sweep_deletes_what_nobody_needs(self, on_store: Any) -> None:
        """Content of a removed run goes; what another run names, directly or by what it names, stays."""

        async def check(store: Store) -> None:
            alone, shared, deep = text("alone"), text("shared"), text("deep")
            link = chained([deep])
            mine = naming([alone, shared, link])
            other = naming([shared, link], "run-2", status=Status.RUNNING)
            await store.commit([attrs.evolve(mine, blobs=[alone, shared, deep, link])])
            await store.commit([attrs.evolve(other, blobs=[shared, deep, link])])
            assert await store.sweep() == Swept()
            await store.remove(["run-1"])
            swept = await store.sweep()
            assert (swept.blobs, swept.bytes > 0) == (1, True)
            names = [alone.hash, shared.hash, deep.hash, link.hash]
            assert set(await store.blobs(names)) == {shared.hash, deep.hash, link.hash}
            assert await store.sweep() == Swept()
            await store.compact()
            assert len(await store.blobs(names)) == 3

        on_store(check)

    def test_content_that_is_written_again_stays(self, on_store: Any) -> None:
        """A write that carries content of a removed run, before the sweep or after it, has it."""

        async def check(store: Store) -> None:
            one, two = text("one"), text("two")
            await store.commit([attrs.evolve(naming([one, two]), blobs=[one, two])])
            await store.remove(["run-1"])
            await store.commit([attrs.evolve(naming([one], "run-2"), blobs=[one])])
            await store.sweep()
            assert set(await store.blobs([one.hash, two.hash])) == {one.hash}
            await store.commit([attrs.evolve(naming([two], "run-3"), blobs=[two])])
            assert set(await store.blobs([one.hash, two.hash])) == {one.hash, two.hash}

        on_store(check)

    def test_text_from_outside_is_only_text(self, on_store: Any) -> None:
        """Quotes, wildcards and control characters in names find and break nothing."""

        async def check(store: Store) -> None:
            nasty = [
                "'; DROP TABLE runs; --",
                '"',
                "%",
                "_",
                "\\",
                "\x00",
                "\u2028",
                "a' OR '1'='1",
                "?",
                "é" * 60,
            ]
            await store.commit([creation()])
            for text in nasty:
                assert await store.load(text) is None
                assert list(await store.list(RunFilter(prefix=text))) == []
                assert list(await store.list(RunFilter(workflow=text))) == []
                assert await store.held(text) == 0
                await store.post(Message(run_id="run-1", kind="signal", name=text))
            assert [message.name for message in await store.messages(OWNER)] == nasty
            assert len(await store.list(RunFilter())) == 1

        on_store(check)

    def test_two_writers_at_once_lose_nothing(self, on_store: Any) -> None:
        """Commits that are asked for together are all made, each whole."""

        async def check(store: Store) -> None:
            writes = [[creation(f"run-{i}-{j}") for j in range(5)] for i in range(10)]
            results = await asyncio.gather(*(store.commit(batch) for batch in writes))
            assert all(result is None for batch in results for result in batch)
            assert len(await store.list(RunFilter(limit=1000))) == 50

        on_store(check)
