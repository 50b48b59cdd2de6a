"""The policy chain stands in front of every way to a provider and to a tool."""

import asyncio
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from cards import CANARY, judge_of, plain_call, search, searched, wants_search, with_tools
from pytest_reenact.memory import MemoryStore
from reenact import (
    Allow,
    Config,
    Deny,
    LlmEvent,
    LlmMessage,
    LlmRequest,
    Modify,
    Part,
    PolicyContext,
    RunFilter,
    Status,
    llm,
    policy,
    workflow,
)
from reenact.config import PoliciesOptions, RuntimeOptions
from reenact.errors import PolicyDeniedError, RateLimitedError
from reenact.judging import Stage, ToolRequest
from reenact.ledger import Holding
from reenact.llm import user

from conftest import Fake, Opened

events: list[LlmEvent] = []


@pytest.fixture(autouse=True)
def forget() -> None:
    events.clear()
    searched.clear()


@attrs.frozen
class Reply:
    yes: bool


@workflow(name="policed-stream")
async def streamed() -> str:
    return await llm("fake:m", f"card {CANARY}", on_event=events.append)


@workflow(name="policed-alias")
async def with_stand_ins() -> str:
    return await llm("both", f"card {CANARY}")


@workflow(name="policed-system")
async def in_system() -> str:
    return await llm("fake:m", "hello", system=f"the card is {CANARY}")


@workflow(name="policed-child")
async def in_child() -> str:
    return await plain_call()


@workflow(name="policed-repair")
async def with_repair() -> bool:
    return (await llm("fake:m", "yes?", output=Reply)).yes


@pytest.mark.parametrize(
    "flow", [plain_call, streamed, with_stand_ins, in_system, in_child], ids=lambda f: f.spec.name
)
async def test_a_denied_request_reaches_no_provider(opened: Opened, fake: Fake, flow: Any) -> None:
    """By no way: plain, streamed, by alias, from a system text, from a child run."""
    no_cards, asked = judge_of()
    config = Config(models={"both": ["fake:a", "fake:b"]})

    async with opened(config, policies=[no_cards]) as runtime:
        run = await runtime.run(flow)

    assert isinstance(run.error, PolicyDeniedError)
    assert run.error.reason == "a card number"
    assert fake.calls == 0
    assert events == []
    assert len(asked) == 1


async def test_a_tools_answer_is_judged_before_the_model_hears_it(opened: Opened, fake: Fake) -> None:
    """The second round of a tool loop is a request like the first."""
    no_cards, asked = judge_of()
    fake.answer = lambda request: wants_search("cards")

    async with opened(policies=[no_cards]) as runtime:
        run = await runtime.run(with_tools)

    assert isinstance(run.error, PolicyDeniedError)
    assert searched == ["cards"]
    assert fake.calls == 1
    assert asked == ["llm#0", "llm#0/round#0"]


async def test_a_repair_is_judged_too(opened: Opened, fake: Fake) -> None:
    """What the model said wrongly goes back to it, and past the policies."""
    no_cards, asked = judge_of()
    fake.answer = lambda request: f"not json {CANARY}"

    async with opened(policies=[no_cards]) as runtime:
        run = await runtime.run(with_repair)

    assert isinstance(run.error, PolicyDeniedError)
    assert fake.calls == 1
    assert asked == ["llm#0", "llm#0/repair#0"]


async def test_a_stand_in_is_judged_for_itself(opened: Opened) -> None:
    """The chain is asked again before another provider is, which may be one that is not allowed."""
    first = Fake(answer=lambda request: RateLimitedError("a", "slow", retry_after_s=0), name="a")
    second = Fake(name="b")

    @policy("not-b")
    def not_b(value: LlmRequest, context: PolicyContext) -> Deny | None:
        return Deny("b is abroad") if context.provider == "b" else None

    config = Config(models={"both": ["a:m", "b:m"]}, runtime=RuntimeOptions(llm_attempts=2))
    async with opened(config, policies=[not_b], providers={"a": first, "b": second}) as runtime:
        run = await runtime.run(with_stand_ins)
        view = await runtime.show(run.id)

    assert isinstance(run.error, PolicyDeniedError)
    assert (first.calls, second.calls) == (2, 0)
    assert [(d.verdict, d.reason) for d in view.steps[0].decisions] == [
        ("allow", ""),
        ("deny", "b is abroad"),
    ]
    assert view.steps[0].status is Status.DENIED


