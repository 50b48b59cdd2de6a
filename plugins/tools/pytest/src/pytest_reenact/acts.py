"""What a test does to runs, one thing after the other, and what the doing may have to go through."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, TypeVar

import attrs
from reenact.runtime import Runtime

from pytest_reenact.runs import TestRun

if TYPE_CHECKING:
    from pytest_reenact.runtime import TestRuntime

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
