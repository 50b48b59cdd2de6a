"""The policy: what a model is asked holds no value, and the workflow may have it back."""

import asyncio
from base64 import b64decode, b64encode
from collections.abc import Collection
from typing import Any

import attrs
import pytest
from reenact.judging import Allow, Decision, Deny, Modify, PolicyContext, ToolRequest
from reenact.llm import LlmMessage, LlmRequest, Part, ToolSpec, system, user
from reenact.records import RunRecord
from reenact.trace import TraceContext
from reenact_pii import PiiOptions, clean, open_pii, reenact_policies
from reenact_pii.finding import find
from reenact_pii.findings import ALL_KINDS, Finding, Kind

EMAIL, CARD = "jo@example.com", "4111111111111111"


def context(stage: Any = "request") -> PolicyContext:
    run = RunRecord(id="run", trace_id="1" * 32, workflow="w", key="ab" * 16)
    trace = TraceContext.__new__(TraceContext)  # the policy does not look at it

    async def hold(_: Any) -> None:
        """Hold nothing."""

    return PolicyContext(stage=stage, run=run, trace=trace, hold=hold)


def decide(value: Any, options: PiiOptions, where: PolicyContext | None = None) -> Decision:
    async def ask() -> Decision:
        async with open_pii(options) as policy:
            return await policy.evaluate(value, where or context())

    return asyncio.run(ask())


def request() -> LlmRequest:
    call = Part(type="tool_call", id="1", name="send", arguments={"to": EMAIL, "pan": int(CARD)})
    said = Part(type="tool_result", id="1", name="send", text=f"sent to {EMAIL}", trusted=False)
    messages = (
        system(f"You serve {EMAIL}."),
        user("Pay with ", CARD),
        LlmMessage(role="assistant", parts=(call,)),
        LlmMessage(role="tool", parts=(said,)),
    )
    return LlmRequest(model="m", messages=messages, options={"user": EMAIL})


def test_no_part_of_a_request_keeps_a_value() -> None:
    """System text, prompts, tool calls, tool results and vendor options are scrubbed."""
    decision = decide(request(), PiiOptions())

    assert isinstance(decision, Modify)
    assert EMAIL not in repr(decision)
    assert CARD not in repr(decision)
    assert decision.detail["replaced"] == {"CREDIT_CARD": 2, "EMAIL": 4}


SCHEMA = {
    "type": "object",
    "properties": {
        "to": {"type": "string", "description": f"such as {EMAIL}", "enum": [EMAIL, "nobody"]},
        "card": {"type": "integer", "default": int(CARD), "examples": [{"number": CARD}]},
        "description": {"type": "string", "pattern": "^[a-z]+@example.com$"},
    },
    "required": ["to"],
}


@pytest.mark.parametrize(
    "fields",
    [
        {"tools": (ToolSpec(name="send", parameters=SCHEMA),)},
        {"output_schema": SCHEMA, "output_name": "Letter"},
        {"stop": ("END", EMAIL)},
    ],
    ids=["tools", "output", "stop"],
)
def test_what_goes_along_with_the_messages_keeps_no_value(fields: dict[str, Any]) -> None:
    """What schemas of tools and of answers say and offer is scrubbed, and the texts that end an answer."""
    asked = LlmRequest(model="m", messages=(user("hello"),), **fields)
    decision = decide(asked, PiiOptions(restore=True))

    assert isinstance(decision, Modify)
    assert EMAIL not in repr(decision.value)
    assert CARD not in repr(decision.value)
    assert EMAIL in decision.restore.values()


def test_what_a_schema_demands_stays() -> None:
    """Types, patterns and names of fields are not texts."""
    asked = LlmRequest(model="m", messages=(user("hello"),), output_schema=SCHEMA)
    decision = decide(asked, PiiOptions(action="mask"))

    assert isinstance(decision, Modify)
    fields = decision.value.output_schema["properties"]
    assert fields["to"] == {"type": "string", "description": "such as [EMAIL]", "enum": ["[EMAIL]", "nobody"]}
    assert fields["card"] == {
        "type": "integer",
        "default": "[CREDIT_CARD]",
        "examples": [{"number": "[CREDIT_CARD]"}],
    }
    assert fields["description"] == SCHEMA["properties"]["description"]


