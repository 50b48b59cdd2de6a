"""What workflows are written with: `workflow`, `step`, `parallel`, `sleep`, waits, `current`.

Plain functions with decorators that keep their signatures. In a run they go
through its journal; outside of one they just run.
"""

import asyncio
import contextvars
import functools
import hashlib
import inspect
import random as random_module
import sys
import uuid as uuid_module
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from types import CodeType
from typing import Any, Generic, ParamSpec, Protocol, TypeVar, overload

import attrs

from reenact.codec import Arguments, canonical, plain
from reenact.content import pack
from reenact.errors import UsageError
from reenact.execution import Execution, current_execution
from reenact.loop import RunLoop, Scope, current_scope
from reenact.records import Effect, Kind
from reenact.seams import PolicyContext, ToolRequest
from reenact.shapes import ValueShape
from reenact.steps import Body, Call, Gate, Passed, Retry, StepContext, StepSpec, WorkflowSpec, current_step
from reenact.trace import TraceContext

P = ParamSpec("P")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
R = TypeVar("R")

Site = tuple[CodeType, int]

sleep = asyncio.sleep
"""Waits durably: a run that is resumed after the time was up goes on at once."""


def running() -> Execution | None:
    """Return the run whose workflow code is asking; None outside, and in the body of a step."""
    execution = current_execution.get()
    if execution is None or asyncio._get_running_loop() is not execution.loop:
        return None
    return execution


def hash_input(kind: str, name: str, data: bytes) -> str:
    """Return the input hash: SHA-256 of the canonical JSON of kind, name and input.

    Args:
        kind: What kind of step.
        name: Its name.
        data: The canonical spelling of its input.
    """
    start = b'{"input":' + data + b',"kind":' + canonical(kind) + b',"name":' + canonical(name) + b"}"
    return hashlib.sha256(start).hexdigest()


async def perform(execution: Execution, call: Call) -> Any:
    """Ask for a step and wait for its outcome."""
    future = execution.ask(call)
    try:
        return await future
    except asyncio.CancelledError:
        execution.call_off(call)
        raise


class Step(Generic[P, T_co]):
    """A function whose calls are journaled; made by `step`.

    Attributes:
        fn: The function.
        name: What paths and hashes call it.
    """

    kind: Kind = "step"

    def __init__(
        self,
        fn: Callable[P, Awaitable[T_co]] | Callable[P, T_co],
        *,
        name: str = "",
        effect: Effect = "repeatable",
        retry: Retry | None = None,
        timeout_s: float | None = None,
        pool: str = "",
        key: Callable[P, str] | None = None,
        reconcile: Callable[P, Awaitable[T_co]] | None = None,
    ) -> None:
        functools.update_wrapper(self, fn)
        self.fn = fn
        self.name = _checked_name(name or fn.__name__)
        self.arguments = Arguments(fn)
        self._async = inspect.iscoroutinefunction(fn)
        self._key = key
        self._reconcile = reconcile
        self._shape = ValueShape(self.arguments.returns)
        self._spec = StepSpec(
            kind=self.kind,
            name=self.name,
            effect=effect,
            retry=retry or Retry(),
            timeout_s=timeout_s,
            pool=pool,
        )

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, T_co]:
        """Ask for the step; await what is returned."""
        frame = sys._getframe(1)
        return self._invoke((frame.f_code, frame.f_lineno), None, args, kwargs)

    def keyed(self, key: str) -> Callable[P, Coroutine[Any, Any, T_co]]:
        """Return the step under *key* instead of a number.

        What is keyed keeps its record when other calls are inserted before it.
        """

        def call(*args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, T_co]:
            frame = sys._getframe(1)
            return self._invoke((frame.f_code, frame.f_lineno), key, args, kwargs)

        return call

    async def _invoke(self, site: Site, key: str | None, args: Any, kwargs: Any) -> T_co:
        execution = running()
        if execution is None:
            return await self._run(args, kwargs)
        bound = self.arguments.bind(args, kwargs)
        if key is None and self._key is not None:
            key = self._key(*args, **kwargs)
        path = current_scope.get().path(self.name, key)
        data = canonical(plain(bound, f"{path} input", omit_defaults=True))
        spec = self._spec
        if self._reconcile is not None:
            spec = attrs.evolve(spec, reconcile=self._reconciler(args, kwargs))

        def body(_: StepContext) -> Awaitable[T_co]:
            return self._run(args, kwargs)

        call = Call(
            spec,
            path,
            hash_input(self.kind, self.name, data),
            lambda blobs: pack(data, blobs),
            shape=self._shape,
            body=body,
            gate=self._gate(execution, bound, body),
            site=site,
        )
        return await perform(execution, call)  # type: ignore[no-any-return]  # its shape has seen to it

    def _reconciler(self, args: Any, kwargs: Any) -> Body:
        reconcile = self._reconcile
        assert reconcile is not None  # noqa: S101  # the caller has looked
        return lambda _: reconcile(*args, **kwargs)

    def _gate(self, execution: Execution, bound: dict[str, Any], body: Body) -> Gate | None:  # noqa: ARG002  # for tools
        return None

    def _run(self, args: Any, kwargs: Any) -> Awaitable[T_co]:
        if self._async:
            return self.fn(*args, **kwargs)  # type: ignore[return-value]  # it is async
        return asyncio.to_thread(self.fn, *args, **kwargs)  # type: ignore[arg-type]  # it is not


