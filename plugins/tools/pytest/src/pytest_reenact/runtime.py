"""A runtime for tests: the verbs of `reenact.Runtime`, over doubles, on whatever loop the test runs.

It is an ordinary object and opens nothing until a verb is used. Then it opens a kernel's
runtime on the running loop, and closes it there when the last verb is done; so it does not
matter which plugin runs the loop, whether there is one, or how many. What has to outlast a
loop (store, clock, scripts) belongs to none.

Everything a test does to runs goes through `TestRuntime.do`, as an `Act`, and is noted in
``acts``. Whoever wants to do the same again, in another order or with a crash in it, takes
`TestRuntime.fresh` and does the acts to that: ids, keys and times come out the same.
"""

import asyncio
import functools
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from decimal import Decimal
from typing import Any, Literal, ParamSpec, Protocol, TypeAlias, TypeVar

import attrs
from reenact.config import Config
from reenact.desk import Desk
from reenact.errors import UsageError
from reenact.failures import revive
from reenact.handle import Handle
from reenact.models import Models, PriceHook
from reenact.plugins import Plugins
from reenact.policy import OwnPolicy
from reenact.records import RunRecord, Status
from reenact.runtime import Runtime
from reenact.seams import Provider, Watch
from reenact.stores import RunFilter, Store
from reenact.views import Run, RunView, StepView
from reenact.workflows import WORKFLOWS

from pytest_reenact.clock import VirtualClock
from pytest_reenact.loops import Opened, run_here
from pytest_reenact.runs import TestRun
from pytest_reenact.scripts import NAME

P = ParamSpec("P")
T = TypeVar("T")

Verb: TypeAlias = Literal[
    "run",
    "start",
    "wait",
    "resume",
    "replay",
    "fork",
    "rerun",
    "recover",
    "approve",
    "signal",
    "cancel",
    "resolve",
    "advance",
]
GRACE_S = 0.2
"""How long steps may take to end when a test leaves them running, in seconds."""


@attrs.define(kw_only=True)
class Act:
    """One thing that a test did to a run.

    Attributes:
        verb: What it did.
        workflow: What it ran; None if the verb needs none.
        args: The verb's positional arguments: the workflow's, for ``run`` and ``start``.
        kwargs: Its named ones.
        options: More named arguments of the verb itself, where *kwargs* are the workflow's.
        run_id: The run, as soon as it is known.
    """

    verb: Verb
    workflow: Callable[..., Any] | None = None
    args: Sequence[Any] = ()
    kwargs: Mapping[str, Any] = attrs.field(factory=dict)
    options: Mapping[str, Any] = attrs.field(factory=dict)
    run_id: str = ""


class _Draw:
    """Draws ids and keys that are the same each time a test runs.

    Args:
        seed: Another seed, other ids.
    """

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._count = 0

    @property
    def count(self) -> int:
        """How many were drawn; set it back to draw them again."""
        return self._count

    @count.setter
    def count(self, count: int) -> None:
        self._count = count

    def __call__(self, count: int) -> str:
        self._count += 1
        return hashlib.sha256(f"{self._seed}\n{self._count}".encode()).hexdigest()[: 2 * count]


class Answering(Protocol):
    """What answers in place of providers: scripts, or a recording."""

    async def answering(self, name: str, live: Callable[[str], Awaitable[Provider]]) -> Provider:
        """Return what answers for the provider *name*; *live* opens the real one."""

    def fresh(self, clock: VirtualClock) -> "Answering":
        """Return one that answers the same from the start, by *clock*."""


class Trial(Protocol):
    """What the runtimes of a test go through, such as crashes, or another order of what happens at once."""

    def join(self, runtime: "TestRuntime") -> None:
        """Hear of a runtime of the test, before it is used."""

    @property
    def held(self) -> int:
        """How many ends of steps are held back."""

    def hold(self, run_id: str, path: str, go: Callable[[], None]) -> None:
        """Take the end of a step: call *go* now, or later."""

    async def through(
        self, runtime: "TestRuntime", act: Act, perform: Callable[[Runtime], Awaitable[T]]
    ) -> T:
        """Return what *perform* makes of an act on the kernel's runtime, whatever happens meanwhile."""

    def seen(self, run: TestRun) -> TestRun:
        """Return a run as the test is to see it."""


class _AnyAlias(dict[str, Sequence[str]]):
    """Aliases of models, in which a name that nobody has configured means the scripted model of that name."""

    def get(self, name: str, default: Any = None) -> Any:
        if name in self or ":" in name:
            return super().get(name, default)
        return (f"{NAME}:{name}",)