@pytest.mark.parametrize("kind", ["text/plain; charset=utf-8", "application/json", "application/ld+json"])
def test_a_text_file_keeps_no_value(kind: str) -> None:
    """Its content is read, scrubbed and stays a file; one that is no text is left alone."""
    text = f"Wohnt in Köln, {EMAIL}"
    part = Part(type="document", media_type=kind, data=b64encode(text.encode()).decode())
    image = Part(type="image", media_type="image/png", data=part.data)
    decision = decide(LlmRequest(model="m", messages=(user(part, image),)), PiiOptions(action="mask"))

    assert isinstance(decision, Modify)
    made, left = decision.value.messages[0].parts
    assert b64decode(made.data).decode() == "Wohnt in Köln, [EMAIL]"
    assert left == image


@pytest.mark.parametrize("data", [f"to {EMAIL}", f"{EMAIL}=", b64encode(b"\xff\xfe").decode(), "====", "A"])
def test_what_calls_itself_a_text_file_and_is_none_does_no_harm(data: str) -> None:
    """Text that is no base64 is scrubbed as it stands; bytes that are no text are left."""
    part = Part(type="document", media_type="text/plain", data=data)
    decision = decide(LlmRequest(model="m", messages=(user("hello", part),)), PiiOptions())

    assert EMAIL not in repr(decision)
    assert isinstance(decision, Modify if EMAIL in data else Allow)


def test_a_request_without_values_is_left_alone() -> None:
    """What holds no value is not touched."""
    assert decide(LlmRequest(model="m", messages=(user("hello"),)), PiiOptions()) == Allow()


