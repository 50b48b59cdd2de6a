"""Where the example's modules are, where it works during a test, and its agents."""

import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_reenact import MockLlm
from reenact import LlmRequest

EXAMPLE = Path(__file__).parents[1]
sys.path.insert(0, str(EXAMPLE))


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the example works, for the time of a test."""
    monkeypatch.setenv("SDLC_WORK", str(tmp_path / "work"))
    return tmp_path / "work"


@pytest.fixture
def agents(mock_llm: MockLlm) -> MockLlm:
    """The agents that answer from answers.toml."""
    for answer in tomllib.loads((EXAMPLE / "answers.toml").read_text(encoding="utf-8"))["answer"]:
        prompt = answer.get("prompt", [])
        phrases = [prompt] if isinstance(prompt, str) else prompt
        mock_llm.script(saying(phrases), answer["json"], path=answer.get("path", ""), model=answer["model"])
    return mock_llm


def saying(phrases: list[str]) -> Callable[[LlmRequest], bool]:
    """Return what says of a request whether all of *phrases* are in it."""

    def says_all(request: LlmRequest) -> bool:
        said = "\n".join(message.text for message in request.messages)
        return all(phrase in said for phrase in phrases)

    return says_all
