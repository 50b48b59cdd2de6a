"""What is exported and imported is the same run, in every store."""

import contextlib
import hashlib
from pathlib import Path
from typing import Any

import pytest
from pytest_reenact.memory import MemoryStore
from reenact import Desk, Status
from reenact.errors import RunCancelledError, RunConflictError, UsageError
from reenact_portable import PortableError, export_run, import_run, read_bytes
from reenact_portable.model import END_BYTES

from .conftest import ASKED, STORES, asks, child, fails, opening, parent, several, waits

RUNS: dict[str, tuple[Any, tuple[Any, ...], int]] = {
    "ended": (child, (1,), 1),
    "with-children": (parent, (3,), 4),
    "waiting": (waits, ("what?",), 2),
    "asking": (asks, (ASKED,), 1),
    "failed": (fails, (), 1),
}


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("there", STORES)
@pytest.mark.parametrize("here", STORES)
async def test_what_was_imported_exports_the_same(
    tmp_path: Path, fake: Any, here: Any, there: Any, name: str
) -> None:
    """From any store into any store and out again: the same bytes, and a run that shows the same."""
    flow, args, runs = RUNS[name]
    async with here(tmp_path / "here.db") as one, there(tmp_path / "there.db") as other:
        async with opening(one, fake) as runtime:
            run = await runtime.run(flow, *args)
            first = await export_run(runtime, await runtime.find(run.id))
            before = await runtime.show(run.id)

        record = await import_run(other, read_bytes(first.data))

        desk = Desk(other)
        again = await export_run(desk, await desk.find(run.id))
        assert again.data == first.data
        assert (again.runs, again.entries) == (first.runs, first.entries)
        assert first.runs == runs
        assert record.owner == ""
        assert await desk.verify(run.id) == await Desk(one).verify(run.id)
        shown = await desk.show(run.id)
        assert (shown.steps, shown.input, shown.output) == (before.steps, before.input, before.output)


async def test_an_imported_run_is_replayed(store: MemoryStore, fake: Any) -> None:
    """The code runs over it as over the original, and calls nobody."""
    other = MemoryStore()
    async with opening(store, fake) as runtime:
        run = await runtime.run(child, 1)
        exported = await export_run(runtime, run.record)
    calls = fake.calls

    await import_run(other, read_bytes(exported.data))

    async with opening(other, fake) as runtime:
        replayed = await runtime.replay(run.id)
    assert replayed.output == run.output
    assert fake.calls == calls


async def test_an_imported_run_is_resumed(store: MemoryStore, fake: Any) -> None:
    """It goes on where it stopped, its child run with it, and repeats nothing."""
    other = MemoryStore()
    async with opening(store, fake) as runtime:
        run = await runtime.run(waits, "what?")
        exported = await export_run(runtime, await runtime.find(run.id))
    calls = fake.calls

    await import_run(other, read_bytes(exported.data))

    async with opening(other, fake) as runtime:
        await runtime.signal(run.id, "news", "good")
        resumed = await runtime.resume(run.id)
        await runtime.verify(run.id)
    assert resumed.output.startswith("good ")
    assert fake.calls == calls
    assert len(other.runs) == 2


async def test_an_export_of_a_run_that_goes_on_is_whole(store: MemoryStore, fake: Any) -> None:
    """What is exported while the run is live is a part of its journal that verifies and can be resumed."""
    async with opening(store, fake) as runtime:
        handle = await runtime.start(waits, ("what?",))
        files = []
        while handle.status is Status.RUNNING:
            with_rows = await runtime.store.load(handle.id)
            if with_rows is not None:
                files.append((await export_run(runtime, with_rows)).data)
            await Desk(store).list()
        await runtime.cancel(handle.id)
        await handle.wait()

    read = [read_bytes(data) for data in files]

    assert {file.run.record.status for file in read} == {Status.RUNNING}
    other = MemoryStore()
    await import_run(other, read[-1])
    async with opening(other, fake) as runtime:
        resumed = await runtime.resume(handle.id)
    assert resumed.status is Status.WAITING


async def test_a_run_that_is_there_is_left_as_it_is(store: MemoryStore, fake: Any) -> None:
    """The same run again changes nothing, also when it has gone on; another run of its id is refused."""
    async with opening(store, fake) as runtime:
        run = await runtime.run(waits, "what?")
        early = read_bytes((await export_run(runtime, await runtime.find(run.id))).data)
        await runtime.signal(run.id, "news", "x")
        await runtime.resume(run.id)
        late = read_bytes((await export_run(runtime, await runtime.find(run.id))).data)
        ended = await runtime.find(run.id)
        other = MemoryStore()
        async with opening(other, fake) as elsewhere:
            twin = await elsewhere.start(waits, ("else",), run_id=run.id, suspend=True)
            await twin.wait()
        before = dict(other.journals)

        assert await import_run(store, early) == ended
        assert await import_run(store, late) == ended
        with pytest.raises(RunConflictError, match="exists with another"):
            await import_run(other, late)
        third = MemoryStore()
        await import_run(third, early)
        with pytest.raises(RunConflictError, match=r"of the .* rows in the file"):
            await import_run(third, late)
    assert other.journals == before


