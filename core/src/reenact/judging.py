"""The protocol of a policy: what it is shown, and what it may answer.

A policy sees a value in a stage of a call and returns a decision; the chain that asks
policies one after the other is in `policy`. A suite in pytest-reenact holds a policy
to what is said here.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Generic, Literal, Protocol, TypeAlias, TypeVar

import attrs

from reenact.ledger import Holding, Later, LedgerFull
from reenact.llm import LlmMessage, LlmRequest, LlmResponse, Usage, user
from reenact.records import RunRecord
from reenact.trace import TraceContext

T = TypeVar("T")

Stage: TypeAlias = Literal["request", "admit", "response", "settle", "tool"]


def _gathered(holdings: Iterable[Holding]) -> tuple[Holding, ...]:
    return tuple(holdings)


@attrs.frozen
class Allow:
    """The call may go on as it is.

    Attributes:
        until_ns: In the stage admit: it must have begun by then, by `PolicyContext.clock`; if it has
            not, the stage is asked again. None for any time.
        hold: In the stage admit: amounts that have to be held for it. They are held together with
            what the other policies of the chain ask for, in the commit that puts the attempt on
            record. If not all of that fits at once, nothing is held, and the policies are asked
            again, each of them holding what it wants before the next one is asked.
        otherwise: What the policy decides when it was asked for itself and its amounts begin later
            (`Later`), or do not fit (`LedgerFull`); with other amounts, for example. It denies if None.
    """

    until_ns: int | None = None
    hold: Sequence[Holding] = attrs.field(default=(), converter=_gathered)
    otherwise: "Callable[[Later | LedgerFull], Awaitable[Decision]] | None" = attrs.field(
        default=None, eq=False, repr=False
    )


@attrs.frozen
class Deny:
    """The call may not go on.

    Attributes:
        reason: Why, for the person who reads the error.
        keep: What goes on record in place of the request or the arguments, of their type; as they are
            if None. In the stages request and tool.
    """

    reason: str
    keep: Any = attrs.field(default=None, eq=False, repr=False)


@attrs.frozen
class Fault(Deny):
    """A policy has failed. Nobody knows what it would have taken out, so nothing of the value is kept."""


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
        hold: Hold amounts against accounts, durably, all or none, in a commit of their own. Answers
            None if they are held now, `Later` if they begin later, `LedgerFull` if they were refused.
            Who can do without the answer costs less with `Allow.hold`.
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

        Admit is asked before each attempt, and may `Wait`. It is asked again when a wait is over, when
        the attempt did not begin by `Allow.until_ns`, and when what the policies want to hold does not
        fit together: what counts is held in the ledger under the attempt's id, and not by the policy.
        Settle is asked once of whoever let an attempt pass there, whatever became of it, and there is
        nothing to change.

        *value* is not changed in place: who does that denies. A changed one goes into `Modify`.

        Raises:
            Exception: Anything raised counts as ``Deny``, and is named in the record.
        """


_RESTORABLE = frozenset({"request", "admit", "tool"})
"""Stages whose values the code asked for, so that what is taken out of them can be found again."""


NOT_KEPT = "[not kept: a policy failed on it]"


def unkept(value: Any) -> Any:
    """Return what goes on record in place of *value* if nothing of it may."""
    if isinstance(value, LlmRequest):
        return LlmRequest(model=value.model, messages=(user(NOT_KEPT),))
    return attrs.evolve(value, arguments={}) if isinstance(value, ToolRequest) else value


def changeable(*values: object) -> str:
    """Spell all in *values* that could be changed in place; the rest of them is frozen."""
    return repr([_changeable(value) for value in values])


def _changeable(value: object) -> list[Any]:
    if isinstance(value, LlmRequest):
        tools = [tool.parameters for tool in value.tools]
        return [value.options, value.output_schema, tools, *map(_in_parts, value.messages)]
    if isinstance(value, Settlement):
        return _changeable(value.response)
    if isinstance(value, LlmResponse):
        return _in_parts(value.message)
    return [value.arguments] if isinstance(value, ToolRequest) else []


def _in_parts(message: LlmMessage) -> list[Any]:
    return [(part.arguments, part.opaque) for part in message.parts if part.arguments or part.opaque]


def fault_of(decision: Decision, value: object, stage: Stage) -> str:
    """Return what is wrong with a decision about *value* in a stage; empty if nothing is."""
    if isinstance(decision, Modify) and not isinstance(decision.value, type(value)):
        return f"made {type(decision.value).__name__} of {type(value).__name__}"
    if (
        isinstance(decision, Deny)
        and decision.keep is not None
        and not isinstance(decision.keep, type(value))
    ):
        return f"would keep {type(decision.keep).__name__} of {type(value).__name__}"
    if isinstance(decision, Modify) and decision.restore and stage not in _RESTORABLE:
        return f"nothing can be restored in the stage {stage}"
    if isinstance(decision, Wait) and stage != "admit":
        return f"nothing waits in the stage {stage}"
    if isinstance(decision, Wait) and not decision.ends:
        return "has the call wait for nothing that could happen"
    if isinstance(decision, Allow) and decision.hold and stage != "admit":
        return f"nothing is held for a call in the stage {stage}"
    if isinstance(decision, Allow) and not all(isinstance(one, Holding) for one in decision.hold):
        return "wants to hold what is no Holding"
    return ""
