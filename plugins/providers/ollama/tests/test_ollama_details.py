"""What only Ollama has."""

import attrs
import pytest
from pytest_reenact.conformance.play import HELLO, Play, with_tools
from pytest_reenact.conformance.script import KEY, Script
from pytest_reenact.conformance.server import Reply
from pytest_reenact.conformance.vendors.ollama import OllamaDouble
from reenact.errors import BadRequestError, ModelNotFoundError
from reenact.llm import LlmRequest, Part, assistant, user
from reenact_ollama import reenact_providers

(OFFER,) = reenact_providers()


class TestDetails(Play):
    """Options, silence, local models."""

    double = OllamaDouble(OFFER)

    def test_options_of_a_local_model(self):
        """The caller's options fill the table of options up, and stand nowhere else."""
        request = attrs.evolve(HELLO, seed=7, options={"options": {"num_ctx": 8192}, "think": False})

        sent = self.sent(request, keep_alive="10m").json

        assert sent["options"] == {"seed": 7, "num_ctx": 8192}
        assert (sent["think"], sent["keep_alive"], "seed" in sent) == (False, "10m", False)

    @pytest.mark.parametrize("choice", ["required", "now"])
    def test_nothing_can_be_forced(self, choice):
        """A tool that must be called is refused: it would be dropped in silence."""
        error = self.fails(self.says(Script(text="ok")), with_tools(HELLO, tool_choice=choice))

        assert isinstance(error, BadRequestError)
        assert "tool_choice" in str(error)

    def test_no_tools_on_offer(self):
        """No tool is on offer if none may be called."""
        assert "tools" not in self.sent(with_tools(HELLO, tool_choice="none")).json

    def test_images_by_address_are_refused(self):
        """An image by its address is refused: the server does not fetch."""
        image = Part(type="image", url="https://example.com/a.png")

        error = self.fails(self.says(Script(text="ok")), LlmRequest(model="m", messages=(user(image),)))

        assert isinstance(error, BadRequestError)

    def test_a_model_that_is_not_there(self):
        """A model that has not been pulled is not found, with the server's words."""
        error = self.fails(
            Reply(status=404, pieces=(b'{"error":"model \'m\' not found, try pulling it first"}',))
        )

        assert isinstance(error, ModelNotFoundError)
        assert "pulling" in str(error)

    def test_no_key_on_this_machine(self):
        """A local server gets no key unless one is configured."""

        class Local(OllamaDouble):
            def table(self, url):
                return {"base_url": url}

        self.double = Local(OFFER)

        assert not any(KEY in value for value in self.sent().headers.values())

    def test_thinking_of_its_own_goes_back(self):
        """Thinking that Ollama told goes back; another vendor's does not."""
        own = Part(type="reasoning", text="Hm.", opaque={"ollama": {"back": True}})
        other = Part(type="reasoning", text="Ha.", opaque={"cohere": {"back": True}})

        sent = self.sent(
            LlmRequest(model="m", messages=(user("q"), assistant(other, own, "a"), user("r")))
        ).json

        assert sent["messages"][1] == {"role": "assistant", "content": "a", "thinking": "Hm."}
