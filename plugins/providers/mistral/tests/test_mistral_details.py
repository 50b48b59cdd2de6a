"""What only Mistral has."""

import json

from pytest_reenact.conformance.play import HELLO, Play, context
from pytest_reenact.conformance.script import Script
from pytest_reenact.conformance.server import Reply
from pytest_reenact.conformance.vendors.mistral import MistralDouble
from reenact.errors import BadRequestError
from reenact.llm import LlmRequest, Part, assistant, tool_result, user
from reenact_mistral import reenact_providers

(OFFER,) = reenact_providers()


class TestDetails(Play):
    """Blocks, ids."""

    double = MistralDouble(OFFER)

    def test_blocks_of_tomorrow(self):
        """Blocks that are new to us are passed over."""
        content = [
            {"type": "reference", "reference_ids": [1]},
            {"type": "text", "text": "Yes."},
            {"type": "of_tomorrow"},
        ]
        answer = {"choices": [{"message": {"content": content, "tool_calls": None}, "finish_reason": "stop"}]}

        response = self.complete(Reply(pieces=(json.dumps(answer).encode(),)))

        assert response.text == "Yes."

    def test_the_models_limit_is_a_limit(self):
        """An answer that filled the model's context was cut."""
        answer = {"choices": [{"message": {"content": "Once"}, "finish_reason": "model_length"}]}

        assert self.complete(Reply(pieces=(json.dumps(answer).encode(),))).finish == "length"

    def test_ids_of_its_own_stay(self):
        """Ids that Mistral made go back as they came."""
        call = Part(type="tool_call", id="D681PevKs", name="now", arguments={})

        async def act(provider, server):
            request = LlmRequest(model="m", messages=(user("q"), assistant(call), tool_result(call, "12:00")))
            await provider.complete("m", request, context())
            return server.received[0].json["messages"]

        _, called, answered = self.scene(self.says(Script(text="ok")), act)

        assert called["tool_calls"][0]["id"] == answered["tool_call_id"] == "D681PevKs"

    def test_what_a_validator_repeats_is_not_shown(self):
        """The copy of the request in a refusal is left out of the error."""
        detail = [
            {
                "type": "x",
                "loc": ["body", "messages"],
                "msg": "Field required",
                "input": {"a": "secret words"},
            }
        ]

        error = self.fails(Reply(status=422, pieces=(json.dumps({"detail": detail}).encode(),)), HELLO)

        assert isinstance(error, BadRequestError)
        assert error.message == "Field required"