async def test_each_attempt_is_admitted_for_itself(opened: Opened, fake: Fake) -> None:
    """A retry takes a rate slot like a first try, and all of it is on record."""
    answers = iter([RateLimitedError("fake", "slow", retry_after_s=0), "at last"])
    fake.answer = lambda request: next(answers)
    admitted: list[int] = []

    @policy("slots", stage="admit")
    def slots(value: LlmRequest, context: PolicyContext) -> None:
        admitted.append(context.trace.attempt)

    async with opened(policies=[slots]) as runtime:
        run = await runtime.run(plain_call)
        view = await runtime.show(run.id)

    assert run.output == "at last"
    assert admitted == [1, 2]
    assert [d.stage for d in view.steps[0].decisions] == ["admit", "admit"]


@pytest.mark.parametrize("stage", ["admit", "settle", "response"])
async def test_a_denial_at_any_stage_is_final(opened: Opened, fake: Fake, stage: Any) -> None:
    """It is not tried again, and the step is denied on record."""
    fake.answer = lambda request: f"the card is {CANARY}"
    no_cards, asked = judge_of(stage)

    async with opened(policies=[no_cards]) as runtime:
        run = await runtime.run(plain_call)
        view = await runtime.show(run.id)

    assert isinstance(run.error, PolicyDeniedError)
    assert run.error.stage == stage
    assert view.steps[0].status is Status.DENIED
    assert len(asked) == 1
    assert fake.calls == (0 if stage == "admit" else 1)


def _stored(store: MemoryStore) -> str:
    rows = b"".join(row.body for journal in store.journals.values() for row in journal)
    return (rows + b"".join(blob.data for blob in store.content.values())).decode()


# --- going wrong


async def hang() -> None:
    await asyncio.Event().wait()


async def cancel() -> None:
    raise asyncio.CancelledError


def _raise() -> Any:
    raise RuntimeError(f"quoting {CANARY}")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (_raise, "policy_error: RuntimeError"),
        (hang, "policy_error: no decision within"),
        (cancel, "policy_error: CancelledError"),
        (lambda: Modify("text", "not a request"), "policy_error: made str of LlmRequest"),
        (lambda: Deny(None), "None"),  # type: ignore[arg-type]  # that is the point
    ],
    ids=["raises", "hangs", "cancels", "changes the type", "gives no reason"],
)
async def test_a_policy_that_goes_wrong_blocks_and_the_run_can_be_replayed(
    opened: Opened, fake: Fake, store: MemoryStore, answer: Callable[[], Any], reason: str
) -> None:
    """The call is denied, that is on record, and the record is whole."""

    @policy("odd")
    def odd(value: LlmRequest, context: PolicyContext) -> Any:
        return answer()

    config = Config(policies=PoliciesOptions(time_limit_s=0.02))
    async with opened(config, policies=[odd]) as runtime:
        run = await runtime.run(plain_call)
        replayed = await runtime.replay(run.id)
        await runtime.verify(run.id)

    assert isinstance(run.error, PolicyDeniedError)
    assert str(run.error.reason).startswith(reason)
    assert isinstance(replayed.error, PolicyDeniedError)
    assert fake.calls == 0
    assert "quoting" not in _stored(store)


async def test_a_call_that_waits_for_a_policy_can_be_called_off(opened: Opened, fake: Fake) -> None:
    """The provider is never asked, and the run goes on."""
    entered = asyncio.Event()

    @policy("slow")
    async def slow(value: LlmRequest, context: PolicyContext) -> None:
        entered.set()
        await asyncio.Event().wait()

    @workflow(name="policed-impatient")
    async def impatient() -> str:
        try:
            async with asyncio.timeout(5):
                return await llm("fake:m", "hello")
        except TimeoutError:
            return "too late"

    async with opened(Config(policies=PoliciesOptions(time_limit_s=60)), policies=[slow]) as runtime:
        run = await runtime.run(impatient)
        await runtime.verify(run.id)

    assert run.output == "too late"
    assert entered.is_set()
    assert fake.calls == 0


