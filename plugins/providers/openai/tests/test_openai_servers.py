"""What differs between OpenAI, Azure and compatible servers."""

import json

import attrs
import pytest
from pytest_reenact.conformance.answers import SCHEMA
from pytest_reenact.conformance.chat import event
from pytest_reenact.conformance.play import HELLO, Play, context, with_tools
from pytest_reenact.conformance.script import KEY, Script
from pytest_reenact.conformance.server import Reply
from pytest_reenact.conformance.vendors.openai import OpenaiDouble
from reenact.errors import BadRequestError, ConfigError, ConnectionLostError, ContentFilterError
from reenact.llm import LlmRequest, Part, assistant, user
from reenact_openai import OpenaiOptions, reenact_providers

(OFFER,) = reenact_providers()
OK = Script(text="ok")


class TestServers(Play):
    """One plugin, many servers."""

    double = OpenaiDouble(OFFER)

    def test_compatible_servers_know_max_tokens(self):
        """At another host than OpenAI's the limit has its old name, unless told otherwise."""
        request = attrs.evolve(HELLO, max_tokens=7)

        assert self.sent(request, max_tokens_field="max_tokens").json["max_tokens"] == 7
        assert OpenaiOptions(base_url="http://127.0.0.1:8000/v1").max_tokens_field is None

    def test_azure_dated(self):
        """With a dated version the model names the deployment, and the key has a header of its own."""

        async def act(provider, server):
            await provider.complete("my deployment/1", HELLO, context())
            return server.received[0]

        class Azure(OpenaiDouble):
            base = ""

        self.double = Azure(OFFER)
        received = self.scene(self.says(OK), act, azure=True, api_version="2024-10-21")

        assert received.target == (
            "/openai/deployments/my%20deployment%2F1/chat/completions?api-version=2024-10-21"
        )
        assert received.headers["api-key"] == KEY
        assert "authorization" not in received.headers

    def test_azure_needs_an_address(self):
        """Azure without the address of a resource is told before anything is sent."""
        with pytest.raises(ConfigError, match="azure"):
            self.scene(self.says(OK), lambda provider, _: None, azure=True, base_url="")

    def test_azure_refuses_a_prompt(self):
        """A prompt that Azure's filter refuses is told as such."""
        body = {
            "error": {
                "code": "content_filter",
                "message": "no",
                "innererror": {"code": "ResponsibleAIPolicyViolation"},
            }
        }

        error = self.fails(Reply(status=400, pieces=(json.dumps(body).encode(),)))

        assert isinstance(error, ContentFilterError)

    def test_azure_begins_with_an_empty_message(self):
        """A stream that opens with filter results and no choices is read."""
        first = event({"choices": [], "prompt_filter_results": [{"prompt_index": 0}], "model": "", "id": ""})

        response = self.stream(self.streams([first, *self.double.stream(OK)]))[-1].response

        assert response is not None
        assert response.text == "ok"

    def test_no_key_for_servers_without(self):
        """A server that takes no key gets none, though OpenAI's own is in the environment."""

        class Keyless(OpenaiDouble):
            def table(self, url):
                return {"base_url": url + "/v1"}

        self.double = Keyless(OFFER)

        assert "authorization" not in self.sent().headers

    def test_organization_project_and_more_headers(self):
        """Names for accounting go out as headers."""
        headers = self.sent(organization="org-1", project="proj-1", headers={"X-Title": "t"}).headers

        assert (headers["openai-organization"], headers["openai-project"], headers["x-title"]) == (
            "org-1",
            "proj-1",
            "t",
        )

    @pytest.mark.parametrize("name", ["Authorization", "api-key", "X-Api-Key", "Cookie", "Host"])
    def test_no_secret_headers(self, name):
        """A header that would hold a secret cannot be set in the configuration."""
        with pytest.raises(ConfigError) as caught:
            self.sent(headers={name: KEY})

        assert KEY not in str(caught.value)

    def test_an_idempotency_key_where_the_server_takes_one(self):
        """The name of the logical call goes out in the header that is named, and else in none."""
        assert self.sent(idempotency_header="Idempotency-Key").headers["idempotency-key"] == "run-1/answer"
        assert "idempotency-key" not in self.sent().headers

    def test_usage_can_be_left_out(self):
        """A server that refuses the field is not sent it, and usage is unknown, not zero."""
        assert "stream_options" not in self.sent(stream=True, include_usage=False).json
        assert self.sent(stream=True).json["stream_options"] == {"include_usage": True}
        pieces = [piece for piece in self.double.stream(OK) if b'"choices": []' not in piece]

        response = self.stream(self.streams(pieces))[-1].response

        assert response is not None
        assert response.usage.input_tokens is None

    def test_structured_output_by_a_tool(self):
        """A server without schemas is asked by a tool it must call, and the arguments are the answer."""
        calls = [
            {
                "id": "c",
                "type": "function",
                "function": {"name": "Triage", "arguments": '{"queue":"a","urgent":true}'},
            }
        ]
        answer = {
            "choices": [{"message": {"content": None, "tool_calls": calls}, "finish_reason": "tool_calls"}]
        }
        request = attrs.evolve(HELLO, output_schema=SCHEMA, output_name="Triage")

        sent = self.sent(request, structured="tool").json
        response = self.complete(Reply(pieces=(json.dumps(answer).encode(),)), request, structured="tool")

        assert sent["tool_choice"] == {"type": "function", "function": {"name": "Triage"}}
        assert "response_format" not in sent
        assert (response.text, response.finish) == ('{"queue":"a","urgent":true}', "stop")

    @pytest.mark.parametrize(("required", "strict"), [(["queue", "urgent"], True), (["queue"], False)])
    def test_strict_only_where_the_schema_is(self, required, strict):
        """A schema with optional properties is not called strict, which OpenAI would refuse."""
        schema = {**SCHEMA, "required": required}

        sent = self.sent(attrs.evolve(HELLO, output_schema=schema)).json

        assert sent["response_format"]["json_schema"]["strict"] is strict

    def test_reasoning_goes_back_if_asked(self):
        """Servers that want reasoning back in tool loops get it; others do not."""
        thought = Part(type="reasoning", text="Let me see.")
        request = LlmRequest(model="m", messages=(user("q"), assistant(thought, "a"), user("r")))

        assert "reasoning_content" not in self.sent(request).json["messages"][1]
        assert (
            self.sent(request, return_reasoning=True).json["messages"][1]["reasoning_content"]
            == "Let me see."
        )

    def test_documents_by_address_are_refused(self):
        """What the format has no place for is refused before anything is sent."""
        document = Part(type="document", url="https://example.com/a.pdf", media_type="application/pdf")

        error = self.fails(self.says(OK), LlmRequest(model="m", messages=(user(document),)))

        assert isinstance(error, BadRequestError)
        assert not error.retryable


