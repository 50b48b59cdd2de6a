"""The protocols that plugins fill.

Each is a contract in both directions: what the kernel promises to the plugin and
what it expects back. A suite in pytest-reenact tests each.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Generic, Literal, Protocol, TypeAlias, TypeVar, runtime_checkable

import attrs

from reenact.content import Blob
from reenact.ledger import Holding, Later, LedgerFull
from reenact.llm import LlmEvent, LlmRequest, LlmResponse, Usage
from reenact.prices import Price
from reenact.records import Entry, Message, Row, RunRecord
from reenact.trace import TraceContext

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

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


# --- store ----------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class RunWrite:
    """What one run puts into one commit.

    Attributes:
        run_id: The run.
        epoch: The lease it is made under; refused if the store knows another.
        create: The run is new: make it from *run*, owned by ``run.owner``; refused with
            `RunConflictError` if there is one of that id.
        rows: Entries, in order, without gaps after the ones stored.
        blobs: Content that the entries name, unless entries of the same run that are stored, or are
            written before, name it already; what is stored already is left as it is.
        run: The run's projection, if it changed.
        consumed: Ids of messages that the entries answer; removed in the same commit.
        release: Give the lease up in the same commit.
        ledger: Holdings to make, change or end in the same commit. Those with a limit are made
            together and begin at one time, or the whole write is refused with `LedgerFull`.
        reusable: Outcomes that other runs may take: under which hash, and their seq.
    """

    run_id: str
    epoch: int
    create: bool = False
    rows: Sequence[Row] = ()
    blobs: Sequence[Blob] = ()
    run: RunRecord | None = None
    consumed: Sequence[int] = ()
    release: bool = False
    ledger: Sequence[Holding] = ()
    reusable: Sequence[tuple[str, int]] = ()


@attrs.frozen(kw_only=True)
class RunFilter:
    """Which runs to list, newest first.

    Attributes:
        status: Only runs with one of these; all if empty.
        workflow: Only runs of that workflow.
        parent: Only runs that this run started.
        origin: Only runs that were forked, re-run or continued from this run.
        roots: Only runs that no other run started.
        since_ns: Only runs created at that time or later.
        prefix: Only runs whose id begins so.
        limit: At most so many.
        ownerless: Only runs that no live process has.
    """

    status: tuple[str, ...] = ()
    workflow: str = ""
    parent: str = ""
    origin: str = ""
    since_ns: int = 0
    prefix: str = ""
    limit: int = 100
    ownerless: bool = False
    roots: bool = False


CommitResult: TypeAlias = "Exception | LedgerFull | Later | None"


@attrs.frozen(kw_only=True)
class Swept:
    """What a sweep has deleted.

    Attributes:
        rows: Entries.
        blobs: Pieces of content.
        bytes: What they took, as they were stored.
    """

    rows: int = 0
    blobs: int = 0
    bytes: int = 0


class Store(Protocol):
    """Keeps runs, entries, blobs and messages.

    The kernel calls `commit` from one task of a process at a time. A store may be used by
    many processes; what it acknowledges is durable at its level, and what it refuses has
    left no trace.
    """

    @property
    def where(self) -> str:
        """What to call it in an error: a path, a host; never a password."""

    @property
    def durable(self) -> bool:
        """Whether what it acknowledges survives the process."""

    async def acquire(self, run_id: str, owner: str, ttl_s: float) -> RunRecord:
        """Take the run over if no live process has it: epoch + 1, lease of *ttl_s* seconds.

        Raises:
            RunNotFoundError: If there is none.
            RunOwnedError: If another live process has it.
        """

    async def renew(self, owner: str, ttl_s: float) -> None:
        """Extend the leases of all runs that *owner* has or will create, by the store's clock.

        The kernel calls it before it creates or takes the first run.
        """

    async def commit(self, writes: Sequence[RunWrite]) -> Sequence[CommitResult]:
        """Make *writes* durable together, and answer for each.

        The answer is None; `Later` if its holdings begin later than they were asked for; or why
        it was refused. A write that is refused (`LeaseLostError`, `RunConflictError`,
        `LedgerFull`) does not keep the others from being made. A write that was made before, by a
        commit whose outcome was not known, is acknowledged and not made twice.

        Raises:
            StoreError: If nothing could be written.
        """

    async def load(self, run_id: str) -> RunRecord | None:
        """Return the run, or None."""

    def rows(self, run_id: str, start: int = 0) -> AsyncIterator[Sequence[Row]]:
        """Yield the run's own rows from seq *start* on, in order, in batches.

        Those of a forked run do not begin at 0: the ones before are rows of the run it was forked from.
        """

    async def recall(self, input_hash: str) -> tuple[str, int] | None:
        """Return the run and the seq of the latest outcome that was made reusable under that hash."""

    async def blobs(self, hashes: Iterable[str]) -> Mapping[str, Blob]:
        """Return the blobs that are stored, of those named."""

    async def list(self, which: RunFilter) -> Sequence[RunRecord]:
        """Return runs, newest first."""

    async def post(self, message: Message) -> int:
        """Keep a message for a run, durably, and return its id.

        Raises:
            RunNotFoundError: If there is no such run.
        """

    async def messages(self, owner: str) -> Sequence[Message]:
        """Return messages that wait for runs that *owner* has, oldest first."""

    async def held(self, account: str, at_ns: int = 0) -> int:
        """Return what *account* holds that does not end by *at_ns*, what begins later included."""

    async def ledger_ns(self, boot: str, since_boot_ns: int, now_ns: int) -> int:
        """Return the time by the clock of the ledger, which nobody sets.

        The first caller of a boot says what time it is; from then on it is counted by the time
        since boot, the same for every process.

        Args:
            boot: Names the boot of the machine.
            since_boot_ns: The time since then.
            now_ns: The time of day, in nanoseconds since the epoch.
        """

    async def remove(self, run_ids: Sequence[str]) -> None:
        """Remove runs for good: all that are named, or none.

        From then on nobody finds them, and their ids are free. What they take is deleted by `sweep`.

        Raises:
            RunNotFoundError: If one is not there.
            RunOwnedError: If a live process has one.
            RunKeptError: If one has not ended, or a run that is not named needs it or is needed by it:
                one that it started, that started it, or that shares its rows (`reenact.pruning.links`).
        """

    async def sweep(self) -> Swept:
        """Delete the entries of runs that were removed, and the content that no run needs any more.

        It is done little by little, so that others can write in between, and whatever it is
        interrupted by, the next sweep goes on. Content that a write carries while it goes on stays.
        """

    async def compact(self) -> None:
        """Give the room of what was deleted back, and leave no byte of it behind; writers wait meanwhile."""

    async def check(self) -> Sequence[str]:
        """Return what is wrong with the store's own structure, one line each."""

    async def backup(self, to: str) -> None:
        """Write a copy that is whole, while others write, to the file *to*; refused if it exists."""


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


