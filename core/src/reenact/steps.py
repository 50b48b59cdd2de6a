"""What a step is before it is run: how it is declared, asked for, and ended."""

import asyncio
import contextvars
import hashlib
import random
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from types import CodeType
from typing import Any, Protocol

import attrs
import msgspec

from reenact.codec import Arguments
from reenact.content import Blob
from reenact.errors import ProviderError
from reenact.judging import Wait
from reenact.ledger import Holding
from reenact.placeholders import Placeholders
from reenact.recorded import NO_PLACES, Recorded, Taken
from reenact.records import Cache, DecisionRecord, Effect, Failure, Kind, Message, Status
from reenact.scheduler import Pool
from reenact.trace import TraceContext

IDEMPOTENCY_KEY_HEX = 32


@attrs.frozen(kw_only=True)
class Retry:
    """How often a step is tried, and how long between.

    Attributes:
        attempts: Tries in all, from 1; for a model with stand-ins, tries of each.
        delay_s: Pause before the second try; doubles with each further one.
        max_delay_s: The longest pause, also if a vendor asks for more.
        on: The exceptions that are worth another try; by default any, but of a provider's
            errors only those that say so.
        candidates: How many models may be asked, one after the other.
    """

    attempts: int = attrs.field(default=1, validator=attrs.validators.ge(1))
    delay_s: float = attrs.field(default=0.5, validator=attrs.validators.ge(0))
    max_delay_s: float = attrs.field(default=60.0, validator=attrs.validators.ge(0))
    on: tuple[type[Exception], ...] = (Exception,)
    candidates: int = 1

    def among(self, candidates: int) -> "Retry":
        """Return the same for a call that has so many candidates; at least one."""
        if candidates <= 1 and self.candidates == 1:
            return self
        return attrs.evolve(self, candidates=max(1, candidates))

    def retryable(self, error: BaseException) -> bool:
        """Say whether *error* is worth another try."""
        if isinstance(error, ProviderError) and not error.retryable:
            return False
        return isinstance(error, self.on)

    def after(self, tries: int, candidate: int, error: BaseException) -> tuple[int, int, float] | None:
        """Return what follows when the *tries*-th try of *candidate* failed with *error*.

        Returns:
            The number of the next try, the candidate it asks, and the pause before it in
            seconds; None to give up.
        """
        if tries < self.attempts and self.retryable(error):
            return tries + 1, candidate, self._pause_s(tries - 1, error)
        if candidate + 1 < self.candidates and isinstance(error, ProviderError):
            return 1, candidate + 1, 0.0
        return None

    def _pause_s(self, tries: int, error: BaseException) -> float:
        asked = getattr(error, "retry_after_s", None)
        if asked is not None:
            return float(min(max(asked, 0.0), self.max_delay_s))
        longest: float = min(self.delay_s * 2 ** min(tries, 32), self.max_delay_s)
        return longest * random.uniform(0.5, 1.0)  # jitter; what comes of it is on record


NO_RETRY = Retry()


class Shape(Protocol):
    """How a step's result is put on record and read back."""

    def settle(self, value: Any, blobs: dict[str, Blob]) -> "Settled":
        """Return the stored spelling of *value*, and the value as a replay will read it."""
        ...

    def read(self, value: Any) -> Any:
        """Return the value of a plain one on record."""

    def given(self, value: Any) -> Any:
        """Return the value of a plain one that a person has written."""


class Settled(msgspec.Struct, frozen=True, gc=False):
    """A result, ready for the record.

    Attributes:
        data: Its stored spelling.
        value: The result as the workflow sees it.
        model: The model that answered.
        tokens_in: Tokens read.
        tokens_out: Tokens written.
        cost_usd: Its price; empty if unknown or none.
        asked: The model that was asked, as ``provider:model``.
    """

    data: bytes
    value: Any
    model: str = ""
    asked: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: str = ""


