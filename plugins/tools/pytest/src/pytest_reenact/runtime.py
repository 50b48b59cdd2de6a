"""A runtime for tests: the verbs of `reenact.Runtime`, over doubles, on whatever loop the test runs.

It is an ordinary object and opens nothing until a verb is used. Then it opens a kernel's
runtime on the running loop, and closes it there when the last verb is done; see `Opening`.

Everything a test does to runs goes through `TestRuntime.do`, as an `Act`, and is noted in
``acts``. Whoever wants to do the same again, in another order or with a crash in it, takes
`TestRuntime.fresh` and does the acts to that: ids, keys and times come out the same.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

import attrs
from reenact.errors import UsageError
from reenact.handle import Handle
from reenact.records import RunRecord
from reenact.runtime import Runtime
from reenact.stores import RunFilter, Store
from reenact.views import Run, RunView, StepView
from reenact.workflows import WORKFLOWS

from pytest_reenact.acts import Act
from pytest_reenact.clock import VirtualClock
from pytest_reenact.handle import TestHandle
from pytest_reenact.opening import Opening
from pytest_reenact.runs import TestRun, look

P = ParamSpec("P")
T = TypeVar("T")


@attrs.define(kw_only=True, slots=False, eq=False, repr=False)
class TestRuntime(Opening):
    """Runs workflows in a test; see `Opening` for what it is made of.

    Attributes:
        acts: What the test did, in order.
        seen: The runs as verbs left them, by id.
    """

    __test__ = False  # pytest is not to take it for a class of tests

    acts: list[Act] = attrs.field(factory=list, init=False)
    seen: dict[str, TestRun] = attrs.field(factory=dict, init=False)
    _code: dict[str, Callable[..., Any] | None] = attrs.field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        self.clock.tell(lambda seconds: self.acts.append(Act(verb="advance", args=(seconds,))))

    def fresh(self, store: Store, clock: VirtualClock | None = None) -> "TestRuntime":
        """Return one to which nothing was done yet, over *store*, whose runs get the same ids.

        Args:
            store: Where its runs are kept.
            clock: Its time; a new clock if None. Scripts are the same, and all unused.
        """
        chosen = clock or VirtualClock()
        made = attrs.evolve(self, store=store, clock=chosen, llm=self.llm.fresh(chosen))
        made.watches = self.watches
        return made

    # --- running

    async def run(self, workflow: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> TestRun:
        """Run *workflow* until it has ended, or waits for somebody and does nothing else.

        Raises:
            InputError: If the arguments do not fit.
        """
        return await self._run_of(Act(verb="run", workflow=workflow, args=args, kwargs=kwargs))

    def run_sync(self, workflow: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> TestRun:
        """Do what `run` does, in a test that is no ``async def``.

        Raises:
            UsageError: If a loop is running already.
        """
        return self.sync(self.run(workflow, *args, **kwargs))

    async def start(
        self,
        workflow: Callable[P, Awaitable[T]],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> TestHandle:
        """Start a run and return at once; see `reenact.Runtime.start`.

        The clock stands still until the test waits for the run.
        """
        handle: TestHandle = await self.do(
            Act(verb="start", workflow=workflow, args=args, kwargs=kwargs or {}, options=options)
        )
        return handle

    async def resume(
        self, run_id: str, workflow: Callable[..., Any] | None = None, **options: Any
    ) -> TestRun:
        """Carry on where a run stopped; see `reenact.Runtime.resume`."""
        return await self._run_of(Act(verb="resume", run_id=run_id, workflow=workflow, options=options))

    async def replay(self, run_id: str, workflow: Callable[..., Any] | None = None) -> TestRun:
        """Run a workflow's code over its record, calling nobody; see `reenact.Runtime.replay`."""
        return await self._run_of(Act(verb="replay", run_id=run_id, workflow=workflow))

    async def fork(
        self, run_id: str, at: str, workflow: Callable[..., Any] | None = None, **options: Any
    ) -> TestRun:
        """Run on from a step of a run, as another run; see `reenact.Runtime.fork`."""
        return await self._run_of(
            Act(verb="fork", run_id=run_id, args=(at,), workflow=workflow, options=options)
        )

    async def rerun(self, run_id: str, workflow: Callable[..., Any] | None = None, **options: Any) -> TestRun:
        """Run today's code over an old run, as another run; see `reenact.Runtime.rerun`."""
        return await self._run_of(Act(verb="rerun", run_id=run_id, workflow=workflow, options=options))

    async def recover(self, workflows: Sequence[Callable[..., Any]] = ()) -> list[TestRun | BaseException]:
        """Resume every run whose owner is gone; see `reenact.Runtime.recover`."""
        found: list[TestRun | BaseException] = await self.do(Act(verb="recover", args=(tuple(workflows),)))
        return found

    # --- telling

    async def approve(self, run_id: str, value: Any = True, path: str = "") -> StepView:
        """Answer a run that waits for a person; see `reenact.Runtime.approve`."""
        answered: StepView = await self.do(Act(verb="approve", run_id=run_id, args=(value, path)))
        return answered

    async def signal(self, run_id: str, name: str, value: Any = None) -> RunRecord:
        """Send a run a signal; see `reenact.Runtime.signal`."""
        record: RunRecord = await self.do(Act(verb="signal", run_id=run_id, args=(name, value)))
        return record

    async def cancel(self, run_id: str, reason: str = "") -> RunRecord:
        """Ask a run to end; see `reenact.Runtime.cancel`."""
        record: RunRecord = await self.do(Act(verb="cancel", run_id=run_id, args=(reason,)))
        return record

    async def resolve(self, run_id: str, path: str, resolution: Any) -> RunRecord:
        """Decide about a step in doubt; see `reenact.Runtime.resolve`."""
        record: RunRecord = await self.do(Act(verb="resolve", run_id=run_id, args=(path, resolution)))
        return record

    # --- looking

    async def show(self, run_id: str) -> RunView:
        """Return a run in detail; see `reenact.Runtime.show`."""
        async with self.opened() as runtime:
            return await runtime.show(run_id)

    async def list(self, which: RunFilter | None = None) -> Sequence[RunRecord]:
        """Return runs, newest first."""
        async with self.opened() as runtime:
            return await runtime.list(which)

    async def verify(self, run_id: str) -> int:
        """Check that a run's journal is what was written; see `reenact.Runtime.verify`."""
        async with self.opened() as runtime:
            return await runtime.verify(run_id)

    async def look(self, run_id: str) -> TestRun:
        """Return a run as it is on record, whoever ran it."""
        async with self.opened() as runtime:
            return await look(runtime, run_id)

    # --- the one way

    async def _run_of(self, act: Act) -> TestRun:
        run: TestRun = await self.do(act)
        return run

    async def do(self, act: Act) -> Any:
        """Do one thing to a run, and note it.

        Returns:
            A `TestRun` for what runs something, a `TestHandle` for ``start``, else what the verb returns.
        """
        if act.verb == "advance":
            self.clock.advance(*act.args)
            return None
        if act.verb == "start":
            self.acts.append(act)
            return await self._start(act)
        return await self.performed(act, lambda kernel: self.done(kernel, act))

    async def performed(self, act: Act, perform: Callable[[Runtime], Awaitable[Any]]) -> Any:
        """Return what a test sees of what *perform* makes of an act, and note the act."""
        self.acts.append(act)
        async with self.opened() as runtime:
            with self.clock.waited_for():
                made = await self._through(act, perform)
            if isinstance(made, Run):
                return await self._look(runtime, made)
            if isinstance(made, list):
                return [await self._look(runtime, one) if isinstance(one, Run) else one for one in made]
            return made

    async def _through(self, act: Act, perform: Callable[[Runtime], Awaitable[T]]) -> T:
        """Perform an act on the kernel's runtime that is open; through a trial, if there is one."""
        if self.trial is not None:
            return await self.trial.through(self, act, perform)
        return await perform(await self.held_open().runtime())

    async def done(self, runtime: Runtime, act: Act) -> Any:
        """Do what an act says to the kernel's *runtime*, and return what that returns."""
        if act.verb == "run":
            handle = await runtime.start(_known(act), act.args, act.kwargs, suspend=True, **act.options)
            act.run_id = handle.id
            self._code[act.run_id] = act.workflow
            return await handle.wait()
        if act.verb in ("resume", "replay", "fork", "rerun"):
            code = act.workflow or self._code.get(act.run_id)
            made: Run = await getattr(runtime, act.verb)(act.run_id, *act.args, code, **act.options)
            self._code.setdefault(made.id, code)
            return made
        if act.verb == "recover":
            return await runtime.recover([*filter(None, self._code.values()), *act.args[0]])
        return await getattr(runtime, act.verb)(act.run_id, *act.args)

    async def _start(self, act: Act) -> TestHandle:
        opened = self._hold()
        try:
            await opened.runtime()
            handle = await self._through(act, lambda kernel: self.begun(kernel, act))
        except BaseException:
            await opened.leave()
            raise
        made = TestHandle(self, handle, opened, act)
        await made.on_record()
        return made

    async def begun(self, runtime: Runtime, act: Act) -> Handle:
        """Start what an act says on the kernel's *runtime*."""
        handle = await runtime.start(_known(act), act.args, act.kwargs, **act.options)
        act.run_id = handle.id
        self._code[act.run_id] = act.workflow
        return handle

    async def _look(self, runtime: Runtime, run: Run) -> TestRun:
        """Return what a test sees of a run, and keep it."""
        seen = await look(runtime, run.id, run)
        if self.trial is not None:
            seen = self.trial.seen(seen)
        self.seen[run.id] = seen
        return seen

    async def __aenter__(self) -> "TestRuntime":
        """Stay open between verbs, for runs that are started and left alone for a while."""
        await self._hold().runtime()
        return self


def _known(act: Act) -> Callable[..., Any]:
    if act.workflow is None:
        raise UsageError(f"there is no workflow to {act.verb}")
    return act.workflow


@contextmanager
def names_kept() -> Iterator[None]:
    """Have names of workflows mean afterwards what they meant before: a test may define others under them."""
    before = dict(WORKFLOWS)
    try:
        yield
    finally:
        WORKFLOWS.update(before)
