"""What is on record: runs, and the entries of their steps.

An entry is one transition of one step. Entries are appended and never changed;
each carries a checksum over itself and the entry before it. They are msgspec
structs and not attrs classes, because two are made for each step: a tenth of
the time to make, a quarter to read. They hold no cycles, so the collector need
not look at them.
"""

import enum
import hashlib
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

import attrs
import msgspec

FORMAT = 1
"""The version of an entry's spelling; raised when an old reader could misread a new entry."""

CHECKSUM_BYTES = 16
RUN_PATH = ""
"""The path of the run itself, which is the root step of its journal."""

_NO_STEP = (RUN_PATH, ":")
"""How the paths of what is no step of a run begin: itself, requests to cancel it, and patches."""

Kind: TypeAlias = Literal["llm", "tool", "step", "decision", "timer", "signal", "workflow"]
Effect: TypeAlias = Literal["repeatable", "once"]
Cache: TypeAlias = Literal["off", "workflow"]


class Status(enum.StrEnum):
    """What a step, or a run, has become."""

    PENDING = "pending"
    RUNNING = "running"
    WAITING = "waiting"
    IN_DOUBT = "in_doubt"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DENIED = "denied"

    __hash__ = str.__hash__  # Enum's is written in Python, and tables are keyed by this on every row

    @property
    def ended(self) -> bool:
        """Whether nothing more comes after it."""
        return self in ENDED


ENDED = frozenset({Status.SUCCEEDED, Status.FAILED, Status.CANCELLED, Status.DENIED})

NO_VALUE = msgspec.Raw()

NOTHING: Mapping[str, Any] = MappingProxyType({})
"""An empty table: one object for the fields of all entries."""