class Tool(Step[P, T_co]):
    """A function that models may call; made by `tool`.

    Attributes:
        description: What models are told of it.
        raises: Whether its exceptions end the conversation instead of being told to the model.
    """

    kind: Kind = "tool"

    def __init__(self, fn: Any, *, description: str = "", raises: bool = False, **options: Any) -> None:
        super().__init__(fn, **options)
        self.description = description or inspect.cleandoc(fn.__doc__ or "").partition("\n\n")[0]
        self.raises = raises

    def _gate(self, execution: Execution, bound: dict[str, Any], body: Body) -> Gate | None:
        chain = execution.host.models.chain
        if not chain.of("tool"):
            return None

        async def judge(call: Call) -> Passed:
            spelled = plain(bound)
            assert isinstance(spelled, dict)  # noqa: S101  # arguments have names
            trace = TraceContext(execution.run.trace_id, execution.run.id, call.path, call.attempt)

            def context(_: ToolRequest) -> PolicyContext:
                hold = functools.partial(execution.host.models.hold, execution.run)
                return PolicyContext(stage="tool", run=execution.run, trace=trace, hold=hold)

            verdict = await chain.judge("tool", ToolRequest(name=self.name, arguments=spelled), context)
            if not verdict.changed:
                return Passed(body=body, decisions=verdict.decisions, denied=verdict.denied)
            changed = verdict.value.arguments
            data = canonical(plain(changed, omit_defaults=True))
            return Passed(
                body=lambda _: self._run_restored(changed),
                spell=lambda blobs: pack(data, blobs),
                decisions=verdict.decisions,
                denied=verdict.denied,
            )

        return judge

    def _run_restored(self, spelled: Any) -> Awaitable[T_co]:
        args, kwargs = self.arguments.restore(spelled)
        return self._run(args, kwargs)

    def from_model(self, arguments: dict[str, Any]) -> Coroutine[Any, Any, T_co]:
        """Ask for the tool with arguments that a model wrote.

        Raises:
            NotStorableError: If they do not fit the signature's types.
            TypeError: If one is missing or unknown.
        """
        unknown = [name for name in arguments if name not in self.arguments.signature.parameters]
        if unknown:
            raise TypeError(f"{self.name} takes no argument {unknown[0]!r}")
        args, kwargs = self.arguments.restore(arguments)
        self.arguments.signature.bind(*args, **kwargs)
        return self._invoke((self.fn.__code__, self.fn.__code__.co_firstlineno), None, tuple(args), kwargs)


def _checked_name(name: str) -> str:
    if not name or any(char in "/#[]%:" or not char.isprintable() for char in name):
        raise UsageError(f"{name!r} is no name for a step: it may not hold / # [ ] % : or control characters")
    return name


class Decorator(Protocol):
    """What `step` and `tool` return when they are given options."""

    @overload
    def __call__(self, fn: Callable[P, Coroutine[Any, Any, T]]) -> Step[P, T]: ...
    @overload
    def __call__(self, fn: Callable[P, T]) -> Step[P, T]: ...


