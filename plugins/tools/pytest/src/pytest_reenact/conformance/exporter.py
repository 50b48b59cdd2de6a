"""What every exporter must do. Inherit, say how to open yours and how to read what it left, and run pytest.

.. code-block:: python

    class TestMyExporter(ExporterConformance):
        def open(self, tmp_path):
            return open_my_exporter(MyOptions(path=tmp_path / "runs.jsonl"))

        def arrived(self, tmp_path):
            lines = (tmp_path / "runs.jsonl").read_text().splitlines()
            return [Arrived(**json.loads(line)) for line in lines]

What has to arrive is each step that ended, once, with the trace it belongs to; in which
form, and what else, is the exporter's own business.
"""

import asyncio
import copy
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest
from reenact import Plugins, Runtime, Status, hookimpl, step, workflow
from reenact.config import Config
from reenact.records import DecisionRecord, Entry, Failure, RunRecord, raw
from reenact.seams import Exporter, Offer

from pytest_reenact.memory import MemoryStore

PROMPT = "Quillfeather-Nagy's parcel"
ANSWER = "left with Ms Abernathy-Oyelaran"
"""What is said in the suite's runs; nothing of it leaves unless the exporter is asked for content."""


@attrs.frozen(kw_only=True)
class Arrived:
    """A step that ended, as it can be found in what an exporter left.

    Attributes:
        trace_id: The trace it belongs to.
        path: Where it stands in its run.
        status: What it became.
        id: What the exporter calls it, if it gives names, such as a span id.
    """

    trace_id: str
    path: str
    status: str
    id: str = ""


# --- what is exported -------------------------------------------------------------------------------


def run_of(number: int, **fields: Any) -> RunRecord:
    """Return a run."""
    trace_id = f"{number:x}".rjust(32, "a")
    given = {"workflow": "flow", "created_ns": 1, "updated_ns": 2, "owner": "pid 1 on here"}
    return RunRecord(id=f"run-{number}", trace_id=trace_id, epoch=1, **{**given, **fields})


def journal_of(run: RunRecord) -> list[Entry]:
    """Return the entries of a run in which everything happens that can."""
    made = Journal(run)
    made.add("", Status.RUNNING, kind="workflow", name=run.workflow, input=raw(b'"go"'), owner=run.owner)
    made.begin("plan#0", "llm", input=raw(f'["{PROMPT}"]'.encode()), decisions=[_DECISION], site="flow.py:3")
    made.end(
        "plan#0", output=raw(f'"{ANSWER}"'.encode()), model="m-1", tokens_in=7, tokens_out=3, cost_usd="0.1"
    )
    made.begin("fetch#0", "step")
    made.add("fetch#0", Status.WAITING, failure=_FAILURE, due_ns=9)
    made.add("fetch#0", Status.RUNNING, attempt=2)
    made.end("fetch#0", Status.FAILED, failure=_FAILURE, attempt=2)
    made.begin("each/parallel#0[file=a.py]/work#0", "tool", effect="once")
    made.begin("timer#0", "timer", due_ns=99)
    made.end("each/parallel#0[file=a.py]/work#0", output=raw(b"{}"))
    made.begin("ask#0", "signal", status=Status.WAITING)
    made.end("timer#0")
    made.end("ask#0", Status.CANCELLED)
    made.begin("denied#0", "llm")
    made.end("denied#0", Status.DENIED, failure=_FAILURE)
    made.add("", Status.SUCCEEDED, output=raw(b"null"), note="done")
    return made.entries


class Journal:
    """Makes the entries of one run, one after the other."""

    def __init__(self, run: RunRecord) -> None:
        self.run = run
        self.entries: list[Entry] = []

    def add(self, path: str, status: Status, **fields: Any) -> None:
        """Add a transition."""
        seq = len(self.entries)
        self.entries.append(Entry(seq=seq, path=path, status=status, at_ns=1_000 + seq, **fields))

    def begin(self, path: str, kind: str, *, status: Status = Status.RUNNING, **fields: Any) -> None:
        """Add the beginning of a step."""
        name = path.rpartition("/")[2].partition("#")[0]
        self.add(path, status, kind=kind, name=name, input_hash="0" * 64, **fields)

    def end(self, path: str, status: Status = Status.SUCCEEDED, **fields: Any) -> None:
        """Add the end of a step."""
        self.add(path, status, **fields)


_DECISION = DecisionRecord(policy="pii", version="1", config="", stage="request", verdict="allow")
_FAILURE = Failure(type="ValueError", message="broken: \x1b[31m\n</script>", args=["\x00"], path="fetch#0")


def ended(run: RunRecord, entries: Sequence[Entry]) -> list[Arrived]:
    """Return what has to arrive of a run."""
    return [
        Arrived(trace_id=run.trace_id, path=entry.path, status=str(entry.status))
        for entry in entries
        if entry.path and entry.status.ended
    ]


@step
async def whisper(text: str) -> str:
    """Answer quietly."""
    await asyncio.sleep(0)
    return f"{text}: {ANSWER}"


