"""The deterministic loop: what a run's workflow sees as its event loop.

Its ready queue is turned to rest from a plain callback of the real loop, never
from inside a task: one delivery, one turn. Time stands still within a turn and
moves only with what is delivered. Timers are handed to the run, which keeps them
on record. What cannot be repeated is refused; `refusals` has the list.

A task opens a scope, and scopes number what is asked for in them; so a step's
path does not depend on which of two branches was faster. Tasks hash by the order
in which they were made, because sets of tasks (``asyncio.wait``) are iterated,
and by default a set's order depends on addresses.
"""

import asyncio
import asyncio.events
import collections
import contextlib
import contextvars
import functools
import inspect
import sys
import threading
import weakref
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Iterable, Iterator
from typing import Any, Protocol, TypeVar

from reenact.callers import TASKS_FILE, called_by, caller, waiting_at
from reenact.collector import COLLECTOR
from reenact.errors import NotDeterministicError, UsageError
from reenact.refusals import refusing
from reenact.scopes import NO_SCOPE, Scope, current_scope, inheriting

T = TypeVar("T")

TURN_CALLBACKS_MAX = 1_000_000
"""Callbacks in one turn after which a workflow counts as spinning."""


class TimerHost(Protocol):
    """What keeps a loop's timers."""

    def timer_set(self, handle: asyncio.TimerHandle, scope: Scope) -> None:
        """Have *handle* run when the loop's time is ``handle.when()``."""

    def timer_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Forget *handle*."""


class _NoHost:
    """Keeps the timers of a loop that is closed: none."""

    def timer_set(self, handle: asyncio.TimerHandle, scope: Scope) -> None:  # noqa: ARG002  # a protocol's
        handle.cancel()

    def timer_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """There is nothing to forget."""


_NO_HOST = _NoHost()


def _ignore(_: dict[str, Any]) -> None:
    """Hear of no more errors: the run is over."""


class RunTask(asyncio.Task[T]):
    """A task whose place in a set is the same on every replay."""

    def __init__(self, coro: Any, *, serial: int, **kwargs: Any) -> None:
        self._serial = serial
        super().__init__(coro, **kwargs)

    def __hash__(self) -> int:
        return self._serial


class RunFuture(asyncio.Future[T]):
    """A future whose place in a set is the same on every replay."""

    def __init__(self, *, serial: int, loop: "RunLoop") -> None:
        self._serial = serial
        super().__init__(loop=loop)

    def __hash__(self) -> int:
        return self._serial


class Entered:
    """The time in which a loop is the running one; a class, since it is entered several times a step."""

    __slots__ = ("_hooks", "_loop", "_outer")

    def __init__(self, loop: "RunLoop") -> None:
        self._loop = loop

    def __enter__(self) -> None:
        loop = self._loop
        self._outer = asyncio._get_running_loop()
        self._hooks = sys.get_asyncgen_hooks()
        asyncio._set_running_loop(loop)
        sys.set_asyncgen_hooks(loop._generator_begun, loop._generator_dropped)
        loop._inside = threading.get_ident()

    def __exit__(self, *_: object) -> None:
        self._loop._inside = 0
        asyncio._set_running_loop(self._outer)
        sys.set_asyncgen_hooks(*self._hooks)


@refusing
class RunLoop(asyncio.AbstractEventLoop):
    """The loop of one run.

    Args:
        host: Keeps the timers.
        seed: The run's own number; what must differ between runs and repeat within one.
        start_s: The time at which the run begins, in seconds since the epoch.
        unhandled: Told of errors nobody awaited.
    """

    def __init__(
        self, host: TimerHost, *, seed: int, start_s: float, unhandled: Callable[[dict[str, Any]], None]
    ) -> None:
        self._host: TimerHost = host
        self._serial = seed & ~0xFFFF_FFFF
        self._ready: collections.deque[asyncio.Handle] = collections.deque()
        self._now_s = start_s
        self._unhandled = unhandled
        self._generators: dict[int, Any] = {}
        self._inside = 0
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False

    # --- turning

    @property
    def at_rest(self) -> bool:
        """Whether nothing more happens without a delivery."""
        return not self._ready

    @property
    def inside(self) -> bool:
        """Whether it is this loop's turn, and it is its code that asks."""
        return self._inside == threading.get_ident()

    def advance(self, to_s: float) -> None:
        """Move the loop's time forward to *to_s*; it never moves back."""
        if to_s > self._now_s:  # noqa: PLR1730  # for each delivery, without a call
            self._now_s = to_s

    def entered(self) -> "Entered":
        """Be the running loop, for turns: `asyncio.get_running_loop` and async generators find this one."""
        return Entered(self)

    def turn(self) -> None:
        """Run what is ready, and what that makes ready, until nothing is; within `entered`.

        Raises:
            NotDeterministicError: If that does not come to an end.
        """
        ready = self._ready
        left = TURN_CALLBACKS_MAX
        while ready:
            handle = ready.popleft()
            if not handle._cancelled:
                handle._run()
            left -= 1
            if not left:
                ready.clear()
                raise NotDeterministicError("a loop that never waits", "workflow", "await a step in it")

    def fire(self, handle: asyncio.TimerHandle) -> None:
        """Make a timer ready that is due."""
        if not handle.cancelled():
            self._ready.append(handle)

    def _generator_begun(self, generator: AsyncGenerator[Any, Any]) -> None:
        key = id(generator)
        self._generators[key] = weakref.ref(generator, lambda _: self._generators.pop(key, None))
        COLLECTOR.watch()

    def _generator_dropped(self, generator: AsyncGenerator[Any, Any]) -> None:
        """Close a generator that was let go of, now or, if it is the collector that found it, at the end."""
        if self._closed:
            return
        if COLLECTOR.at_work or asyncio._get_running_loop() is not self:
            self._generators[id(generator)] = lambda: generator  # kept until then
            return
        self._generators.pop(id(generator), None)
        self.create_task(generator.aclose())

    def open_generators(self) -> list[AsyncGenerator[Any, Any]]:
        """Return the async generators that are open, in the order in which they were begun."""
        return [generator for kept in self._generators.values() if (generator := kept()) is not None]

    def close_generators(self) -> bool:
        """Begin to close the async generators that are open; say whether there were any."""
        left = self.open_generators()
        self._generators.clear()
        for generator in left:
            self.create_task(_close(generator))
        return bool(left)

    # --- what asyncio asks of a loop

    def time(self) -> float:
        """Return the run's time in seconds since the epoch."""
        return self._now_s

    def call_soon(  # type: ignore[override]  # typeshed's is variadic in types
        self, callback: Callable[..., object], *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.Handle:
        """Make *callback* ready."""
        handle = asyncio.Handle(callback, args, self, context)
        if self._inside == threading.get_ident():
            self._ready.append(handle)
        elif not self._closed:
            raise NotDeterministicError("being woken from outside of the run", caller(), _SPEAK)
        return handle

    def call_later(  # type: ignore[override]  # as above
        self, delay: float, callback: Callable[..., object], *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        """Have *callback* run in *delay* seconds of the run's time, durably."""
        return self.call_at(self._now_s + delay, callback, *args, context=context)

    def call_at(  # type: ignore[override]  # as above
        self, when: float, callback: Callable[..., object], *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        """Have *callback* run when the run's time is *when*, durably."""
        handle = asyncio.TimerHandle(when, callback, list(args), self, context)
        scope = (context or contextvars.copy_context()).get(current_scope)
        self._host.timer_set(handle, scope or Scope())
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        self._host.timer_cancelled(handle)

    def next_serial(self) -> int:
        """Return the next number of the run's tasks and futures."""
        self._serial += 1
        return self._serial

    def create_future(self) -> asyncio.Future[Any]:
        """Return a future of this loop."""
        if sys._getframe(1).f_code is _WRAP_FUTURE:
            raise NotDeterministicError("waiting for a thread (wrap_future)", caller())
        return RunFuture(serial=self.next_serial(), loop=self)

    def create_task(
        self,
        coro: Generator[Any, None, T] | Coroutine[Any, Any, T],
        *,
        name: str | None = None,
        context: contextvars.Context | None = None,
        **_: Any,
    ) -> asyncio.Task[T]:
        """Start a task, in a scope of its own."""
        if sys._getframe(1).f_code.co_filename == TASKS_FILE:
            _refuse_unordered()
            shares = sys.version_info < (3, 12) and called_by(_WAIT_FOR)
        else:
            shares = False
        context = contextvars.copy_context() if context is None else inheriting(context)
        if not shares:  # wait_for makes a task before 3.12 and none after: the path must not tell
            outer = context.get(current_scope) or Scope()
            context.run(current_scope.set, outer.child("task"))
        return self.begin(coro, context, name)

    def begin(
        self,
        coro: Generator[Any, None, T] | Coroutine[Any, Any, T],
        context: contextvars.Context,
        name: str | None = None,
    ) -> asyncio.Task[T]:
        """Start a task in *context* as it is, called like its scope: asyncio counts tasks of all loops."""
        name = name or context.get(current_scope, NO_SCOPE).prefix.removesuffix("/") or "workflow"
        task: RunTask[T] = RunTask(coro, serial=self.next_serial(), loop=self, name=name, context=context)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def waits_at(self) -> list[str]:
        """Return where the tasks that are not done wait, as ``file:line``, in the order of their making."""
        left = sorted((task for task in self._tasks if not task.done()), key=hash)
        return [site for task in left if (site := waiting_at(task.get_coro()))]

    def cancel_tasks(self) -> bool:
        """Cancel the tasks that are not done; say whether there were any."""
        left = [task for task in self._tasks if not task.done()]
        for task in left:
            task.cancel()
        return bool(left)

    def drop_tasks(self) -> None:
        """Let go of the tasks that are not done, without a word from them when they are collected."""
        for task in self._tasks:
            task._log_destroy_pending = False  # type: ignore[attr-defined]  # what gather() does, too
            work = task.get_coro()
            if inspect.iscoroutine(work) and inspect.getcoroutinestate(work) == inspect.CORO_CREATED:
                work.close()  # not a line of it has run, of which Python would warn
        self._tasks.clear()

    def is_running(self) -> bool:
        """Say whether a turn is on."""
        return asyncio._get_running_loop() is self

    def is_closed(self) -> bool:
        """Say whether the run is over."""
        return self._closed

    def close(self) -> None:
        """Forget what is ready; nothing runs on the loop any more."""
        self._closed = True
        self._ready.clear()
        self._generators.clear()
        self._host = _NO_HOST
        self._unhandled = _ignore

    get_debug = bool
    """Returns False: asyncio's debug mode looks at the wall clock. `bool` says so without a frame of its own,
    and is asked for every future and every callback."""

    def get_task_factory(self) -> None:
        """Return None: tasks are the run's own."""
        return

    def get_exception_handler(self) -> None:
        """Return None: errors that nobody awaited are logged."""
        return

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Report an error that nobody awaited."""
        self._unhandled(context)

    def default_exception_handler(self, context: dict[str, Any]) -> None:
        """Report an error that nobody awaited."""
        self._unhandled(context)

    async def shutdown_asyncgens(self) -> None:
        """Close the async generators that are open."""
        for generator in self.open_generators():
            await generator.aclose()


def refuse_in_workflow(what: str) -> None:
    """Raise if workflow code is calling.

    Raises:
        UsageError: With what to do instead.
    """
    if isinstance(asyncio._get_running_loop(), RunLoop):
        raise UsageError(
            f"{what} is not for workflow code: call a workflow, which is a child run, or use a step"
        )


async def _close(generator: AsyncGenerator[Any, Any]) -> None:
    with contextlib.suppress(RuntimeError):  # somebody is in it
        await generator.aclose()


_WAIT_FOR = asyncio.wait_for.__code__
_WRAP_FUTURE = asyncio.wrap_future.__code__
_SPEAK = "what a step returns is how it speaks to its workflow"


# --- as_completed -------------------------------------------------------------------------------
# asyncio's own puts what it is given into a set before it makes tasks of it, so coroutines start in
# the order of their addresses. In a run they are made tasks first, in the order given; elsewhere
# nothing changes.

_as_completed: Any = asyncio.as_completed


@functools.wraps(_as_completed)
def as_completed(fs: Iterable[Any], *, timeout: float | None = None) -> Iterator[Any]:
    """Do what ``asyncio.as_completed`` does, in an order that repeats."""
    if isinstance(asyncio._get_running_loop(), RunLoop) and not asyncio.iscoroutine(fs):
        fs = [asyncio.ensure_future(item) for item in fs]
    return _as_completed(fs, timeout=timeout)  # type: ignore[no-any-return]  # typed as Any above


asyncio.as_completed = asyncio.tasks.as_completed = as_completed


def _refuse_unordered() -> None:
    """Refuse tasks made by asyncio's own as_completed, imported by name before this module."""
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_code.co_filename == TASKS_FILE:
        name = getattr(frame.f_code, "co_qualname", frame.f_code.co_name)
        if frame.f_code is _AS_COMPLETED or name.startswith("_AsCompletedIterator"):
            remedy = "call asyncio.as_completed(), or give it tasks"
            raise NotDeterministicError("as_completed() of coroutines, imported by name", caller(), remedy)
        frame = frame.f_back


_AS_COMPLETED = getattr(_as_completed, "__code__", None)
