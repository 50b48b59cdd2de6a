"""Exported runs as files: what is in them, what redaction takes out, and how they are written."""

import json
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pytest_reenact.memory import MemoryStore
from reenact.errors import RunNotFoundError, StoreError, UsageError
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

from .conftest import ASKED, asks, child, fails, opening, parent

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
