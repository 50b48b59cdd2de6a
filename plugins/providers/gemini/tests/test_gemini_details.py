"""What only Gemini has."""

import json

import attrs
import pytest
from pytest_reenact.conformance.answers import SCHEMA
from pytest_reenact.conformance.play import HELLO, Play, with_tools
from pytest_reenact.conformance.script import Script
from pytest_reenact.conformance.server import Reply
from pytest_reenact.conformance.vendors.gemini import GeminiDouble
from reenact.errors import RateLimitedError
from reenact.llm import LlmRequest, Part, assistant, tool_result, user
from reenact_gemini import reenact_providers

(OFFER,) = reenact_providers()
OK = Script(text="ok")


class TestDetails(Play):
    """Parts, signatures, blocked prompts."""

    double = GeminiDouble(OFFER)

    def answer(self, **fields):
        """Return what an answer comes to."""
        return self.complete(Reply(pieces=(json.dumps(fields).encode(),)))

    def test_models_of_ones_own(self):
        """A model with a folder of its own stands in the address as it is."""
        assert self.sent(model="tunedModels/a b").target == "/v1beta/tunedModels/a%20b:generateContent"
        assert self.sent(model="m?x#y").target == "/v1beta/models/m%3Fx%23y:generateContent"

    def test_a_blocked_prompt(self):
        """A prompt that was blocked has no candidates, and is no malformed answer."""
        blocked = self.answer(promptFeedback={"blockReason": "SAFETY"}, usageMetadata={"promptTokenCount": 3})

        assert (blocked.finish, blocked.text, blocked.usage.input_tokens) == ("content_filter", "", 3)

    @pytest.mark.parametrize(
        ("reason", "finish"),
        [("RECITATION", "content_filter"), ("MALFORMED_FUNCTION_CALL", "error"), ("OF_TOMORROW", "error")],
    )
    def test_why_an_answer_ended(self, reason, finish):
        """Filters are told as such; other ends are failures of the model."""
        assert self.answer(candidates=[{"finishReason": reason}]).finish == finish

    def test_signatures_stay_at_their_parts(self):
        """Each signature goes back in the part it came in, also in a text without characters."""
        parts = [
            {"text": "One. "},
            {"text": "Two.", "thoughtSignature": "s1"},
            {"text": "Three."},
            {"functionCall": {"name": "now"}, "thoughtSignature": "s2"},
            {"text": "", "thoughtSignature": "s3"},
        ]
        message = self.answer(candidates=[{"content": {"parts": parts}, "finishReason": "STOP"}]).message
        result = tool_result(message.tool_calls[0], "12:00")

        sent = self.sent(LlmRequest(model="m", messages=(user("q"), message, result))).json

        assert sent["contents"][1]["parts"] == [
            {"text": "One. Two.", "thoughtSignature": "s1"},
            {"text": "Three."},
            {"functionCall": {"id": "call_0", "name": "now", "args": {}}, "thoughtSignature": "s2"},
            {"text": "", "thoughtSignature": "s3"},
        ]

    def test_a_result_knows_its_tools_name(self):
        """A result that does not name its tool gets the name of its call."""
        call = Part(type="tool_call", id="a", name="now", arguments={})
        result = attrs.evolve(tool_result(call, "12:00").parts[0], name="")
        messages = (user("q"), assistant(call), attrs.evolve(tool_result(call, ""), parts=(result,)))

        sent = self.sent(LlmRequest(model="m", messages=messages)).json

        assert sent["contents"][2]["parts"][0]["functionResponse"]["name"] == "now"

    def test_a_schema_beside_tools_is_one_more_tool(self):
        """A schema together with tools is asked for by one more tool, and one of them must be called."""
        sent = self.sent(with_tools(HELLO, output_schema=SCHEMA, output_name="Triage")).json

        names = [one["name"] for one in sent["tools"][0]["functionDeclarations"]]
        assert names == ["find_parcel", "now", "Triage"]
        assert sent["toolConfig"] == {"functionCallingConfig": {"mode": "ANY"}}
        assert "generationConfig" not in sent

    def test_how_long_to_wait_stands_in_the_body(self):
        """The wait that Google names in the body is read."""
        details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "3.25s"}]
        body = {"error": {"code": 429, "message": "slow", "status": "RESOURCE_EXHAUSTED", "details": details}}

        error = self.fails(Reply(status=429, pieces=(json.dumps(body).encode(),)))

        assert isinstance(error, RateLimitedError)
        assert error.retry_after_s == 3.25

    def test_usage_may_be_missing(self):
        """Numbers that are missing are unknown, and what was thought is output."""
        candidate = {"content": {"parts": [{"text": "a"}]}, "finishReason": "STOP"}

        assert self.answer(candidates=[candidate]).usage.output_tokens is None
        thought = self.answer(candidates=[candidate], usageMetadata={"thoughtsTokenCount": 4}).usage
        assert (thought.output_tokens, thought.reasoning_tokens, thought.input_tokens) == (4, 4, None)