class TestOddStreams(Play):
    """What compatible servers make of the format."""

    double = OpenaiDouble(OFFER)

    def calls(self, *deltas, reason="tool_calls"):
        """Return the calls that a stream of these pieces comes to."""
        chunks = [event({"choices": [{"delta": {"tool_calls": [delta]}}]}) for delta in deltas]
        end = event({"choices": [{"delta": {}, "finish_reason": reason}]})
        response = self.stream(self.streams([*chunks, end, event("[DONE]")]), with_tools(HELLO))[-1].response
        return response.finish, [(call.name, call.arguments) for call in response.tool_calls]

    def test_id_and_name_in_every_piece(self):
        """A server that repeats id and name with each piece makes one call."""
        pieces = [
            {"index": 0, "id": "a", "function": {"name": "now", "arguments": text}}
            for text in ('{"a"', ": 1}")
        ]

        assert self.calls(*pieces) == ("tool_calls", [("now", {"a": 1})])

    def test_calls_without_an_index(self):
        """A server that gives no index, or always the same, makes as many calls as there are ids."""
        pieces = [{"id": id_, "function": {"name": "now", "arguments": "{}"}} for id_ in "ab"]

        assert self.calls(*pieces) == ("tool_calls", [("now", {}), ("now", {})])

    def test_stop_despite_calls(self):
        """A server that says stop although it calls is read by its calls."""
        assert (
            self.calls({"index": 0, "id": "a", "function": {"name": "now"}}, reason="stop")[0] == "tool_calls"
        )

    def test_arguments_as_an_object(self):
        """A server that sends arguments decoded is read."""
        piece = {"index": 0, "id": "a", "function": {"name": "now", "arguments": {"b": 2}}}

        assert self.calls(piece) == ("tool_calls", [("now", {"b": 2})])

    def test_reasoning_under_another_name(self):
        """Reasoning is kept out of the text under either of its names."""
        chunk = event(
            {"choices": [{"delta": {"reasoning": "Hm.", "content": "Yes."}, "finish_reason": "stop"}]}
        )

        response = self.stream(self.streams([chunk, event("[DONE]")]))[-1].response

        assert response.text == "Yes."
        assert [part.type for part in response.message.parts] == ["reasoning", "text"]

    @pytest.mark.parametrize("end", [[], [event("[DONE]")]])
    def test_an_end_without_a_reason_is_a_cut(self, end):
        """A stream without a finish reason has not ended, whatever marker it sends."""
        chunk = event({"choices": [{"delta": {"content": "Yes"}}]})

        assert isinstance(self.fails(self.streams([chunk, *end]), stream=True), ConnectionLostError)

    def test_a_new_reason_ends_an_answer(self):
        """A finish reason that is new to us says that the answer has ended."""
        answer = {"choices": [{"message": {"content": "Yes"}, "finish_reason": "of_tomorrow"}]}

        assert self.complete(Reply(pieces=(json.dumps(answer).encode(),))).finish == "stop"

    def test_a_whole_answer_where_a_stream_was_asked_for(self):
        """A server that passes over the wish for a stream is read all the same."""
        events = self.stream(self.says(Script(text="Yes.")))

        assert [event.type for event in events] == ["text", "end"]
        assert events[-1].response.text == events[0].text == "Yes."

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**70, "\ud800", object()])
    def test_what_json_cannot_spell(self, value):
        """A request that JSON cannot spell is refused before anything is sent."""
        error = self.fails(self.says(OK), attrs.evolve(HELLO, options={"x": value}))

        assert isinstance(error, BadRequestError)
        assert not error.retryable
