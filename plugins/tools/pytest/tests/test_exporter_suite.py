"""An exporter that keeps its promises passes the suite; those that break one each are caught."""

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TextIO

import attrs
import pytest
from pytest_reenact.conformance.exporter import Arrived, ExporterConformance
from reenact.records import Entry, RunRecord
from reenact.seams import Exporter

from .conftest import Failures

pytest_plugins = ("pytester",)

FILE = "runs.jsonl"


class Lines:
    """A sound exporter: appends a line of JSON to a file for each step that ended.

    Mutants change a method of it.
    """

    def __init__(self, file: TextIO) -> None:
        self.file = file

    async def export(self, run: RunRecord, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if self.matters(entry):
                self.write(run, entry)

    def matters(self, entry: Entry) -> bool:
        return bool(entry.path) and entry.status.ended

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
    try:
        yield exporter
    finally:
        await exporter.close()
        exporter.file.close()


class LinesConformance(ExporterConformance):
    kind: type[Lines] = Lines

    def open(self, tmp_path: Path) -> AbstractAsyncContextManager[Exporter]:
        return opened(tmp_path, self.kind)

    def arrived(self, tmp_path: Path) -> Sequence[Arrived]:
        return [Arrived(**json.loads(line)) for line in (tmp_path / FILE).read_text("utf-8").splitlines()]


class TestLines(LinesConformance):
    """A plain exporter."""


# --- mutants ------------------------------------------------------------------------------------


class DropsTheLast(Lines):
    """It writes a step when the next one ends."""

    late: tuple[RunRecord, Entry] | None = None

    def write(self, run: RunRecord, entry: Entry) -> None:
        if self.late is not None:
            super().write(*self.late)
        self.late = run, entry


class WritesTwice(Lines):
    """Each step arrives twice."""

    def write(self, run: RunRecord, entry: Entry) -> None:
        super().write(run, entry)
        super().write(run, entry)


class WritesBackwards(Lines):
    """What ended in one turn arrives in another order."""

    async def export(self, run: RunRecord, entries: Sequence[Entry]) -> None:
        await super().export(run, entries[::-1])


class WritesOnlySuccesses(Lines):
    """Steps that failed, were refused or called off do not arrive."""

    def matters(self, entry: Entry) -> bool:
        return super().matters(entry) and entry.status == "succeeded"


class WritesBeginnings(Lines):
    """Steps that have not ended arrive too."""

    def matters(self, entry: Entry) -> bool:
        return bool(entry.path)


class WritesTheRun(Lines):
    """The run itself arrives as a step of its own."""

    def matters(self, entry: Entry) -> bool:
        return entry.status.ended


class MixesTraces(Lines):
    """Every run has the trace of the first."""

    first: RunRecord | None = None

    def write(self, run: RunRecord, entry: Entry) -> None:
        self.first = self.first or run
        super().write(self.first, entry)


class FollowsOneRun(Lines):
    """Entries of another run end the one before."""

    async def export(self, run: RunRecord, entries: Sequence[Entry]) -> None:
        if getattr(self, "run_id", run.id) != run.id:
            entries = [entry for entry in entries if entry.kind]
        self.run_id = run.id
        await super().export(run, entries)


class DrawsIds(Lines):
    """The same step has another id when it is exported again."""

    def told(self, run: RunRecord, entry: Entry) -> Arrived:
        return attrs.evolve(super().told(run, entry), id=str(uuid.uuid4()))


class SharesIds(Lines):
    """Two steps have one id."""

    def told(self, run: RunRecord, entry: Entry) -> Arrived:
        return attrs.evolve(super().told(run, entry), id=run.id)


class NeedsTheBeginning(Lines):
    """A step whose beginning it did not hear of is more than it can take."""

    def __init__(self, file: TextIO) -> None:
        super().__init__(file)
        self.begun: dict[tuple[str, str], Entry] = {}

    async def export(self, run: RunRecord, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if entry.kind:
                self.begun[run.id, entry.path] = entry
        await super().export(run, entries)

    def write(self, run: RunRecord, entry: Entry) -> None:
        del self.begun[run.id, entry.path]
        super().write(run, entry)


class NeedsEntries(Lines):
    """A commit without entries is more than it can take."""

    async def export(self, run: RunRecord, entries: Sequence[Entry]) -> None:
        _ = entries[0]
        await super().export(run, entries)


class WritesText(Lines):
    """What a name holds is written as it is."""

    def write(self, run: RunRecord, entry: Entry) -> None:
        super().write(run, entry)
        if entry.note:
            self.file.seek(0, 2)
            self.file.write(
                json.dumps(attrs.asdict(self.told(run, entry)))[:0] + entry.note.replace("\n", "")
            )


class WritesContent(Lines):
    """Prompts and answers leave the process without anybody having asked for it."""

    async def export(self, run: RunRecord, entries: Sequence[Entry]) -> None:
        await super().export(run, entries)
        for entry in entries:
            self.keep(bytes(entry.output))

    def keep(self, said: bytes) -> None:
        with Path(f"{self.file.name}.content").open("ab") as content:
            content.write(said)


class EmptiesWhatItGot(Lines):
    """The entries that it has written are gone for everybody."""

    async def export(self, run: RunRecord, entries: Sequence[Entry]) -> None:
        await super().export(run, entries)
        for entry in entries:
            entry.decisions.clear()


class WritesWhileAllWait(Lines):
    """Runs stand still while it writes."""

    def write(self, run: RunRecord, entry: Entry) -> None:
        until_s = time.perf_counter() + 0.001
        while time.perf_counter() < until_s:
            super().matters(entry)
        super().write(run, entry)


class LeavesATaskBehind(Lines):
    """Something of it goes on after it was closed."""

    async def export(self, run: RunRecord, entries: Sequence[Entry]) -> None:
        await super().export(run, entries)
        self.task = asyncio.ensure_future(asyncio.Event().wait())


class LosesAllWhenCancelled(Lines):
    """Being cancelled costs it what it took before."""

    def __init__(self, file: TextIO) -> None:
        super().__init__(file)
        self.held: list[tuple[RunRecord, Entry]] = []

    async def export(self, run: RunRecord, entries: Sequence[Entry]) -> None:
        try:
            await super().export(run, entries)
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            self.held.clear()
            raise

    def write(self, run: RunRecord, entry: Entry) -> None:
        self.held.append((run, entry))

    async def close(self) -> None:
        for held in self.held:
            super().write(*held)
        await super().close()


class WritesAfterReturning(Lines):
    """It returns before it has taken what it was given."""

    async def export(self, run: RunRecord, entries: Sequence[Entry]) -> None:
        asyncio.get_running_loop().call_later(60, self.write_all, run, entries)

    def write_all(self, run: RunRecord, entries: Sequence[Entry]) -> None:
        for entry in entries:
            self.write(run, entry)


class SharesAFileWithItself(Lines):
    """What was exported before is gone when there is more."""

    def write(self, run: RunRecord, entry: Entry) -> None:
        self.file.seek(0)
        self.file.truncate()
        super().write(run, entry)


def suite_of(mutant: type[Lines]) -> type[ExporterConformance]:
    """Return the suite, over a kind of exporter."""

    class Suite(LinesConformance):
        kind = mutant
        blocked_s = 0.05 if mutant is WritesWhileAllWait else LinesConformance.blocked_s

    return Suite


@pytest.mark.parametrize("mutant", Lines.__subclasses__(), ids=lambda kind: kind.__name__)
def test_an_exporter_that_breaks_a_promise_is_caught(mutant: type[Lines], failures: Failures) -> None:
    """At least one test of the suite fails on it."""
    assert failures(suite_of(mutant))
