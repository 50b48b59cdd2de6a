"""What policies change and decide: sent and stored as changed, on record, repeated on replay unasked."""

from typing import Any

import attrs
import pytest
from cards import CANARY, all_text, judge_of, plain_call, search, searched, wants_search, with_tools
from pytest_reenact.memory import MemoryStore
from reenact import (
    Allow,
    Deny,
    LlmEvent,
    LlmRequest,
    LlmResponse,
    Modify,
    PolicyContext,
    Status,
    assistant,
    llm,
    policy,
    step,
    user,
    workflow,
)
from reenact.errors import PolicyDeniedError
from reenact.judging import ToolRequest
from reenact.policy import OwnPolicy

from conftest import Fake, Opened

events: list[LlmEvent] = []


@pytest.fixture(autouse=True)
def forget() -> None:
    events.clear()
    searched.clear()


@policy("scrub", version="2")
def scrub(value: LlmRequest, context: PolicyContext) -> Modify[LlmRequest] | Allow:
    if CANARY not in all_text(value):
        return Allow()
    said = [user(message.text.replace(CANARY, "[card]")) for message in value.messages]
    return Modify(attrs.evolve(value, messages=said), "a card number", {"found": 1})


def _stored(store: MemoryStore) -> str:
    rows = b"".join(row.body for journal in store.journals.values() for row in journal)
    return (rows + b"".join(blob.data for blob in store.content.values())).decode()


@policy("scrub-arguments", stage="tool")
def scrub_arguments(value: ToolRequest, context: PolicyContext) -> Modify[ToolRequest]:
    return Modify(attrs.evolve(value, arguments={"query": "[card]"}), "a card number")


@policy("deny", stage=["request", "tool"])
def deny(value: Any, context: PolicyContext) -> Deny:
    return Deny("not today")


@policy("deny-and-hide", stage=["request", "tool"])
def deny_and_hide(value: Any, context: PolicyContext) -> Deny:
    if isinstance(value, ToolRequest):
        return Deny("a card number", keep=attrs.evolve(value, arguments={"query": "[card]"}))
    return Deny("a card number", keep=attrs.evolve(value, messages=[user("[card]")]))


@policy("broken", stage=["request", "tool"])
def broken(value: Any, context: PolicyContext) -> Deny:
    raise ValueError(str(value))


@policy("deny-and-keep-nonsense", stage=["request", "tool"])
def keeps_nonsense(value: Any, context: PolicyContext) -> Deny:
    return Deny("a card number", keep="[card]")


DENIALS: dict[str, tuple[list[OwnPolicy], str]] = {
    "those after it scrub": ([deny, scrub, scrub_arguments], "[card]"),
    "those before it have": ([scrub, scrub_arguments, deny], "[card]"),
    "it says what is kept": ([deny_and_hide], "[card]"),
    "it fails": ([broken], ""),
    "one after it fails": ([deny, broken], ""),
    "what it would keep is no request": ([keeps_nonsense], ""),
}


@workflow(name="records-denied")
async def denied() -> str:
    await search(f"pay with {CANARY}")
    return "found"


@pytest.mark.parametrize("flow", [plain_call, denied], ids=["model", "tool"])
@pytest.mark.parametrize(("chain", "kept"), DENIALS.values(), ids=DENIALS)
async def test_what_was_denied_is_stored_scrubbed(
    opened: Opened, fake: Fake, store: MemoryStore, flow: Any, chain: list[OwnPolicy], kept: str
) -> None:
    """The record shows what was refused, without what policies would have taken out; a replay repeats it."""
    async with opened(policies=chain) as runtime:
        run = await runtime.run(flow)
        shown = await runtime.show(run.id)
        replayed = await runtime.replay(run.id)

    assert isinstance(run.error, PolicyDeniedError)
    assert str(replayed.error) == str(run.error)
    assert CANARY not in _stored(store) + repr(shown)
    assert kept in repr(shown.steps[0].input)
    assert (fake.calls, searched) == (0, [])


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
    cut = store.crashed(run.id, 3)
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
    cut = store.crashed(run.id, 2)

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
    cut = store.crashed(run.id, 6)
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
