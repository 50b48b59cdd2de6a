"""Workflows: functions whose calls are runs."""

import functools
import inspect
import sys
from collections.abc import Callable, Coroutine
from typing import Any, Generic, NoReturn, ParamSpec, Protocol, TypeVar, overload

from reenact.asking import Site, checked_name, hash_input, perform, running
from reenact.codec import Arguments, canonical, plain
from reenact.content import pack
from reenact.errors import UsageError
from reenact.scopes import current_scope
from reenact.shapes import ValueShape
from reenact.steps import Call, ContinueAsNew, StepSpec, WorkflowSpec

P = ParamSpec("P")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

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
            name=checked_name(name or fn.__name__),
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
        call.give_up = lambda step: host.end_child(execution, spec, bound, step)
        return await perform(execution, call)  # type: ignore[no-any-return]  # its shape has seen to it


def continue_as_new(*args: Any, **kwargs: Any) -> NoReturn:
    """End this run and go on as a new one of the same workflow, with a journal that is empty again.

    For workflows that live long. Called in the workflow's own task, not in one that it has
    started. Whoever waits for the run waits for the new one; both are of one trace.

    Args:
        args: Arguments of the new run.
        kwargs: Named ones.
    """
    raise ContinueAsNew(args, kwargs)


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
