"""``chat``: one question to a model, printed as it comes, on record like any run."""

import json
import subprocess
from typing import Any

import pytest
from click.testing import CliRunner, Result
from reenact_cli.root import root

ANSWERS = r"""
[[answer]]
prompt = "slow"
chunks = ["first ", "then"]
latency_s = 3.0

[[answer]]
prompt = "breaks"
chunks = ["once ", "upon"]
errors = [{ kind = "ConnectionLostError", after = 1, message = "gone" }]

[[answer]]
prompt = "hostile"
text = "\u001b]0;owned\u0007 \u202egnp.exe"

[[answer]]
prompt = "be brief"
text = "brief"

[[answer]]
chunks = ["Good ", "morning\n", "to you."]
usage = { input_tokens = 100, output_tokens = 7 }
"""

MODELS = """
[models]
demo = ["scripted:any"]
[providers.scripted]
answers = "answers.toml"
log = "asked"
"""


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
def talk(project: Any) -> Any:
    """A project with a model that answers from a file."""
    (project.folder / "answers.toml").write_text(ANSWERS, encoding="utf-8")
    project.append("reenact.toml", MODELS)
    return project


def asked(talk: Any) -> int:
    """Return how often the model was asked."""
    log = talk.folder / "asked"
    return len(log.read_text().splitlines()) if log.exists() else 0


@pytest.mark.parametrize("model", ["demo", "scripted:any"])
def test_the_answer_is_all_of_stdout(talk: Any, model: str) -> None:
    """The answer goes to stdout; what it cost, and how to go on, to stderr."""
    done = run("chat", model, "hi", "--run-id", "c")

    assert (done.exit_code, done.stdout) == (0, "Good morning\nto you.\n")
    assert "used    100→7 tokens, free" in done.stderr
    assert "reenact replay c" in done.stderr


@pytest.mark.parametrize("arguments", [("demo",), ("demo", "-")])
def test_the_question_may_come_from_a_pipe(talk: Any, arguments: tuple[str, ...]) -> None:
    """Without a text, or with a dash, the question is what stdin has."""
    ok("chat", "demo", "--run-id", "x", "--system", "be brief", "what?")
    done = run("chat", *arguments, "--run-id", "c", stdin="größe?\n")

    assert done.stdout == "Good morning\nto you.\n"
    assert json_of("show", "c")["input"]["text"] == "größe?\n"


def test_it_is_a_run_that_replays(talk: Any) -> None:
    """The last chat is replayed from the journal: the same answer, and nobody is asked."""
    ok("chat", "demo", "hi")

    replayed = run("replay", "last")

    assert (replayed.exit_code, replayed.stdout) == (0, "Good morning\nto you.\n")
    assert asked(talk) == 1


def test_json_has_the_answer_and_the_run(talk: Any) -> None:
    """With --json stdout is one object and nothing is printed on the way."""
    done = run("chat", "demo", "hi", "--json")

    told = json.loads(done.stdout)
    assert (told["output"], told["run"]["workflow"]) == ("Good morning\nto you.", "chat")
    assert (told["run"]["tokens_in"], told["run"]["cost_usd"]) == (100, "0")
    assert done.stderr == ""


def test_what_a_model_says_does_not_reach_the_terminal_as_it_is(talk: Any) -> None:
    """Control characters of an answer are spelled out."""
    assert run("chat", "demo", "hostile").stdout == "\\x1b]0;owned\\x07 \\u202egnp.exe\n"


def test_it_is_printed_as_it_comes(talk: Any) -> None:
    """The first words are there while the model still speaks."""
    talking = talk.start("chat", "demo", "slow", stdout=subprocess.PIPE)
    assert talking.stdout is not None

    first = talking.stdout.read(6)

    assert (first, talking.poll()) == ("first ", None)


def test_an_answer_that_breaks_off_begins_anew(talk: Any) -> None:
    """What an attempt said that failed stands on a line of its own, and is told to be no answer."""
    done = run("chat", "demo", "breaks", "--set", "runtime.llm_attempts=2")

    assert done.stdout == "once \nonce upon\n"
    assert "an attempt failed, going on: scripted: gone" in done.stderr


def test_a_policy_sees_the_answer_first(talk: Any) -> None:
    """Where a policy judges answers, nothing is printed before it has."""
    talk.append(
        "flows.py",
        '\n@policy("no-answers", stage="response")\ndef no_answers(value, context):\n    return Deny("no")\n',
    )

    done = run("chat", "demo", "hi", "--set", 'policies.chain=["no-answers"]')

    assert (done.exit_code, done.stdout) == (6, "")


def test_a_known_run_id_is_that_run(talk: Any) -> None:
    """The same question under the same id is not asked twice; another one is refused."""
    first, second = (
        ok("chat", "demo", "hi", "--run-id", "c"),
        ok("chat", "demo", "hi", "--run-id", "c"),
    )
    other = run("chat", "demo", "ho", "--run-id", "c")

    assert (first, asked(talk)) == (second, 1)
    assert (other.exit_code, "another input" in other.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        (("nobody", "hi"), "", "no model is called 'nobody'"),
        (("dmo", "hi"), "", "did you mean 'demo'"),
        (("nobody:m", "hi"), "", "no installed plugin offers a provider named 'nobody'"),
        (("demo",), "", "the question is empty"),
        (("demo", "  "), "", "the question is empty"),
        (("demo", "hi", "--max-tokens", "0"), "", "max-tokens"),
        (("demo", "hi", "--set", "providers.scripted.answers='gone.toml'"), "", "gone.toml"),
    ],
)
def test_what_cannot_be_asked_is_no_run(talk: Any, arguments: tuple[str, ...], stdin: str, said: str) -> None:
    """A question that nobody can be asked is refused with what to do, and leaves no run."""
    done = run("chat", *arguments, stdin=stdin)

    assert done.exit_code == 2
    assert said in done.stderr
    assert json_of("ls")["runs"] == []


def test_a_question_that_is_no_text(talk: Any) -> None:
    """What is not UTF-8 on stdin is refused with the place."""
    done = run("chat", "demo", stdin=b"\xff\xfe")

    assert (done.exit_code, "not UTF-8 (byte 0)" in done.stderr) == (2, True)
