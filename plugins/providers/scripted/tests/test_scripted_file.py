"""The file of answers: what is wrong in it is found when it is opened."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from reenact.errors import ConfigError
from reenact.llm import LlmRequest, LlmResponse, user
from reenact.seams import CallContext
from reenact.trace import TraceContext
from reenact_scripted import ScriptedOptions, open_scripted


async def asked(options: ScriptedOptions) -> LlmResponse:
    """Open the provider, and ask it something."""
    request = LlmRequest(model="smart", messages=(user("Hello"),))
    context = CallContext(trace=TraceContext("a" * 32, "run-1", "llm#0"), idempotency_key="k")
    async with open_scripted(options) as provider:
        return await provider.complete("smart", request, context)


MISTAKES: Sequence[tuple[str, str]] = [
    ('[[answer]]\ntxt = "x"', r"unknown key 'txt'; did you mean 'text'\? in \[answer\[0\]\]"),
    ('[[answer]]\npath = "a"', r"it needs one answer"),
    ('[[answer]]\ntext = "x"\nturns = [{ text = "y" }]', r"it needs one answer"),
    ('[[answer]]\ntext = "x"\njson = 1', r"more than one of text, json and chunks"),
    ('[[answer]]\ntext = "x"\n[[answer]]\nturns = [{ test = "x" }]', r"'test'.* in \[answer\[1\].turns\[0"),
    ("[[answer]]\nturns = [{}]", r"an answer in turns is empty"),
    ('[[answer]]\nerror = { kind = "RateLimitError" }', r"there is no error 'RateLimitError'; did you mean"),
    ('[[answer]]\nerrors = [{ kind = "QuotaError", stat = 1 }]', r"'stat'; did you mean 'status'\?"),
    ("[[answer]]\ntool_calls = [{ arguments = {} }]", r"missing key 'name' in \[answer\[0\].tool_calls\["),
    ('[[answer]]\ntext = "x"\nusage = { input = 1 }', r"unknown key 'input' in usage"),
    ('[[answer]]\ntext = "x"\nlatency_s = -1', r"latency_s is less than 0"),
    ("[[answer]]\njson = 2020-01-01", r"json: Object of type date"),
    ("[[answer]]\ntext = 1", r"must be str, not 1"),
    ('[answer]\ntext = "x"', r"answer must be a list of tables"),
    ('[[answers]]\ntext = "x"', r"unknown key 'answers'; entries stand in \[\[answer\]\]"),
    ("[[answer", r"not valid TOML"),
]


@pytest.mark.parametrize(("script", "problem"), MISTAKES)
def test_a_mistake_in_the_file_is_found_when_it_is_opened(tmp_path: Path, script: str, problem: str) -> None:
    """What is wrong in a file of answers is said with its place, before anybody asks."""
    file = tmp_path / "answers.toml"
    file.write_text(script)

    with pytest.raises(ConfigError, match=problem) as raised:
        asyncio.run(asked(ScriptedOptions(answers=file)))

    assert raised.value.source.endswith("answers.toml")


def test_a_missing_file_and_a_bad_log_are_named(tmp_path: Path) -> None:
    """A file that is not there is named, and so is a log that cannot be opened."""
    (tmp_path / "answers.toml").write_text('[[answer]]\ntext = "x"')
    with pytest.raises(ConfigError, match="No such file"):
        asyncio.run(asked(ScriptedOptions(answers=tmp_path / "none.toml")))
    with pytest.raises(ConfigError, match=r"cannot be opened.*providers\.scripted\.log"):
        asyncio.run(asked(ScriptedOptions(answers=tmp_path / "answers.toml", log=tmp_path / "no" / "log")))


def test_a_json_file_is_read_too(tmp_path: Path) -> None:
    """A file of answers may be JSON, where a value may be null."""
    file = tmp_path / "answers.json"
    file.write_text(json.dumps({"answer": [{"json": {"queue": None}}]}))

    answer = asyncio.run(asked(ScriptedOptions(answers=file)))

    assert answer.text == '{"queue": null}'
