"""On a terminal: the live tree, questions, and text that would like to be more than text."""

import os
import pty
import re
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import attrs
import pytest
from reenact.records import Entry, RunRecord, Status
from reenact_cli.board import Board
from reenact_cli.tree import grow, rows

ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")
OWNED = (b"\x1b]0;", b"\x1b[2J[bold", b"\x9b31m", b"\xe2\x80\xae")


@attrs.define
class Terminal:
    """A process on a pseudo-terminal.

    Attributes:
        process: The process.
        screen: Everything it wrote.
    """

    process: "subprocess.Popen[bytes]"
    _master: int
    screen: bytes = b""

    def read_until(self, what: str, within_s: float = 30.0) -> str:
        """Read until *what* stands there, escapes left out."""
        end = time.monotonic() + within_s
        while what not in self.text:
            assert time.monotonic() < end, self.text
            self._read(0.1)
        return self.text

    def _read(self, for_s: float) -> bool:
        if not select.select([self._master], [], [], for_s)[0]:
            return True
        try:
            read = os.read(self._master, 65536)
        except OSError:  # the other side is closed
            return False
        self.screen += read
        return bool(read)

    @property
    def text(self) -> str:
        """What was written, without escapes."""
        return ESCAPES.sub(b"", self.screen).decode("utf-8", "replace")

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._master, keys.encode())

    def end(self) -> int:
        """Read to the end, and return the exit code."""
        end = time.monotonic() + 60
        while self.process.poll() is None:
            assert time.monotonic() < end, f"it goes on: {self.text}"
            self._read(0.05)
        while self._read(0.05) and select.select([self._master], [], [], 0)[0]:
            pass
        return self.process.returncode


@pytest.fixture
def terminal(project: Any) -> Iterator[Any]:
    """Starts the command on a terminal."""
    opened: list[tuple[int, subprocess.Popen[bytes]]] = []

    def start(*args: str) -> Terminal:
        master, slave = pty.openpty()
        environ = os.environ | {"TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"}
        script = project.start.__globals__["command"](*args)
        process = subprocess.Popen(
            script,
            cwd=project.folder,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environ,
            start_new_session=True,
        )
        os.close(slave)
        opened.append((master, process))
        return Terminal(process, master)

    yield start
    for master, process in opened:
        if process.poll() is None:
            process.kill()
        process.wait()
        os.close(master)


def test_the_tree_is_alive(terminal: Any) -> None:
    """A run is drawn as a tree, and its output stands below it at the end."""
    screen = terminal("run", "flows.py:nested", "n=2")

    code = screen.end()

    assert code == 0
    assert "✓ nested" in screen.text
    assert "├─ ✓ add#0" in screen.text
    assert "│  ├─ ✓ double#0" in screen.text
    assert "✓ parallel#0[0]/double#0" in screen.text
    assert "reenact replay" in screen.text
    assert screen.screen.count(b"\x1b[?25l") == screen.screen.count(b"\x1b[?25h")


def test_a_person_is_asked(terminal: Any) -> None:
    """A run that waits asks; what is not an answer is asked again; the answer is used."""
    screen = terminal("run", "flows.py:ask")
    screen.read_until("or an answer as JSON")
    screen.type("perhaps\n")
    screen.read_until("is not JSON")
    screen.type("no\n")

    code = screen.end()

    assert code == 0
    assert "ship it?" in screen.text
    assert "+1 -1" in screen.text
    assert "false" in screen.text


def test_a_person_is_asked_for_a_signal_too(terminal: Any) -> None:
    """What is typed for a signal is sent as one."""
    screen = terminal("run", "flows.py:listen")
    screen.read_until("signal 'news' (its value as JSON)")
    screen.type('"rain"\n')

    code = screen.end()

    assert code == 0
    assert "rain" in screen.text.splitlines()


