"""What the command exits with, and that ``--json`` stays JSON when it does."""

import json
import signal
from collections.abc import Callable
from typing import Any

import pytest
from reenact_cli.report import guarded


def test_success_is_0(project: Any) -> None:
    """A run that succeeds exits with 0, its output on stdout and nothing else there."""
    done = project.run("run", "flows.py:add", "a=3")

    assert (done.returncode, done.stdout) == (0, "10\n")


def test_a_failed_run_is_1(project: Any) -> None:
    """A run that fails exits with 1, and says with what in one line."""
    done = project.run("run", "flows.py:fails")

    assert done.returncode == 1
    assert "ValueError: it broke" in done.stderr
    assert "Traceback" not in done.stderr


def test_debug_shows_the_traceback(project: Any) -> None:
    """With --debug a failed run shows where it failed."""
    done = project.run("run", "flows.py:fails", "--debug")

    assert "Traceback" in done.stderr


USAGE = {
    "no command": ("nosuch",),
    "no option": ("ls", "--nosuch"),
    "no target": ("run", "flows.py"),
    "no file": ("run", "nosuch.py:main"),
    "no workflow": ("run", "flows.py:nosuch"),
    "a step": ("run", "flows.py:double", "n=1"),
    "no argument": ("run", "flows.py:add"),
    "wrong type": ("run", "flows.py:add", "a=x"),
    "no run": ("show", "nosuch"),
    "no profile": ("ls", "--profile", "nosuch"),
    "unknown key": ("ls", "--set", "runtime.nosuch=1"),
    "no store": ("ls", "--set", "journal.store=nosuch"),
}


@pytest.mark.parametrize("args", USAGE.values(), ids=list(USAGE))
def test_usage_is_2(project: Any, args: tuple[str, ...]) -> None:
    """What makes no sense exits with 2, one clear error, and no traceback; with --json the error is JSON."""
    in_words = project.cli(*args)
    in_json = project.cli(*args, "--json")

    assert (in_words.exit_code, in_json.exit_code) == (2, 2)
    assert in_words.stderr.startswith("error: ")
    assert "Traceback" not in in_words.stderr
    assert json.loads(in_json.stdout)["error"]["type"]
    assert json.loads(in_json.stdout)["error"]["message"]


def test_divergence_is_3(project: Any) -> None:
    """A replay with code that does something else exits with 3 and shows both inputs."""
    project.ok("run", "flows.py:changing")
    (project.folder / "word").write_text("second")

    done = project.run("replay", "last")
    in_json = project.json("replay", "last", code=3)

    assert done.returncode == 3
    assert '-  "word": "first"' in done.stderr
    assert '+  "word": "second"' in done.stderr
    assert in_json["error"]["type"] == "DivergenceError"
    assert in_json["error"]["path"] == "text_of#0"


def test_a_changed_input_may_be_refused(project: Any) -> None:
    """A resume that finds a changed input stops with 3 if it is told to, and else runs that step again."""
    project.run("run", "flows.py:changing_and_waiting", "--run-id", "c")
    (project.folder / "word").write_text("second")

    refused = project.run("resume", "c", "--on-changed-input", "fail")
    resumed = project.run("resume", "c", "--on-changed-input", "reexecute", "--yes")

    assert refused.returncode == 3
    assert "on_changed_input='reexecute'" in refused.stderr
    assert resumed.stdout == "second\n"


def test_waiting_is_4(project: Any) -> None:
    """A run that waits for somebody exits with 4 and says how to answer."""
    done = project.run("run", "flows.py:ask", "--run-id", "w")
    in_json = project.json("resume", "w", code=4)

    assert done.returncode == 4
    assert "reenact approve w 'approve#0'" in done.stderr
    assert in_json["run"]["status"] == "waiting"
    assert in_json["waits"][0]["input"]["question"] == "ship it?"


def test_in_doubt_is_5(project: Any, until: Callable[..., Any]) -> None:
    """A run killed in a step that may not be repeated exits with 5 until somebody decides."""
    killed = project.start("run", "flows.py:buy", "--run-id", "b")
    until((project.folder / "paying").exists)
    killed.send_signal(signal.SIGKILL)
    killed.wait()

    doubted = project.run("resume", "b")
    decided = project.run("resolve", "b", "pay", "--done", '"receipt 7"')
    resumed = project.run("resume", "b")

    assert doubted.returncode == 5
    assert "reenact resolve b 'pay#0'" in doubted.stderr
    assert decided.returncode == 0
    assert (resumed.returncode, resumed.stdout) == (0, "receipt 7\n")
    assert project.effects() == ["pay"]


def test_denied_is_6(project: Any) -> None:
    """A run that failed because a policy refused a call exits with 6, and so does whoever looks on."""
    done = project.run("run", "flows.py:denied", "--run-id", "d")
    in_json = project.json("run", "flows.py:denied", code=6)
    followed = project.run("tail", "d")

    assert done.returncode == 6
    assert "rm is not for models" in done.stderr
    assert in_json["error"]["policy"] == "no-rm"
    assert followed.returncode == 6


def test_an_unexpected_error_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """What nobody foresaw is one line that says how to see more, and JSON if that is wanted."""

    def fail() -> None:
        raise KeyError("what")

    code = guarded(fail, [])
    in_words = capsys.readouterr()
    guarded(fail, ["--json"])
    in_json = capsys.readouterr()

    assert code == 1
    assert in_words.err == "error: unexpected KeyError: 'what'; --debug shows the traceback\n"
    assert json.loads(in_json.out)["error"]["type"] == "KeyError"


def test_a_module_that_fails_is_an_error(project: Any) -> None:
    """A module that cannot be imported is told with what it raised."""
    (project.folder / "broken.py").write_text("1/0\n")

    done = project.cli("run", "broken.py:main")

    assert done.exit_code == 2
    assert "ZeroDivisionError" in done.stderr


def test_a_module_that_exits_is_an_error(project: Any) -> None:
    """A module that calls sys.exit while it is imported does not end the command as if all were well."""
    (project.folder / "leaves.py").write_text("import sys\nsys.exit(0)\n")

    done = project.run("run", "leaves.py:main")

    assert done.returncode == 2
    assert "SystemExit" in done.stderr