class Spent(msgspec.Struct, frozen=True, gc=False):
    """What an attempt used that gave no result.

    Attributes:
        model: The model that was asked.
        tokens_in: Tokens read.
        tokens_out: Tokens written.
        cost_usd: Its price; empty if unknown.
        estimated: The vendor did not say it, or not all of it.
    """

    model: str
    tokens_in: int
    tokens_out: int
    cost_usd: str
    estimated: bool


@attrs.frozen(kw_only=True)
class StepSpec:
    """A step as it is declared.

    Attributes:
        kind: What kind of step.
        name: What its path and its hash call it.
        effect: What running it twice would do.
        retry: How often it is tried.
        timeout_s: How long one attempt may take, in seconds.
        pool: The limit it counts against, such as a provider's; none if empty.
        models: The models that may be asked, as ``provider:model``, in that order.
        cache: Whether the outcome that another run of the workflow had is taken; as configured if None.
        stand_in_pools: The limits of the models that are asked if the first does not answer.
        reconcile: Finds out whether an attempt that nobody saw the end of succeeded.
    """

    kind: Kind
    name: str
    effect: Effect = "repeatable"
    retry: Retry = NO_RETRY
    timeout_s: float | None = None
    pool: str = ""
    models: tuple[str, ...] = ()
    cache: Cache | None = None
    stand_in_pools: tuple[str, ...] = ()
    reconcile: "Body | None" = None


@attrs.frozen
class StepContext:
    """What the body of a step may know of itself.

    Attributes:
        trace: Run, path and attempt.
        generation: How often the step began anew with another input.
        candidate: Which of the models that may be asked, from 0.
    """

    trace: TraceContext
    generation: int = 0
    candidate: int = 0

    @property
    def idempotency_key(self) -> str:
        """Names the logical call: the same after a crash and on every try."""
        return idempotency_key(self.trace.run_id, self.trace.path, self.generation)


Body = Callable[[StepContext], Awaitable[Any]]


@attrs.frozen(kw_only=True)
class WorkflowSpec:
    """A workflow as it is declared.

    Attributes:
        name: What runs of it are called.
        version: Of its code.
        fn: The function.
        arguments: Spells and restores its arguments.
        shape: How its result is put on record.
    """

    name: str
    version: str
    fn: Callable[..., Coroutine[Any, Any, Any]]
    arguments: Arguments
    shape: "Shape"


current_step: contextvars.ContextVar[StepContext | None] = contextvars.ContextVar(
    "reenact_step", default=None
)


class PutOff(Exception):  # noqa: N818  # an answer, not an error
    """Raised by a body that has not begun, because a policy has it wait.

    Attributes:
        wait: What it waits for.
    """

    def __init__(self, wait: Wait) -> None:
        super().__init__(wait.reason)
        self.wait = wait


class Parked(Exception):  # noqa: N818  # an answer, not an error
    """Raised by a body that waits for somebody and has let go: a child run that was suspended."""

    def __init__(self, waits_for: str) -> None:
        self.waits_for = waits_for


class NotDone(Exception):  # noqa: N818  # an answer, not an error
    """Raised by ``reconcile``: the attempt had no effect, and the step may run again."""


