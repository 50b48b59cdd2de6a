"""Takes a run to where it ends or nobody here can help it on, and says what came of it.

`run`, `resume` and `recover` end here: answers are asked for, the run is resumed with
them, and at the end stand the output, the way to look, to resume and to replay, and
the exit code.
"""

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import attrs
from reenact.errors import ReenactError
from reenact.records import RunRecord, Status
from reenact.runtime import Runtime
from reenact.views import Run
from reenact.workflows import Workflow

from reenact_cli import codes, words
from reenact_cli.asking import Answers, Nobody, Person, Wait, Yes, how_to_answer
from reenact_cli.interrupts import Interrupted
from reenact_cli.journals import run_json
from reenact_cli.output import say, say_json, tell, tell_error
from reenact_cli.progress import LiveProgress, PlainProgress, Progress
from reenact_cli.report import error_json
from reenact_cli.session import Session
from reenact_cli.watching import code_with, findings_json, found_by, tell_findings


@attrs.define(kw_only=True)
class Driver:
    """How a run is taken along.

    Attributes:
        session: The command's shared options.
        answers: Who answers its questions.
        progress: What shows it.
        suspend: Take it back when it waits, instead of waiting here.
    """

    session: Session
    answers: Answers
    progress: Progress
    suspend: bool = True
    _asked: set[tuple[str, str]] = attrs.field(factory=set)

    async def drive(
        self, runtime: Runtime, begin: Callable[[], Awaitable[Run]], workflow: Workflow[..., Any]
    ) -> Run:
        """Begin a run and take it as far as it goes from here."""
        warn_if_in_memory(runtime)
        unwatch = runtime.observe(self.progress.take)
        try:
            async with self.progress.shown():
                return await self._as_far_as_it_goes(runtime, begin, workflow)
        except asyncio.CancelledError:
            tell_stopping(self.session)
            raise
        finally:
            unwatch()

    async def _as_far_as_it_goes(
        self, runtime: Runtime, begin: Callable[[], Awaitable[Run]], workflow: Workflow[..., Any]
    ) -> Run:
        run = await begin()
        while run.status is Status.WAITING and self.suspend and await self._answer(runtime, run):
            run = await runtime.resume(run.id, workflow, suspend=True)
        return run

    async def _answer(self, runtime: Runtime, run: Run) -> bool:
        """Answer what the run waits for; say whether anything was."""
        given = False
        for wait in await runtime.waits(run.record):
            given = await self._answer_one(runtime, wait) or given
        return given

    async def _answer_one(self, runtime: Runtime, wait: Wait) -> bool:
        record, step = wait
        key = (record.id, step.path)
        with self.progress.hidden():
            answer = self.answers.answer(wait, again=key in self._asked)
        if answer is None:
            return False
        self._asked.add(key)
        if step.is_question:
            await runtime.approve(record.id, answer.value, step.path)
        else:
            await runtime.signal(record.id, step.path, answer.value)
        return True


def make_driver(session: Session, *, yes: bool, wait: bool, progress: Progress | None = None) -> Driver:
    """Return a driver for this terminal, or for the lack of one."""
    answers: Answers = Yes() if yes else Person() if session.at_a_terminal and not wait else Nobody()
    if progress is None:
        progress = (
            Progress() if session.as_json else LiveProgress() if sys.stderr.isatty() else PlainProgress()
        )
    return Driver(session=session, answers=answers, progress=progress, suspend=not wait)


def warn_if_in_memory(runtime: Runtime) -> None:
    """Say that a journal in memory is gone with the process."""
    if not runtime.store.durable:
        tell("note: the journal is in memory and not durable; when this process ends, this run is gone")


# --- the end --------------------------------------------------------------------------------------


async def conclude(session: Session, runtime: Runtime, run: Run, *, said: bool = False) -> int:
    """Say what became of a run, and return the exit code.

    Args:
        session: The command's shared options.
        runtime: Where the run is.
        run: It.
        said: Its output has been printed already, as it came.
    """
    waits = list(await runtime.waits(run.record)) if run.status is Status.WAITING else []
    findings = found_by(runtime)
    if session.as_json:
        watched = {"findings": findings_json(findings)} if runtime.watches else {}
        say_json({**ended_json(run, waits), **watched})
    else:
        _conclude_in_words(session, run, waits, durable=runtime.store.durable, said=said)
        tell_findings(findings)
    return code_with(findings, codes.of_run(run.record, run.error))


