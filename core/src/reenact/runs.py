"""The runs of this process: started, taken up, waited for, let go."""

import asyncio
import weakref
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import attrs

from reenact.asking import hash_input
from reenact.beginnings import Beginning, begin
from reenact.closing import CONTINUED_AS
from reenact.config import OnChange, RuntimeOptions
from reenact.desk import Desk
from reenact.differences import showing_inputs
from reenact.errors import RunConflictError, RunEndedError, UsageError
from reenact.execution import Execution, RunHost
from reenact.failures import revive
from reenact.handover import Handover
from reenact.history import History
from reenact.inputs import spell_input
from reenact.journal import Writer
from reenact.loop import refuse_in_workflow
from reenact.records import Message, RunRecord, Status
from reenact.reruns import read_earlier, read_input
from reenact.retrieval import read_to_run
from reenact.seams import Executor
from reenact.services import Services
from reenact.source import source_hash
from reenact.steps import WorkflowSpec
from reenact.stores import RunWrite
from reenact.submissions import Submission, Submissions
from reenact.views import Run, RunView

Started: TypeAlias = "Execution | Run | Submission"
"""A run in this process, or one that has ended, or one that an executor has."""

CallArguments: TypeAlias = tuple[Sequence[Any], Mapping[str, Any]]

_OVER = (Status.SUCCEEDED, Status.CANCELLED)
"""A run that is so is not taken up; one that failed is, at the step that failed it."""


