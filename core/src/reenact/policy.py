"""The chain that every call to a provider and every tool call passes.

pluggy collects policies; it does not run them: it would hand each the same
argument, the last registered first. Here they run in the order of the
configuration, each sees what the ones before it made of the request, and the
first that denies ends it. A policy that raises, or takes too long, denies. What is
denied goes on record as well, so those who stand behind may still take out of it what they would have.

What several of them want to be held for a call is held in one commit, when all have let it
pass. If not all of it fits at once, they are asked again, one after the other.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, Generic, Literal, TypeVar

import attrs

from reenact.codec import canonical, digest, plain
from reenact.errors import ConfigError, PolicyDeniedError
from reenact.judging import (
    Allow,
    Decision,
    Deny,
    Fault,
    Modify,
    Policy,
    PolicyContext,
    Stage,
    Wait,
    changeable,
    fault_of,
    unkept,
)
from reenact.ledger import Holding, Later, LedgerFull
from reenact.placeholders import Original, Place
from reenact.records import DecisionRecord

T = TypeVar("T")

log = logging.getLogger("reenact.policy")

TIME_LIMIT_S = 5.0

HOLDS_MAX = 100
"""How often a policy may ask for other amounts, when what it wanted did not fit."""


@attrs.frozen(kw_only=True)
class Member:
    """A policy in a chain.

    Attributes:
        name: Its name in the configuration.
        version: Its version, for the record.
        config: Hash of its options, for the record.
        policy: The policy.
        before: Names of policies that must come after it.
        after: Names of policies that must come before it.
        requires: Names of policies without which it makes no sense.
        time_limit_s: How long it may take to decide.
    """

    name: str
    version: str
    config: str
    policy: Policy
    before: Sequence[str] = ()
    after: Sequence[str] = ()
    requires: Sequence[str] = ()
    time_limit_s: float = TIME_LIMIT_S


def config_hash(options: object) -> str:
    """Return the hash of a policy's options, short."""
    return digest(canonical(plain(options)))[:16]


@attrs.frozen
class Verdict(Generic[T]):
    """What a chain made of a value.

    Attributes:
        value: The value after the chain.
        changed: Whether a policy changed it.
        decisions: What each policy decided, in order.
        denied: Set if one refused.
        waits: Set if one has the call wait.
        until_ns: The time by which the call must begin, if one has set a time.
        places: Where the values stand that are to be restored, by placeholder.
    """

    value: T
    changed: bool
    decisions: list[DecisionRecord]
    denied: PolicyDeniedError | None = None
    waits: Wait | None = None
    until_ns: int | None = None
    places: Mapping[str, Place] = attrs.field(factory=dict)


class Chain:
    """The policies in force, in order.

    Args:
        members: In the order in which they are asked.

    Attributes:
        answer_judges: Name, version and hash of the options of those that want to see answers.

    Raises:
        ConfigError: If the order contradicts what a member demands.
    """

    def __init__(self, members: Sequence[Member] = ()) -> None:
        self.members = tuple(members)
        _check_order(self.members)
        self._by_stage: dict[str, tuple[Member, ...]] = {}
        for stage in ("request", "admit", "response", "settle", "tool"):
            self._by_stage[stage] = tuple(m for m in self.members if stage in m.policy.stages)
        self.answer_judges = frozenset((m.name, m.version, m.config) for m in self.of("response"))

    def of(self, stage: Stage) -> tuple[Member, ...]:
        """Return the members that want to be asked in *stage*."""
        return self._by_stage[stage]

    async def judge(
        self,
        stage: Stage,
        value: T,
        context: Callable[[T], PolicyContext],
        original: Original | None = None,
        concerns: Callable[[Member], bool] = lambda member: True,
    ) -> Verdict[T]:
        """Have every member of *stage* judge *value*, each after the ones before it.

        Args:
            stage: Which part of the chain.
            value: A request, a response or a tool call.
            context: Makes the context for a value as it stands.
            original: What the code asked, where values to be restored are looked for.
            concerns: Says of a member whether it is to be asked.
        """
        asked = _Asked(stage, value, context, original)
        members = tuple(filter(concerns, self._by_stage[stage]))
        await asked.ask(members, together=True)
        if asked.wanted and not await asked.hold_together():
            asked = _Asked(stage, value, context, original)
            await asked.ask(members, together=False)
        return asked.verdict()


_RECORDED = frozenset({"request", "tool"})
"""Stages whose values go on record."""