async def test_a_policy_can_hold_an_amount_durably(opened: Opened, fake: Fake, store: MemoryStore) -> None:
    """In the store's ledger, which says when it is full; what one call needs between stages is not stored."""
    seen: list[Any] = []

    @policy("budget", stage=["admit", "settle"])
    async def budget(value: Any, context: PolicyContext) -> Deny | None:
        if context.stage == "settle":
            seen.append(context.secrets["reserved"])
            return None
        context.secrets["reserved"] = context.trace.path
        full = await context.hold(Holding(account="usd", id=context.trace.path, amount=6, limit=10, at_ns=1))
        return Deny(f"{full.held} held") if full else None

    @workflow(name="policed-budget")
    async def spending() -> list[str]:
        return [await llm("fake:m", "a"), await llm("fake:m", "b")]

    async with opened(policies=[budget]) as runtime:
        run = await runtime.run(spending)

    assert isinstance(run.error, PolicyDeniedError)
    assert run.error.reason == "6 held"
    assert fake.calls == 1
    assert seen == ["llm#0"]
    assert await store.held("usd") == 6


async def test_a_chain_in_the_configuration_is_in_force(opened: Opened, tmp_path: Any, fake: Fake) -> None:
    """A module of one's own, named in the TOML."""
    (tmp_path / "scenario_own_policies.py").write_text(
        "from reenact import Deny, policy\n\n"
        "@policy('never')\n"
        "def never(value, context):\n    return Deny('never')\n"
    )
    options = PoliciesOptions(chain=["never"], modules=["scenario_own_policies.py"])

    async with opened(Config(policies=options, root=tmp_path)) as runtime:
        run = await runtime.run(plain_call)
        listed = await runtime.list(RunFilter(status=(Status.FAILED,)))

    assert isinstance(run.error, PolicyDeniedError)
    assert [one.id for one in listed] == [run.id]
    assert fake.calls == 0


def _in_options(request: LlmRequest) -> None:
    request.options["top_k"] = 99  # type: ignore[index]  # what a policy must not do


def _in_arguments(request: LlmRequest) -> None:
    request.messages[0].parts[0].arguments["city"] = "Rome"  # type: ignore[index]


def _in_schema(request: LlmRequest) -> None:
    request.output_schema["title"] = "Else"  # type: ignore[index]


@workflow(name="policed-in-place")
async def with_everything() -> Reply:
    call = Part(type="tool_call", id="1", name="look", arguments={"city": "Oslo"})
    said = [LlmMessage(role="assistant", parts=[call]), user("and?")]
    return await llm("fake:m", said, output=Reply, options={"top_k": 1})


@pytest.mark.parametrize("stage", ["request", "admit"])
@pytest.mark.parametrize("change", [_in_options, _in_arguments, _in_schema])
async def test_a_policy_that_changes_a_request_in_place_denies(
    opened: Opened, fake: Fake, stage: Stage, change: Callable[[LlmRequest], None]
) -> None:
    """No provider is asked something else than was hashed; whoever changes a request says so with Modify."""

    @policy("in-place", stage=stage, version="1")
    def in_place(request: LlmRequest, context: PolicyContext) -> Allow:
        change(request)
        return Allow()

    async with opened(policies=[in_place]) as runtime:
        run = await runtime.run(with_everything)
        await runtime.verify(run.id)

    assert fake.calls == 0
    assert isinstance(run.error, PolicyDeniedError)
    assert "changed what it was given in place; Modify" in run.error.reason


@workflow(name="policed-search")
async def searching() -> str:
    return await search("cards")


async def test_a_policy_that_changes_a_tools_arguments_in_place_denies(opened: Opened) -> None:
    """The tool would have been called with what they were, whatever the policy has seen to."""

    @policy("in-place", stage="tool", version="1")
    def in_place(request: ToolRequest, context: PolicyContext) -> Allow:
        request.arguments["query"] = "****"  # type: ignore[index]  # what a policy must not do
        return Allow()

    async with opened(policies=[in_place]) as runtime:
        run = await runtime.run(searching)

    assert searched == []
    assert isinstance(run.error, PolicyDeniedError)
