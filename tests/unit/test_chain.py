"""The chain: order, what each sees, what refuses, what is on record."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import attrs
import pytest
from reenact.errors import ConfigError
from reenact.judging import Allow, Decision, Deny, Modify, PolicyContext, Stage
from reenact.policy import Chain, Member, Verdict, config_hash, policy
from reenact.records import RunRecord
from reenact.trace import TraceContext


@attrs.define
class Scripted:
    """A policy that decides what a function says, and notes what it saw."""

    decide: Callable[[Any], Any]
    stages: frozenset[Stage] = frozenset({"request"})
    saw: list[Any] = attrs.field(factory=list)

    async def evaluate(self, value: Any, context: PolicyContext) -> Decision:
        await asyncio.sleep(0)
        self.saw.append(value)
        answer = self.decide(value)
        return await answer if asyncio.iscoroutine(answer) else answer  # type: ignore[no-any-return]  # a script


def context(value: object) -> PolicyContext:
    run = RunRecord(id="r", trace_id="t", workflow="w")

    async def hold(_: object) -> None:
        return None

    return PolicyContext(stage="request", run=run, trace=TraceContext("t", "r"), hold=hold)


def member(name: str, decide: Callable[[Any], Any], **options: Any) -> Member:
    return Member(name=name, version="2", config="c0", policy=Scripted(decide), **options)


def allow(_: Any) -> Allow:
    return Allow()


async def judge(*members: Member, value: str = "v", stage: Stage = "request") -> Verdict[str]:
    return await Chain(members).judge(stage, value, context)


def verdicts(verdict: Verdict[Any]) -> list[tuple[str, str]]:
    return [(one.policy, one.verdict) for one in verdict.decisions]


async def test_what_one_changes_the_next_sees() -> None:
    """Members are asked in order, each after the ones before it."""
    last = Scripted(allow)
    members = [
        member("a", lambda v: Modify(v + "1", "added 1")),
        member("b", lambda v: Modify(v + "2", "added 2", {"how": "many"})),
        Member(name="c", version="1", config="", policy=last),
    ]

    verdict = await judge(*members)

    assert last.saw == ["v12"]
    assert (verdict.value, verdict.changed, verdict.denied) == ("v12", True, None)
    assert verdicts(verdict) == [("a", "modify"), ("b", "modify"), ("c", "allow")]
    assert [one.reason for one in verdict.decisions] == ["added 1", "added 2", ""]
    assert verdict.decisions[1].detail == {"how": "many"}


async def test_the_first_that_denies_ends_it() -> None:
    """Nobody after it has a say; they are asked only what may go on record of what was denied."""
    after = Scripted(lambda v: Modify("***", "took it out"))
    members = [
        member("a", allow),
        member("b", lambda v: Deny("no names")),
        Member(name="c", version="1", config="", policy=after),
    ]

    verdict = await judge(*members)

    assert (after.saw, verdict.value) == (["v"], "***")
    assert verdicts(verdict) == [("a", "allow"), ("b", "deny")]
    assert verdict.denied is not None
    assert str(verdict.denied) == "policy 'b' denied the request: no names"


async def never() -> Decision:
    await asyncio.Event().wait()
    return Allow()


async def obstinate() -> Decision:
    try:
        return await never()
    except asyncio.CancelledError:
        return Allow()


async def cancelled() -> Decision:
    raise asyncio.CancelledError


class OddError(BaseException):
    """What some test tools raise."""


def broken(error: BaseException) -> Callable[[Any], Any]:
    def decide(_: Any) -> Any:
        raise error

    return decide


WRONG: list[tuple[str, Callable[[Any], Any], str]] = [
    ("raises", broken(ValueError("secret text")), "policy_error: ValueError"),
    ("times out by itself", broken(TimeoutError()), "policy_error: "),
    ("is too slow", lambda v: never(), "policy_error: no decision within 0.02 s"),
    ("will not be stopped", lambda v: obstinate(), "policy_error: no decision within 0.02 s"),
    ("raises what is no Exception", broken(OddError("secret text")), "policy_error: OddError"),
    ("cancels itself", lambda v: cancelled(), "policy_error: "),
    ("answers True", lambda v: True, "policy_error: answered bool"),
    ("answers None", lambda v: None, "policy_error: answered NoneType"),
    ("answers a class", lambda v: Allow, "policy_error: answered type"),
    ("changes the type", lambda v: Modify(5, "other"), "policy_error: "),
]


@pytest.mark.parametrize(("decide", "reason"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG])
async def test_a_policy_that_goes_wrong_denies(decide: Callable[[Any], Any], reason: str) -> None:
    """It is on record what it did, and never what an exception quoted."""
    after = Scripted(allow)

    verdict = await judge(
        member("odd", decide, time_limit_s=0.02), Member(name="c", version="1", config="", policy=after)
    )

    assert verdict.denied is not None
    assert verdict.denied.reason.startswith(reason)
    assert "secret" not in verdict.denied.reason
    assert verdicts(verdict) == [("odd", "deny")]
    assert after.saw == []


async def test_a_policy_that_never_lets_go_denies_when_it_is_late() -> None:
    """A plain function cannot be stopped; what it answers after its time does not count."""
    verdict = await judge(member("plain", allow, time_limit_s=1e-9))

    assert verdict.denied is not None
    assert verdict.denied.reason == "policy_error: no decision within 1e-09 s"


async def test_a_cancelled_judgement_is_cancelled() -> None:
    """A policy that hangs does not outlive the step that was called off."""
    task = asyncio.create_task(judge(member("slow", lambda v: never())))
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_only_those_who_asked_for_a_stage_are_asked() -> None:
    """A stage nobody wants costs nothing."""
    both = Scripted(allow, frozenset({"request", "tool"}))
    chain = Chain([Member(name="a", version="1", config="", policy=both), member("b", allow)])

    verdict = await chain.judge("tool", "v", context)

    assert verdicts(verdict) == [("a", "allow")]
    assert [m.name for m in chain.of("request")] == ["a", "b"]
    assert chain.of("response") == ()
    assert (await Chain().judge("request", "v", context)).decisions == []


async def test_a_decision_on_record_says_whose_it_is() -> None:
    """Name, version and options of the policy, the stage, and what it cost."""
    (record,) = (await judge(member("a", allow))).decisions

    assert (record.policy, record.version, record.config, record.stage) == ("a", "2", "c0", "request")
    assert 0 <= record.took_us < 5_000_000


@pytest.mark.parametrize("reason", [None, 5, "\ud800", "x\ny"])
async def test_any_reason_can_be_put_on_record(reason: Any) -> None:
    """A policy's sloppy reason does not damage a journal."""
    import msgspec
    from reenact.records import DecisionRecord

    verdict = await judge(member("a", lambda v: Deny(reason)))

    data = msgspec.json.encode(verdict.decisions[0])
    assert msgspec.json.decode(data, type=DecisionRecord) == verdict.decisions[0]