async def test_another_id_makes_a_copy(store: MemoryStore, fake: Any) -> None:
    """Under another id the run and its child runs are new ones, and the copy goes on with its own child."""
    async with opening(store, fake) as runtime:
        run = await runtime.run(parent, 2)
        waiting = await runtime.run(waits, "what?")
        files = [
            read_bytes((await export_run(runtime, await runtime.find(one))).data)
            for one in (run.id, waiting.id)
        ]
        for number, file in enumerate(files):
            await import_run(store, file, run_id=f"copy-{number}")
        calls = fake.calls

        replayed = await runtime.replay("copy-0")
        await runtime.signal("copy-1", "news", "x")
        resumed = await runtime.resume("copy-1")

        assert replayed.output == run.output
        assert resumed.status is Status.SUCCEEDED
        assert fake.calls == calls
        assert (await runtime.find(waiting.id)).status is Status.WAITING
        for record in list(store.runs.values()):
            await runtime.verify(record.id)
        assert len(store.runs) == 2 * (3 + 2)
        with pytest.raises(UsageError, match="no run id"):
            await import_run(store, files[0], run_id="../x")


async def test_a_file_says_what_made_it(store: MemoryStore, fake: Any) -> None:
    """Code, distributions, policies with their versions, and how often something was taken out."""
    async with opening(store, fake) as runtime:
        run = await runtime.run(asks, ASKED)
        file = read_bytes((await export_run(runtime, await runtime.find(run.id))).data)

    about = file.about
    assert [len(code) for code in about.code] == [32]
    assert "reenact-core" in about.made_by
    assert about.policies == {"no-numbers": ("2",)}
    assert about.redaction.modified == {"no-numbers": {"llm request": 1}}
    assert about.redaction.keyed_inputs == 1
    assert about.redaction.left_out == 0


@pytest.mark.parametrize("there", STORES)
async def test_a_fork_takes_along_what_it_shares(
    tmp_path: Path, store: MemoryStore, fake: Any, there: Any
) -> None:
    """A fork of a fork comes with both runs it came from, goes on elsewhere, and keeps them there."""
    async with opening(store, fake) as runtime:
        first = await runtime.run(several, 4)
        second = await runtime.fork(first.id, at="long_text#2", as_id="second")
        third = await runtime.fork("second", at="long_text#3", as_id="third")
        exported = await export_run(runtime, await runtime.find("third"))
        redacted = await export_run(runtime, await runtime.find("third"), redact=True)
    assert second.id == "second"
    assert third.id == "third"

    file = read_bytes(exported.data)

    assert [run.record.id for run in file.linked] == [first.id, "second"]
    assert file.run.rows[0].seq > 0
    assert len(read_bytes(redacted.data).linked) == 2
    async with there(tmp_path / "there.db") as other:
        await import_run(other, file)
        desk = Desk(other)
        assert (await export_run(desk, await desk.find("third"))).data == exported.data
        async with opening(other, fake) as runtime:
            await runtime.signal("third", "go", "gone")
            resumed = await runtime.resume("third")
            assert resumed.output.endswith(" gone")
            await runtime.verify("third")
            again = read_bytes((await export_run(runtime, await runtime.find("third"))).data)
            assert again.run.record.status is Status.SUCCEEDED
            await runtime.cancel(first.id)
            with contextlib.suppress(RunCancelledError):
                await runtime.resume(first.id)
            kept = await runtime.prune(0, run_ids=[first.id])
            assert [(one.record.id, one.reason) for one in kept.kept] == [
                (first.id, "run second came from it")
            ]
            gone = await runtime.prune(0)
            assert [one.id for one in gone.removed] == ["third"]
            await runtime.verify("second")


async def test_a_fork_without_what_it_shares_is_refused(store: MemoryStore, fake: Any) -> None:
    """A file that leaves the other run out, or shares more of it than there is, holds no whole run."""
    async with opening(store, fake) as runtime:
        first = await runtime.run(several, 3)
        await runtime.fork(first.id, at="long_text#2", as_id="second")
        data = (await export_run(runtime, await runtime.find("second"))).data
    seq = read_bytes(data).run.rows[0].seq

    for old, new in (
        (f"fork:{first.id}:{seq}", f"fork:{first.id}:{seq + 1}"),
        (f"fork:{first.id}:{seq}", f"fork:{first.id}:{seq - 1}"),
        (f"fork:{first.id}:{seq}", f"fork:second:{seq}"),
        (f"fork:{first.id}:{seq}", f"fork:nobody:{seq}"),
        (f"fork:{first.id}:{seq}", f"rerun:{first.id}"),
    ):
        with pytest.raises(PortableError):
            read_bytes(resealed(data.replace(old.encode(), new.encode())))


def resealed(data: bytes) -> bytes:
    rest = data[:-END_BYTES]
    return rest + f'"sha256":"{hashlib.sha256(rest).hexdigest()}"}}\n'.encode()
