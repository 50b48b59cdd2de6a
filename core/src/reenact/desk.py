"""What can be done to runs from outside: list, show, verify, answer, cancel, resolve.

Needs a store and nothing else: no providers, no plugins, no code of the workflow.
"""

import secrets
from collections.abc import Sequence
from typing import Any, Literal

import attrs

from reenact.audit import TO_BE_RESUMED, verify_run
from reenact.closing import continued_id
from reenact.codec import canonical, plain
from reenact.content import pack, references, unpack
from reenact.errors import DamagedError, RunEndedError, RunNotFoundError, UsageError
from reenact.loop import refuse_in_workflow
from reenact.pruning import Choice, Pruned, prune
from reenact.recorded import RESOLVED, RETRY
from reenact.records import Entry, Failure, Message, Row, RunRecord, Status, checksum, encode_entry, raw
from reenact.retrieval import load_blobs, read_history
from reenact.scheduler import Clock, WallClock
from reenact.stores import RunFilter, RunWrite, Store
from reenact.views import RunView, StepView, step_views

LAST = "last"
APPROVE = "approve"
"""What a wait for a yes or a no is called."""

_LEASE_S = 30.0

_IN_PATHS = frozenset("#[")
"""What no signal's name holds, and every path."""


@attrs.frozen
class Resolution:
    """What a person has decided about a step in doubt.

    Attributes:
        done: It had its effect; the value is its result.
        value: The result, plain.
        retry: It had no effect and runs again.
        fail: It failed; the reason.
    """

    done: bool = False
    value: Any = None
    retry: bool = False
    fail: str = ""


