"""Child runs: a workflow that is called in a run is a run of its own, and a step of its parent."""

import asyncio
import contextlib
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from reenact.beginnings import RUN_ID_HEX, Beginning, derived_key
from reenact.closing import Ending, continued_id
from reenact.errors import UsageError
from reenact.execution import Execution
from reenact.inputs import by_name
from reenact.records import RunRecord, Status
from reenact.steps import Parked, StepContext, WorkflowSpec, idempotency_key
from reenact.views import Run

DEPTH_MAX = 100
"""How deep child runs may nest."""


def child_id(key: str) -> str:
    """Return the id of the child run of a step with that idempotency key."""
    return hashlib.sha256(key.encode()).hexdigest()[:RUN_ID_HEX]


TELLS_MAX = 3
"""How often a child run is taken up to be cancelled; one that will not end is left to wait."""


def _called_off(step: StepContext) -> str:
    return f"the step {step.trace.path} of its parent was cancelled"


Start: TypeAlias = Callable[
    [WorkflowSpec, Sequence[Any], Mapping[str, Any], Beginning], Awaitable[Execution | Run]
]
"""Starts a run, or takes up the one that has the id; returns it, or how it ended."""


class Children:
    """Starts child runs, and follows them.

    Args:
        start: Starts a run.
        cancel: Asks a run to end.
        stopping: Says whether the process is letting go of its runs.
        load: Returns a run by its id.
    """

    def __init__(
        self,
        start: Start,
        cancel: Callable[[str, str], Awaitable[Any]],
        stopping: Callable[[], bool],
        load: Callable[[str], Awaitable[RunRecord | None]],
    ) -> None:
        self._start = start
        self._load = load
        self._cancel = cancel
        self._stopping = stopping
        self._parents: dict[str, tuple[Execution, StepContext]] = {}

    @property
    def followed(self) -> int:
        """How many steps do nothing but follow a child run that does not wait."""
        return sum(1 for parent, step in self._parents.values() if not parent.effects.waits(step.trace.path))

    async def run(
        self, parent: Execution, spec: WorkflowSpec, arguments: Mapping[str, Any], step: StepContext
    ) -> Any:
        """Run a workflow as a step of *parent*; return what it returns, raise what it raises.

        Its id follows from the step, so that a parent which is resumed finds it again.

        Raises:
            Parked: If it waits for somebody and has been given back.
            UsageError: If runs nest too deep.
        """
        if parent.run.parent.count("/") >= DEPTH_MAX:
            raise UsageError(f"child runs nest more than {DEPTH_MAX} deep; does {spec.name!r} call itself?")
        try:
            return await self._run(parent, spec, arguments, step)
        except asyncio.CancelledError:
            if not (self._stopping() or parent.letting_go):
                await self.end(parent, spec, arguments, step)  # it may have been given back meanwhile
            raise

    async def _run(
        self, parent: Execution, spec: WorkflowSpec, arguments: Mapping[str, Any], step: StepContext
    ) -> Any:
        try:
            child = await self._started(parent, spec, arguments, step)
        except UsageError:
            if self._stopping():  # no failure of the child's: it is started when the parent is resumed
                raise Parked(f"child run of {spec.name}") from None
            raise
        if isinstance(child, Run):
            return child.output
        ending = await self._followed(parent, child, step)
        while ending.continued is not None:
            if isinstance(ending.continued, Run):
                return ending.continued.output
            ending = await self._followed(parent, ending.continued, step)
        if ending.run.status in (Status.WAITING, Status.IN_DOUBT, Status.RUNNING):
            raise Parked(ending.run.waits_for or f"child run {child.run.id}")
        return ending.view.output

    async def _followed(self, parent: Execution, child: Execution, step: StepContext) -> Ending:
        """Wait until a child run is over; cancel it if its step is."""
        self._parents[child.run.id] = parent, step
        try:
            return await asyncio.shield(child.finished)
        except asyncio.CancelledError:
            await self._call_off(parent, child, step)
            raise
        finally:
            del self._parents[child.run.id]

    async def _started(
        self, parent: Execution, spec: WorkflowSpec, arguments: Mapping[str, Any], step: StepContext
    ) -> Execution | Run:
        args, kwargs = by_name(spec, arguments)
        run, run_id = parent.run, child_id(step.idempotency_key)
        how = Beginning(
            run_id=run_id,
            trace_id=run.trace_id,
            parent=f"{run.parent}/{run.id}" if run.parent else run.id,
            suspend=parent.suspend,
            source=await self._earlier(parent, spec, step),
            changes=msgspec.structs.replace(parent.history.changes, input={}, outputs={}),
            key=derived_key(run.key, run_id),
        )
        starting = asyncio.ensure_future(self._start(spec, args, kwargs, how))
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:  # half made it would be nobody's
            await self._call_off(parent, await starting, step)
            raise

    async def _earlier(self, parent: Execution, spec: WorkflowSpec, step: StepContext) -> RunRecord | None:
        """Return the child run that the run had at this step which the parent comes from."""
        if parent.earlier is None:
            return None
        recorded = parent.earlier.at(step.trace.path)
        if recorded is None or recorded.intent.kind != "workflow" or recorded.intent.name != spec.name:
            return None
        intent = recorded.intent
        key = idempotency_key(parent.earlier.run_id, intent.path, intent.generation)
        return await self._load(child_id(key))

    async def _call_off(self, parent: Execution, child: Execution | Run, step: StepContext) -> None:
        """Cancel a child run whose step was cancelled, unless its parent is only being stopped."""
        if self._stopping() or parent.letting_go or isinstance(child, Run):
            return
        await self._cancel(child.run.id, _called_off(step))
        with contextlib.suppress(Exception):
            await asyncio.shield(child.finished)

    async def end(
        self, parent: Execution, spec: WorkflowSpec, arguments: Mapping[str, Any], step: StepContext
    ) -> None:
        """Cancel the child run of a step that was called off, and see it through to its end.

        The child may be one that another process began and did not come to tell, or one that waits
        and was given back. So it is taken up, if need be again: a run that is being given back does
        not hear what it is told.
        """
        for _ in range(TELLS_MAX):
            latest = await self._load(child_id(step.idempotency_key))
            while latest is not None and latest.status is Status.SUCCEEDED:
                latest = await self._load(continued_id(latest.id))
            if latest is None or latest.status.ended:
                return
            child = await self._started(parent, spec, arguments, step)
            if isinstance(child, Execution):
                if child.turns.cancel_asked is None:
                    await self._cancel(latest.id, _called_off(step))
                with contextlib.suppress(Exception):
                    await asyncio.shield(child.finished)

    def told(self, child: RunRecord) -> None:
        """Pass on to the parent whether its child run waits for somebody."""
        found = self._parents.get(child.id)
        if found is None:
            return
        parent, step = found
        waits = f"{child.waits_for} of child run {child.id}" if child.status is Status.WAITING else None
        parent.effects.child_waits(step.trace.path, waits)
