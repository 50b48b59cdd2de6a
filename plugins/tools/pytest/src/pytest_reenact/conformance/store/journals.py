"""What was written is there: whole, once, and as it was written."""

import asyncio
from typing import Any

import attrs
from reenact.codec import digest
from reenact.content import Blob
from reenact.errors import RunConflictError
from reenact.stores import RunFilter, RunWrite, Store

from pytest_reenact.conformance.store.checks import Checks
from pytest_reenact.conformance.store.writes import creation, read, rows


class Journals(Checks):
    """How rows and content are kept."""

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

    def test_two_writers_at_once_lose_nothing(self, on_store: Any) -> None:
        """Commits that are asked for together are all made, each whole."""

        async def check(store: Store) -> None:
            writes = [[creation(f"run-{i}-{j}") for j in range(5)] for i in range(10)]
            results = await asyncio.gather(*(store.commit(batch) for batch in writes))
            assert all(result is None for batch in results for result in batch)
            assert len(await store.list(RunFilter(limit=1000))) == 50

        on_store(check)