@overload
def step(fn: Callable[P, Coroutine[Any, Any, T]], /) -> Step[P, T]: ...
@overload
def step(fn: Callable[P, T], /) -> Step[P, T]: ...
@overload
def step(
    *,
    name: str = ...,
    effect: Effect = ...,
    retries: int = ...,
    retry: Retry | None = ...,
    timeout_s: float | None = ...,
    pool: str = ...,
    key: Callable[..., str] | None = ...,
    reconcile: Callable[..., Awaitable[Any]] | None = ...,
) -> Decorator: ...
def step(fn: Any = None, /, *, retries: int = 0, retry: Retry | None = None, **options: Any) -> Any:
    """Make a function a step: its calls in a run are on record, before they begin and when they have ended.

    The function runs outside the deterministic loop and may do as it likes; a function that is
    not async runs in a thread. What it returns is read back as its annotated return type.

    Args:
        fn: The function, when used without options.
        name: What paths and hashes call it; the function's name by default.
        effect: ``repeatable``, or ``once`` if running it twice would do harm.
        retries: How often it is tried again after a failure.
        retry: Attempts and pauses in full, instead of *retries*.
        timeout_s: How long one attempt may take, in seconds.
        pool: A limit it counts against, from ``[runtime.pools]``.
        key: Names the call from its arguments, instead of a number.
        reconcile: For ``once``: called with the same arguments after a crash, returns the result if
            the attempt had its effect, raises `NotDone` if it had not.
    """
    return _decorate(Step, fn, retries, retry, options)


@overload
def tool(fn: Callable[P, Coroutine[Any, Any, T]], /) -> Tool[P, T]: ...
@overload
def tool(fn: Callable[P, T], /) -> Tool[P, T]: ...
@overload
def tool(
    *,
    name: str = ...,
    description: str = ...,
    raises: bool = ...,
    effect: Effect = ...,
    retries: int = ...,
    retry: Retry | None = ...,
    timeout_s: float | None = ...,
    pool: str = ...,
    key: Callable[..., str] | None = ...,
    reconcile: Callable[..., Awaitable[Any]] | None = ...,
) -> "ToolDecorator": ...
def tool(fn: Any = None, /, *, retries: int = 0, retry: Retry | None = None, **options: Any) -> Any:
    """Make a function a tool: a step that models may call, and that policies see.

    Args:
        fn: The function, when used without options.
        description: What models are told; the docstring's first paragraph by default.
        raises: Its exceptions end the conversation, instead of being told to the model.

    The other options are those of `step`.
    """
    return _decorate(Tool, fn, retries, retry, options)


class ToolDecorator(Protocol):
    """What `tool` returns when it is given options."""

    @overload
    def __call__(self, fn: Callable[P, Coroutine[Any, Any, T]]) -> Tool[P, T]: ...
    @overload
    def __call__(self, fn: Callable[P, T]) -> Tool[P, T]: ...


def _decorate(kind: type[Step[Any, Any]], fn: Any, retries: int, retry: Retry | None, options: Any) -> Any:
    chosen = retry or Retry(attempts=retries + 1)
    if fn is not None:
        return kind(fn, retry=chosen, **options)
    return lambda function: kind(function, retry=chosen, **options)


# --- workflows ------------------------------------------------------------------------------------

WORKFLOWS: dict[str, "Workflow[Any, Any]"] = {}
"""The workflows that are defined in this process, by name."""


