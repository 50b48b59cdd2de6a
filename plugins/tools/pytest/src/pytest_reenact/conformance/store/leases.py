"""A run is written by whoever has it, and by nobody else."""

from typing import Any

import attrs
import pytest
from reenact.codec import digest
from reenact.content import Blob
from reenact.errors import LeaseLostError, RunNotFoundError, RunOwnedError
from reenact.records import Message
from reenact.stores import RunFilter, RunWrite, Store

from pytest_reenact.conformance.store.checks import Checks
from pytest_reenact.conformance.store.writes import OTHER, OWNER, TTL_S, creation, read, rows


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
