"""A project folder with workflows, and ways to call the command in it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from click.testing import CliRunner, Result
from reenact_cli.root import root

FLOWS = r"""
import asyncio, os, pathlib, sys, time
from typing import Any
import attrs
from reenact import Deny, approve, llm, parallel, policy, step, tool, wait_signal, workflow

HERE = pathlib.Path(__file__).parent

def note(text):
    with open(HERE / "effects", "a") as log:
        log.write(text + "\n")

@step
async def double(n: int) -> int:
    note(f"double {n}")
    return n * 2

@workflow
async def add(a: int, b: int = 2) -> int:
    return await double(a) + await double(b)

@workflow
async def greet(name: str) -> str:
    return f"hello {name}"

@workflow
async def nested(n: int) -> int:
    return await add(n) + sum(await parallel(double, range(n)))

@workflow
async def deadlocked(n: int) -> int:
    await double(n)
    await asyncio.Event().wait()

@step
async def break_down() -> int:
    raise ValueError("it broke")

@workflow
async def fails() -> int:
    return await break_down()

@tool
async def rm(path: str) -> str:
    return path

@policy("no-rm", stage="tool")
def no_rm(request, context):
    return Deny("rm is not for models")

@workflow
async def denied() -> str:
    return await rm("/")

@workflow
async def ask(question: str = "ship it?") -> bool:
    return await approve(question, show={"diff": "+1 -1"})

@attrs.frozen
class Choice:
    pick: str

@workflow
async def choose() -> str:
    return (await approve("which?", schema=Choice)).pick

@workflow
async def listen() -> str:
    return await wait_signal("news", str)

@step(effect="once")
async def pay(cents: int) -> str:
    note("pay")
    if not (HERE / "paid").exists():
        (HERE / "paying").touch()
        await asyncio.sleep(60)
    return "receipt"

@workflow
async def buy() -> str:
    return await pay(5)

@step
async def slow(n: int) -> int:
    note(f"slow {n}")
    if not (HERE / "open").exists():
        await asyncio.sleep(60)
    return n

@workflow
async def walk() -> int:
    return await slow(await double(1)) + await slow(2)

@step
async def stuck() -> int:
    note("stuck")
    time.sleep(30)
    return 1

@workflow
async def blocks() -> int:
    return await stuck()

@step
def in_a_thread() -> int:
    note("in a thread")
    time.sleep(30)
    return 1

@workflow
async def threads() -> int:
    return await in_a_thread()

@step
async def text_of(word: str) -> str:
    return word

def word():
    return (HERE / "word").read_text() if (HERE / "word").exists() else "first"

@workflow
async def changing() -> str:
    return await text_of(word())

@workflow
async def changing_and_waiting() -> str:
    said = await text_of(word())
    await approve("go on?")
    return said

HOSTILE = "\x1b]0;owned\x07\x1b[2J[bold red]x[/bold red] \u202egnp.exe \x9b31m"

@step(name="evil")
async def evil(text: str) -> str:
    raise ValueError(HOSTILE)

@workflow
async def hostile() -> str:
    try:
        await evil(HOSTILE)
    except ValueError:
        pass
    await approve(HOSTILE, show=HOSTILE)
    return HOSTILE
"""

CONFIG = """
[runtime]
poll_s = 0.05
grace_s = 0.3

[policies]
chain = ["no-rm"]
modules = ["flows.py"]
"""


@attrs.define
class Project:
    """A folder with a configuration and workflows.

    Attributes:
        folder: It.
    """

    folder: Path
    started: list["subprocess.Popen[str]"] = attrs.field(factory=list)

    def run(self, *args: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        """Run the command in a process of its own, to its end."""
        return subprocess.run(
            command(*args),
            cwd=self.folder,
            input=stdin,
            text=True,
            capture_output=True,
            timeout=60,
            check=False,
        )

    def cli(self, *args: str) -> Result:
        """Run the command in this process, which is quicker."""
        return CliRunner().invoke(root, list(args))

    def ok(self, *args: str) -> str:
        """Run the command, which must succeed, and return what it printed to stdout."""
        done = self.run(*args)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def json(self, *args: str, code: int = 0) -> Any:
        """Run the command with ``--json`` and return what it printed."""
        done = self.run(*args, "--json")
        assert done.returncode == code, done.stdout + done.stderr
        return json.loads(done.stdout)

    def append(self, name: str, text: str) -> None:
        """Add *text* to a file of the project."""
        file = self.folder / name
        file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")

    def start(self, *args: str, **options: Any) -> "subprocess.Popen[str]":
        """Start the command and return at once."""
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL} | options
        process = subprocess.Popen(command(*args), cwd=self.folder, text=True, **pipes)
        self.started.append(process)
        return process

    def effects(self) -> list[str]:
        """Return what steps did."""
        log = self.folder / "effects"
        return log.read_text().splitlines() if log.exists() else []

    def journal(self) -> Path:
        """Return the journal's file."""
        return self.folder / ".reenact" / "journal.db"


def command(*args: str) -> list[str]:
    """Return the real command."""
    script = Path(sys.executable).with_name("reenact")
    return [str(script), *args] if script.exists() else [sys.executable, "-m", "reenact_cli.main", *args]


@pytest.fixture(autouse=True, scope="session")
def interruptible() -> None:
    """Have commands end by Ctrl-C even where it is ignored, as in the background of a shell."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A project whose configuration and workflows are written."""
    for name in [name for name in os.environ if name.startswith("REENACT")]:
        monkeypatch.delenv(name)
    folder = tmp_path / "a project"
    folder.mkdir()
    (folder / "flows.py").write_text(FLOWS, encoding="utf-8")
    (folder / "reenact.toml").write_text(CONFIG, encoding="utf-8")
    monkeypatch.chdir(folder)
    made = Project(folder)
    yield made
    for process in made.started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def until() -> Callable[[Callable[[], Any]], Any]:
    """Waits until something is so, and returns it."""

    def wait(what: Callable[[], Any], within_s: float = 30.0) -> Any:
        end = time.monotonic() + within_s
        while not (found := what()):
            assert time.monotonic() < end, "it did not come about in time"
            time.sleep(0.02)
        return found

    return wait