class ContinueAsNew(BaseException):
    """Raised by a workflow to end here and go on as a new run; no failure, so no ``Exception``."""

    def __init__(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        super().__init__(*args)
        self.kwargs = kwargs


@attrs.frozen(kw_only=True)
class Passed:
    """What the policy chain made of a call.

    Attributes:
        body: What to run.
        spell: Spells the input as it is stored, scrubbed; None if nothing was changed.
        decisions: What was decided.
        denied: The exception, if a policy refused.
    """

    body: Body
    spell: "Speller | None" = None
    decisions: list[DecisionRecord]
    denied: Exception | None = None


Gate = Callable[["Call"], Awaitable[Passed]]
Speller = Callable[[dict[str, Blob]], bytes]
"""Returns the stored spelling of an input, putting what is large into the blobs."""


NO_TICKET = -1
"""In place of the position of the entry that began an attempt; it stays while a policy has it wait."""

# Where a call stands in this process. What is on record is its Status; this is not.
ASKED, HELD, ADMITTED, STARTING, RUNNING, WAITING, PARKED, OVER, CANCELLED = range(9)


class Call:
    """A step that a workflow has asked for.

    What most calls never have stands in the class: one is made for each step, and again on each replay.
    """

    gate: Gate | None = None
    due_ns = 0
    future: asyncio.Future[Any] | None = None
    handle: Any = None
    context: contextvars.Context | None = None
    task: asyncio.Task[None] | None = None
    recorded: Recorded | None = None
    generation = 0
    attempt = 1
    tries = 1
    candidate = 0
    state = ASKED
    decisions: Sequence[DecisionRecord] = ()
    late_decisions: Sequence[DecisionRecord] = ()
    hidden: Mapping[str, list[int]] = NO_PLACES
    placeholders: Callable[[], Placeholders] | None = None
    hash_keyed = False
    reusable = False
    answer_judges: frozenset[tuple[str, str, str]] = frozenset()  # name, version and options of policies
    spent: Spent | None = None
    places: tuple[Pool, ...] = ()
    ticket = NO_TICKET
    holdings: tuple[Holding, ...] = ()
    answer: bool | None = None
    answered_by = 0
    give_up: Callable[[StepContext], Awaitable[None]] | None = None
    on_admitted: Callable[["Call"], None] | None = None
    ahead = False  # its body begins while its entry is being written, and awaits `on_record`
    written: asyncio.Future[None] | None = None

    def __init__(
        self,
        spec: StepSpec,
        path: str,
        input_hash: str,
        spell: Speller | None = None,
        shape: Shape | None = None,
        body: Body | None = None,
        site: tuple[CodeType, int] | None = None,
    ) -> None:
        self.spec = spec
        self.path = path
        self.input_hash = input_hash
        self.spell = spell
        self.shape = shape
        self.body = body
        self.site = site

    @property
    def pool(self) -> str:
        """The limit that the model of this attempt counts against; empty if there is none."""
        others = self.spec.stand_in_pools
        return others[min(self.candidate, len(others)) - 1] if self.candidate and others else self.spec.pool

    async def on_record(self) -> None:
        """Wait until the entry that begins the attempt is durable, if it began ahead of that.

        Raises:
            CancelledError: If it will not be: the run is over.
        """
        if self.written is not None:
            await self.written

    def admitted(self) -> None:
        """Note that policies have decided about an attempt; an answer that was waited for is used up."""
        if self.on_admitted is not None:
            self.on_admitted(self)
        self.answer = None


class Outcome:
    """How a call ended in this process, before it is on record, with the content that its result names."""

    __slots__ = ("again", "blobs", "error", "failure", "message", "settled", "status", "taken")

    def __init__(
        self,
        status: Status,
        *,
        settled: Settled | None = None,
        failure: Failure | None = None,
        error: BaseException | None = None,
        message: Message | None = None,
        again: int = -1,
        taken: Taken | None = None,
        blobs: "dict[str, Blob] | None" = None,
    ) -> None:
        self.taken = taken
        self.status = status
        self.settled = settled
        self.failure = failure
        self.error = error
        self.message = message
        self.again = again
        self.blobs = blobs


def idempotency_key(run_id: str, path: str, generation: int) -> str:
    """Return the key of a logical call: 32 hex digits."""
    seed = f"{run_id}\n{path}\n{generation}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(seed).hexdigest()[:IDEMPOTENCY_KEY_HEX]


_files: dict[str, str] = {}


def spell_site(site: tuple[CodeType, int] | None) -> str:
    """Return ``file:line`` of a call; the file as seen from the current folder, or only its name."""
    if site is None:
        return ""
    name = site[0].co_filename
    spelled = _files.get(name)
    if spelled is None:
        path = Path(name)
        here = Path.cwd()
        spelled = path.relative_to(here).as_posix() if path.is_relative_to(here) else path.name
        _files[name] = spelled
    return f"{spelled}:{site[1]}"