@workflow(name="conformance-exported")
async def whispering() -> str:
    """Do a few steps."""
    return " ".join([await whisper(PROMPT) for _ in range(3)])


# --- the suite --------------------------------------------------------------------------------------


class ExporterConformance:
    """The suite; `open` says how to open the exporter, `arrived` how to read what it left.

    Attributes:
        exports_content: Whether, as `open` opens it, it was asked for inputs and outputs.
        scene_s: The longest a test may take, in seconds; none should come near it.
        blocked_s: The longest one call may keep the loop from turning, in seconds: steps wait for it.
    """

    exports_content = False
    scene_s: float = 30.0
    blocked_s: float = 1.0

    def open(self, tmp_path: Path) -> AbstractAsyncContextManager[Exporter]:
        """Return an async context manager that yields the exporter; what it leaves is under *tmp_path*."""
        raise NotImplementedError("say how to open your exporter")

    def arrived(self, tmp_path: Path) -> Sequence[Arrived]:
        """Return the steps found in what it left, in the order in which they stand there."""
        raise NotImplementedError("say how to read what your exporter left")

    def left(self, tmp_path: Path) -> bytes:
        """Return all that it left; by default the content of all files."""
        return b"\n".join(file.read_bytes() for file in sorted(tmp_path.rglob("*")) if file.is_file())

    def play(self, tmp_path: Path, test: Callable[[Exporter], Awaitable[None]]) -> Sequence[Arrived]:
        """Run a test's coroutine on an open exporter, and return what has arrived when it is closed."""
        tmp_path.mkdir(exist_ok=True)

        async def opened() -> None:
            async with asyncio.timeout(self.scene_s):
                async with self.open(tmp_path) as exporter:
                    await test(exporter)
                left = asyncio.all_tasks() - {asyncio.current_task()}
                assert not left, f"it leaves tasks behind: {left}"

        asyncio.run(opened())
        return self.arrived(tmp_path)

    def export(
        self, tmp_path: Path, run: RunRecord, entries: Sequence[Entry], size: int = 3
    ) -> Sequence[Arrived]:
        """Export a run, *size* entries at a time, as commits of turns do."""

        async def test(exporter: Exporter) -> None:
            for start in range(0, len(entries), size):
                await exporter.export(run, entries[start : start + size])

        return self.play(tmp_path, test)

    # --- what arrives

    @pytest.mark.parametrize("size", [1, 3, 100])
    def test_every_step_that_ended_arrives_once_and_in_order(self, tmp_path: Path, size: int) -> None:
        """However the entries are cut into commits, what ended arrives, and nothing else does."""
        run = run_of(1)
        entries = journal_of(run)
        found = self.export(tmp_path, run, entries, size)
        assert [attrs.evolve(one, id="") for one in found] == ended(run, entries)
        names = [one.id for one in found if one.id]
        assert len(set(names)) == len(names), "two steps have one id"

    def test_runs_at_once_do_not_mix(self, tmp_path: Path) -> None:
        """Entries of several runs in turn: each step arrives with the trace of its own run, in its order."""
        runs = [run_of(number) for number in range(5)]
        journals = [journal_of(run) for run in runs]

        async def test(exporter: Exporter) -> None:
            for start in range(0, len(journals[0]), 2):
                for run, entries in zip(runs, journals, strict=True):
                    await exporter.export(run, entries[start : start + 2])

        found = self.play(tmp_path, test)
        assert len(found) == sum(
            len(ended(run, entries)) for run, entries in zip(runs, journals, strict=True)
        )
        for run, entries in zip(runs, journals, strict=True):
            own = [attrs.evolve(one, id="") for one in found if one.trace_id == run.trace_id]
            assert own == ended(run, entries)

    def test_the_same_run_is_exported_the_same_again(self, tmp_path: Path) -> None:
        """Ids follow from the run: exporting it again, later or elsewhere, makes the same ones."""
        run = run_of(1)
        entries = journal_of(run)
        first = self.export(tmp_path / "first", run, entries)
        second = self.export(tmp_path / "second", run, entries, size=1)
        assert first == second

    def test_a_run_that_was_begun_by_another_process_arrives(self, tmp_path: Path) -> None:
        """After a crash it hears of the rest only; steps whose beginning it missed end all the same."""
        run = run_of(1)
        entries = journal_of(run)
        found = self.export(tmp_path, attrs.evolve(run, epoch=2), entries[2:])
        assert [attrs.evolve(one, id="") for one in found] == ended(run, entries[2:])

    def test_what_it_took_is_there_when_it_is_closed(self, tmp_path: Path) -> None:
        """Thousands of entries, and no time to write them but the closing."""
        runs = [run_of(number) for number in range(200)]

        async def test(exporter: Exporter) -> None:
            for run in runs:
                await exporter.export(run, journal_of(run))

        found = self.play(tmp_path, test)
        assert len(found) == sum(len(ended(run, journal_of(run))) for run in runs)

    def test_nothing_arrives_of_nothing(self, tmp_path: Path) -> None:
        """No entries, or none at all before it is closed, are no error."""

        async def nothing(exporter: Exporter) -> None:
            await exporter.export(run_of(1), [])

        async def not_even(_: Exporter) -> None:
            await asyncio.sleep(0)

        assert not self.play(tmp_path / "first", nothing)
        assert not self.play(tmp_path / "second", not_even)

    # --- what does not

    def test_text_from_outside_is_only_text(self, tmp_path: Path) -> None:
        """Control characters and markup in names, notes and messages break no record and no terminal."""
        nasty = ["\x1b[2J", "a\nb", "\r", '"', "</script>", "\u202e\u2028", "'; --", "\x00", "{{7*7}}", "é🜁"]
        run = run_of(1, workflow="".join(nasty), waits_for="".join(nasty), target="".join(nasty))
        made = Journal(run)
        for number, text in enumerate(nasty):
            failure = Failure(type=text, message=text, args=[text], path=text)
            made.add(
                f"s#{number}", Status.RUNNING, kind="step", name=text, input_hash="0", site=text, note=text
            )
            made.add(f"s#{number}", Status.FAILED, failure=failure, note=text, model=text)
        found = self.export(tmp_path, run, made.entries)
        assert [one.path for one in found] == [f"s#{number}" for number in range(len(nasty))]
        assert not set(self.left(tmp_path)) & {0x1B, 0x00}, "a control character reaches whoever looks at it"

    def test_inputs_and_outputs_stay_unless_asked_for(self, tmp_path: Path) -> None:
        """Prompts and answers are not exported by default."""
        run = run_of(1)
        self.export(tmp_path, run, journal_of(run))
        found = self.left(tmp_path)
        assert (PROMPT.encode() in found or ANSWER.encode() in found) == self.exports_content

    def test_it_changes_nothing_it_was_given(self, tmp_path: Path) -> None:
        """Run and entries belong to the run."""
        run = run_of(1)
        entries = journal_of(run)
        before = copy.deepcopy((attrs.asdict(run), [repr(entry) for entry in entries]))
        self.export(tmp_path, run, entries)
        assert (attrs.asdict(run), [repr(entry) for entry in entries]) == before

    # --- that runs do not notice

    def test_it_leaves_the_loop_to_the_runs(self, tmp_path: Path) -> None:
        """A commit of a full turn is taken without keeping steps from running."""
        run = run_of(1)
        made = Journal(run)
        for number in range(256):
            made.begin(f"work#{number}", "step")
            made.end(f"work#{number}", output=raw(b'"' + b"x" * 2_000 + b'"'))
        longest_s = 0.0

        async def test(exporter: Exporter) -> None:
            nonlocal longest_s
            exporting = asyncio.ensure_future(exporter.export(run, made.entries))
            while not exporting.done():
                began_s = time.perf_counter()
                await asyncio.sleep(0)
                longest_s = max(longest_s, time.perf_counter() - began_s)
            await exporting

        self.play(tmp_path, test)
        assert longest_s < self.blocked_s

    def test_being_cancelled_does_not_keep_it_from_closing(self, tmp_path: Path) -> None:
        """The kernel gives it some time at the end, then cancels it; what it took before is there."""
        run = run_of(1)
        entries = journal_of(run)

        async def test(exporter: Exporter) -> None:
            await exporter.export(run, entries)
            late = asyncio.ensure_future(exporter.export(run_of(2), journal_of(run_of(2))))
            await asyncio.sleep(0)
            late.cancel()
            await asyncio.gather(late, return_exceptions=True)

        found = self.play(tmp_path, test)
        own = [attrs.evolve(one, id="") for one in found if one.trace_id == run.trace_id]
        assert own == ended(run, entries)

    def test_it_works_behind_a_runtime(self, tmp_path: Path) -> None:
        """What a real run does arrives, from the task and the queue that the kernel puts before it."""
        store = MemoryStore()

        @asynccontextmanager
        async def given(_: Any) -> Any:
            async with self.open(tmp_path) as exporter:
                yield exporter

        class Plugin:
            @hookimpl
            def reenact_exporters(self) -> Any:
                yield Offer("it", given, NoOptions)

        async def check() -> RunRecord:
            plugins = Plugins(extra=[Plugin()], installed=False)
            config = Config(exporters={"it": {}})
            async with (
                asyncio.timeout(self.scene_s),
                Runtime.open(config, store=store, plugins=plugins) as runtime,
            ):
                run = await runtime.run(whispering)
                assert run.status is Status.SUCCEEDED
                return run.record

        run = asyncio.run(check())
        found = self.arrived(tmp_path)
        paths = [f"whisper#{number}" for number in range(3)]
        assert [(one.trace_id, one.path) for one in found] == [(run.trace_id, path) for path in paths]


@attrs.frozen
class NoOptions:
    """An exporter that is open already takes none."""
