"""``reenact policy test`` as it is typed."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from reenact_cli.root import root

FLOW = r"""
from reenact import llm, workflow

@workflow
async def handle(ticket: str) -> str:
    await llm("smart", f"ticket {ticket} \x1b]0;owned\x07 from ann@example.com")
    return await llm("smart", f"ticket {ticket} again")
"""
CONFIG = """
[models]
smart = "scripted:any"
[providers.scripted]
answers = "answers.toml"
[policies.budget]
limits = [{ usd = 0.00012, per = "day" }]
output_tokens = 6
[prices."scripted:*"]
input = "1"
output = "10"
"""
ANSWERS = """
[[answer]]
prompt = "ticket"
text = "It is on its way."
"""
RULES = """
from reenact import Deny, policy

@policy("no-mail", version="4")
def no_mail(request, context):
    if "@" in request.messages[-1].text:
        return Deny("holds an e-mail address")

@policy("broken")
def broken(request, context):
    return request.nothing
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with two runs in its journal."""
    for name in [name for name in os.environ if name.startswith("REENACT")]:
        monkeypatch.delenv(name)
    for name, text in {
        "flow.py": FLOW,
        "reenact.toml": CONFIG,
        "answers.toml": ANSWERS,
        "rules.py": RULES,
    }.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    for ticket in ("one", "two"):
        done = cli("run", "flow.py:handle", f"ticket={ticket}", "--run-id", ticket)
        assert done.exit_code == 0, done.output
    yield tmp_path
    for name in [name for name in sys.modules if name.partition("_")[0] in ("flow", "rules")]:
        del sys.modules[name]


def cli(*args: str) -> Result:
    return CliRunner().invoke(root, list(args))


def found(*args: str, code: int = 0) -> Any:
    """Return what ``policy test --json`` says of the first policy."""
    done = cli("policy", "test", *args, "--json")
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)["policies"][0]


def test_it_says_what_would_have_been_denied(project: Path) -> None:
    """Counts, share, reason, and examples whose text can do a terminal no harm."""
    done = cli("policy", "test", "rules.py:no-mail")

    assert done.exit_code == 0, done.output
    assert "no-mail 4  asked about 4 calls\n  would have denied 2  50.0%\n" in done.stdout
    assert "  request  allow 2, deny 2\n" in done.stdout
    assert "2 times: holds an e-mail address" in done.stdout
    assert "  denies one llm#0  request\n" in done.stdout
    assert r"ticket one \x1b]0;owned\x07 from ann@example.com" in done.stdout
    assert "2 runs, 4 calls  nobody was called" in done.stdout
    assert "as the policies of then left them" in done.stdout
    assert "\x1b" not in done.stdout
    assert "\x07" not in done.stdout


def test_an_installed_policy_is_tested_with_its_options(project: Path) -> None:
    """It need not be in the chain, and ``--set`` tries others."""
    plain = found("pii")
    assert (plain["changed"], plain["denied"], plain["share_changed"]) == (2, 0, 0.5)
    assert "ann@example.com" not in plain["examples"][0]["became"]
    denies = found("pii", "--set", 'policies.pii.action="deny"')
    assert (denies["changed"], denies["denied"]) == (0, 2)


def test_a_budget_goes_by_configured_prices(project: Path) -> None:
    """And says which call would have been the first without money."""
    budget = found("budget")
    assert budget["denied"] > 0
    assert budget["denied"] < 4
    assert budget["first_denied"]["run_id"] in ("one", "two")
    assert "USD" in budget["first_denied"]["reason"]


def test_runs_can_be_chosen(project: Path) -> None:
    """By id, by workflow, by time."""
    assert found("rules.py:no-mail", "--runs", "one")["denied"] == 1
    assert found("rules.py:no-mail", "--workflow", "handle", "--since", "1d")["denied"] == 2
    assert found("rules.py:no-mail", "--workflow", "other")["calls"] == 0


def test_a_policy_that_fails_is_an_error(project: Path) -> None:
    """What raises denies, and the command ends with 1."""
    done = cli("policy", "test", "rules.py")
    assert done.exit_code == 1
    assert "error 4" in done.stdout
    assert "4 times: policy_error: AttributeError" in done.stdout


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("rules.py:nope", "there is no policy called 'nope' in rules.py (it has: no-mail, broken)"),
        ("flow.py", "there is no policy in flow.py (put @policy above a function)"),
        ("nope", "no installed plugin offers a policy named 'nope'"),
        ("missing.py", "missing.py"),
    ],
)
def test_a_policy_that_is_not_there_is_said(project: Path, what: str, said: str) -> None:
    """With what there is instead."""
    done = cli("policy", "test", what)
    assert done.exit_code == 2, done.output
    assert said in done.output


def test_without_a_journal_none_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says so."""
    (tmp_path / "reenact.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    done = cli("policy", "test", "pii")
    assert done.exit_code == 2, done.output
    assert not (tmp_path / ".reenact").exists()
