"""What only Cohere has."""

import json

import pytest
from pytest_reenact.conformance.answers import SCHEMA
from pytest_reenact.conformance.chat import named_event
from pytest_reenact.conformance.play import HELLO, Play, with_tools
from pytest_reenact.conformance.script import Script
from pytest_reenact.conformance.server import Reply
from pytest_reenact.conformance.vendors.cohere import CohereDouble
from reenact.errors import ProviderError
from reenact_cohere import reenact_providers

(OFFER,) = reenact_providers()


class TestDetails(Play):
    """Plans, schemas, failures."""

    double = CohereDouble(OFFER)

    def test_a_certain_tool_is_the_only_one(self):
        """A tool that must be called is the only one on offer: there is no other way to say so."""
        sent = self.sent(with_tools(HELLO, tool_choice="now")).json

        assert [tool["function"]["name"] for tool in sent["tools"]] == ["now"]
        assert sent["tool_choice"] == "REQUIRED"

    def test_a_schema_beside_tools_is_one_more_tool(self):
        """A schema together with tools is asked for by one more tool, and one of them must be called."""
        sent = self.sent(with_tools(HELLO, output_schema=SCHEMA, output_name="Triage")).json

        assert [tool["function"]["name"] for tool in sent["tools"]] == ["find_parcel", "now", "Triage"]
        assert (sent["tool_choice"], "response_format" in sent) == ("REQUIRED", False)

    def test_the_client_has_a_name(self):
        """The name of the program goes out as a header, if there is one."""
        assert self.sent(HELLO, client_name="shop").headers["x-client-name"] == "shop"
        assert "x-client-name" not in self.sent(HELLO).headers

    @pytest.mark.parametrize("reason", ["ERROR", "TIMEOUT"])
    def test_a_failure_in_an_answer_is_an_error(self, reason):
        """An answer that ended in a failure is an error that can be tried again."""
        answer = {**self.double.whole(Script(text="Once")), "finish_reason": reason}

        error = self.fails(Reply(pieces=(json.dumps(answer).encode(),)))

        assert error.retryable

    def test_an_error_without_a_type(self):
        """A message in a stream that only complains is an error."""
        pieces = [self.double.stream(Script(text="Once"))[0], b'data: {"message":"internal error"}\n\n']

        error = self.fails(self.streams(pieces), stream=True)

        assert isinstance(error, ProviderError)
        assert "internal error" in str(error)

    def test_events_of_tomorrow(self):
        """Events that are new to us, citations among them, are passed over."""
        pieces = self.double.stream(Script(text="ok"))
        new = [
            {"type": "citation-start", "index": 0, "delta": {"message": {"citations": {}}}},
            {"type": "debug"},
        ]

        response = self.stream(self.streams([*pieces[:2], *map(named_event, new), *pieces[2:]]))[-1].response

        assert response.text == "ok"
