"""``providers``: who can be asked, by which key, and whether they answer."""

import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result
from pytest_reenact.conformance.server import Received, Reply, Server, serving
from reenact_cli.root import root

KEY = "sk-canary-4711-never-shown"
WHOLE = {
    "id": "c-1",
    "model": "gpt-small-2026-01-02",
    "choices": [{"message": {"role": "assistant", "content": "ok"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 2},
}


def run(*arguments: str, stdin: str | bytes = "") -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(root, list(arguments), input=stdin)


def ok(*arguments: str) -> str:
    """Run the command, which must succeed, and return what it printed to stdout."""
    done = run(*arguments)
    assert done.exit_code == 0, done.stderr
    return done.stdout


def json_of(*arguments: str) -> Any:
    """Run the command with ``--json`` and return what it printed."""
    return json.loads(ok(*arguments, "--json"))


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that speaks chat completions, on a loop of its own; it knows one key."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    running = serving(reply)
    made = asyncio.run_coroutine_threadsafe(running.__aenter__(), loop).result(10)
    yield made
    asyncio.run_coroutine_threadsafe(running.__aexit__(None, None, None), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


def reply(received: Received) -> Reply:
    known = received.headers.get("authorization") == f"Bearer {KEY}"
    body: Any = WHOLE if known else {"error": {"message": f"Incorrect API key provided: {KEY}"}}
    headers = {"content-type": "application/json"}
    return Reply(status=200 if known else 401, headers=headers, pieces=(json.dumps(body).encode(),))


@pytest.fixture
def mine(project: Any, server: Server, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A project with a server of its own, by the plugin ``openai``, and two models of it."""
    pytest.importorskip("reenact_openai")
    monkeypatch.setenv("MY_KEY", KEY)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    project.append(
        "reenact.toml",
        f"""
[models]
big = "mine:gpt-big"
small = ["mine:gpt-small", "openai:gpt-4.1-nano"]
[providers.mine]
plugin = "openai"
base_url = "{server.url}/v1"
key = {{ env = "MY_KEY" }}
[prices."mine:gpt-big"]
input = "10"
output = "50"
[prices."mine:gpt-small"]
input = "1"
output = "2"
""",
    )
    return project


def named(told: Any, name: str) -> Any:
    """Return what is told of one provider."""
    return next(one for one in told["providers"] if one["name"] == name)


def test_what_is_configured_comes_first(mine: Any) -> None:
    """Providers of the configuration are told with plugin, models, address and key; others follow."""
    told = json_of("providers")

    one = named(told, "mine")
    assert (one["configured"], one["plugin"], one["models"]) == (True, "openai", ["gpt-big", "gpt-small"])
    assert one["key"] == {"env": "MY_KEY", "present": True}
    assert one["address"].startswith("http://127.0.0.1:")
    assert [other["name"] for other in told["providers"]][:2] == ["mine", "openai"]
    assert "scripted" in [other["name"] for other in told["providers"]]


def test_a_key_is_never_shown(mine: Any) -> None:
    """A key is told by the name of its variable, and whether that is set."""
    shown = ok("providers") + ok("providers", "--json")

    assert "in MY_KEY, which is set" in shown
    assert "in OPENAI_API_KEY, which is not set" in shown
    assert KEY not in shown


def test_capabilities_are_told(mine: Any) -> None:
    """What a provider can do is told in words."""
    pytest.importorskip("reenact_anthropic")
    told = json_of("providers")

    assert named(told, "openai")["abilities"] == ["streams", "tools", "schemas", "images", "seeds"]
    assert "counts tokens" in named(told, "anthropic")["abilities"]


def test_a_ping_asks_the_cheapest_model(mine: Any, server: Server) -> None:
    """A ping asks the model with the lowest price for a few tokens, as a run with its cost."""
    told = json_of("providers", "mine", "--ping")

    ping = named(told, "mine")["ping"]
    (asked,) = server.received
    assert (ping["ok"], ping["model"], ping["cost_usd"]) == (True, "gpt-small-2026-01-02", "0.000013")
    assert (asked.json["model"], asked.json["max_tokens"]) == ("gpt-small", 16)
    assert json_of("show", ping["run_id"])["run"]["cost_usd"] == "0.000013"


def test_a_ping_is_told_in_words(mine: Any) -> None:
    """The answer is told with model, time, tokens, price and run."""
    said = ok("providers", "mine", "--ping")

    assert "✓ gpt-small-2026-01-02" in said
    assert "9→2 tokens · $0.000013 · run " in said


def test_a_ping_replays(mine: Any, server: Server) -> None:
    """A ping is a run like any other, and is replayed without asking."""
    ok("providers", "mine", "--ping")

    ok("replay", "last")

    assert len(server.received) == 1


def test_a_provider_that_does_not_answer(mine: Any, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ping that fails is told once, without the key that the vendor repeats, and is the exit code."""
    monkeypatch.setenv("MY_KEY", "sk-wrong-0815-never-shown")
    done = run("providers", "mine", "--ping")

    assert (done.exit_code, len(server.received)) == (1, 1)
    assert "✗ mine: Incorrect API key provided" in done.stdout
    assert not any(key in done.stdout + done.stderr for key in (KEY, "sk-wrong-0815-never-shown"))


def test_who_has_no_model_is_not_pinged(mine: Any, server: Server) -> None:
    """A provider without a model in [models] says what to add; one that is not configured is left alone."""
    mine.append("reenact.toml", '[providers.spare]\nplugin = "openai"\n')

    done = run("providers", "spare", "scripted", "--ping")

    assert done.exit_code == 1
    assert "[models] names no model of it" in done.stdout
    assert done.stdout.count("ping") == 1
    assert server.received == []


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('plugin = "opnai"', "no installed plugin offers a provider named 'opnai'"),
        ('plugin = "openai"\nbase_ulr = "http://x"', "unknown key 'base_ulr'; did you mean 'base_url'?"),
        ('plugin = "openai"\nkey = "sk-canary-4711-never-shown"', "does not belong in the configuration"),
    ],
)
def test_a_wrong_table_is_told(mine: Any, table: str, said: str) -> None:
    """What is wrong with a provider's table is told at the provider, without what may be a key."""
    mine.append("reenact.toml", f"[providers.wrong]\n{table}\n")

    done = run("providers")

    assert done.exit_code == 2
    assert said in done.stdout
    assert KEY not in done.stdout + done.stderr


def test_nobody_is_called_so(mine: Any) -> None:
    """An unknown name is refused with the nearest one."""
    done = run("providers", "mnie")

    assert (done.exit_code, "did you mean 'mine'?" in done.stderr) == (2, True)


def test_doctor_and_plugins_know_who_serves_it(mine: Any) -> None:
    """A provider that another plugin serves is no problem, and its plugin is in use."""
    doctor, plugins = json_of("doctor"), json_of("plugins")

    assert not [one for one in doctor["findings"] if one["level"] == "problem"]
    assert ["prices.mine:gpt-big.input", "10"] in [[one["path"], one["value"]] for one in doctor["settings"]]
    assert [one["in_use"] for one in plugins["offers"] if one["name"] == "openai"] == [True]
