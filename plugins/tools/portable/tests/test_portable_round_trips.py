"""What is exported and imported is the same run, in every store."""

import contextlib
import hashlib
import json
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest
from pytest_reenact.memory import MemoryStore
from reenact import (
    Desk,
    LlmRequest,
    Modify,
    Plugins,
    Runtime,
    Status,
    approve,
    llm,
    parallel,
    policy,
    step,
    wait_signal,
    workflow,
)
from reenact.config import Config
from reenact.errors import RunCancelledError, RunConflictError, RunNotFoundError, StoreError, UsageError
from reenact.llm import user
from reenact.scheduler import SkippingClock
from reenact.stores import Store
from reenact_portable import (
    PortableError,
    export_run,
    import_run,
    read_bytes,
    read_file,
    spell_run,
    write_file,
    write_run,
)
from reenact_portable.model import END_BYTES
from reenact_sqlite import SqliteOptions, open_sqlite

ASKED = "the number is N-4711"


@step
async def long_text(number: int) -> str:
    return f"part {number} " + "é\u2028<b>" * 900


@workflow(name="p-child", version="3")
async def child(number: int) -> str:
    return await llm("fake:m", f"continue {number}: {await long_text(number)}")


@workflow(name="p-parent")
async def parent(count: int) -> list[str]:
    return await parallel(child, range(count))


@workflow(name="p-waits")
async def waits(question: str) -> str:
    said = await child(7)
    return f"{await wait_signal('news', str)} {len(said)}"


@workflow(name="p-asks")
async def asks(question: str) -> bool:
    await llm("fake:m", question)
    return bool(await approve(question, show={"a": [1, 2.5, None]}))


@workflow(name="p-several")
async def several(count: int) -> str:
    total = sum([len(await long_text(number)) for number in range(count)])
    return f"{total} {await wait_signal('go', str)}"


@step
async def breaks() -> int:
    raise ValueError("it broke")


@workflow(name="p-fails")
async def fails() -> int:
    await long_text(1)
    return await breaks()


@policy("no-numbers", stage="request", version="2")
def no_numbers(request: Any, context: Any) -> Any:
    if isinstance(request, LlmRequest) and "N-4711" in request.messages[-1].text:
        return Modify(attrs.evolve(request, messages=(user("[gone]"),)), "a number was taken out")
    return None


def opening(store: Store, fake: Any) -> Any:
    return Runtime.open(
        Config(),
        store=store,
        providers={"fake": fake},
        policies=[no_numbers],
        plugins=Plugins(installed=False),
        clock=SkippingClock(),
    )


@asynccontextmanager
async def in_memory(path: Path) -> AsyncIterator[Store]:
    yield MemoryStore()


@asynccontextmanager
async def on_disk(path: Path) -> AsyncIterator[Store]:
    async with open_sqlite(SqliteOptions(path=path)) as store:
        yield store


STORES = [in_memory, on_disk]
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


# --- redacted


async def test_a_redacted_file_says_nothing_and_verifies(store: MemoryStore, fake: Any) -> None:
    """No prompt, answer, message, host or key is in it, and the same run gives the same file."""
    fake.answer = lambda request: f"{ASKED} is what you asked"
    async with opening(store, fake) as runtime:
        for flow, args in ((asks, ("where is Wally?",)), (parent, (2,)), (fails, ())):
            run = await runtime.run(flow, *args)
            record = await runtime.find(run.id)
            whole = await export_run(runtime, record)
            redacted = await export_run(runtime, record, redact=True)
            file = read_bytes(redacted.data)

            assert (await export_run(runtime, record, redact=True)).data == redacted.data
            assert file.redacted
            assert file.about.redaction.left_out > 2
            for word in ("Wally", "N-4711", "part 1", "it broke", " on ", record.key, record.input_hash):
                assert word.encode() not in redacted.data, word
            assert [len(one.rows) for one in file.runs] == [
                len(one.rows) for one in read_bytes(whole.data).runs
            ]
            assert file.run.record.status is record.status
            with pytest.raises(UsageError, match="redacted"):
                await import_run(MemoryStore(), file)


# --- files


async def test_a_file_is_written_whole_and_privately(tmp_path: Path, store: MemoryStore, fake: Any) -> None:
    """Piece by piece gives the same bytes; 0600; nothing is overwritten; what failed leaves nothing."""
    async with opening(store, fake) as runtime:
        run = await runtime.run(parent, 2)
        exported = await export_run(runtime, run.record)
        written = await write_run(tmp_path / "run.json", spell_run(runtime, run.record))
        with pytest.raises(StoreError, match="--force"):
            await write_run(tmp_path / "run.json", spell_run(runtime, run.record))
        with pytest.raises(StoreError, match="cannot be written"):
            write_file(tmp_path / "no" / "such", b"")
        name = next(iter(store.content))
        del store.content[name]
        with pytest.raises(StoreError, match="missing"):
            await write_run(tmp_path / "other.json", spell_run(runtime, run.record))

    assert (tmp_path / "run.json").read_bytes() == exported.data
    assert (written.size, written.entries) == (len(exported.data), exported.entries)
    assert stat.S_IMODE((tmp_path / "run.json").stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["run.json"]
    assert read_file(tmp_path / "run.json").run.record.id == run.id
    with pytest.raises(PortableError, match="cannot be read"):
        read_file(tmp_path / "missing.json")
    with pytest.raises(PortableError, match="cannot be read"):
        read_file(tmp_path)


async def test_a_run_that_is_removed_meanwhile_is_not_exported(store: MemoryStore, fake: Any) -> None:
    """Half an export is none: the run that is gone is named."""
    async with opening(store, fake) as runtime:
        run = await runtime.run(parent, 2)
        pieces = spell_run(runtime, run.record).pieces()
        await anext(pieces)
        await runtime.prune(0)

        with pytest.raises(RunNotFoundError):
            await _rest(pieces)


async def test_the_document_is_json_that_anybody_reads(store: MemoryStore, fake: Any) -> None:
    """Entries and content stand there as JSON, a line each."""
    async with opening(store, fake) as runtime:
        run = await runtime.run(child, 1)
        data = (await export_run(runtime, run.record)).data

    document = json.loads(data)

    assert [row["entry"]["seq"] for row in document["entries"]] == list(range(len(document["entries"])))
    assert len(data.splitlines()) > len(document["entries"]) + len(document["blobs"])
    assert "ended" not in document


async def _rest(pieces: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in pieces])
