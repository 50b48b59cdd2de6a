"""``backtest`` asks policies about past calls, as the kernel would have asked them then."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import attrs
import pytest
from pytest_reenact.memory import MemoryStore
from reenact import (
    Deny,
    LlmMessage,
    LlmRequest,
    LlmResponse,
    Modify,
    Part,
    PolicyContext,
    llm,
    policy,
    tool,
    workflow,
)
from reenact.errors import RateLimitedError, RunNotFoundError, UsageError
from reenact.judging import Settlement, ToolRequest, Wait
from reenact.policy import Member
from reenact_budget import BudgetOptions
from reenact_budget import Limit as BudgetLimit
from reenact_budget.policy import BudgetPolicy
from reenact_inspect import backtest
from reenact_ratelimit import Limit, RatelimitOptions
from reenact_ratelimit.policy import RatelimitPolicy

from conftest import Fake, Opened

SECOND_NS = 1_000_000_000


@tool
async def find_orders(customer: str) -> str:
    """Find orders."""
    return f"two orders of {customer}"


@workflow(name="bt-ask")
async def ask(question: str) -> str:
    return await llm("fake:m", question)


@workflow(name="bt-tools")
async def with_tools() -> str:
    return await llm("fake:m", "look it up", tools=[find_orders])


@workflow(name="bt-parent")
async def parent() -> str:
    return await ask("from the parent")


@workflow(name="bt-three")
async def three() -> list[str]:
    return [await llm("fake:m", f"question {n}") for n in range(3)]


def wants_orders(request: LlmRequest) -> Any:
    if any(message.role == "tool" for message in request.messages):
        return "there are two"
    call = Part(type="tool_call", id="c1", name="find_orders", arguments={"customer": "Ann"})
    return LlmResponse(message=LlmMessage(role="assistant", parts=[call]), finish="tool_calls")


@policy("no-acme", stage=["request", "response"], version="2")
def no_acme(value: Any, context: PolicyContext) -> Deny | None:
    text = value.messages[-1].text if isinstance(value, LlmRequest) else value.text
    return Deny("names a competitor") if "acme" in text else None


def member(name: str, made: Any) -> Member:
    return Member(name=name, version="1", config="", policy=made)


async def test_it_says_what_would_have_been_denied_and_calls_nobody(opened: Opened, fake: Fake) -> None:
    """Each call of each run is judged once, and examples say where."""
    async with opened() as runtime:
        good = await runtime.run(ask, "hello")
        bad = await runtime.run(ask, "is acme better?")
        calls, rows = fake.calls, sum(len(j) for j in runtime.store.journals.values())  # type: ignore[attr-defined]
        report = await backtest(runtime, [no_acme])

        assert fake.calls == calls
        assert sum(len(j) for j in runtime.store.journals.values()) == rows  # type: ignore[attr-defined]
    (found,) = report.policies
    assert (report.runs, report.calls, found.calls, found.denied, found.version) == (2, 2, 2, 1, "2")
    assert found.share(found.denied) == 0.5
    assert (found.stages["request"].allow, found.stages["request"].deny) == (1, 1)
    assert found.stages["response"].judged == 1, "what is denied gets no answer"
    (example,) = found.examples
    assert (example.run_id, example.path, example.stage) == (bad.id, "llm#0", "request")
    assert (example.reason, example.text) == ("names a competitor", "is acme better?")
    assert found.first_denied == example
    assert good.id != bad.id


async def test_answers_are_judged_as_they_stand_on_record(opened: Opened, fake: Fake) -> None:
    """A policy of the stage response sees each answer."""
    fake.answer = lambda request: "take acme"
    async with opened() as runtime:
        await runtime.run(ask, "who?")
        report = await backtest(runtime, [no_acme])

    (found,) = report.policies
    assert found.stages["response"].deny == 1
    assert found.examples[0].text == "take acme"


async def test_tools_and_rounds_are_judged(opened: Opened, fake: Fake) -> None:
    """The calls of tools, and the requests that carry what they returned."""
    fake.answer = wants_orders
    seen: list[Any] = []

    @policy("watch", stage=["request", "tool"])
    def watch(value: Any, context: PolicyContext) -> None:
        seen.append((context.stage, context.trace.path, value))

    async with opened() as runtime:
        await runtime.run(with_tools)
        report = await backtest(runtime, [watch])

    stages = [(stage, path) for stage, path, _ in seen]
    assert stages == [("request", "llm#0"), ("tool", "llm#0/find_orders#0"), ("request", "llm#0/round#0")]
    assert seen[1][2] == ToolRequest(name="find_orders", arguments={"customer": "Ann"})
    assert seen[2][2].messages[-1].parts[0].text == "two orders of Ann"
    assert report.policies[0].calls == 3


async def test_changes_are_shown_where_they_are(opened: Opened) -> None:
    """An example holds the place that changed, as it was and as it became."""

    @policy("mask")
    def mask(value: LlmRequest, context: PolicyContext) -> Modify[LlmRequest]:
        part = attrs.evolve(value.messages[0].parts[0], text=value.messages[0].text.replace("Ann", "<P1>"))
        return Modify(attrs.evolve(value, messages=[LlmMessage(role="user", parts=[part])]), "1 name")

    async with opened() as runtime:
        await runtime.run(ask, "x" * 500 + " Ann lives here")
        report = await backtest(runtime, [mask])

    (found,) = report.policies
    assert (found.changed, found.denied) == (1, 0)
    (example,) = found.examples
    assert example.text.endswith(" Ann lives here")
    assert example.became.endswith(" <P1> lives here")
    assert len(example.text) < 200


async def test_a_policy_that_fails_is_counted_apart(opened: Opened) -> None:
    """It denies, as in a chain, and the report says that it did not decide."""

    @policy("broken")
    def broken(value: Any, context: PolicyContext) -> None:
        raise KeyError("x")

    async with opened() as runtime:
        await runtime.run(ask, "hello")
        report = await backtest(runtime, [broken, no_acme])

    first, second = report.policies
    assert (first.errors, first.denied, first.examples[0].outcome) == (1, 1, "error")
    assert first.examples[0].reason == "policy_error: KeyError"
    assert (second.errors, second.denied) == (0, 0), "each is on trial by itself"


async def test_attempts_are_admitted_and_settled_as_they_were(opened: Opened, fake: Fake) -> None:
    """A failed try is admitted and settled like one that was answered."""
    answers = iter([RateLimitedError("fake", "slow", retry_after_s=0), "at last"])
    fake.answer = lambda request: next(answers)
    seen: list[Any] = []

    @policy("watch", stage=["admit", "settle"])
    def watch(value: Any, context: PolicyContext) -> None:
        spent = (value.error, value.usage.input_tokens) if isinstance(value, Settlement) else None
        seen.append((context.stage, context.trace.attempt, context.provider, context.model, spent))

    async with opened() as runtime:
        await runtime.run(ask, "hello")
        await backtest(runtime, [watch])

    assert seen == [
        ("admit", 1, "fake", "m", None),
        ("settle", 1, "fake", "m", ("RateLimitedError", 0)),
        ("admit", 2, "fake", "m", None),
        ("settle", 2, "fake", "m", ("", 10)),
    ]


async def test_which_runs_and_calls_can_be_chosen(opened: Opened) -> None:
    """By id, with child runs; by workflow; by time; one that is not there is an error."""
    async with opened() as runtime:
        one = await runtime.run(ask, "a")
        two = await runtime.run(parent)
        late_ns = runtime.clock.now_ns()
        three_ = await runtime.run(ask, "c")

        async def calls(*runs: str, **options: Any) -> int:
            return (await backtest(runtime, [no_acme], *runs, **options)).calls

        assert await calls() == 3
        assert await calls(one.id) == 1
        assert await calls(two.id) == 1, "that of its child run"
        assert await calls(workflow="bt-parent") == 1
        assert await calls(one.id, three_.id, workflow="bt-ask") == 2
        assert await calls(since_ns=late_ns) == 1
        with pytest.raises(RunNotFoundError):
            await calls("nope")
        with pytest.raises(UsageError, match="no policy"):
            await backtest(runtime, [])


async def test_what_a_fork_shares_was_called_once(opened: Opened) -> None:
    """The rows of the run it came from count there."""
    async with opened() as runtime:
        run = await runtime.run(three)
        forked = await runtime.fork(run.id, "llm#2", workflow=three)
        assert forked.id != run.id
        report = await backtest(runtime, [no_acme])

    assert report.calls == 4


# --- what is held ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("tokens", "denied"), [(100_000, 0), (2_110, 1), (1, 3)])
async def test_a_budget_runs_out_when_it_would_have(opened: Opened, tokens: int, denied: int) -> None:
    """Reserved before each call and settled by what is on record, call after call."""
    options = BudgetOptions(limits=[BudgetLimit(tokens=tokens, per="workflow")], output_tokens=2_070)
    async with opened() as runtime:
        await runtime.run(three)
        report = await backtest(runtime, [member("budget", BudgetPolicy(options))])
        assert await runtime.store.held("anything") == 0

    (found,) = report.policies
    assert found.denied == denied
    if denied:
        assert found.first_denied is not None
        assert found.first_denied.path == ("llm#0" if denied == 3 else "llm#2")
        assert "are used or reserved" in found.first_denied.reason


async def test_a_budget_in_money_goes_by_the_prices_it_is_given(opened: Opened) -> None:
    """Without a price it denies, as it does live; with one it counts."""
    options = BudgetOptions(limits=[BudgetLimit(usd=Decimal("0.02"), per="workflow")], output_tokens=5)
    async with opened() as runtime:
        await runtime.run(three)
        made = member("budget", BudgetPolicy(options))
        unpriced = await backtest(runtime, [made])
        made = member("budget", BudgetPolicy(options))
        priced = await backtest(runtime, [made], price=lambda *_: Decimal("0.009"))

    assert unpriced.policies[0].denied == 3
    assert priced.policies[0].denied == 1


async def test_a_rate_limit_has_calls_wait_as_long_as_they_would_have(opened: Opened) -> None:
    """The waits are played through by the clock of the record, and nobody sleeps."""
    patient = RatelimitOptions(limits=[Limit(requests=1, window_s=3600)], wait_s=36_000)
    strict = RatelimitOptions(limits=[Limit(requests=1, window_s=3600)], wait_s=0)
    async with opened() as runtime:
        await runtime.run(three)
        members = [member("patient", RatelimitPolicy(patient)), member("strict", RatelimitPolicy(strict))]
        report = await backtest(runtime, members)

    waits, denies = report.policies
    assert (waits.calls, waits.delayed, waits.denied) == (3, 2, 0)
    assert (denies.delayed, denies.denied) == (0, 2)
    assert waits.stages["admit"].wait == 2


async def test_nobody_answers_what_a_policy_asks(opened: Opened) -> None:
    """A call that would have waited for a person does not go on, and what it held is given back."""
    settled: list[bool] = []

    @policy("asks", stage=["admit", "settle"])
    def asks(value: Any, context: PolicyContext) -> Wait | None:
        if isinstance(value, Settlement):
            settled.append(value.began)
            return None
        return Wait(reason="costs much", question="Go on?")

    async with opened() as runtime:
        await runtime.run(ask, "hello")
        report = await backtest(runtime, [asks])

    (found,) = report.policies
    assert (found.denied, found.stages["admit"].wait) == (1, 1)
    assert settled == [False]


async def test_a_stand_in_is_judged_as_the_other_model(opened: Opened) -> None:
    """A policy that sends calls elsewhere is asked again, about the model it named."""
    models: list[str] = []

    @policy("cheap", stage=["request", "admit", "settle"])
    def cheap(value: Any, context: PolicyContext) -> Modify[LlmRequest] | None:
        models.append(f"{context.stage} {context.provider}:{context.model}")
        if context.stage == "admit" and context.model == "m":
            return Modify(attrs.evolve(value, model="small"), "too dear")
        return None

    async with opened() as runtime:
        await runtime.run(ask, "hello")
        report = await backtest(runtime, [cheap], models={"small": ["fake:s"]})

    assert models == [
        "request fake:m",
        "admit fake:m",
        "settle fake:m",
        "request fake:s",
        "admit fake:s",
        "settle fake:s",
    ]
    assert report.policies[0].changed == 1


async def test_a_damaged_run_is_told_and_the_others_are_judged(
    opened: Opened, store: MemoryStore, tampered: Callable[[str], None]
) -> None:
    """It does not end the test."""
    async with opened() as runtime:
        good, bad = await runtime.run(ask, "a"), await runtime.run(ask, "b")
        tampered(bad.id)
        report = await backtest(runtime, [no_acme])

    assert list(report.unread) == [bad.id]
    assert report.calls == 1
    assert good.id not in report.unread


@pytest.fixture
def tampered(store: MemoryStore) -> Callable[[str], None]:
    """What changes a row of a run behind the journal's back."""

    def tamper(run_id: str) -> None:
        row = store.journals[run_id][1]
        store.journals[run_id][1] = type(row)(row.seq, row.body.replace(b"llm", b"lln"), row.checksum)

    return tamper