def test_an_answer_that_does_not_fit_is_asked_again(terminal: Any) -> None:
    """An answer of another type than the workflow wants is told, and asked again."""
    screen = terminal("run", "flows.py:choose")
    screen.read_until("or an answer as JSON")
    screen.type("yes\n")
    screen.read_until("does not fit what")
    screen.type('{"pick": "left"}\n')

    code = screen.end()

    assert code == 0
    assert "left" in screen.text


def test_ctrl_c_at_a_question_leaves_the_run_waiting(terminal: Any, project: Any) -> None:
    """Ctrl-C at a question ends the command with 130, and the question stays."""
    screen = terminal("run", "flows.py:ask", "--run-id", "w")
    screen.read_until("or an answer as JSON")
    screen.process.send_signal(signal.SIGINT)

    code = screen.end()

    assert code == 130
    assert "reenact resume w" in screen.text
    assert "Traceback" not in screen.text
    assert project.json("show", "w")["run"]["status"] == "waiting"


def test_no_more_input_is_no_answer(terminal: Any) -> None:
    """The end of input at a question is no answer: the run waits."""
    screen = terminal("run", "flows.py:ask")
    screen.read_until("or an answer as JSON")
    screen.type("\x04")

    assert screen.end() == 4


def test_two_ctrl_c_leave_the_terminal_as_it_was(terminal: Any, project: Any) -> None:
    """After leaving at once the cursor is shown again."""
    screen = terminal("run", "flows.py:walk", "--set", "runtime.grace_s=30")
    screen.read_until("slow#")
    screen.process.send_signal(signal.SIGINT)
    screen.read_until("stopping")
    screen.process.send_signal(signal.SIGINT)

    assert screen.end() == 130
    assert screen.screen.rstrip().endswith(b"\x1b[?25h")


COMMANDS = {
    "run": ("run", "flows.py:hostile", "--yes"),
    "show": ("show", "h"),
    "a step": ("show", "h", "evil"),
    "ls": ("ls",),
    "tail": ("tail", "h"),
    "replay": ("replay", "h"),
    "export": ("export", "h"),
    "an error": ("show", "\x1b]0;owned\x07"),
    "a target": ("run", "\x1b[2J.py:\x1b]0;owned\x07"),
}


@pytest.mark.parametrize("args", COMMANDS.values(), ids=list(COMMANDS))
def test_text_from_data_stays_text(terminal: Any, project: Any, args: tuple[str, ...]) -> None:
    """No control sequence of a prompt, an output, an error or an argument gets through."""
    project.cli("run", "flows.py:hostile", "--run-id", "h", "--yes")

    screen = terminal(*args)
    screen.end()

    assert not [owned for owned in OWNED if owned in screen.screen]


def test_a_question_is_text(terminal: Any) -> None:
    """A question and what is shown with it cannot write to the terminal either."""
    screen = terminal("run", "flows.py:hostile")
    screen.read_until("or an answer as JSON")
    screen.type("y\n")
    screen.end()

    assert not [owned for owned in OWNED if owned in screen.screen]
    assert "[bold red]x[/bold red]" in screen.text


def test_a_long_tree_keeps_what_matters() -> None:
    """What does not fit is taken from what has succeeded; what runs or failed stays."""
    board = Board()
    record = RunRecord(id="r", trace_id="t" * 32, workflow="w")
    failed, running = 17, 95
    for n in range(100):
        path = f"group#{n // 10}/step#{n % 10}"
        entries = [Entry(seq=2 * n, path=path, status=Status.RUNNING, at_ns=n, kind="step", name="step")]
        if n != running:
            status = Status.FAILED if n == failed else Status.SUCCEEDED
            entries.append(Entry(seq=2 * n + 1, path=path, status=status, at_ns=n))
        board.take(record, entries)

    fitted = rows(grow(board), 20)

    names = [row.node.label for row in fitted if row.node]
    assert len(fitted) == 20
    assert fitted[0].hidden == 110 - 19
    assert "group#1" in names
    assert {row.status for row in fitted} >= {Status.FAILED, Status.RUNNING}
