"""What only Anthropic has."""

import json

import attrs
from pytest_reenact.conformance.answers import SCHEMA
from pytest_reenact.conformance.chat import named_event
from pytest_reenact.conformance.play import HELLO, Play, with_tools
from pytest_reenact.conformance.script import Script
from pytest_reenact.conformance.server import Reply
from pytest_reenact.conformance.vendors.anthropic import AnthropicDouble
from reenact.llm import LlmRequest, Part, Usage, assistant, system, user
from reenact_anthropic import reenact_providers

(OFFER,) = reenact_providers()
OK = Script(text="ok")
OPEN_SCHEMA = {"type": "object", "properties": {"queue": {"type": "string"}}}


class TestDetails(Play):
    """Blocks, versions, limits."""

    double = AnthropicDouble(OFFER)

    def answer(self, **fields):
        """Return what an answer with these fields comes to."""
        return self.complete(Reply(pieces=(json.dumps({**self.double.whole(OK), **fields}).encode(),)))

    def test_there_is_always_a_limit(self):
        """The vendor insists on a limit of tokens: the caller's, or the configured one."""
        assert self.sent().json["max_tokens"] == 4096
        assert self.sent(max_tokens=99).json["max_tokens"] == 99
        assert self.sent(attrs.evolve(HELLO, max_tokens=7), max_tokens=99).json["max_tokens"] == 7

    def test_version_and_betas(self):
        """The version and the betas go out as headers."""
        headers = self.sent(version="2026-10-21", beta=["a-1", "b-2"]).headers

        assert (headers["anthropic-version"], headers["anthropic-beta"]) == ("2026-10-21", "a-1,b-2")

    def test_an_open_schema_is_asked_for_by_a_tool(self):
        """A schema that the vendor refuses as a format is asked for by a tool that must be called."""
        sent = self.sent(attrs.evolve(HELLO, output_schema=OPEN_SCHEMA, output_name="Triage")).json

        assert sent["tools"][0]["input_schema"] == OPEN_SCHEMA
        assert sent["tool_choice"] == {"type": "tool", "name": "Triage"}
        assert "output_config" not in sent

    def test_always_by_a_tool_if_configured(self):
        """A closed schema too is asked for by a tool where the configuration says so."""
        sent = self.sent(attrs.evolve(HELLO, output_schema=SCHEMA), structured="tool").json

        assert "output_config" not in sent
        assert len(sent["tools"]) == 1

    def test_redacted_thinking_goes_back(self):
        """Encrypted thinking is kept as it came and goes back as it came."""
        block = {"type": "redacted_thinking", "data": "EncryptedBytes=="}
        message = self.answer(content=[block, {"type": "text", "text": "ok"}]).message

        sent = self.sent(LlmRequest(model="m", messages=(user("q"), message, user("r")))).json

        assert message.text == "ok"
        assert sent["messages"][1]["content"][0] == block

    def test_reasoning_of_other_vendors_stays_here(self):
        """Reasoning without a signature of the vendor's is not sent: it would be refused."""
        foreign = Part(type="reasoning", text="Hm.", opaque={"mistral": {"back": True}})

        sent = self.sent(LlmRequest(model="m", messages=(user("q"), assistant(foreign, "a"), user("r")))).json

        assert sent["messages"][1]["content"] == [{"type": "text", "text": "a"}]

    def test_empty_texts_are_left_out(self):
        """An empty text, and a turn of nothing else, are not sent: they would be refused."""
        messages = (system(""), user("q"), assistant(""), user("", "r"))

        sent = self.sent(LlmRequest(model="m", messages=messages)).json

        assert "system" not in sent
        assert [len(message["content"]) for message in sent["messages"]] == [2]

    def test_tokens_of_the_cache_are_input(self):
        """What the cache gave and took is counted into the input."""
        usage = {
            "input_tokens": 3,
            "cache_read_input_tokens": 10,
            "cache_creation_input_tokens": 100,
            "output_tokens": 1,
        }

        counted = self.answer(usage=usage).usage

        assert counted == Usage(input_tokens=113, output_tokens=1, cached_tokens=10, cache_write_tokens=100)

    def test_blocks_and_events_of_tomorrow(self):
        """Blocks, deltas and events that are new to us are passed over."""
        pieces = self.double.stream(OK)
        new = [
            {
                "type": "content_block_start",
                "index": 7,
                "content_block": {"type": "server_tool_use", "id": "x"},
            },
            {"type": "content_block_delta", "index": 7, "delta": {"type": "of_tomorrow", "x": 1}},
            {
                "type": "content_block_delta",
                "index": 7,
                "delta": {"type": "input_json_delta", "partial_json": "{"},
            },
            {"type": "of_tomorrow"},
        ]

        response = self.stream(self.streams([*pieces[:2], *map(named_event, new), *pieces[2:]]))[-1].response

        assert response.text == "ok"
        assert self.answer(content=[{"type": "of_tomorrow"}, {"type": "text", "text": "ok"}]).text == "ok"

    def test_a_paused_turn_is_no_answer(self):
        """A turn that the vendor paused has not ended well."""
        assert self.answer(stop_reason="pause_turn").finish == "error"

    def test_the_request_has_a_name(self):
        """The vendor's name for the call is its header's, and else the answer's own."""
        named = attrs.evolve(self.says(OK), headers={"request-id": "req_7"})

        assert self.complete(named).request_id == "req_7"
        assert self.complete(self.says(OK)).request_id == "msg_1"

    def test_tools_go_out_with_their_schemas(self):
        """A tool without a description is sent without one."""
        tools = self.sent(with_tools(HELLO)).json["tools"]

        assert [sorted(tool) for tool in tools] == [
            ["description", "input_schema", "name"],
            ["input_schema", "name"],
        ]