# --- policy ---------------------------------------------------------------------------------------

Stage: TypeAlias = Literal["request", "admit", "response", "settle", "tool"]


@attrs.frozen
class Allow:
    """The call may go on as it is.

    Attributes:
        until_ns: In the stage admit: it must have begun by then, by `PolicyContext.clock`; if it has
            not, the stage is asked again. None for any time.
    """

    until_ns: int | None = None


@attrs.frozen
class Deny:
    """The call may not go on.

    Attributes:
        reason: Why, for the person who reads the error.
    """

    reason: str


@attrs.frozen
class Modify(Generic[T]):
    """The call may go on, changed.

    Attributes:
        value: The request, response or arguments that take the place of the given ones.
        reason: What was changed and why; never the value that was taken out.
        detail: More for the record; plain.
        restore: Placeholders in *value* and what they stand for (text, or a whole number): the
            kernel puts it back into what the workflow or the tool gets, and keeps it from the
            record. What does not stand in what the code asked is not restored. In the stages
            request, admit and tool.
    """

    value: T
    reason: str
    detail: Mapping[str, Any] = attrs.field(factory=dict)
    restore: Mapping[str, str | int] = attrs.field(
        factory=dict,
        repr=False,
        validator=attrs.validators.deep_mapping(
            attrs.validators.and_(attrs.validators.instance_of(str), attrs.validators.min_len(1)),
            attrs.validators.instance_of((str, int)),
        ),
    )


@attrs.frozen(kw_only=True)
class Wait:
    """Not now: the call waits, on record, and the stage is asked again. In the stage admit only.

    The wait survives the process, uses up no attempt, and gives the step's place in its pools
    to others. A replay repeats none of it.

    Attributes:
        reason: What it waits for, for the person who looks.
        until_ns: When to ask again, by `PolicyContext.clock`; None if only an answer can help.
        question: What a person is asked, yes or no; nobody is asked if empty. The answer is in
            `PolicyContext.answer` when the stage is asked again.
        show: What the answer depends on; plain, and stored.
        topic: Of several calls of a run that ask about one topic, one asks the question. When it has
            gone on, the others are asked again; if the answer is no, they get it too.
        sooner: Is awaited while the call waits, and returns when it is worth asking before *until_ns*.
    """

    reason: str
    until_ns: int | None = None
    question: str = ""
    show: Any = None
    topic: str = ""
    sooner: Callable[[], Awaitable[None]] | None = attrs.field(default=None, eq=False, repr=False)

    @property
    def ends(self) -> bool:
        """Whether there is anything that could end it."""
        return self.until_ns is not None or bool(self.question) or self.sooner is not None