class Failure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An exception on record.

    Attributes:
        type: Module and qualified name, such as ``builtins.ValueError``.
        message: ``str()`` of it.
        args: Its arguments, if they are plain.
        state: Its public attributes that are plain.
        path: The step that raised it; empty if the workflow itself did.
        retryable: Whether it was one that a retry may cure.
        rebuilds: Whether the type can be made again from args and state.
    """

    type: str
    message: str
    args: list[Any] = []
    state: dict[str, Any] = {}
    path: str = ""
    retryable: bool = False
    rebuilds: bool = True


class DecisionRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What one policy decided about one call.

    Attributes:
        policy: Its name.
        version: Its version.
        config: Hash of its options.
        stage: Where in the chain: request, admit, response, settle, tool.
        verdict: allow, deny, modify or wait.
        reason: Why, in words; never the value that was scrubbed.
        took_us: What it cost, in microseconds.
        detail: Whatever else it wants on record; plain.
        restore: Where in what the code asked the values stand that its placeholders stand for.
    """

    policy: str
    version: str
    config: str
    stage: str
    verdict: Literal["allow", "deny", "modify", "wait"]
    reason: str = ""
    took_us: int = 0
    detail: dict[str, Any] = {}
    restore: dict[str, list[int]] = {}


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One transition of one step.

    Attributes:
        seq: Position in the run, from 0, without gaps.
        path: Where the step stands in the run; empty for the run itself.
        status: What the step became.
        at_ns: When, in nanoseconds since the epoch.
        attempt: Which try, from 1; on an entry of the run itself, the epoch of its lease.
        candidate: Which of the models that may be asked the attempt asks, from 0.
        generation: How often the step began anew with another input, from 0.
        kind: What kind of step; on the first entry of a generation, like the next seven.
        name: The function's or the step's name.
        input_hash: SHA-256 of the canonical input, in hex.
        hash_keyed: The hash is keyed with the run's key, because a policy scrubbed the input.
        input: The stored spelling of the input.
        effect: What running it twice would do to the world.
        site: File and line of the call.
        decisions: What policies decided about it.
        due_ns: For a timer, a retry or a wait that a policy decided, when it is due; with *taken*, when
            the other run had it; on the first entry of a run that was re-run, when the other run began.
        asks: What a policy has the step wait for a person for: ``question``, ``show``, ``topic``; without
            a question, it waits behind another step that asks about the topic.
        answer: What the person has answered; the step goes on with it.
        output: The stored spelling of the outcome.
        again: For an outcome that is taken from an earlier entry of the run: its seq.
        failure: The exception, if it failed or is about to be tried again.
        model: The model that answered, as it calls itself.
        tokens_in: Tokens read, of an LLM call.
        tokens_out: Tokens written.
        cost_usd: Price of the call as a decimal number; empty if unknown.
        revised_from: On an entry of the run itself: outcomes delivered from this seq on are no longer
            delivered in their order; a step may still take its own from there.
        redo: With *revised_from*: failures from there on are not taken, the steps run again.
        fork: On the first own entry of a run that was forked: the path from which it is live.
        changes: On an entry of the run itself: what was set for the run when it was made; see `Changes`.
        taken: For an outcome that another run had: that run and the seq of its entry, ``run:seq``.
        asked: The model that was asked, as ``provider:model``.
        owner: On an entry of the run itself: the process that took it.
        code: On an entry of the run itself that begins it, or takes it up with another one: the hash of
            the source of the code that runs; empty if that is not known.
        made_by: On such an entry: the distributions that take part, and their versions.
        note: A remark for people.
    """

    seq: int
    path: str
    status: Status
    at_ns: int
    attempt: int = 1
    candidate: int = 0
    generation: int = 0
    kind: str = ""
    name: str = ""
    input_hash: str = ""
    hash_keyed: bool = False
    input: msgspec.Raw = NO_VALUE
    effect: str = ""
    site: str = ""
    decisions: tuple[DecisionRecord, ...] = ()
    due_ns: int = 0
    asks: Mapping[str, Any] = NOTHING
    answer: bool | None = None
    output: msgspec.Raw = NO_VALUE
    again: int = -1
    failure: Failure | None = None
    model: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: str = ""
    revised_from: int = -1
    redo: bool = False
    fork: str = ""
    changes: Mapping[str, Any] = NOTHING
    taken: str = ""
    asked: str = ""
    owner: str = ""
    code: str = ""
    made_by: Mapping[str, str] = NOTHING
    note: str = ""

    @property
    def counts(self) -> bool:
        """Whether it is one more step of its run that has succeeded, which is what ``steps`` counts.

        A child run is one step of its parent. A request to cancel and a patch are none, and an outcome
        that is taken from an earlier entry of the run was counted there.
        """
        return self.status is Status.SUCCEEDED and self.again < 0 and self.path[:1] not in _NO_STEP

    @property
    def charges(self) -> bool:
        """Whether it says that a model was used; what that costs may be unknown."""
        return bool(self.tokens_in or self.tokens_out or self.cost_usd)


def add_cost(before: Decimal | None, cost_usd: str) -> Decimal | None:
    """Return a price and one more, as entries spell it; None if either is unknown."""
    return before + Decimal(cost_usd) if before is not None and cost_usd else None


def raw(data: bytes) -> msgspec.Raw:
    """Return *data*, which spells JSON, as a field of an entry; nothing if it is empty."""
    return msgspec.Raw(data) if data else NO_VALUE


encode_entry = msgspec.json.Encoder().encode
decode_entry = msgspec.json.Decoder(Entry).decode


def checksum(before: bytes, body: bytes) -> bytes:
    """Return the checksum of an entry's *body* that stands after the one with checksum *before*."""
    return hashlib.sha256(before + body).digest()[:CHECKSUM_BYTES]


class Row(msgspec.Struct, frozen=True, gc=False):
    """An entry as it is stored.

    Attributes:
        seq: Position in the run.
        body: The entry's JSON.
        checksum: Over *body* and the checksum of the row before.
    """

    seq: int
    body: bytes
    checksum: bytes