class Desk:
    """Looks at runs, and tells them things.

    Args:
        store: Where they are kept.
        clock: The time.
    """

    def __init__(self, store: Store, clock: Clock | None = None) -> None:
        self.store = store
        self.clock: Clock = clock or WallClock()

    async def find(self, run_id: str) -> RunRecord:
        """Return the run with that id, with that prefix if only one has it, or the ``last`` one.

        Raises:
            RunNotFoundError: If there is none, or more than one.
            UsageError: In workflow code.
        """
        refuse_in_workflow("looking for a run")
        if run_id == LAST:
            newest = await self.store.list(RunFilter(limit=1, roots=True))
            if newest:
                return newest[0]
            raise RunNotFoundError(run_id)
        exact = await self.store.load(run_id)
        if exact is not None:
            return exact
        found = await self.store.list(RunFilter(prefix=run_id, limit=6)) if run_id else ()
        if len(found) == 1:
            return found[0]
        raise RunNotFoundError(run_id, tuple(run.id for run in found))

    async def list(self, which: RunFilter | None = None) -> Sequence[RunRecord]:
        """Return runs, newest first."""
        return await self.store.list(which or RunFilter())

    async def show(self, run_id: str) -> RunView:
        """Return a run in detail.

        Raises:
            DamagedError: If its journal is not what was written.
            RunNotFoundError: If there is none, or it is removed meanwhile.
        """
        record = await self.find(run_id)
        try:
            view = await self._view(record)
        except DamagedError:
            await self._check_is_there(record)
            raise
        await self._check_is_there(record)
        return view

    async def _check_is_there(self, record: RunRecord) -> None:
        """Say so if a run was removed while it was read."""
        if await self.store.load(record.id) is None:
            raise RunNotFoundError(record.id)

    async def _view(self, record: RunRecord) -> RunView:
        read = await read_history(self.store, record, keep_entries=True)
        # Outputs, too: a step that was called off while its answer came has one that no replay delivers.
        kept = (bytes(data) for entry in read.entries for data in (entry.input, entry.output))
        names = {name for data in kept for name in references(data)} - read.history.blobs.keys()
        blobs = {**read.history.blobs, **await load_blobs(self.store, names, self.store.where)}
        begun, ended = read.history.begun, read.history.ended
        return RunView(
            record=record,
            entries=read.entries,
            steps=step_views(read.entries, blobs),
            input=unpack(bytes(begun.input), blobs) if begun and begun.input else None,
            output=unpack(bytes(ended.output), blobs) if ended and ended.output else None,
            failure=ended.failure if ended else None,
        )

    async def verify(self, run_id: str) -> int:
        """Check that a run's journal is what was written; return how many rows it has.

        Every row and every piece of content is checked against its checksum and its name, every
        transition against the table of the step machine, and the record of the run against
        what its rows add up to.

        Raises:
            DamagedError: If not; names the row, the content or the field.
            RunNotFoundError: If the run is removed meanwhile.
        """
        record = await self.find(run_id)
        return (await verify_run(self.store, record)).rows

    async def prune(
        self,
        keep_s: float,
        *,
        workflow: str = "",
        run_ids: Sequence[str] = (),
        dry_run: bool = False,
    ) -> Pruned:
        """Remove runs that ended long ago, and the content that no other run needs, while others write.

        A run, the runs it started and those they started go together. What has not ended stays, and
        so does what a run that stays needs.

        Args:
            keep_s: How long ended runs are kept, in seconds.
            workflow: Only runs of that workflow, and what they started; of all if empty.
            run_ids: Only these, or those of which these are the beginning, and their families; all if empty.
            dry_run: Only say which they are.

        Raises:
            RunNotFoundError: If there is no run of one of *run_ids*.
        """
        named = [(await self.find(one)).id for one in run_ids]
        before_ns = self.clock.now_ns() - int(keep_s * 1e9) + (keep_s == 0)
        choice = Choice(ended_before_ns=before_ns, workflow=workflow, run_ids=named)
        return await prune(self.store, choice, dry_run=dry_run)

    # --- telling

    async def cancel(self, run_id: str, reason: str = "") -> RunRecord:
        """Ask a run to end; its workflow sees a cancellation. It is delivered when the run is live.

        Raises:
            RunEndedError: If it has ended.
        """
        record = await self._open_run(run_id, "there is nothing to cancel")
        body = canonical(plain(reason))
        await self.store.post(Message(run_id=record.id, kind="cancel", body=body, at_ns=self.clock.now_ns()))
        return record

    async def signal(self, run_id: str, name: str, value: Any = None) -> RunRecord:
        """Send a run a signal; it is kept until a wait of that name takes it.

        Raises:
            RunEndedError: If the run has ended.
        """
        record = await self._open_run(run_id, "it takes no more signals")
        await self._post(record, name, value)
        return record

    async def approve(self, run_id: str, value: Any = True, path: str = "") -> StepView:
        """Answer a run that waits for a person; return the wait that is answered.

        A wait for a signal is none: see `signal`.

        Args:
            run_id: The run, or its parent.
            value: The answer.
            path: Which wait, if there are several.

        Raises:
            UsageError: If the run waits for no answer, or for several and *path* does not say which.
        """
        record = await self._open_run(run_id, "it waits for no answer")
        waiting = await self.waits(record)
        meant = [(r, s) for r, s in waiting if path in ("", s.path) or s.path == f"{path}#0"]
        chosen = [(r, s) for r, s in meant if s.is_question]
        if not chosen:
            asked = f" at {path!r}" if path else ""
            signals = ", ".join(f"signal {s.name!r} of run {r.id!r}" for r, s in meant)
            instead = f", but for {signals}, which an answer is not: send it instead" if signals else ""
            raise UsageError(f"run {record.id!r} waits for no answer{asked}{instead}")
        if len(chosen) > 1:
            paths = ", ".join(s.path for _, s in chosen)
            raise UsageError(f"run {record.id!r} waits for several answers; say which: {paths}")
        await self._post(chosen[0][0], chosen[0][1].path, value)
        return chosen[0][1]

    async def waits(self, record: RunRecord) -> Sequence[tuple[RunRecord, StepView]]:
        """Return what a run and its child runs wait for from outside, each with the run it is in."""
        view = await self.show(record.id)
        waiting = [s for s in view.steps if s.status is Status.WAITING]
        found = [(record, s) for s in waiting if s.kind == "signal"]
        found += [(record, _as_question(s)) for s in waiting if s.asks.get("question")]
        for child in await self.store.list(RunFilter(parent=record.id)):
            if not child.status.ended:
                found += await self.waits(child)
        return found

    async def _post(self, record: RunRecord, name: str, value: Any) -> None:
        body = canonical(plain(value))
        kind: Literal["signal", "answer"] = "answer" if _IN_PATHS.intersection(name) else "signal"
        message = Message(run_id=record.id, kind=kind, name=name, body=body, at_ns=self.clock.now_ns())
        await self.store.post(message)

    async def _open_run(self, run_id: str, remedy: str) -> RunRecord:
        record = await self.find(run_id)
        if record.status in (Status.SUCCEEDED, Status.CANCELLED, Status.FAILED):
            raise RunEndedError(record.id, record.status, remedy + await self._gone_on(record))
        return record

    async def _gone_on(self, record: RunRecord) -> str:
        """Say in which run one goes on that has ended, if it does."""
        latest, following = record, await self.store.load(continued_id(record.id))
        while following is not None:
            latest, following = following, await self.store.load(continued_id(following.id))
        return "" if latest is record else f"; it goes on as run {latest.id!r}"

    # --- deciding

    async def resolve(self, run_id: str, path: str, resolution: Resolution) -> RunRecord:
        """Put on record what a person has found out about a step in doubt; then resume the run.

        Raises:
            RunOwnedError: If a live process has the run.
            UsageError: If the step is not in doubt.
        """
        record = await self.find(run_id)
        record = await self.store.acquire(record.id, f"resolve-{secrets.token_hex(4)}", _LEASE_S)
        free = RunWrite(run_id=record.id, epoch=record.epoch, release=True)
        try:
            write = await self._resolved(record, path, resolution)
        except BaseException:
            await self.store.commit([free])
            raise
        (result,) = await self.store.commit([write])
        if isinstance(result, Exception):
            raise result
        return record

    async def _resolved(self, record: RunRecord, path: str, resolution: Resolution) -> RunWrite:
        history = (await read_history(self.store, record, outputs=False)).history
        found = history.steps.get(path) or history.steps.get(f"{path}#0")
        if found is None or found.status not in (Status.IN_DOUBT, Status.RUNNING):
            doubtful = [p for p, s in history.steps.items() if s.status is Status.IN_DOUBT]
            listed = ", ".join(doubtful) or "none is"
            raise UsageError(f"step {path!r} of run {record.id!r} is not in doubt (in doubt: {listed})")
        blobs: dict[str, Any] = {}
        intent = found.intent
        entry = Entry(
            seq=history.next_seq,
            path=intent.path,
            status=_status(resolution),
            at_ns=self.clock.now_ns(),
            attempt=max(found.starts, 1),
            generation=intent.generation,
            output=raw(pack(canonical(plain(resolution.value)), blobs) if resolution.done else b""),
            failure=_failure(resolution, intent.path),
            note=RETRY if resolution.retry else RESOLVED,
        )
        body = encode_entry(entry)
        row = Row(entry.seq, body, checksum(history.last_checksum, body))
        return RunWrite(
            run_id=record.id,
            epoch=record.epoch,
            rows=[row],
            blobs=list(blobs.values()),
            run=attrs.evolve(
                record,
                updated_ns=entry.at_ns,
                steps=record.steps + resolution.done,
                waits_for=TO_BE_RESUMED,
                owner="",
                until_ns=0,
            ),
            release=True,
        )


def _as_question(step: StepView) -> StepView:
    """Return the question that a policy asks about *step*, as the wait for an answer that it is."""
    asked = {"question": step.asks["question"], "show": step.asks.get("show")}
    return attrs.evolve(step, kind="signal", name=APPROVE, input=asked)


def _status(resolution: Resolution) -> Status:
    if resolution.done:
        return Status.SUCCEEDED
    return Status.IN_DOUBT if resolution.retry else Status.FAILED


def _failure(resolution: Resolution, path: str) -> Failure | None:
    if resolution.done or resolution.retry:
        return None
    message = resolution.fail or "a person has decided that it failed"
    return Failure(type="reenact.errors.StepError", message=message, path=path, rebuilds=False)
