"""One conversation, six vendors, the same answers."""

import importlib

import pytest
from pytest_reenact.conformance.answers import AWKWARD, PARALLEL
from pytest_reenact.conformance.play import HELLO, Play, with_tools
from pytest_reenact.conformance.script import Script, neutral

VENDORS = ("anthropic", "cohere", "gemini", "mistral", "ollama", "openai")
SCRIPTS = {
    "text": Script(text=AWKWARD),
    "calls": Script(text="I look.", calls=PARALLEL),
    "length": Script(text="Once upon", finish="length"),
    "reasoning": Script(reasoning="Let me see.", text="Yes."),
}


def player(vendor):
    """Return what plays scenes with a vendor."""
    plugin = pytest.importorskip(f"reenact_{vendor}")
    doubles = importlib.import_module(f"pytest_reenact.conformance.vendors.{vendor}")
    play = Play()
    (offer,) = plugin.reenact_providers()
    play.double = getattr(doubles, f"{vendor.capitalize()}Double")(offer)
    return play


class TestSixVendors(Play):
    """Whoever is asked, the answer is the same."""

    @pytest.mark.parametrize("name", SCRIPTS)
    def test_all_answer_alike(self, name):
        """What a model says comes back equal from all six, whole and in pieces."""
        players = [player(vendor) for vendor in VENDORS]

        wholes = [neutral(one.complete(one.says(SCRIPTS[name]), with_tools(HELLO))) for one in players]
        streams = [one.stream(one.says_in_pieces(SCRIPTS[name]), with_tools(HELLO))[-1] for one in players]

        assert all(whole == wholes[0] for whole in wholes)
        assert [neutral(last.response) for last in streams] == wholes

    def test_all_see_alike(self):
        """The same request is seen the same by the models of all six."""
        seen = [player(vendor).seen(with_tools(HELLO)) for vendor in VENDORS]

        assert all(
            (one.turns, one.tools, one.choice) == (seen[0].turns, seen[0].tools, "auto") for one in seen
        )
