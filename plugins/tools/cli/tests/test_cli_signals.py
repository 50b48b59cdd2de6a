"""Ctrl-C, SIGTERM, and pipes that nobody reads, with real processes."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from typing import Any

import pytest

SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]


@pytest.mark.parametrize(("signum", "code"), SIGNALS)
def test_one_signal_gives_the_run_back(
    project: Any, until: Callable[..., Any], signum: int, code: int
) -> None:
    """A run that is stopped starts no new step, says how to resume it, and resumes without repeating one."""
    running = project.start("run", "flows.py:walk", "--run-id", "w")
    until(lambda: "slow 2" in project.effects())
    running.send_signal(signum)
    _, said = running.communicate(timeout=30)
    (project.folder / "open").touch()

    resumed = project.run("resume", "w")

    assert running.returncode == code
    assert "reenact resume w" in said
    assert "Traceback" not in said
    assert (resumed.returncode, resumed.stdout) == (0, "4\n")
    assert project.effects().count("double 1") == 1


def test_a_stopped_run_is_json_too(project: Any, until: Callable[..., Any]) -> None:
    """With --json a run that is stopped says so in JSON."""
    running = project.start("run", "flows.py:walk", "--run-id", "w", "--json")
    until(lambda: "slow 2" in project.effects())
    running.send_signal(signal.SIGINT)
    output, _ = running.communicate(timeout=30)

    assert json.loads(output)["error"]["run_id"] == "w"


@pytest.mark.parametrize(("signum", "code"), SIGNALS)
def test_two_signals_leave_at_once(project: Any, until: Callable[..., Any], signum: int, code: int) -> None:
    """A second signal ends the process within a second, and the run still resumes."""
    running = project.start("run", "flows.py:walk", "--run-id", "w", "--set", "runtime.grace_s=30")
    until(lambda: "slow 2" in project.effects())
    running.send_signal(signum)
    time.sleep(0.3)
    started = time.monotonic()
    running.send_signal(signum)
    running.wait(timeout=10)
    took_s = time.monotonic() - started
    (project.folder / "open").touch()

    resumed = project.run("resume", "w")

    assert running.returncode == code
    assert took_s < 1
    assert resumed.stdout == "4\n"


def test_two_signals_leave_code_that_blocks_the_loop(project: Any, until: Callable[..., Any]) -> None:
    """A step that blocks everything cannot keep the process from leaving."""
    running = project.start("run", "flows.py:blocks")
    until(lambda: "stuck" in project.effects())
    running.send_signal(signal.SIGINT)
    time.sleep(0.2)
    running.send_signal(signal.SIGINT)

    assert running.wait(timeout=5) == 130


def test_a_step_in_a_thread_is_not_waited_for(project: Any, until: Callable[..., Any]) -> None:
    """One signal is enough, also if a step sits in a thread that nobody can interrupt."""
    running = project.start("run", "flows.py:threads", "--run-id", "t")
    until(lambda: "in a thread" in project.effects())
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=10)

    assert running.returncode == 130
    assert "reenact resume t" in said


def test_a_signal_at_import_ends_it(project: Any, until: Callable[..., Any]) -> None:
    """A signal while the user's module is being imported ends the command, with no traceback."""
    (project.folder / "long.py").write_text(
        "import pathlib, time\n(pathlib.Path(__file__).parent / 'here').touch()\ntime.sleep(30)\n"
    )
    running = project.start("run", "long.py:main")
    until((project.folder / "here").exists)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=10)

    assert running.returncode == 130
    assert "Traceback" not in said


def test_a_signal_ends_tail(project: Any, until: Callable[..., Any]) -> None:
    """Following a run ends with a signal, and the run does not notice."""
    project.cli("run", "flows.py:ask", "--run-id", "w")
    following = project.start("tail", "w", stderr=subprocess.DEVNULL)
    assert following.stdout.readline()
    following.send_signal(signal.SIGINT)

    assert following.wait(timeout=10) == 130


@pytest.mark.parametrize("args", [("ls",), ("show", "x"), ("run", "flows.py:add", "a=1")])
def test_a_closed_pipe_is_no_traceback(project: Any, args: tuple[str, ...]) -> None:
    """Whoever stops reading ends nothing and hears nothing."""
    project.cli("run", "flows.py:add", "a=1", "--run-id", "x")
    reading, writing = os.pipe()
    os.close(reading)
    process = project.start(*args, stdout=writing)
    os.close(writing)
    _, said = process.communicate(timeout=30)

    assert process.returncode == 0
    assert "Traceback" not in said
    assert "BrokenPipe" not in said


def test_a_run_outlives_whoever_watched_it(project: Any) -> None:
    """A run whose progress nobody reads any more goes on to its end."""
    reading, writing = os.pipe()
    os.close(reading)
    process = project.start("run", "flows.py:add", "a=1", stderr=writing)
    os.close(writing)
    output, _ = process.communicate(timeout=30)

    assert (process.returncode, output) == (0, "6\n")
