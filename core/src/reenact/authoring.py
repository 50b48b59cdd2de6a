"""Steps and tools: functions whose calls are journaled.

Plain functions with decorators that keep their signatures. In a run they go
through its journal; outside of one they just run.
"""

import asyncio
import functools
import inspect
import sys
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Generic, ParamSpec, Protocol, TypeVar, overload

import attrs

from reenact.asking import Site, checked_name, hash_input, perform, running
from reenact.codec import Arguments, canonical, plain, spelled
from reenact.content import Blob, pack
from reenact.execution import Execution
from reenact.judging import PolicyContext, ToolRequest
from reenact.ledger import Holding, Later, LedgerFull
from reenact.placeholders import NO_PLACEHOLDERS, Original, Placeholders
from reenact.records import Cache, Effect, Kind
from reenact.scopes import current_scope
from reenact.shapes import HiddenShape, ValueShape
from reenact.steps import Body, Call, Gate, Passed, Retry, StepContext, StepSpec
from reenact.trace import TraceContext

P = ParamSpec("P")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


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
        cache: Cache | None = None,
        version: str = "",
        reconcile: Callable[P, Awaitable[T_co]] | None = None,
    ) -> None:
        functools.update_wrapper(self, fn)
        self.fn = fn
        self.name = checked_name(name or fn.__name__)
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
            cache=cache,
        )
        self._hashed_as = f"{self.name}@{version}" if version else self.name

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
        data = spelled(bound, path)
        spec = self._spec
        if self._reconcile is not None:
            spec = attrs.evolve(spec, reconcile=self._reconciler(args, kwargs))
        asked = _Asked(self, args, kwargs, data)
        input_hash = hash_input(self.kind, self._hashed_as, data)
        call = Call(spec, path, input_hash, asked.spell, self._shape, asked.body, site)
        self._guard(execution, call, bound)
        return await perform(execution, call)  # type: ignore[no-any-return]  # its shape has seen to it

    def _reconciler(self, args: Any, kwargs: Any) -> Body:
        reconcile = self._reconcile
        assert reconcile is not None  # noqa: S101  # the caller has looked
        return lambda _: reconcile(*args, **kwargs)

    def _guard(self, execution: Execution, call: Call, bound: dict[str, Any]) -> None:
        """Have policies stand before the call; they do before tools."""

    def _run(self, args: Any, kwargs: Any) -> Awaitable[T_co]:
        if self._async:
            return self.fn(*args, **kwargs)  # type: ignore[return-value]  # it is async
        return asyncio.to_thread(_returned, self.fn, *args, **kwargs)


class _Asked:
    """The arguments of one call of a step: how they are spelled, and what to run with them.

    An object and not two closures, because one is made for each step.
    """

    __slots__ = ("_args", "_data", "_kwargs", "_step")

    def __init__(self, step: Step[Any, Any], args: Any, kwargs: Any, data: bytes) -> None:
        self._step = step
        self._args = args
        self._kwargs = kwargs
        self._data = data

    def spell(self, blobs: dict[str, Blob]) -> bytes:
        return pack(self._data, blobs)

    def body(self, _: StepContext) -> Awaitable[Any]:
        return self._step._run(self._args, self._kwargs)


def _returned(fn: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Call *fn*; a StopIteration, which no future can carry, becomes what it becomes in a coroutine."""
    try:
        return fn(*args, **kwargs)
    except StopIteration as error:
        raise RuntimeError(f"{fn.__qualname__} raised StopIteration") from error


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

    def _guard(self, execution: Execution, call: Call, bound: dict[str, Any]) -> None:
        assert call.body is not None  # noqa: S101  # a tool's call has one
        call.gate = self._gate(execution, bound, call.body)
        self._hide(call, bound)

    def _gate(self, execution: Execution, bound: dict[str, Any], body: Body) -> Gate | None:
        chain = execution.host.models.chain
        if not chain.of("tool"):
            return None

        async def judge(call: Call) -> Passed:
            spelled = plain(bound)
            assert isinstance(spelled, dict)  # noqa: S101  # arguments have names
            trace = TraceContext(execution.run.trace_id, execution.run.id, call.path, call.attempt)

            def context(_: ToolRequest) -> PolicyContext:
                models = execution.host.models

                async def hold(*holdings: Holding) -> LedgerFull | Later | None:
                    return await models.hold(execution.run, holdings)

                return PolicyContext(
                    stage="tool",
                    run=execution.run,
                    trace=trace,
                    at_ns=models.now_ns(),
                    clock=models.clock,
                    hold=hold,
                    held=models.held,
                    known=execution.known,
                )

            asked = ToolRequest(name=self.name, arguments=spelled)
            verdict = await chain.judge("tool", asked, context, Original(lambda: [spelled]))
            if not verdict.changed:
                return Passed(body=body, decisions=verdict.decisions, denied=verdict.denied)
            changed = verdict.value.arguments
            data = canonical(plain(changed, omit_defaults=True))
            call.hidden = {**call.hidden, **verdict.places}
            delivered = call.placeholders().restore_value(changed) if call.placeholders else changed
            return Passed(
                body=lambda _: self._run_restored(delivered),
                spell=lambda blobs: pack(data, blobs),
                decisions=verdict.decisions,
                denied=verdict.denied,
            )

        return judge

    def _hide(self, call: Call, bound: dict[str, Any]) -> None:
        original = Original(lambda: [plain(bound)])

        def placeholders() -> Placeholders:
            return Placeholders(original.values(call.hidden)) if call.hidden else NO_PLACEHOLDERS

        call.placeholders = placeholders
        call.shape = HiddenShape(self._shape, placeholders)

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
    cache: Cache | None = ...,
    version: str = ...,
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
        cache: ``workflow`` to take the outcome that another run of the workflow had for the same
            input, if there is one; as configured if None.
        version: Of what the function does. It is hashed with the input: under another version the
            step is another one, which no outcome on record fits.
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
    cache: Cache | None = ...,
    version: str = ...,
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
