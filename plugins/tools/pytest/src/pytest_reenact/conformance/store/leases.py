"""A run is written by whoever has it, and by nobody else."""

from typing import Any, Literal

import attrs
import pytest
from reenact.codec import digest
from reenact.content import Blob
from reenact.errors import LeaseLostError, RunNotFoundError, RunOwnedError
from reenact.records import Message, Status
from reenact.stores import RunFilter, RunWrite, Store

from pytest_reenact.conformance.store.checks import Checks
from pytest_reenact.conformance.store.writes import OTHER, OWNER, TTL_S, creation, read, record, rows


class Leases(Checks):
    """Who has a run, and what comes to him."""

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

    def test_what_is_left_of_a_run_that_goes_on_is_the_other_runs(self, on_store: Any) -> None:
        """The commit that ends it moves its messages under their ids, but no answers."""

        async def check(store: Store) -> None:
            await store.commit([creation(), creation("run-3")])
            ids = [await store.post(message(f"n{i}")) for i in range(4)]
            other = await store.post(message("other", run_id="run-3"))
            answer = await store.post(message("ask#0", kind="answer"))
            cancel = await store.post(message("", kind="cancel"))
            end = attrs.evolve(going_on(), consumed=ids[1:2])
            assert list(await store.commit([following(), end])) == [None, None]
            assert await waiting(store, "run-2") == [ids[0], *ids[2:], cancel]
            assert await waiting(store, "run-3") == [other]
            assert answer not in [one.id for one in await store.messages(OWNER)]
            before = [one.id for one in await store.messages(OWNER)]
            assert list(await store.commit([following(), end])) == [None, None]
            assert [one.id for one in await store.messages(OWNER)] == before

        on_store(check)

    def test_what_comes_for_a_run_that_has_gone_on_is_for_the_last_one(self, on_store: Any) -> None:
        """Until it has ended, and from then on, whoever posts it: it waits for the run that lives."""

        async def check(store: Store) -> None:
            await store.commit([creation(), following()])
            first = await store.post(message("early"))
            assert await waiting(store, "run-1") == [first]
            await store.commit([going_on()])
            second = await store.post(message("late"))
            await store.post(message("ask#0", kind="answer"))
            assert await waiting(store, "run-2") == [first, second]
            await store.commit([following("run-3", "run-2"), going_on("run-2", "run-3", "continued:run-1")])
            third = await store.post(message("later"))
            fourth = await store.post(message("to its own id", run_id="run-3"))
            assert await waiting(store, "run-3") == [first, second, third, fourth]
            assert len(await store.messages(OWNER)) == 4

        on_store(check)

    def test_what_is_left_of_a_run_goes_to_no_other_one_unless_it_ends(self, on_store: Any) -> None:
        """A write that is refused, for its lease or since the other run is not there, moves nothing."""

        async def check(store: Store) -> None:
            await store.commit([creation()])
            kept = await store.post(message("kept"))
            (nowhere,) = await store.commit([going_on()])
            assert isinstance(nowhere, RunNotFoundError)
            made, late = await store.commit([following(), attrs.evolve(going_on(), epoch=0)])
            assert made is None
            assert isinstance(late, LeaseLostError)
            assert await waiting(store, "run-1") == [kept]
            assert not await waiting(store, "run-2")
            assert len(await read(store)) == 3

        on_store(check)


def message(
    name: str, run_id: str = "run-1", kind: Literal["signal", "answer", "cancel"] = "signal"
) -> Message:
    """Return a message."""
    return Message(run_id=run_id, kind=kind, name=name, body=b"1", at_ns=1)


def following(run_id: str = "run-2", after: str = "run-1") -> RunWrite:
    """Return the write that creates the run in which another one goes on."""
    return creation(run_id, origin=f"continued:{after}")


def going_on(run_id: str = "run-1", to: str = "run-2", origin: str = "") -> RunWrite:
    """Return the write that ends a run which goes on as another one."""
    ended = record(run_id, status=Status.SUCCEEDED, owner="", origin=origin)
    last = rows(1, 3, rows(3)[-1].checksum)
    return RunWrite(run_id=run_id, epoch=1, rows=last, run=ended, release=True, goes_on_as=to)


async def waiting(store: Store, run_id: str) -> list[int]:
    """Return the ids of the messages that wait for a run."""
    return [one.id for one in await store.messages(OWNER) if one.run_id == run_id]
