"""Records the golden journals, and reads them: ``python golden.py FILE`` writes one for this Python."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import msgspec
from pytest_reenact.memory import MemoryStore
from pytest_reenact.order import World
from reenact import (
    Desk,
    LlmRequest,
    LlmResponse,
    Plugins,
    RunFilter,
    Runtime,
    Usage,
    assistant,
)
from reenact.codec import read_as
from reenact.config import Config
from reenact.content import Blob
from reenact.opening import load_module
from reenact.records import Row, RunRecord
from reenact.seams import CallContext, Capabilities
from reenact_portable import export_run

HERE = Path(__file__).parent
flow = load_module(str(HERE / "golden_flow.py"), HERE)
PLUGINS = Plugins(installed=False)
SEED = 7


class Echo:
    """A provider that answers at once."""

    name = "fake"
    capabilities = Capabilities()

    async def complete(self, model: str, request: LlmRequest, context: CallContext) -> LlmResponse:
        """Answer."""
        await asyncio.sleep(0)
        text = '{"good": true, "why": "because"}' if request.output_schema else "forty-two"
        return LlmResponse(message=assistant(text), model=model, usage=Usage(input_tokens=3, output_tokens=2))

    async def stream(self, model: str, request: LlmRequest, context: CallContext) -> Any:
        """Stream nothing."""
        raise NotImplementedError


async def record() -> bytes:
    """Run the workflow and return its journal as it is exported."""
    store, world = MemoryStore(), World(SEED)
    flow.turn = world.turn
    async with Runtime.open(
        Config(), store=store, plugins=PLUGINS, clock=world, providers={"fake": Echo()}
    ) as runtime:
        run = await runtime.run(flow.golden, 21)
        await runtime.approve(run.id)
        run = await runtime.resume(run.id, suspend=False)
        assert run.output, run.error
        (record,) = await runtime.store.list(RunFilter(roots=True))
        return (await export_run(Desk(store), record)).data


class Entry(msgspec.Struct):
    """An entry as it is exported."""

    checksum: str
    entry: msgspec.Raw


class Exported(msgspec.Struct):
    """A run as it is exported."""

    run: dict[str, Any]
    entries: list[Entry]


class Content(msgspec.Struct):
    """A blob as it is exported."""

    hash: str
    chain: bool
    data: msgspec.Raw


class Document(msgspec.Struct):
    """An export."""

    format: int
    run: dict[str, Any]
    entries: list[Entry]
    children: list[Exported]
    blobs: list[Content]


def read(data: bytes) -> tuple[MemoryStore, RunRecord]:
    """Return a store that has what is in an export, and the run."""
    document = msgspec.json.decode(data, type=Document)
    store = MemoryStore()
    for one in (Exported(document.run, document.entries), *document.children):
        record: RunRecord = read_as(one.run, RunRecord)
        store.runs[record.id] = record
        store.journals[record.id] = [
            Row(seq, bytes(entry.entry), bytes.fromhex(entry.checksum))
            for seq, entry in enumerate(one.entries)
        ]
    store.content = {one.hash: Blob(one.hash, bytes(one.data), one.chain) for one in document.blobs}
    return store, store.runs[document.run["id"]]


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(asyncio.run(record()))
