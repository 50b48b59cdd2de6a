"""What one runtime has in this process: its runs and their child runs, its lease, and who is told of it.

The verbs are in `runtime`; this is what they set in motion, and what runs ask for in turn.
"""

import asyncio
import contextlib
import functools
import os
import secrets
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

from reenact.beginnings import continuation
from reenact.children import Children
from reenact.desk import Desk
from reenact.errors import StoreError
from reenact.execution import Execution
from reenact.house import House
from reenact.loop import RunLoop
from reenact.observers import Observers
from reenact.parts import Parts
from reenact.records import Entry, RunRecord
from reenact.registry import Registry
from reenact.reuse import recall
from reenact.runs import Runs, Started
from reenact.scheduler import Limits
from reenact.services import Hold, Services
from reenact.steps import StepContext, WorkflowSpec
from reenact.watched import WatchedLoop


class Process:
    """The host of the runs of one runtime; see `RunHost`.

    Args:
        parts: What the runtime is made of, open.
        made_by: The distributions that take part, and their versions.
        draw: Returns so many random bytes in hex, for ids and keys of runs.
        hold: Decides when runs hear of the ends of steps.

    Attributes:
        owner: How this process is called in leases.
        models: What can be asked, and how.
        services: What the runs share.
        runs: Those that it has.
        house: Its lease, and what others tell its runs.
        registry: The workflows it has met.
        observers: Who is told of what becomes durable.
    """

    def __init__(
        self, parts: Parts, *, made_by: Mapping[str, str], draw: Callable[[int], str], hold: Hold | None
    ) -> None:
        options = parts.config.runtime
        self.owner = f"pid {os.getpid()} on {socket.gethostname()} ({secrets.token_hex(4)})"
        self.models = parts.models
        self.registry = Registry()
        self.observers = Observers()
        self._parts = parts
        self._desk = Desk(parts.store, parts.clock)
        self.services = Services(
            writer=parts.writer,
            clock=parts.clock,
            steady=parts.steady,
            limits=Limits(options.steps_max or None, options.pools),
            tell=self._tell,
            interruptions_max=options.interruptions_max,
            cache=options.cache,
            recall=functools.partial(recall, parts.store),
            draw=draw,
            loop=functools.partial(WatchedLoop, watches=parts.watches) if parts.watches else RunLoop,  # type: ignore[abstract]  # as RunLoop
            made_by=made_by,
            hold=hold,
        )
        self.runs = Runs(
            desk=self._desk,
            writer=parts.writer,
            services=self.services,
            options=options,
            owner=self.owner,
            host=self,
            executor=parts.executor,
        )
        self.house = House(parts.store, self.owner, options, self.runs.active)
        self._children = Children(
            self.runs.start_child, self.cancel, lambda: self.runs.stopping, parts.store.load
        )

    async def open(self, stack: AsyncExitStack) -> None:
        """Take the lease and keep house, until *stack* is closed; then runs stop, and stay resumable."""
        for outlet in self._parts.outlets:
            self.observers.add(outlet)
        await self._parts.store.renew(self.owner, self._parts.config.runtime.lease_s)
        stack.push_async_callback(self.runs.stop)
        keeping = asyncio.create_task(self.house.keep(), name="reenact-house")
        stack.push_async_callback(_end_task, keeping)

    @property
    def under_way(self) -> int:
        """How much goes on by itself; see `Runtime.under_way`."""
        runs = sum(execution.under_way for execution in self.runs.active.values())
        return runs - self._children.followed + self.house.hearing

    def _tell(self, run: RunRecord, entries: Sequence[Entry]) -> None:
        self._children.told(run)
        self.observers.tell(run, entries)

    # --- what runs ask for

    async def continue_run(
        self, ended: Execution, spec: WorkflowSpec, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> Started:
        """Start the run in which *ended* goes on, when it has ended."""
        how = continuation(ended.run, suspend=ended.suspend)
        assert ended.handover is not None  # noqa: S101  # it is what awaits this
        return await self.runs.go_on(ended.handover, spec, args, kwargs, how)

    async def run_child(
        self, parent: Execution, spec: WorkflowSpec, arguments: Mapping[str, Any], step: StepContext
    ) -> Any:
        """Run a workflow as a step of another run."""
        self.registry.add(spec)
        return await self._children.run(parent, spec, arguments, step)

    async def end_child(
        self, parent: Execution, spec: WorkflowSpec, arguments: Mapping[str, Any], step: StepContext
    ) -> None:
        """Cancel a run that is a step of another run, which was called off before it was resumed."""
        self.registry.add(spec)
        await self._children.end(parent, spec, arguments, step)

    # --- ending them

    async def cancel(self, run_id: str, reason: str = "") -> RunRecord:
        """Ask a run to end; see `Desk.cancel`. One in this process is told at once."""
        record = await self._desk.cancel(run_id, reason)
        self.house.poke()
        return record

    def kill(self) -> None:
        """Let go of all runs at once; see `Runtime.kill`."""
        self.runs.stopping = True
        for execution in self.runs.active.copy().values():
            execution.abort(StoreError(self._parts.store.where, "the process was killed"))
            if execution.finished.done() and not execution.finished.cancelled():
                execution.finished.exception()  # whoever waited for the run was killed, too


async def _end_task(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