def test_options_are_known_by_their_hash() -> None:
    """Other options, another hash."""

    @attrs.frozen
    class Options:
        words: list[str]

    assert config_hash(Options(["a"])) == config_hash(Options(["a"])) != config_hash(Options(["b"]))
    assert len(config_hash(Options([]))) == 16


ORDERS: list[tuple[Sequence[tuple[str, dict[str, Any]]], str]] = [
    ([("a", {"requires": ["b"]})], "policy 'a' requires 'b', which is not in the chain"),
    ([("b", {}), ("a", {"before": ["b"]})], "policy 'a' must come before 'b'"),
    ([("a", {"after": ["b"]}), ("b", {})], "policy 'a' must come after 'b'"),
    ([("a", {"before": ["b"], "requires": ["b"]}), ("b", {"after": ["a", "z"]})], ""),
    ([("a", {"before": ["z"], "after": ["y"]})], ""),
]


@pytest.mark.parametrize(("named", "problem"), ORDERS)
def test_an_order_that_contradicts_a_member_is_refused(
    named: Sequence[tuple[str, dict[str, Any]]], problem: str
) -> None:
    """When the chain is made, and not at the first call."""
    members = [member(name, allow, **options) for name, options in named]

    if not problem:
        assert len(Chain(members).members) == len(members)
        return
    with pytest.raises(ConfigError, match=problem):
        Chain(members)


# --- one's own


async def test_a_function_is_a_policy() -> None:
    """Plain or async; saying nothing is allowing."""

    @policy("plain", version="7", after=["x"])
    def plainly(value: str, context: PolicyContext) -> Deny | None:
        return Deny("bad") if value == "bad" else None

    @policy("async", stage=["request", "response"], before=["y"])
    async def slowly(value: str, context: PolicyContext) -> Modify[str]:
        await asyncio.sleep(0)
        return Modify(value.upper(), "louder")

    assert (plainly.stages, plainly.version, plainly.after) == (frozenset({"request"}), "7", ("x",))
    assert (slowly.stages, slowly.before) == (frozenset({"request", "response"}), ("y",))
    assert await plainly.evaluate("good", context("")) == Allow()
    assert await plainly.evaluate("bad", context("")) == Deny("bad")
    assert await slowly.evaluate("a", context("")) == Modify("A", "louder")
