"""An exporter that keeps its promises passes the suite."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TextIO

import attrs
from pytest_reenact.conformance.exporter import Arrived, ExporterConformance
from reenact.records import Entry, RunRecord
from reenact.seams import Exporter

FILE = "runs.jsonl"


class Lines:
    """Appends a line of JSON to a file for each step that ended."""

    def __init__(self, file: TextIO) -> None:
        self.file = file

    async def export(self, run: RunRecord, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if entry.path and entry.status.ended:
                self.write(run, entry)

    def write(self, run: RunRecord, entry: Entry) -> None:
        self.file.write(json.dumps(attrs.asdict(self.told(run, entry))) + "\n")

    def told(self, run: RunRecord, entry: Entry) -> Arrived:
        return Arrived(
            trace_id=run.trace_id,
            path=entry.path,
            status=entry.status.value,
            id=f"{run.id}/{entry.path}",
        )

    async def close(self) -> None:
        self.file.close()


@asynccontextmanager
async def opened(tmp_path: Path, kind: type[Lines] = Lines) -> AsyncIterator[Exporter]:
    exporter = kind((tmp_path / FILE).open("a", encoding="utf-8"))
    yield exporter
    await exporter.close()


class LinesConformance(ExporterConformance):
    kind: type[Lines] = Lines

    def open(self, tmp_path: Path) -> AbstractAsyncContextManager[Exporter]:
        return opened(tmp_path, self.kind)

    def arrived(self, tmp_path: Path) -> Sequence[Arrived]:
        return [Arrived(**json.loads(line)) for line in (tmp_path / FILE).read_text("utf-8").splitlines()]


class TestLines(LinesConformance):
    """A plain exporter."""