Decision: TypeAlias = "Allow | Deny | Modify[Any] | Wait"


@attrs.frozen(kw_only=True)
class Settlement:
    """What became of an attempt that passed, or began to pass, the stage admit.

    Attributes:
        began: Whether the provider was asked. If not, the attempt used nothing.
        usage: What it took; None where nobody said.
        cost_usd: Its price; None if it is not known.
        response: The answer; None if there is none.
        error: The type of what it failed with; empty if it was answered or never began.
    """

    began: bool
    usage: Usage | None = None
    cost_usd: Decimal | None = None
    response: LlmResponse | None = None
    error: str = ""


@attrs.frozen(kw_only=True)
class ToolRequest:
    """A tool call as policies see it.

    Attributes:
        name: The tool.
        arguments: By name; plain.
    """

    name: str
    arguments: Mapping[str, Any]


class LedgerClock(Protocol):
    """The time that the ledger goes by, in nanoseconds."""

    def now_ns(self) -> int:
        """Return the time."""
        ...

    async def sleep_until(self, due_ns: int) -> None:
        """Wait for a time."""


async def _no_ledger(account: str) -> int:
    raise RuntimeError(f"there is no ledger in this stage to look up {account} in")


def _keeps_nothing(holding: Holding) -> None:
    raise RuntimeError(f"{holding.account} can be settled in the stage settle only")


def _no_price(_: Usage) -> None:
    return None


class _NoClock:
    def now_ns(self) -> int:
        return 0

    async def sleep_until(self, due_ns: int) -> None:
        raise RuntimeError(f"nothing waits until {due_ns} in this stage")


@attrs.frozen(kw_only=True)
class PolicyContext:
    """What a policy may know of the call it judges.

    Attributes:
        stage: Which part of the chain asks.
        run: The run, as it was when it was started or resumed.
        trace: Run, path and attempt.
        provider: The provider that would be asked; empty for tools.
        model: The model that would be asked, the vendor's name; empty for tools.
        request: The request as it stands, in later stages.
        at_ns: When it is asked, by the time of day, in nanoseconds since the epoch.
        clock: The clock of the ledger: one for all processes of a machine, and nobody can set it.
        attempt_id: Names the attempt: the same while it waits, also in another process, and never
            used for another.
        answer: What a person has answered to the question of a `Wait`; None if nobody has.
        hold: Hold amounts against accounts, durably, all or none. Answers None if they are held
            now, `Later` if they begin later, `LedgerFull` if they were refused.
        held: Tells what an account holds now.
        keep: In the stage settle: put a holding without a limit into the commit that puts the
            attempt's end on record.
        price: Tells what a usage of this provider's model costs in USD; None if it is not known.
        secrets: A place for what one call needs between its stages; never stored.
        known: What was taken out of the run's requests so far, by placeholder; never stored.
    """

    stage: Stage
    run: RunRecord
    trace: TraceContext
    provider: str = ""
    model: str = ""
    request: LlmRequest | ToolRequest | None = None
    at_ns: int = 0
    clock: LedgerClock = attrs.field(factory=_NoClock, repr=False)
    attempt_id: str = ""
    answer: bool | None = None
    hold: "Callable[..., Awaitable[LedgerFull | Later | None]]" = attrs.field(repr=False)
    held: Callable[[str], Awaitable[int]] = attrs.field(default=_no_ledger, repr=False)
    keep: Callable[[Holding], None] = attrs.field(default=_keeps_nothing, repr=False)
    price: Callable[[Usage], Decimal | None] = attrs.field(default=_no_price, repr=False)
    secrets: dict[str, Any] = attrs.field(factory=dict, repr=False)
    known: Mapping[str, str | int] = attrs.field(factory=dict, repr=False)


class Policy(Protocol):
    """Something that stands between a step and its provider.

    It sees a request after the policies before it, and answers with a decision. It keeps
    no state of its own that must survive: what must is held in the store's ledger, in the
    commit of the step it belongs to.
    """

    @property
    def stages(self) -> frozenset[Stage]:
        """In which stages it wants to be asked."""

    async def evaluate(self, value: Any, context: PolicyContext) -> Decision:
        """Return what becomes of *value*: an `LlmRequest` in the stages request and admit, an
        `LlmResponse` in response, a `Settlement` in settle, a `ToolRequest` in tool.

        Admit is asked before each attempt, and may `Wait`. Settle is asked once of whoever let
        an attempt pass there, whatever became of it, and there is nothing to change.

        Raises:
            Exception: Anything raised counts as ``Deny``, and is named in the record.
        """


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
