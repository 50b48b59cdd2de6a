"""A run that is removed is gone, with all that only it needed, and nothing else is."""

from typing import Any

import attrs
import pytest
from reenact.codec import digest
from reenact.errors import RunKeptError, RunNotFoundError, RunOwnedError
from reenact.records import Message, Status
from reenact.stores import RunFilter, RunWrite, Store, Swept

from pytest_reenact.conformance.store.checks import Checks
from pytest_reenact.conformance.store.writes import OWNER, TTL_S, chained, creation, naming, read, rows, text


class Removal(Checks):
    """What goes, and what stays."""

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
