"""The policy: what a model is asked holds no value, and the workflow may have it back."""

import asyncio
from typing import Any

import pytest
from reenact.llm import LlmMessage, LlmRequest, LlmResponse, Part, system, user
from reenact.records import RunRecord
from reenact.seams import Allow, Decision, Deny, Modify, PolicyContext, ToolRequest
from reenact.trace import TraceContext
from reenact_pii import PiiOptions, open_pii, reenact_policies

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


def test_a_request_without_values_is_left_alone() -> None:
    """What holds no value is not touched."""
    assert decide(LlmRequest(model="m", messages=(user("hello"),)), PiiOptions()) == Allow()


def test_an_answer_gets_its_values_back() -> None:
    """With restore, text and tool calls of an answer hold the values again."""
    where, options = context(), PiiOptions(restore=True)

    sent = decide(request(), options, where)
    assert isinstance(sent, Modify)
    echo = sent.value.messages[2].parts[0]
    answer = LlmResponse(message=LlmMessage(role="assistant", parts=(*sent.value.messages[0].parts, echo)))
    restored = decide(answer, options, where)

    assert isinstance(restored, Modify)
    assert restored.value.text == f"You serve {EMAIL}."
    assert restored.value.message.parts[1].arguments == {"to": EMAIL, "pan": int(CARD)}
    assert EMAIL not in restored.reason


def test_the_same_request_is_scrubbed_to_the_same_text_after_a_restart() -> None:
    """Placeholders depend on the run's key and the value only, so a resumed run meets the same ones."""
    first, second = decide(request(), PiiOptions()), decide(request(), PiiOptions())

    assert first == second


def test_a_kind_that_is_denied_denies_the_call() -> None:
    """The reason names the kind and not the value."""
    decision = decide(request(), PiiOptions(actions={"CREDIT_CARD": "deny"}))

    assert decision == Deny("holds CREDIT_CARD, which may not be sent")


@pytest.mark.parametrize(("tools", "kept"), [(True, False), (False, True)])
def test_arguments_of_tools_are_scrubbed_if_asked(tools: bool, kept: bool) -> None:
    """A tool gets the values unless tools are scrubbed too."""
    decision = decide(
        ToolRequest(name="send", arguments={"to": EMAIL}), PiiOptions(tools=tools), context("tool")
    )

    assert isinstance(decision, Allow) == kept


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
