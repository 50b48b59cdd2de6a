"""The policy chain stands in front of every way to a provider and to a tool."""

import asyncio
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from pytest_reenact.memory import MemoryStore
from reenact import (
    Allow,
    Config,
    Deny,
    LlmEvent,
    LlmMessage,
    LlmRequest,
    LlmResponse,
    Modify,
    Part,
    PolicyContext,
    RunFilter,
    Status,
    assistant,
    llm,
    policy,
    step,
    tool,
    user,
    workflow,
)
from reenact.config import PoliciesOptions, RuntimeOptions
from reenact.errors import PolicyDeniedError, RateLimitedError
from reenact.policy import OwnPolicy
from reenact.seams import Holding, ToolRequest

from conftest import Fake, Opened

CANARY = "4929-1234"
events: list[LlmEvent] = []
searched: list[str] = []


@pytest.fixture(autouse=True)
def forget() -> None:
    events.clear()
    searched.clear()


@tool
async def search(query: str, limit: int = 3) -> str:
    """Search."""
    searched.append(query)
    return f"found {CANARY} for {query}"


@attrs.frozen
class Reply:
    yes: bool


@workflow(name="policed-plain")
async def plain_call() -> str:
    return await llm("fake:m", f"card {CANARY}")


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


@workflow(name="policed-tools")
async def with_tools() -> str:
    return await llm("fake:m", "look it up", tools=[search])


@workflow(name="policed-repair")
async def with_repair() -> bool:
    return (await llm("fake:m", "yes?", output=Reply)).yes


def judge_of(stage: Any = "request") -> tuple[OwnPolicy, list[str]]:
    """Return a policy that denies what holds the canary, and what it was asked about."""
    asked: list[str] = []

    @policy("no-cards", stage=stage, version="3")
    def no_cards(value: Any, context: PolicyContext) -> Deny | None:
        asked.append(context.trace.path)
        text = str(value.arguments) if isinstance(value, ToolRequest) else _all_text(value)
        return Deny("a card number") if CANARY in text else None

    return no_cards, asked


def _all_text(value: LlmRequest | LlmResponse) -> str:
    messages = value.messages if isinstance(value, LlmRequest) else (value.message,)
    return " ".join(f"{part.text} {part.arguments}" for message in messages for part in message.parts)


def wants_search(query: str) -> LlmResponse:
    call = Part(type="tool_call", id="c1", name="search", arguments={"query": query})
    return LlmResponse(message=LlmMessage(role="assistant", parts=[call]), finish="tool_calls")


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


# --- changing


@policy("scrub", version="2")
def scrub(value: LlmRequest, context: PolicyContext) -> Modify[LlmRequest] | Allow:
    if CANARY not in _all_text(value):
        return Allow()
    said = [user(message.text.replace(CANARY, "[card]")) for message in value.messages]
    return Modify(attrs.evolve(value, messages=said), "a card number", {"found": 1})


def _stored(store: MemoryStore) -> str:
    rows = b"".join(row.body for journal in store.journals.values() for row in journal)
    return (rows + b"".join(blob.data for blob in store.content.values())).decode()


async def test_what_was_scrubbed_is_neither_sent_nor_stored(
    opened: Opened, fake: Fake, store: MemoryStore
) -> None:
    """And a replay still knows that the code asked the same, by a keyed hash."""
    async with opened(policies=[scrub]) as runtime:
        run = await runtime.run(plain_call)
        view = await runtime.show(run.id)
        replayed = await runtime.replay(run.id)

    assert fake.asked[0][1].messages[0].text == "card [card]"
    assert run.output == "answer to card [card]"
    assert CANARY not in _stored(store)
    assert view.steps[0].input["messages"][0]["parts"][0]["text"] == "card [card]"
    assert view.steps[0].decisions[0].detail == {"found": 1}
    assert replayed.output == run.output
    assert fake.calls == 1


async def test_an_answer_can_be_scrubbed_too(opened: Opened, fake: Fake, store: MemoryStore) -> None:
    """Before the workflow, the record or anybody sees it."""
    fake.answer = lambda request: f"it is {CANARY}"

    @policy("scrub-answer", stage="response")
    def scrub_answer(value: LlmResponse, context: PolicyContext) -> Modify[LlmResponse]:
        return Modify(attrs.evolve(value, message=assistant("it is [card]")), "a card number")

    @workflow(name="policed-answer")
    async def ask() -> str:
        return await llm("fake:m", "which card?")

    async with opened(policies=[scrub_answer]) as runtime:
        run = await runtime.run(ask)

    assert run.output == "it is [card]"
    assert CANARY not in _stored(store)


async def test_the_arguments_of_a_tool_can_be_denied_or_changed(
    opened: Opened, fake: Fake, store: MemoryStore
) -> None:
    """The model is told of the first, the tool is called with the second."""
    queries = iter(["forbidden", "CHANGE"])

    def answer(request: LlmRequest) -> Any:
        query = next(queries, None)
        return "done" if query is None else wants_search(query)

    fake.answer = answer

    @policy("tools", stage="tool")
    def tools(value: ToolRequest, context: PolicyContext) -> Any:
        if value.arguments["query"] == "forbidden":
            return Deny("not that")
        return Modify(attrs.evolve(value, arguments={"query": "changed", "limit": 1}), "lower")

    async with opened(policies=[tools]) as runtime:
        run = await runtime.run(with_tools)
        view = await runtime.show(run.id)
        await runtime.replay(run.id)

    assert run.output == "done"
    assert searched == ["changed"]
    told = [m.parts[0] for m in fake.asked[-1][1].messages if m.role == "tool"]
    assert (told[0].text, told[0].failed) == ("refused: not that", True)
    steps = {s.path: s for s in view.steps if s.kind == "tool"}
    assert [s.status for s in steps.values()] == [Status.DENIED, Status.SUCCEEDED]
    assert list(steps.values())[1].input == {"limit": 1, "query": "changed"}