def ended_json(run: Run, waits: list[Wait]) -> dict[str, Any]:
    """Return a run that was taken as far as it goes, as ``--json`` shows it."""
    made = {"run": run_json(run.record), "output": output_json(run)}
    if run.error is not None:
        made["error"] = error_json(run.error)
    if waits:
        made["waits"] = [{"run_id": r.id, "path": s.path, "name": s.name, "input": s.input} for r, s in waits]
    return made


def output_json(run: Run) -> Any:
    """Return a run's output, plain; None if it has none."""
    from reenact.codec import plain

    return plain(run.output) if run.status is Status.SUCCEEDED else None


def _conclude_in_words(
    session: Session, run: Run, waits: list[Wait], *, durable: bool, said: bool = False
) -> None:
    if run.status is Status.SUCCEEDED:
        output = output_json(run)
        if output is not None and not said:
            say(words.value_text(output, most=10_000_000))
    elif run.error is not None:
        tell_run_error(session, run.error, run.id)
    elif run.status is Status.IN_DOUBT:
        for line in doubts(run.record, session.again):
            tell(line)
    elif run.status is Status.CANCELLED:
        tell(f"run {words.clean(run.id)} was cancelled")
    for line in how_to_answer(waits, session.again):
        tell(line)
    if durable:
        tell_ways(session, run.record)


def tell_run_error(session: Session, error: BaseException, run_id: str) -> None:
    """Say what a run failed with; the traceback too, if it is asked for."""
    if session.debug:
        import traceback

        tell(words.clean_lines("".join(traceback.format_exception(error)).rstrip()))
    what = str(error) if isinstance(error, ReenactError) else f"{type(error).__name__}: {error}"
    tell_error(f"run {run_id} failed: {what}")


def doubts(record: RunRecord, again: str) -> list[str]:
    """Return the steps in doubt and how to decide about them."""
    said = []
    for one in record.waits_for.split("; "):
        path, _, reason = one.partition(": ")
        said.append(f"in doubt  {words.clean(path)}: {words.clean(reason)}")
        where = f"{words.quoted(record.id)} {words.quoted(path)}{again}"
        said.append(f"decide    reenact resolve {where} --done VALUE | --retry | --fail REASON")
    return said


def tell_ways(session: Session, record: RunRecord) -> None:
    """Say how to look at a run, to resume it and to replay it."""
    name, again = words.quoted(record.id), session.again
    tell(f"look    reenact show {name}{again}")
    if record.status not in (Status.SUCCEEDED, Status.CANCELLED):
        tell(f"resume  reenact resume {name}{again}")
    tell(f"replay  reenact replay {name}{again}")


@contextlib.contextmanager
def told_if_stopped(session: Session, run_id: Callable[[], str]) -> Iterator[None]:
    """Say how to go on with a run if the command is stopped in the block, once the run was given back.

    Args:
        session: The command's shared options.
        run_id: Returns the run's id; empty as long as there is none.
    """
    try:
        yield
    except (asyncio.CancelledError, Interrupted):
        if run_id():
            tell_stopped(session, run_id())
        raise


def tell_stopping(session: Session) -> None:
    """Say that steps in flight are waited for."""
    grace_s = session.config.runtime.grace_s
    tell(f"stopping; steps in flight have {grace_s:g} s to end, and a second Ctrl-C leaves at once")


def tell_stopped(session: Session, run_id: str) -> None:
    """Say that a run was given back and how to resume it."""
    name = words.quoted(run_id)
    if session.as_json:
        message = f"stopped; resume it with: reenact resume {name}{session.again}"
        say_json({"error": {"type": "Interrupted", "message": message, "run_id": run_id}})
        return
    tell(f"stopped; run {words.clean(run_id)} can be resumed")
    tell(f"look    reenact show {name}{session.again}")
    tell(f"resume  reenact resume {name}{session.again}")
