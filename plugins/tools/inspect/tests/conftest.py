"""A project in which the commands are typed: workflows whose code can be changed, and a configuration."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from click.testing import CliRunner, Result
from reenact_cli.root import root

FLOWS = r"""
import asyncio
import pathlib
from reenact import approve, llm, step, workflow

HERE = pathlib.Path(__file__).parent

def word(name):
    file = HERE / name
    return file.read_text() if file.exists() else f"the first {name}"

@step
async def fetch(ticket: str) -> str:
    return f"what is known of {ticket}: it came late, and it was wet"

@workflow(version="1")
async def handle(ticket: str) -> str:
    text = await fetch(ticket)
    if (HERE / "inserted").exists():
        await fetch("another one")
    return await llm("smart", f"Answer in {word('tone')}.\nKeep it short.\n{text}", name="draft")

@workflow
async def asks(question: str) -> bool:
    await handle("T-1")
    return await approve(word("question"))

@step
async def breaks() -> None:
    raise ValueError("it is broken")

@workflow
async def mixed() -> str:
    async with asyncio.timeout(60):
        text = await handle("T-1")
    try:
        await breaks()
    except ValueError:
        pass
    return await fetch(text)

HOSTILE = "\x1b]0;owned\x07\x1b[2J[bold red]x[/bold red] \u202egnp.exe \x9b31m"

@step(name="evil")
async def evil(text: str) -> str:
    return text

@workflow
async def hostile(more: str) -> str:
    said = await evil(HOSTILE + more)
    return await evil(f"it said: {said}")
"""

CONFIG = """
[models]
smart = "scripted:any"

[providers.scripted]
answers = "answers.toml"
"""

ANSWERS = """
[[answer]]
prompt = "Answer in"
text = "It is on its way to you."
"""

OWNED = ("\x1b]0;", "\x1b[2J", "\x9b31m", "\u202e", "\x07")


@attrs.define
class Project:
    """A folder with a configuration and workflows."""

    folder: Path

    def cli(self, *args: str) -> Result:
        """Run the command in this process."""
        return CliRunner().invoke(root, list(args))

    def process(self, *args: str) -> "subprocess.CompletedProcess[str]":
        """Run the command in a process of its own, with freshly loaded code."""
        return subprocess.run(
            [sys.executable, "-m", "reenact_cli.main", *args],
            cwd=self.folder,
            text=True,
            capture_output=True,
            timeout=60,
            check=False,
        )

    def json(self, *args: str, code: int = 0) -> Any:
        """Run the command with ``--json`` and return what it printed."""
        done = self.cli(*args, "--json")
        assert done.exit_code == code, done.output
        return json.loads(done.stdout)

    def change(self, name: str, text: str) -> None:
        """Change what the workflows say."""
        (self.folder / name).write_text(text)

    def run(self, name: str, *args: str, run_id: str) -> None:
        """Run a workflow."""
        done = self.cli("run", f"flows.py:{name}", *args, "--run-id", run_id)
        assert done.exit_code in (0, 4), done.output


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A project whose configuration and workflows are written."""
    for name in [name for name in os.environ if name.startswith("REENACT")]:
        monkeypatch.delenv(name)
    (tmp_path / "flows.py").write_text(FLOWS)
    (tmp_path / "reenact.toml").write_text(CONFIG)
    (tmp_path / "answers.toml").write_text(ANSWERS)
    monkeypatch.chdir(tmp_path)
    yield Project(tmp_path)
    for name in [name for name in sys.modules if name == "flows" or name.startswith("flows_")]:
        del sys.modules[name]
