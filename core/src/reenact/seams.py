"""The protocols that plugins fill, and how a plugin offers what fills one.

Each is a contract in both directions: what the kernel promises to the plugin and
what it expects back. A suite in pytest-reenact tests each. The two with a vocabulary
of their own are elsewhere: a store's in `stores`, a policy's in `judging`.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date
from pathlib import Path
from typing import Any, Generic, Protocol, TypeAlias, TypeVar, runtime_checkable

import attrs

from reenact.llm import LlmEvent, LlmRequest, LlmResponse
from reenact.prices import Price
from reenact.records import Entry, RunRecord
from reenact.trace import TraceContext

T = TypeVar("T")

Opener: TypeAlias = Callable[[Any], AbstractAsyncContextManager[T]]
"""Takes the options, yields the thing, and closes it at the end."""


@attrs.frozen
class Offer(Generic[T]):
    """What a hook hands over: a name, how to open what it names, and the class of its options.

    Attributes:
        name: The name in TOML; no other offer of the seam uses it.
        open: Takes an instance of *options*; an async context manager that yields the thing.
        options: An attrs class, one field for each key in TOML.
        version: The version of what is offered, as journals note it.
        doc: One line for ``reenact plugins``.
    """

    name: str
    open: Opener[T]
    options: type[Any]
    version: str = "1"
    doc: str = ""


_GIVEN_NAME = "reenact_given_name"


def given_name() -> Any:
    """Return a field of an options class that holds the name which the configuration uses.

    It is no key in TOML. ``[providers.groq] plugin = "openai"`` opens what the plugin ``openai``
    offers with options in which this field is ``groq``: the provider's name, also in its errors.

    .. code-block:: python

        @attrs.frozen(kw_only=True)
        class AcmeOptions:
            name: str = given_name()
    """
    return attrs.field(default="", metadata={_GIVEN_NAME: True})


def is_given_name(field: "attrs.Attribute[Any]") -> bool:
    """Say whether a field of an options class was made by `given_name`."""
    return bool(field.metadata.get(_GIVEN_NAME))


# --- provider -------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Capabilities:
    """What a provider can do natively.

    Attributes:
        stream: Answers piece by piece.
        tools: Calls tools.
        output_schema: Takes a JSON Schema for its answer.
        images: Reads images.
        seed: Takes a seed.
    """

    stream: bool = True
    tools: bool = True
    output_schema: bool = True
    images: bool = False
    seed: bool = False


@attrs.frozen(kw_only=True)
class CallContext:
    """What a call carries besides its request.

    Attributes:
        trace: Goes out as ``traceparent``.
        idempotency_key: Names the logical call; the same after a crash and on every retry.
        timeout_s: How long the whole call may take, in seconds; the provider's own limit if None.
    """

    trace: TraceContext
    idempotency_key: str
    timeout_s: float | None = None


class Provider(Protocol):
    """Asks a vendor's models.

    What it can do besides, if it can, is in `Priced`, `Counting` and `Reachable`.

    It does not retry: the kernel does, on record. It raises nothing but `ProviderError`
    and its kinds (and lets cancellation through, closing what it opened within a second).
    No message of an error holds a key or a prompt.
    """

    @property
    def name(self) -> str:
        """What the configuration calls it."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do natively."""

    async def complete(self, model: str, request: LlmRequest, context: CallContext) -> LlmResponse:
        """Return the whole answer of *model* (the name after ``provider:``) to *request*."""

    def stream(self, model: str, request: LlmRequest, context: CallContext) -> AsyncGenerator[LlmEvent, None]:
        """Yield the answer piece by piece; the last event is ``end`` and has the whole response.

        An answer that stops before its end raises `ConnectionLostError` or
        `MalformedAnswerError` and never yields ``end``.
        """


@runtime_checkable
class Priced(Protocol):
    """A provider that knows what its models cost. A part of `Provider` that may be left out."""

    def price_of(self, model: str, on: date) -> Price | None:
        """Return what *model* costs on a day; None if that is not known. It reads no network."""


@runtime_checkable
class Counting(Protocol):
    """A provider whose vendor counts tokens. A part of `Provider` that may be left out."""

    async def count_tokens(self, model: str, request: LlmRequest, context: CallContext) -> int:
        """Return how many tokens *model* would read for *request*, as the vendor counts them.

        Raises:
            ProviderError: If the vendor does not say.
        """


@runtime_checkable
class Reachable(Protocol):
    """A provider that can say where it asks. A part of `Provider` that may be left out.

    Attributes:
        address: Where its endpoints begin; nothing secret is in it.
        key_env: The environment variable that its key is in; empty if it sends none.
    """

    @property
    def address(self) -> str: ...

    @property
    def key_env(self) -> str: ...


# --- exporter -------------------------------------------------------------------------------------


class Exporter(Protocol):
    """Is told of what has become durable.

    It is called from a task of its own, behind a bounded queue: if it is slow, what does not
    fit is dropped and counted; if it raises, that is logged, and no run notices.
    """

    async def export(self, run: RunRecord, entries: Sequence[Entry]) -> None:
        """Take entries of *run*, in order, after their commit."""


# --- watch ----------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Line:
    """A line of somebody's code.

    Attributes:
        file: The file, as Python calls it.
        line: The line, from 1.
        function: The function it is in.
    """

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        path, here = Path(self.file), Path.cwd()
        file = path.relative_to(here).as_posix() if path.is_relative_to(here) else self.file
        return f"{file}:{self.line} in {self.function}"


@attrs.frozen(kw_only=True)
class Finding:
    """Something in workflow code that a replay may not repeat.

    Attributes:
        kind: What it depends on, in a word: ``clock``, ``random``, ``file``, …
        what: What was called or done.
        remedy: What to do instead.
        lines: The user's lines that led to it: the one that did it first, the workflow's last.
        run_id: The run in which it was seen first.
        grave: Whether the command that ran the workflow fails of it.
    """

    kind: str
    what: str
    remedy: str
    lines: tuple[Line, ...]
    run_id: str = ""
    grave: bool = False

    def __str__(self) -> str:
        first, last = self.lines[0], self.lines[-1]
        via = f", called from {last}" if last != first else ""
        return f"{first}: {self.what} ({self.kind}){via}: {self.remedy}"


class Watch(Protocol):
    """Looks on while workflow code runs.

    It changes nothing about a run: what it finds it keeps, and whoever opened the runtime asks.
    """

    def look_on(self, turn: Callable[[], None]) -> None:
        """Call *turn* once; it runs workflow code, in this thread, until that is at rest."""

    @property
    def findings(self) -> Sequence[Finding]:
        """What it has found so far, in the order in which it did."""
        ...


# --- executor -------------------------------------------------------------------------------------


class Executor(Protocol):
    """Decides where and when runs run.

    It is asked for each run that is started, resumed or recovered. The run is on record by
    then and nobody has it, so whatever happens to the executor, the run can be resumed. Child
    runs run where their parent runs, and it is not asked for them: one that lets few runs run at
    once would have parents wait for children that wait for a place.

    Without one, runs run in this process, at once. A process that does the work which others
    submit opens its runtime without one, too.
    """

    async def submit(self, run_id: str, start: Callable[[], Awaitable[None]]) -> None:
        """Have the run run: call *start* once, in this loop, now or later; or have another process resume it.

        Returns when that is certain, not when the run has ended. ``await start()`` returns when the
        run has ended, or this process has let go of it; it raises nothing of the run's, for that is
        told to whoever waits for the run. Cancelling it does not cancel the run.

        Raises:
            Exception: If the run cannot be run; whoever asked for it is told, and it stays on record.
        """