FREE: PriceHook = lambda provider, model, usage: Decimal(0)  # noqa: E731  # it is a constant
"""Prices nothing: what a script says nothing of costs nothing."""


@contextmanager
def names_kept() -> Iterator[None]:
    """Have names of workflows mean afterwards what they meant before: a test may define others under them."""
    before = dict(WORKFLOWS)
    try:
        yield
    finally:
        WORKFLOWS.update(before)


@functools.cache
def _installed(disabled: tuple[str, ...]) -> Plugins:
    """Return what is installed; looked up once a process, since a test opens a runtime for each verb."""
    return Plugins(disabled=disabled)


class TestRuntime:
    """Runs workflows in a test.

    Args:
        store: Where runs are kept.
        clock: The time.
        llm: The model that answers, whatever provider and model are asked for.
        config: Its ``[journal]``, ``[exporters]`` and ``[watches]`` count for nothing here.
        policies: Policies after the configured ones.
        providers: Providers by name that the scripted model does not stand in for.
        plugins: What is installed, if not what is installed.
        price: What calls cost that no script gives a price.
        seed: Ids and keys of runs are drawn from it.

    Attributes:
        acts: What the test did, in order.
        seen: The runs as verbs left them, by id.
        watches: Who looks on while workflow code runs.
    """

    __test__ = False  # pytest is not to take it for a class of tests

    def __init__(
        self,
        *,
        store: Store,
        clock: VirtualClock,
        llm: Answering,
        config: Config | None = None,
        policies: Sequence[OwnPolicy] = (),
        providers: Mapping[str, Provider] | None = None,
        plugins: Plugins | None = None,
        price: PriceHook = FREE,
        seed: str = "",
    ) -> None:
        self.store = store
        self.clock = clock
        self.llm = llm
        self.config = config or Config()
        self.policies = policies
        self.providers = dict(providers or {})
        self.plugins = plugins
        self.price = price
        self.seed = seed
        self.acts: list[Act] = []
        self.seen: dict[str, TestRun] = {}
        self.trial: Trial | None = None
        self.watches: Sequence[Watch] = ()
        self._draw = _Draw(seed)
        self._opened: Opened | None = None
        self._code: dict[str, Callable[..., Any] | None] = {}
        self._kernel: Runtime | None = None
        clock.tell(lambda seconds: self.acts.append(Act(verb="advance", args=(seconds,))))

    def fresh(self, store: Store, clock: VirtualClock | None = None) -> "TestRuntime":
        """Return one to which nothing was done yet, over *store*, whose runs get the same ids.

        Args:
            store: Where its runs are kept.
            clock: Its time; a new clock if None. Scripts are the same, and all unused.
        """
        chosen = clock or VirtualClock()
        made = TestRuntime(
            store=store,
            clock=chosen,
            llm=self.llm.fresh(chosen),
            config=self.config,
            policies=self.policies,
            providers=self.providers,
            plugins=self.plugins,
            price=self.price,
            seed=self.seed,
        )
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

    def sync(self, verb: Coroutine[Any, Any, T]) -> T:
        """Return what a verb returns, in a test that is no ``async def``.

        .. code-block:: python

            runtime.sync(runtime.approve(run.id))

        Raises:
            UsageError: If a loop is running already.
        """
        return run_here(verb, self._leave)

    async def _leave(self) -> None:
        """Give back what is still running, before its loop ends."""
        opened, self._opened = self._opened, None
        if opened is not None:
            await opened.close()

    async def start(
        self,
        workflow: Callable[P, Awaitable[T]],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> "TestHandle":
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
        self.acts.append(act)
        if act.verb == "start":
            return await self._start(act)
        async with self.opened() as runtime:
            with self.clock.waited_for():
                made = await self._through(act, lambda kernel: self.done(kernel, act))
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

    async def _start(self, act: Act) -> "TestHandle":
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

    # --- opening

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Runtime]:
        """Have the kernel's runtime open on the running loop; the last to leave closes it."""
        opened = self._hold()
        try:
            yield await opened.runtime()
        finally:
            await opened.leave()

    def held_open(self) -> Opened:
        """Return what holds the kernel's runtime open, within a verb.

        Raises:
            UsageError: If nothing does.
        """
        if self._opened is None:
            raise UsageError("the runtime is not open")
        return self._opened

    @property
    def in_use(self) -> bool:
        """Whether the kernel's runtime is open, on the loop that runs here."""
        return self._opened is not None and self._opened.usable

    @property
    def moving(self) -> bool:
        """Whether anything goes on by itself, without those who sleep by the clock."""
        return self._kernel is not None and self._kernel.under_way > self.clock.asleep

    @property
    def drawn(self) -> int:
        """How many random numbers were drawn for ids and keys; set it back to draw them again."""
        return self._draw.count

    @drawn.setter
    def drawn(self, count: int) -> None:
        self._draw.count = count

    def _hold(self) -> Opened:
        if self._opened is None or not self._opened.usable:
            self._opened = Opened(self._open)
        self._opened.join()
        return self._opened

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[Runtime]:
        options = attrs.evolve(self.config.runtime, grace_s=min(self.config.runtime.grace_s, GRACE_S))
        async with Runtime.open(
            attrs.evolve(self.config, runtime=options, exporters={}, watches={}),
            store=self.store,
            policies=self.policies,
            plugins=self.plugins or _installed(tuple(self.config.plugins.disabled)),
            clock=self.clock,
            price=self.price,
            watches=self.watches,
            draw=self._draw,
            hold=self.trial.hold if self.trial is not None else None,
        ) as runtime:
            self.plugins = runtime.plugins  # finding them takes longer than most runs
            runtime.models = self._models(runtime.models)
            trial = self.trial
            self._kernel = runtime
            with self.clock.follows(lambda: runtime.under_way + (trial.held if trial is not None else 0)):
                yield runtime
            self._kernel = None

    def _models(self, models: Models) -> Models:
        async def provider(name: str) -> Provider:
            return self.providers.get(name) or await self.llm.answering(name, models.provider)

        return attrs.evolve(models, aliases=_AnyAlias(models.aliases), provider=provider)

    async def __aenter__(self) -> "TestRuntime":
        """Stay open between verbs, for runs that are started and left alone for a while."""
        await self._hold().runtime()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._opened is not None:
            await self._opened.leave()

    def end(self) -> None:
        """Close what a test has left open: its runs are given back, resumable."""
        opened, self._opened = self._opened, None
        if opened is not None:
            opened.close_from_outside()