class Workflow(Generic[P, T_co]):
    """A function whose calls are runs; made by `workflow`.

    Called in a run, it is a child run: a journal of its own, the same trace.

    Attributes:
        spec: How it is declared.
    """

    def __init__(
        self, fn: Callable[P, Coroutine[Any, Any, T_co]], *, name: str = "", version: str = ""
    ) -> None:
        if not inspect.iscoroutinefunction(fn):
            raise UsageError(f"{fn.__qualname__} is not 'async def'; a workflow is")
        functools.update_wrapper(self, fn)
        arguments = Arguments(fn)
        self.spec = WorkflowSpec(
            name=_checked_name(name or fn.__name__),
            version=version,
            fn=fn,
            arguments=arguments,
            shape=ValueShape(arguments.returns),
        )
        WORKFLOWS[self.spec.name] = self

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, T_co]:
        """Run it as a child of the current run; outside of one, just call it."""
        frame = sys._getframe(1)
        return self._invoke((frame.f_code, frame.f_lineno), args, kwargs)

    async def _invoke(self, site: Site, args: Any, kwargs: Any) -> T_co:
        execution = running()
        spec = self.spec
        if execution is None:
            return await spec.fn(*args, **kwargs)  # type: ignore[no-any-return]  # as its own annotation says
        bound = spec.arguments.bind(args, kwargs)
        path = current_scope.get().path(spec.name)
        data = canonical(plain(bound, f"{path} input", omit_defaults=True))
        host = execution.host
        call = Call(
            StepSpec(kind="workflow", name=spec.name),
            path,
            hash_input("workflow", spec.name, data),
            lambda blobs: pack(data, blobs),
            shape=spec.shape,
            body=lambda step: host.run_child(execution, spec, bound, step),
            site=site,
        )
        return await perform(execution, call)  # type: ignore[no-any-return]  # its shape has seen to it


class WorkflowDecorator(Protocol):
    """What `workflow` returns when it is given options."""

    def __call__(self, fn: Callable[P, Coroutine[Any, Any, T]]) -> Workflow[P, T]: ...


@overload
def workflow(fn: Callable[P, Coroutine[Any, Any, T]], /) -> Workflow[P, T]: ...
@overload
def workflow(*, name: str = ..., version: str = ...) -> WorkflowDecorator: ...
def workflow(fn: Any = None, /, *, name: str = "", version: str = "") -> Any:
    """Make an ``async def`` a workflow.

    Args:
        fn: The function, when used without options.
        name: What its runs are called; the function's name by default.
        version: Of its code; on record with each run.
    """
    if fn is not None:
        return Workflow(fn)
    return lambda function: Workflow(function, name=name, version=version)


# --- several at once ------------------------------------------------------------------------------


def spawn(scope: Scope, work: Callable[[], Coroutine[Any, Any, R]]) -> asyncio.Task[R]:
    """Start a task whose steps are numbered in *scope*, and which takes no number itself."""

    async def scoped() -> R:
        current_scope.set(scope)
        return await work()

    context = contextvars.copy_context()
    context.run(current_scope.set, Scope())
    return asyncio.get_running_loop().create_task(scoped(), context=context)


async def gather_or_cancel(tasks: list[asyncio.Task[R]]) -> list[R]:
    """Return the results in order; on the first failure cancel the rest, wait for them, and raise it."""
    try:
        if tasks:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        left = [task for task in tasks if not task.done()]
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)
    failed = next((task for task in tasks if not task.cancelled() and task.exception()), None)
    if failed is not None:
        await failed
    return [task.result() for task in tasks]


async def parallel(
    fn: Callable[[T], Coroutine[Any, Any, R]],
    items: Iterable[T],
    *,
    limit: int | None = None,
    key: Callable[[T], str] | None = None,
) -> list[R]:
    """Call *fn* with each of *items*, at most *limit* at once; return the results in the items' order.

    Each call has a scope of its own, named by *key* or by its position. The first failure
    cancels the others and is raised.

    Args:
        fn: A step, a workflow, or any async function that calls some.
        items: What to call it with.
        limit: Most calls at once; all if None.
        key: Names an item, so that its record is found again when others are inserted.
    """
    if limit is not None and limit < 1:
        raise UsageError(f"parallel(limit={limit}): it must be at least 1, or None")
    outer = current_scope.get(None) or Scope()
    block = outer.path("parallel")
    places = asyncio.Semaphore(limit) if limit else None

    async def one(item: T) -> R:
        if places is None:
            return await fn(item)
        async with places:
            return await fn(item)

    names = Scope()
    tasks = []
    for index, item in enumerate(items):
        label = names.path("", key(item) if key else str(index))
        tasks.append(spawn(Scope(f"{block}{label}"), functools.partial(one, item)))
    return await gather_or_cancel(tasks)


# --- waiting for somebody -------------------------------------------------------------------------