def test_only_texts_without_values_are_known_from_earlier(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is looked at once, until it is one too many; a text with a value is looked at each time."""
    looked: list[str] = []
    monkeypatch.setattr(clean, "KNOWN_MAX", 2)

    def look(text: str, kinds: Collection[Kind], before: str) -> list[Finding]:
        looked.append(text)
        return find(text, kinds, before=before)

    finds = clean.Clean(look)
    mine = "Write to me: ann@example.com"
    for text in ("one", "two", "one", mine, mine, "one", "three", "two", "one"):
        assert bool(finds(text, ALL_KINDS, "")) == (text is mine)
    assert looked == ["one", "two", mine, mine, "three", "two", "one"]
    finds("one", ALL_KINDS, "another field")
    assert looked[-2:] == ["one", "one"]


def test_what_may_come_back_is_handed_over_beside_the_request() -> None:
    """With restore, the kernel is told what each placeholder stands for; without, it is not."""
    restored, kept = decide(request(), PiiOptions(restore=True)), decide(request(), PiiOptions())

    assert isinstance(restored, Modify)
    assert isinstance(kept, Modify)
    assert sorted(map(str, restored.restore.values())) == [CARD, CARD, EMAIL]
    assert all(name in repr(restored.value) for name in restored.restore)
    assert EMAIL not in repr(restored)
    assert not kept.restore


def test_a_value_is_taken_out_wherever_it_stands() -> None:
    """A date that was found beside a word for birth is taken out of the next sentence, too."""
    said = LlmRequest(model="m", messages=(user("Born 17.03.1984."), user("So, 17.03.1984? 17.03.19841")))

    decision = decide(said, PiiOptions())

    assert isinstance(decision, Modify)
    assert "17.03.1984?" not in repr(decision.value)
    assert "17.03.19841" in repr(decision.value)
    assert decision.detail["replaced"] == {"DATE_OF_BIRTH": 1, "known value": 1}


def test_a_value_known_from_earlier_in_the_run_is_taken_out() -> None:
    """What came back to the workflow does not leave it again, though nothing says what it is."""
    where = attrs.evolve(context(), known={"[[SECRET_aaaaaaaaaaaaaaaa]]": 'hunter"2'})

    decision = decide(
        LlmRequest(model="m", messages=(user('it is hunter"2, or {"k": "hunter\\"2"}'),)),
        PiiOptions(restore=True),
        where,
    )

    assert isinstance(decision, Modify)
    assert "hunter" not in repr(decision.value)
    assert set(decision.restore.values()) == {'hunter"2', 'hunter\\"2'}


def test_what_a_vendor_signed_goes_back_as_it_came() -> None:
    """Placeholders in signed reasoning stay the same, so that the signature holds."""
    first = decide(LlmRequest(model="m", messages=(user(EMAIL),)), PiiOptions(restore=True))
    assert isinstance(first, Modify)
    (name,) = first.restore
    thought = Part(type="reasoning", text=f"about {name}", opaque={"v": {"signature": "s"}})
    second = (user(EMAIL), LlmMessage(role="assistant", parts=[thought]), user(f"you said {name}"))

    again = decide(LlmRequest(model="m", messages=second), PiiOptions(restore=True))

    assert isinstance(again, Modify)
    assert again.value.messages[1].parts[0] == thought
    assert name not in again.value.messages[2].text


def test_the_same_request_is_scrubbed_to_the_same_text_after_a_restart() -> None:
    """Placeholders depend on the run's key and the value only, so a resumed run meets the same ones."""
    first, second = decide(request(), PiiOptions()), decide(request(), PiiOptions())

    assert first == second


def test_a_kind_that_is_denied_denies_the_call() -> None:
    """The reason names the kind and not the value, and nor does what is kept of the request."""
    decision = decide(request(), PiiOptions(actions={"CREDIT_CARD": "deny"}))

    assert decision == Deny("holds CREDIT_CARD, which may not be sent")
    assert CARD not in repr(decision.keep)
    assert EMAIL not in repr(decision.keep)


@pytest.mark.parametrize(
    ("options", "scrubbed", "restored"),
    [
        (PiiOptions(), False, False),
        (PiiOptions(tools=True), True, False),
        (PiiOptions(restore=True), True, True),
        (PiiOptions(restore=True, tools=True), True, False),
    ],
)
def test_a_tool_gets_what_the_options_say(options: PiiOptions, scrubbed: bool, restored: bool) -> None:
    """Arguments are left alone, or given as placeholders, or stored as placeholders and given as they are."""
    decision = decide(ToolRequest(name="send", arguments={"to": EMAIL}), options, context("tool"))

    assert isinstance(decision, Modify) == scrubbed
    assert (EMAIL in getattr(decision, "restore", {}).values()) == restored


def test_a_kind_that_is_denied_denies_a_tool_too() -> None:
    """A tool may not be called with what may not be sent."""
    options = PiiOptions(actions={"EMAIL": "deny"})

    decision = decide(ToolRequest(name="send", arguments={"to": EMAIL}), options, context("tool"))

    assert decision == Deny("holds EMAIL, which may not be sent")
    assert decision.keep == ToolRequest(name="send", arguments={"to": "[EMAIL]"})


def test_an_unknown_kind_is_an_error_that_names_the_known_ones() -> None:
    """A typo in the options is answered with what there is."""
    with pytest.raises(ValueError, match=r"'EMIAL'.*EMAIL"):
        PiiOptions(actions={"EMIAL": "mask"})


def test_a_secret_that_is_not_set_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Placeholders are not keyed with nothing because a variable was forgotten."""
    monkeypatch.delenv("PII_TEST", raising=False)

    with pytest.raises(ValueError, match="PII_TEST"):
        decide(request(), PiiOptions(secret_env="PII_TEST"))  # noqa: S106  # a name


def test_the_hook_offers_the_policy_by_name() -> None:
    """The plugin offers one policy, called pii."""
    assert [offer.name for offer in reenact_policies()] == ["pii"]