@attrs.frozen(kw_only=True)
class RunRecord:
    """A run as the store knows it: identity, and a projection of its journal.

    Attributes:
        id: Names the run; chosen by the caller, or 16 random hex digits.
        trace_id: 32 hex digits, shared with its child runs.
        workflow: The workflow's name.
        version: The version of its code that started it.
        target: Where the command line found it, such as ``flow.py:main``; empty otherwise.
        key: 32 hex digits that key hashes of scrubbed inputs and seed what must be stable in the run.
        parent: The runs that started this one as a step of theirs, outermost first, split by ``/``.
        origin: The run that this one was forked, re-run or continued from; see `Origin`.
        input_hash: SHA-256 of its canonical input.
        created_ns: When it was created, ns since the epoch.
        updated_ns: When its status last changed.
        status: What it has become.
        owner: Who has it, in words; empty if nobody.
        epoch: How often it has been taken; a commit must carry the current one.
        until_ns: When the owner's lease ends; 0 if nobody has it.
        steps: How many of its steps have succeeded, see `Entry.counts`; of a fork, since then; of a run
            that is going on, as of its last write that says so.
        tokens_in: Tokens read, in all.
        tokens_out: Tokens written, in all.
        cost_usd: Price in all as a decimal number; empty if any part of it is unknown.
        waits_for: What it waits for, in words, if it waits.
    """

    id: str
    trace_id: str
    workflow: str
    version: str = ""
    target: str = ""
    key: str = ""
    parent: str = ""
    origin: str = ""
    input_hash: str = ""
    created_ns: int = 0
    updated_ns: int = 0
    status: Status = Status.RUNNING
    owner: str = ""
    epoch: int = 0
    until_ns: int = 0
    steps: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: str = "0"
    waits_for: str = ""


@attrs.frozen
class Origin:
    """What a run came from, if not from nothing.

    Spelled ``fork:RUN:SEQ``, ``rerun:RUN`` or ``continued:RUN``.

    Attributes:
        how: A fork shares its rows below *seq*; a re-run takes outcomes from it; a run that was
            continued has ended in this one.
        run_id: The other run.
        seq: For a fork, how many rows of the other run's journal it begins with.
    """

    how: Literal["fork", "rerun", "continued"]
    run_id: str
    seq: int = 0

    def __str__(self) -> str:
        return f"{self.how}:{self.run_id}:{self.seq}" if self.how == "fork" else f"{self.how}:{self.run_id}"


def origin_of(run: RunRecord) -> Origin | None:
    """Return what *run* came from; None if from nothing."""
    how, _, rest = run.origin.partition(":")
    if how == "fork":
        run_id, _, seq = rest.rpartition(":")
        return Origin("fork", run_id, int(seq))
    if how in ("rerun", "continued"):
        return Origin("rerun" if how == "rerun" else "continued", rest)
    return None


class Changes(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was set for a run when it was forked or re-run.

    Attributes:
        model: Asked in place of whatever model the code names; as the code has it if empty.
        input: Arguments that take the place of those on record, plain.
        outputs: Outcomes that steps are given instead of being run, plain, by path.
        allow_once: Steps that must not happen twice may take another run's outcome.
    """

    model: str = ""
    input: dict[str, Any] = {}
    outputs: dict[str, Any] = {}
    allow_once: bool = False

    def then(self, later: "Changes") -> "Changes":
        """Return these changes with *later* ones made on top of them."""
        return Changes(
            model=later.model or self.model,
            input=self.input | later.input,
            outputs=self.outputs | later.outputs,
            allow_once=later.allow_once or self.allow_once,
        )


NO_CHANGES = Changes()


@attrs.frozen(kw_only=True)
class Message:
    """Something told to a run from outside: an answer, a signal, a request to cancel.

    A run that goes on as another one leaves that one what it has not taken; but an answer is to one
    of its own waits, and to nothing else.

    Attributes:
        id: Given by the store when it is posted, growing.
        run_id: The run it is for.
        kind: ``signal``, ``answer`` or ``cancel``.
        name: The signal's name; for an answer, the path of the step that waits.
        body: Canonical JSON of what is told.
        at_ns: When it was posted.
    """

    id: int = 0
    run_id: str
    kind: Literal["signal", "answer", "cancel"]
    name: str = ""
    body: bytes = b"null"
    at_ns: int = 0