class _Asked(Generic[T]):
    """A value on its way through the members of a chain.

    Args:
        stage: Which part of the chain.
        value: What is judged.
        context: Makes the context for a value as it stands.
        original: What the code asked, where values to be restored are looked for.

    Attributes:
        wanted: What those who let it pass want to be held, if that is put off until all are asked.
    """

    def __init__(
        self, stage: Stage, value: T, context: Callable[[T], PolicyContext], original: Original | None
    ) -> None:
        self.wanted: list[Holding] = []
        self._stage = stage
        self._value = value
        self._context = context
        self._original = original
        self._changed = False
        self._decisions: list[DecisionRecord] = []
        self._places: dict[str, Place] = {}
        self._until_ns: int | None = None
        self._denied: PolicyDeniedError | None = None
        self._waits: Wait | None = None

    async def ask(self, members: Sequence[Member], *, together: bool) -> None:
        """Ask *members*, each after the ones before it, until one refuses.

        Args:
            members: Whom.
            together: Put off holding what they want; else it is held before the next one is asked.
        """
        for place, member in enumerate(members):
            started = time.perf_counter_ns()
            context = self._context(self._value)
            decision = await _ask(member, self._value, context)
            if not together:
                decision = await _held(member, decision, self._value, context)
            self._take(member, decision, (time.perf_counter_ns() - started) // 1_000)
            if self._denied is not None or self._waits is not None:
                self.wanted.clear()
                if self._stage in _RECORDED and not isinstance(decision, Fault):
                    await self._scrub(members[place + 1 :])
                return

    async def _scrub(self, members: Sequence[Member]) -> None:
        """Have what was refused changed by those who were not asked about it, for it goes on record."""
        for member in members:
            decision = await _ask(member, self._value, self._context(self._value))
            if isinstance(decision, Deny):
                self._keep(decision)
            elif isinstance(decision, Modify):
                self._value, self._changed = decision.value, True

    def _keep(self, refusal: Deny) -> None:
        """Take what a refusal leaves of the value for the record."""
        kept = unkept(self._value) if isinstance(refusal, Fault) else refusal.keep
        if kept is not None and self._stage in _RECORDED:
            self._value, self._changed = kept, True

    def _take(self, member: Member, decision: Decision, took_us: int) -> None:
        original = self._original
        found = original.places(decision.restore) if original and isinstance(decision, Modify) else {}
        self._decisions.append(_record(member, self._stage, decision, took_us, found))
        if isinstance(decision, Deny):
            self._denied = PolicyDeniedError(member.name, decision.reason, self._stage)
            self._keep(decision)
        elif isinstance(decision, Wait):
            self._waits = decision
        elif isinstance(decision, Modify):
            self._value, self._changed = decision.value, True
            self._places |= found
        else:
            self.wanted += decision.hold
            known = [time for time in (self._until_ns, decision.until_ns) if time is not None]
            self._until_ns = min(known, default=None)

    async def hold_together(self) -> bool:
        """Hold all that is wanted in one commit, now; say whether it fits. Nothing is held if not."""
        names = {(one.account, one.id) for one in self.wanted}
        if len(names) > len({account for account, _ in names}):
            return False  # two amounts of one account: which fits depends on which is held first
        now_ns = max(one.at_ns for one in self.wanted)
        at_once = [
            one if one.limit is None else attrs.evolve(one, at_ns=now_ns, wait_ns=0) for one in self.wanted
        ]
        try:
            return await self._context(self._value).hold(*at_once) is None
        except Exception:
            log.info("what policies want to hold for a call could not be held together", exc_info=True)
            return False  # whose amounts they are will be found when each is held by itself

    def verdict(self) -> Verdict[T]:
        """Return what became of the value."""
        return Verdict(
            self._value,
            self._changed,
            self._decisions,
            denied=self._denied,
            waits=self._waits,
            until_ns=self._until_ns,
            places=self._places,
        )


async def _ask(member: Member, value: Any, context: PolicyContext) -> Decision:
    return await _decided(member, lambda: member.policy.evaluate(value, context), value, context)


async def _held(member: Member, decision: Decision, value: Any, context: PolicyContext) -> Decision:
    """Hold what a decision wants; return what the policy decides in the end."""
    for _ in range(HOLDS_MAX):
        if not (isinstance(decision, Allow) and decision.hold):
            return decision
        try:
            answer = await context.hold(*decision.hold)
        except Exception as error:
            return Fault(f"policy_error: {type(error).__name__}")
        if answer is None:
            return Allow(decision.until_ns)
        if decision.otherwise is None:
            return Deny(_full(answer))
        decision = await _decided(member, partial(decision.otherwise, answer), value, context)
    return Fault(f"policy_error: asked for other amounts {HOLDS_MAX} times")


def _full(answer: Later | LedgerFull) -> str:
    if isinstance(answer, Later):
        return "what has to be held for it would begin later"
    one = answer.holding
    return (
        f"account {one.account!r} holds {answer.held:,} of {one.limit:,}, and this call wants {one.amount:,}"
    )


async def _decided(
    member: Member, decide: Callable[[], Awaitable[Decision]], value: Any, context: PolicyContext
) -> Decision:
    """Return what a policy decides in its time; what it may not, and whatever it raises, denies."""
    late = Fault(f"policy_error: no decision within {member.time_limit_s} s")
    began_s, before = time.monotonic(), changeable(value, context.request)
    try:
        async with asyncio.timeout(member.time_limit_s):
            decision = await decide()
    except TimeoutError:
        return late
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        return Fault("policy_error: CancelledError")  # it cancelled itself; nobody called the step off
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # also what is no Exception: nobody above would take it
        return Fault(f"policy_error: {type(error).__name__}")
    if time.monotonic() - began_s > member.time_limit_s:
        return late  # it never let the loop look at the time, or would not be told
    if not isinstance(decision, (Allow, Deny, Modify, Wait)):
        return Fault(f"policy_error: answered {type(decision).__name__}, not Allow, Deny, Modify or Wait")
    if changeable(value, context.request) != before:
        return Fault("policy_error: it changed what it was given in place; Modify takes a changed one")
    fault = fault_of(decision, value, context.stage)
    return Fault(f"policy_error: {fault}") if fault else decision


def _record(
    member: Member, stage: str, decision: Decision, took_us: int, places: dict[str, Place]
) -> DecisionRecord:
    detail: Mapping[str, Any] = decision.detail if isinstance(decision, Modify) else {}
    spelled = plain(dict(detail), f"{member.name}.detail")
    return DecisionRecord(
        policy=member.name,
        version=member.version,
        config=member.config,
        stage=stage,
        verdict=_VERDICTS[type(decision)],
        reason="" if isinstance(decision, Allow) else _clean(decision.reason),
        took_us=took_us,
        detail=spelled if isinstance(spelled, dict) else {},
        restore=places,
    )


_VERDICTS: Mapping[type, Literal["allow", "deny", "modify", "wait"]] = {
    Allow: "allow",
    Deny: "deny",
    Fault: "deny",
    Modify: "modify",
    Wait: "wait",
}


def _clean(reason: object) -> str:
    """Return a reason as text that can be stored, whatever a policy gave as one."""
    return str(reason).encode("utf-8", "replace").decode()


def _check_order(members: Sequence[Member]) -> None:
    places = {member.name: place for place, member in enumerate(members)}
    for member in members:
        here = places[member.name]
        for name in member.requires:
            if name not in places:
                raise ConfigError(
                    f"policy {member.name!r} requires {name!r}, which is not in the chain", "policies"
                )
        for name in member.before:
            if places.get(name, here) < here:
                raise ConfigError(f"policy {member.name!r} must come before {name!r}", "policies.chain")
        for name in member.after:
            if places.get(name, here) > here:
                raise ConfigError(f"policy {member.name!r} must come after {name!r}", "policies.chain")


# --- one's own ------------------------------------------------------------------------------------

Judge = Callable[[Any, PolicyContext], Any]


@attrs.frozen(kw_only=True)
class OwnPolicy:
    """A function that is a policy; made by `policy`, found in the modules that the TOML names."""

    name: str
    version: str
    stages: frozenset[Stage]
    judge: Judge
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    async def evaluate(self, value: Any, context: PolicyContext) -> Decision:
        """Call the function; None counts as Allow."""
        answer = self.judge(value, context)
        if asyncio.iscoroutine(answer):
            answer = await answer
        return Allow() if answer is None else answer


def policy(
    name: str,
    *,
    stage: Stage | Sequence[Stage] = "request",
    version: str = "1",
    before: Sequence[str] = (),
    after: Sequence[str] = (),
) -> Callable[[Judge], OwnPolicy]:
    """Make a policy of a function, plain or async, of a value and a `PolicyContext`.

    .. code-block:: python

        @policy("no-competitors", stage="request", version="1")
        def no_competitors(request, context):
            if "acme" in request.messages[-1].text.lower():
                return Deny("names a competitor")

    Args:
        name: What the configuration calls it.
        stage: In which stage, or stages, it wants to be asked.
        version: For the record; raise it when its decisions change.
        before: Policies that must come after it.
        after: Policies that must come before it.
    """
    stages = frozenset({stage} if isinstance(stage, str) else stage)

    def make(judge: Judge) -> OwnPolicy:
        return OwnPolicy(
            name=name, version=version, stages=stages, judge=judge, before=tuple(before), after=tuple(after)
        )

    return make