def _known(act: Act) -> Callable[..., Any]:
    if act.workflow is None:
        raise UsageError(f"there is no workflow to {act.verb}")
    return act.workflow


async def look(desk: Desk, run_id: str, run: Run | None = None) -> TestRun:
    """Return what a test sees of a run: its steps, and its child runs.

    Args:
        desk: Where runs are looked at.
        run_id: Which.
        run: The run as a verb left it; what is on record if None, with its output plain.
    """
    view = await desk.show(run_id)
    children = await desk.list(RunFilter(parent=view.record.id, limit=1_000_000))
    seen = [await look(desk, record.id) for record in reversed(children)]
    if run is None:
        error = revive(view.failure) if view.failure is not None else None
        run = Run(record=view.record, error=error, value=view.output)
    return TestRun(run=attrs.evolve(run, record=view.record), view=view, children=tuple(seen))


class TestHandle:
    """A run that was started.

    Attributes:
        id: The run's id.
        trace_id: Its trace.
    """

    __test__ = False  # pytest is not to take it for a class of tests

    def __init__(self, runtime: TestRuntime, handle: Handle, opened: Opened, act: Act) -> None:
        self._runtime = runtime
        self._act = act
        self._handle = handle
        self.id = handle.id
        self.trace_id = handle.trace_id
        self._leaving = asyncio.create_task(self._leave(opened), name="reenact-test-handle")

    @property
    def status(self) -> Status:
        """What the run has become so far."""
        return self._handle.status

    @property
    def over(self) -> bool:
        """Whether it has ended, or was given back."""
        return self._leaving.done()

    async def on_record(self) -> None:
        """Wait until the store has the run, so that it can be told things."""
        store = self._runtime.store
        while not self.over and await store.load(self.id) is None:  # noqa: ASYNC110  # a round or two
            await asyncio.sleep(0)

    async def wait(self) -> TestRun:
        """Wait until the run has ended, or was given back because it waits for somebody."""
        act = Act(verb="wait", run_id=self.id, workflow=self._act.workflow, options=self._act.options)
        self._runtime.acts.append(act)
        async with self._runtime.opened() as runtime:
            with self._runtime.clock.waited_for():
                run = await self._runtime._through(act, lambda _: self._handle.wait())
            return await self._runtime._look(runtime, run)

    async def _leave(self, opened: Opened) -> None:
        """Let the runtime be closed once the run is over, waited for or not."""
        try:
            await self._handle.wait()
        except Exception:
            return  # whoever waits for the run is told
        finally:
            await opened.leave()