async def _wait_for(name: str, show: dict[str, Any], wanted: Any, site: Site) -> Any:
    execution = running()
    if execution is None:
        raise UsageError(f"nobody can answer {name!r} outside a run; start the workflow with a runtime")
    path = current_scope.get().path(name)
    data = canonical(plain(show, f"{path} input", omit_defaults=True))
    spec = StepSpec(kind="signal", name=name)
    call = Call(
        spec,
        path,
        hash_input("signal", name, data),
        lambda blobs: pack(data, blobs),
        shape=ValueShape(wanted),
        site=site,
    )
    return await perform(execution, call)


@overload
async def wait_signal(name: str) -> Any: ...
@overload
async def wait_signal(name: str, schema: type[T], *, timeout_s: float | None = ...) -> T: ...
async def wait_signal(name: str, schema: Any = Any, *, timeout_s: float | None = None) -> Any:
    """Wait until somebody sends the run a signal of that name; return what it carries.

    A signal that was sent before is taken at once; each is taken by one wait.

    Args:
        name: The signal's name.
        schema: The type of what it carries.
        timeout_s: How long to wait, in seconds of the run's time.

    Raises:
        TimeoutError: If nobody sent one in time.
    """
    frame = sys._getframe(1)
    site = (frame.f_code, frame.f_lineno)
    async with asyncio.timeout(timeout_s):
        return await _wait_for(_checked_name(name), {}, schema, site)


@overload
async def approve(question: str, *, show: Any = ..., timeout_s: float | None = ...) -> bool: ...
@overload
async def approve(question: str, *, schema: type[T], show: Any = ..., timeout_s: float | None = ...) -> T: ...
async def approve(
    question: str, *, show: Any = None, schema: Any = bool, timeout_s: float | None = None
) -> Any:
    """Wait until a person answers.

    Args:
        question: What is asked.
        show: What the answer depends on; stored, and shown with the question.
        schema: The type of the answer; yes or no by default.
        timeout_s: How long to wait, in seconds of the run's time.

    Raises:
        TimeoutError: If nobody answered in time.
    """
    frame = sys._getframe(1)
    site = (frame.f_code, frame.f_lineno)
    async with asyncio.timeout(timeout_s):
        return await _wait_for("approve", {"question": question, "show": show}, schema, site)


# --- where am I -----------------------------------------------------------------------------------


@attrs.frozen
class Here:
    """Where code of a run is.

    Attributes:
        run_id: The run.
        trace_id: Its trace, 32 hex digits.
        path: The step, or in workflow code the scope.
        attempt: Which try of the step, from 1.
        idempotency_key: In a step, names the logical call; empty in workflow code.
    """

    run_id: str
    trace_id: str
    path: str
    attempt: int = 1
    idempotency_key: str = ""
    _execution: Execution | None = attrs.field(default=None, repr=False)

    def _drawn(self, name: str) -> random_module.Random:
        execution = self._execution
        if execution is None:
            return random_module.Random()  # not for secrets
        path = current_scope.get().path(name)
        return random_module.Random(f"{execution.run.key}\n{path}")  # repeats on replay

    def now(self) -> float:
        """Return the run's time in seconds since the epoch: that of the latest thing it was told."""
        return asyncio.get_running_loop().time() if self._execution else __import__("time").time()

    def random(self) -> float:
        """Return a number in [0, 1) that a replay repeats. Not for secrets."""
        return self._drawn(":random").random()

    def uuid4(self) -> uuid_module.UUID:
        """Return a UUID that a replay repeats. Not for secrets."""
        return uuid_module.UUID(int=self._drawn(":uuid").getrandbits(128), version=4)


def current() -> Here:
    """Return where the code that asks is.

    Raises:
        UsageError: Outside a run.
    """
    execution = running()
    if execution is not None:
        scope = current_scope.get().prefix.removesuffix("/")
        return Here(execution.run.id, execution.run.trace_id, scope, execution=execution)
    step_context: StepContext | None = current_step.get()
    if step_context is None:
        raise UsageError("there is no current run here; current() works in workflows and steps")
    trace = step_context.trace
    return Here(trace.run_id, trace.trace_id, trace.path, trace.attempt, step_context.idempotency_key)


__all__ = [
    "RunLoop",
    "Step",
    "Tool",
    "Workflow",
    "approve",
    "current",
    "parallel",
    "sleep",
    "step",
    "tool",
    "wait_signal",
    "workflow",
]
