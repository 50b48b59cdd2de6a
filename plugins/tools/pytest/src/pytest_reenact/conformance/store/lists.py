"""Runs are found as they were last written."""

from typing import Any

import attrs
from reenact.records import Message, Status
from reenact.stores import RunFilter, RunWrite, Store

from pytest_reenact.conformance.store.checks import Checks
from pytest_reenact.conformance.store.writes import OWNER, creation, record


class Lists(Checks):
    """How runs are found."""

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