class Runs:
    """The runs that a process has.

    Args:
        desk: Reads what is on record.
        writer: The way to the store.
        services: What the runs share.
        options: ``[runtime]``.
        owner: How the process is called in leases.
        host: Asks models and runs child runs for them.
        executor: Decides where and when they run; here and at once if None.

    Attributes:
        active: The runs that are being run, by id.
        stopping: Whether the process is letting go of them.
    """

    def __init__(
        self,
        *,
        desk: Desk,
        writer: Writer,
        services: Services,
        options: RuntimeOptions,
        owner: str,
        host: RunHost,
        executor: Executor | None = None,
    ) -> None:
        self.active: dict[str, Execution] = {}
        self.stopping = False
        self._desk = desk
        self._writer = writer
        self._services = services
        self._options = options
        self._owner = owner
        self._host = host
        self._submissions = (
            Submissions(executor, desk.store, lambda: self.stopping, options.poll_s) if executor else None
        )
        self._claims: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()

    async def start(
        self,
        spec: WorkflowSpec,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        how: Beginning,
    ) -> Started:
        """Start a run; one that has the id already and is the same is taken up."""
        submissions = self._submissions if not how.parent else None
        execution, call_args = await self._made(spec, args, kwargs, how, release=submissions is not None)
        if submissions is not None:
            return await self._submit_new(submissions, execution, spec, how.run_id, suspend=how.suspend)
        if how.run_id is None:
            self._launch(execution, spec, *call_args)
            return execution
        async with self._claim(how.run_id):
            existing = await self._desk.store.load(how.run_id) or await self._created(execution)
            if existing is not None:
                _check_same(existing, spec, execution.run.input_hash)
                return await self._take_up_claimed(existing, spec, None, suspend=how.suspend)
            self._launch(execution, spec, *call_args)
        return execution

    async def _made(
        self,
        spec: WorkflowSpec,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        how: Beginning,
        *,
        release: bool,
    ) -> tuple[Execution, CallArguments]:
        """Return a run that its next write creates, and the arguments its code is called with."""
        refuse_in_workflow("starting a run")
        if self.stopping:
            raise UsageError("the runtime is being closed; it starts nothing more")
        data, hashed, call_args = spell_input(spec, args, kwargs)
        record = how.record(spec, hash_input("workflow", spec.name, hashed), self._services, self._owner)
        execution = Execution(
            record,
            History(),
            self._services,
            host=self._host,
            on_changed=self._options.on_changed_input,
            suspend=how.suspend,
            earlier=await read_earlier(self._desk.store, record, how.changes),
        )
        begin(execution, spec, data, how.changes, release=release)
        return execution, call_args

    async def go_on(
        self,
        handover: Handover,
        spec: WorkflowSpec,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        how: Beginning,
    ) -> Started:
        """Start the run in which another one goes on: made in the commit that ends that one, then begun.

        If it is there already, made by a process that did not come to end the other one, it is taken up.
        """
        submissions = self._submissions if not how.parent else None
        execution, call_args = await self._made(spec, args, kwargs, how, release=submissions is not None)
        async with self._claim(execution.run.id):
            existing = await self._desk.store.load(execution.run.id)
            if existing is not None:
                _check_same(existing, spec, execution.run.input_hash)
            try:
                refused = await handover.ask(execution.book if existing is None else None)
            except BaseException:
                execution.book.release()
                raise
            if existing is None and refused is None and submissions is None:
                return await self._begin_told(execution, spec, call_args)
        if existing is None and refused is None and submissions is not None:
            return await self._submit_made(submissions, execution, spec, suspend=how.suspend)
        existing = await self._desk.find(execution.run.id)
        _check_same(existing, spec, execution.run.input_hash)
        return await self.take_up(existing, spec, None, suspend=how.suspend)

    async def _begin_told(
        self, execution: Execution, spec: WorkflowSpec, call_args: CallArguments
    ) -> Execution | Run:
        """Begin a run that is on record, telling it first what there is for it."""
        told = await self._desk.store.messages(self._owner)
        if self.stopping:
            execution.book.release()
            return Run(record=attrs.evolve(execution.run, owner=""))
        self._launch(execution, spec, *call_args)
        _tell(execution, told)
        return execution

    async def start_child(
        self, spec: WorkflowSpec, args: Sequence[Any], kwargs: Mapping[str, Any], how: Beginning
    ) -> Execution | Run:
        """Start a run where its parent runs; no executor is asked."""
        started = await self.start(spec, args, kwargs, how)
        assert not isinstance(started, Submission)  # noqa: S101  # it has a parent
        return started

    async def _submit_new(
        self,
        submissions: Submissions,
        execution: Execution,
        spec: WorkflowSpec,
        chosen_id: str | None,
        *,
        suspend: bool,
    ) -> Started:
        """Put a run on record, owned by nobody, and submit it."""
        existing = await self._desk.store.load(chosen_id) if chosen_id is not None else None
        existing = existing or await self._created(execution)
        if existing is not None:
            _check_same(existing, spec, execution.run.input_hash)
            return await self.take_up(existing, spec, None, suspend=suspend)
        return await self._submit_made(submissions, execution, spec, suspend=suspend)

    async def _submit_made(
        self, submissions: Submissions, execution: Execution, spec: WorkflowSpec, *, suspend: bool
    ) -> Submission:
        """Submit a run that is on record, owned by nobody."""
        record = attrs.evolve(execution.run, owner="")
        return await submissions.submit(
            record, spec, lambda: self._take_up_here(record, spec, None, suspend=suspend), new=True
        )

    async def _created(self, execution: Execution) -> RunRecord | None:
        """Create a run whose id was chosen; return the one that has the id, if another process was faster."""
        result = await execution.book.write_now()
        if isinstance(result, RunConflictError):
            return await self._desk.store.load(execution.run.id)
        if isinstance(result, Exception):
            raise result
        return None

    @asynccontextmanager
    async def _claim(self, run_id: str) -> AsyncIterator[None]:
        """Keep other tasks of this process from taking the same run at the same time."""
        lock = self._claims.setdefault(run_id, asyncio.Lock())  # lives as long as somebody wants it
        async with lock:
            yield

    def _launch(
        self, execution: Execution, spec: WorkflowSpec, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> None:
        run_id = execution.run.id
        self.active[run_id] = execution
        execution.finished.add_done_callback(lambda _: self.active.pop(run_id, None))
        execution.start(lambda: spec.fn(*args, **kwargs), spec)

    async def wait(self, started: Started) -> Run:
        """Wait until a run has ended, in this run or in one in which it goes on, or was given back."""
        while True:  # as often as it goes on
            if isinstance(started, Submission):
                started = await self._followed(started)
            if isinstance(started, Run):
                return started
            async with showing_inputs(self._desk.store):
                ending = await asyncio.shield(started.finished)
            if ending.continued is None:
                return ending.view
            started = ending.continued

    async def _followed(self, submission: Submission) -> Execution | Run:
        """Return a run that was submitted when it is here, or as it is when it was elsewhere."""
        assert self._submissions is not None  # noqa: S101  # it made the submission
        found = await self._submissions.follow(submission)
        return await self._as_it_is(found, submission.spec) if isinstance(found, RunRecord) else found

    async def take_up(
        self,
        record: RunRecord,
        spec: WorkflowSpec,
        on_changed: OnChange | None,
        *,
        suspend: bool,
        recovering: bool = False,
    ) -> Started:
        """Carry on with a run on record, or the one in which it goes on, where the executor has it done.

        Args:
            record: The run.
            spec: Its code.
            on_changed: What to do about a step whose input is not the one on record; as configured if None.
            suspend: Give it back when it waits for somebody.
            recovering: Its owner is gone: set it aside if that has happened too often.
        """

        if record.status is Status.SUCCEEDED:
            record, _ = await self._last_life(record)

        async def here() -> Execution | Run:
            return await self._take_up_here(record, spec, on_changed, suspend=suspend, recovering=recovering)

        if self._submissions is None or record.parent or record.id in self.active or record.status in _OVER:
            return await here()
        return await self._submissions.submit(record, spec, here, new=False)

    async def _take_up_here(
        self,
        record: RunRecord,
        spec: WorkflowSpec,
        on_changed: OnChange | None,
        *,
        suspend: bool,
        recovering: bool = False,
    ) -> Execution | Run:
        async with self._claim(record.id):
            return await self._take_up_claimed(
                record, spec, on_changed, suspend=suspend, recovering=recovering
            )

    async def _take_up_claimed(
        self,
        record: RunRecord,
        spec: WorkflowSpec,
        on_changed: OnChange | None,
        *,
        suspend: bool,
        recovering: bool = False,
    ) -> Execution | Run:
        active = self.active.get(record.id)
        if active is not None:
            return active
        if record.status is Status.SUCCEEDED:
            last, view = await self._last_life(record)
            if last.status is not Status.SUCCEEDED:
                return await self._take_up_here(last, spec, on_changed, suspend=suspend)
            return _read_ended(last, view, spec)
        if record.status is Status.CANCELLED:
            raise RunEndedError(record.id, record.status, "run the workflow again")
        if self.stopping:
            raise UsageError("the runtime is being closed; it takes nothing up")
        record = await self._desk.store.acquire(record.id, self._owner, self._options.lease_s)
        if record.status in _OVER:  # ended since it was looked at
            await self._writer.write(RunWrite(run_id=record.id, epoch=record.epoch, release=True))
            return await self._take_up_claimed(record, spec, on_changed, suspend=suspend)
        try:
            history = await read_to_run(self._desk.store, record)
            args, kwargs = await read_input(self._desk.store, history, spec, history.changes)
            earlier = await read_earlier(self._desk.store, record, history.changes, history.taken)
            told = await self._desk.store.messages(self._owner)
            execution = Execution(
                attrs.evolve(record, status=history.status, steps=history.succeeded),
                history,
                self._services,
                host=self._host,
                on_changed=on_changed or self._options.on_changed_input,
                suspend=suspend,
                earlier=earlier,
            )
        except BaseException:
            await self._writer.write(RunWrite(run_id=record.id, epoch=record.epoch, release=True))
            raise
        execution.book.code = source_hash(spec.fn)
        if recovering and record.epoch - history.epoch > self._options.interruptions_max + 1:
            return await self._set_aside(execution)
        _take_up_failed(execution)
        self._launch(execution, spec, args, kwargs)
        _tell(execution, told)
        return execution

    async def _set_aside(self, execution: Execution) -> Run:
        """Park a run that has ended its process again and again before anything was put on record."""
        reason = "the workflow ended its process each time it was taken up"
        execution.book.root(Status.IN_DOUBT, note=reason, release=True)
        await execution.book.write_now()
        return Run(record=execution.run)

    async def _last_life(self, record: RunRecord) -> tuple[RunRecord, RunView]:
        """Return the run in which one that has ended goes on at last, which may be itself."""
        view = await self._desk.show(record.id)
        while isinstance(view.output, dict) and CONTINUED_AS in view.output:
            record = await self._desk.find(view.output[CONTINUED_AS])
            view = await self._desk.show(record.id)
        return record, view

    async def _as_it_is(self, record: RunRecord, spec: WorkflowSpec) -> Run:
        """Return a run that was run elsewhere, or not yet."""
        if record.status not in (Status.SUCCEEDED, Status.FAILED):
            return Run(record=record)
        last, view = await self._last_life(record)
        if last.id != record.id and last.status is not Status.SUCCEEDED:
            return await self.wait(await self.take_up(last, spec, None, suspend=True))
        return _read_ended(last, view, spec)

    async def stop(self) -> None:
        """Let steps in flight end within the grace time, and give all runs back, resumable."""
        self.stopping = True
        running = list(self.active.values())
        if not running:
            return
        for execution in running:
            execution.stop()
        waits = [execution.finished for execution in running]
        await asyncio.wait(waits, timeout=self._options.grace_s)
        for execution in running:
            execution.abandon()
        await asyncio.wait(waits, timeout=self._options.grace_s)
        for wait in waits:
            if wait.done() and not wait.cancelled():
                wait.exception()  # whoever waited for the run was told


def _tell(execution: Execution, told: Sequence[Message]) -> None:
    """Tell a run which of *told* is for it."""
    for message in told:
        if message.run_id == execution.run.id:
            execution.tell(message)


def _take_up_failed(execution: Execution) -> None:
    """Have a run that failed begin again at the step that failed it."""
    history = execution.history
    if history.failed_seq >= 0:
        execution.book.root(Status.RUNNING, revised_from=history.failed_seq, redo=True)
        history.revise(history.failed_seq, redo=True)
    history.ended = None


def _check_same(existing: RunRecord, spec: WorkflowSpec, input_hash: str) -> None:
    """Refuse a run that has the id already, if it is not the one that is meant."""
    if existing.workflow != spec.name:
        raise RunConflictError(existing.id, f"workflow ({existing.workflow})")
    if existing.input_hash != input_hash:
        raise RunConflictError(existing.id, "input")


def _read_ended(record: RunRecord, view: RunView, spec: WorkflowSpec) -> Run:
    """Return a run that has ended and does not go on, from its record."""
    if view.failure is not None:
        return Run(record=record, error=revive(view.failure))
    return Run(record=record, value=spec.shape.read(view.output))