async def test_a_denied_tool_that_is_called_by_the_program_raises(opened: Opened) -> None:
    """There is no model to tell."""
    no_cards, _ = judge_of("tool")

    @workflow(name="policed-direct-tool")
    async def direct() -> str:
        try:
            return await search(CANARY)
        except PolicyDeniedError as error:
            return f"{error.stage}: {error.reason}; {await search('fine')}"

    async with opened(policies=[no_cards]) as runtime:
        run = await runtime.run(direct)

    assert run.output == f"tool: a card number; found {CANARY} for fine"
    assert searched == ["fine"]


# --- on record


async def test_decisions_are_repeated_on_replay_without_asking(opened: Opened, fake: Fake) -> None:
    """A denial too; new steps after a resume are judged by the policy of now."""
    no_cards, asked = judge_of(["request", "admit", "response", "settle"])

    @workflow(name="policed-twice")
    async def twice() -> list[str]:
        first = await llm("fake:m", "harmless")
        try:
            return [first, await llm("fake:m", CANARY)]
        except PolicyDeniedError as error:
            return [first, error.reason]

    async with opened(policies=[no_cards]) as runtime:
        run = await runtime.run(twice)
        view = await runtime.show(run.id)
        made = list(asked)
        replayed = await runtime.replay(run.id)

    assert replayed.output == run.output == ["answer to harmless", "a card number"]
    assert asked == made
    assert [d.stage for d in view.steps[0].decisions] == ["request", "admit", "settle", "response"]
    assert {(d.policy, d.version) for s in view.steps for d in s.decisions} == {("no-cards", "3")}
    assert (view.steps[1].status, fake.calls) == (Status.DENIED, 1)


async def test_a_resumed_run_is_judged_by_the_policy_of_now(
    opened: Opened, fake: Fake, store: MemoryStore
) -> None:
    """What is on record stays; what is new meets the chain as it is."""

    @workflow(name="policed-later")
    async def later() -> list[str]:
        return [await llm("fake:m", CANARY), await llm("fake:m", CANARY)]

    async with opened() as runtime:
        run = await runtime.run(later)
    cut = store.cut(run.id, 3)
    cut.runs[run.id] = attrs.evolve(cut.runs[run.id], status=Status.RUNNING, owner="")
    no_cards, asked = judge_of()

    async with opened(store=cut, policies=[no_cards]) as runtime:
        resumed = await runtime.resume(run.id)

    assert isinstance(resumed.error, PolicyDeniedError)
    assert asked == ["llm#1"]
    assert fake.calls == 2


async def test_a_call_that_is_sent_again_is_judged_again(
    opened: Opened, fake: Fake, store: MemoryStore
) -> None:
    """The answer was lost in a crash; the second sending is on record with its own decision."""
    async with opened(policies=[scrub]) as runtime:
        run = await runtime.run(plain_call)
    cut = store.cut(run.id, 2)
    cut.runs[run.id] = attrs.evolve(cut.runs[run.id], status=Status.RUNNING, owner="")

    async with opened(store=cut, policies=[scrub]) as runtime:
        resumed = await runtime.resume(run.id)
        view = await runtime.show(run.id)

    assert resumed.output == run.output
    assert [d.verdict for d in view.steps[0].decisions] == ["modify", "modify"]
    assert CANARY not in _stored(cut)


async def test_salvage_keeps_the_secret_of_what_was_scrubbed(
    opened: Opened, fake: Fake, store: MemoryStore
) -> None:
    """A step that is taken over from before a revision stands there by its keyed hash, too."""
    prompts = ["one"]

    @step
    async def note(text: str) -> str:
        return text

    @workflow(name="policed-salvage")
    async def salvaged() -> list[str]:
        first = await note(prompts[0])
        return [first, await llm("fake:m", f"card {CANARY}"), await note("end")]

    async with opened(policies=[scrub]) as runtime:
        run = await runtime.run(salvaged)
    entries = {b'"hash_keyed":true' in row.body for row in store.journals[run.id]}
    assert True in entries
    cut = store.cut(run.id, 6)
    cut.runs[run.id] = attrs.evolve(cut.runs[run.id], status=Status.RUNNING, owner="")
    prompts[0] = "two"

    async with opened(store=cut, policies=[scrub]) as runtime:
        resumed = await runtime.resume(run.id)
        view = await runtime.show(run.id)
        replayed = await runtime.replay(run.id)

    assert resumed.output == ["two", "answer to card [card]", "end"] == replayed.output
    assert fake.calls == 1
    taken = [e for e in view.entries if e.path == "llm#0" and e.kind]
    assert len(taken) == 2
    assert len({entry.input_hash for entry in taken}) == 1


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
