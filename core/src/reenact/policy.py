"""The chain that every call to a provider and every tool call passes.

pluggy collects policies; it does not run them: it would hand each the same
argument, the last registered first. Here they run in the order of the
configuration, each sees what the ones before it made of the request, and the
first that denies ends it. A policy that raises, or takes too long, denies.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, Literal, TypeVar

import attrs

from reenact.codec import canonical, digest, plain
from reenact.errors import ConfigError, PolicyDeniedError
from reenact.judging import Allow, Decision, Deny, Modify, Policy, PolicyContext, Stage, Wait
from reenact.placeholders import Original, Place
from reenact.records import DecisionRecord

T = TypeVar("T")

TIME_LIMIT_S = 5.0

_RESTORABLE = frozenset({"request", "admit", "tool"})
"""Stages whose values the code asked for, so that what is taken out of them can be found again."""


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

    Raises:
        ConfigError: If the order contradicts what a member demands.
    """

    def __init__(self, members: Sequence[Member] = ()) -> None:
        self.members = tuple(members)
        _check_order(self.members)
        self._by_stage: dict[str, tuple[Member, ...]] = {}
        for stage in ("request", "admit", "response", "settle", "tool"):
            self._by_stage[stage] = tuple(m for m in self.members if stage in m.policy.stages)

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
        decisions: list[DecisionRecord] = []
        places: dict[str, Place] = {}
        changed = False
        until_ns: int | None = None
        for member in filter(concerns, self._by_stage[stage]):
            started = time.perf_counter_ns()
            decision = await _ask(member, value, context(value))
            took_us = (time.perf_counter_ns() - started) // 1_000
            found = original.places(decision.restore) if original and isinstance(decision, Modify) else {}
            decisions.append(_record(member, stage, decision, took_us, found))
            if isinstance(decision, Deny):
                denied = PolicyDeniedError(member.name, decision.reason, stage)
                return Verdict(value, changed, decisions, denied)
            if isinstance(decision, Wait):
                return Verdict(value, changed, decisions, waits=decision)
            if isinstance(decision, Modify):
                value, changed = decision.value, True
                places |= found
            elif decision.until_ns is not None:
                until_ns = decision.until_ns if until_ns is None else min(until_ns, decision.until_ns)
        return Verdict(value, changed, decisions, until_ns=until_ns, places=places)


async def _ask(member: Member, value: Any, context: PolicyContext) -> Decision:
    try:
        async with asyncio.timeout(member.time_limit_s):
            decision = await member.policy.evaluate(value, context)
    except TimeoutError:
        return Deny(f"policy_error: no decision within {member.time_limit_s} s")
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        return Deny("policy_error: CancelledError")  # it cancelled itself; nobody called the step off
    except Exception as error:
        return Deny(f"policy_error: {type(error).__name__}")
    if isinstance(decision, Modify) and not isinstance(decision.value, type(value)):
        return Deny(f"policy_error: made {type(decision.value).__name__} of {type(value).__name__}")
    if isinstance(decision, Modify) and decision.restore and context.stage not in _RESTORABLE:
        return Deny(f"policy_error: nothing can be restored in the stage {context.stage}")
    if isinstance(decision, Wait) and context.stage != "admit":
        return Deny(f"policy_error: nothing waits in the stage {context.stage}")
    if isinstance(decision, Wait) and not decision.ends:
        return Deny("policy_error: has the call wait for nothing that could happen")
    if isinstance(decision, (Allow, Deny, Modify, Wait)):
        return decision
    return Deny(f"policy_error: answered {type(decision).__name__}, not Allow, Deny, Modify or Wait")


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
