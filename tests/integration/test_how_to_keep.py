"""What docs/how-to/keep-the-journal-small.md says is what happens: every block is run as it stands."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "keep-the-journal-small.md").read_text(
    encoding="utf-8"
)
COMMANDS = re.findall(r"<!-- command(: a-run)? -->\n```sh\n(.*?)```", PAGE, re.DOTALL)
PYTHON = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)

FLOW = """
from reenact import step, wait_signal, workflow

@step
async def answer(question: str) -> str:
    return f"the answer to {question} " * 100

@workflow
async def triage(question: str) -> int:
    return len(await answer(question))

@workflow
async def waits() -> str:
    return await wait_signal("news", str)
"""

HAND_OVER = """
from reenact import Runtime
from reenact_sqlite import SqliteOptions, open_sqlite

async def both() -> None:
    async with Runtime.open() as runtime, open_sqlite(SqliteOptions(path=Path("third.db"))) as there:
        await hand_over(runtime.store, there)

import asyncio
asyncio.run(both())
"""


@pytest.fixture(scope="module")
def with_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with two runs that have ended and one that has not."""
    folder = tmp_path_factory.mktemp("with") / "runs"
    (folder / "bin").mkdir(parents=True)
    (folder / "flow.py").write_text(FLOW)
    (folder / "reenact.toml").write_text("")
    script = folder / "bin" / "reenact"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m reenact_cli.main "$@"\n')
    script.chmod(0o700)
    shell(folder, "reenact run flow.py:triage question=why --run-id T-1")
    shell(folder, "reenact run flow.py:triage question=when --run-id T-2")
    shell(folder, "reenact run flow.py:waits --run-id W-1", code=4)
    return folder


@pytest.fixture
def project(with_runs: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(with_runs, tmp_path / "project"))


def shell(folder: Path, script: str, code: int = 0) -> str:
    """Run a script as it stands, and return what it printed."""
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-e", "-c", script],
        cwd=folder,
        env=os.environ | {"PATH": path, "RUN": "T-1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("number", range(len(COMMANDS)))
def test_each_block_of_commands_runs(project: Path, number: int) -> None:
    """As it stands, in a project with two runs that have ended and one that has not."""
    shell(project, COMMANDS[number][1])

    left = json.loads(shell(project, "reenact ls --json"))["runs"]
    gone = {"T-1"} if "--run" in COMMANDS[number][1] else set()
    assert {run["id"] for run in left} == {"T-1", "T-2", "W-1"} - gone


def test_there_are_blocks() -> None:
    """The page shows seven things to do with commands, and two from Python; one line for cron is not run."""
    assert (len(COMMANDS), len(PYTHON)) == (7, 2)
    assert PAGE.count("```sh") == len(COMMANDS)


def test_what_it_says_about_redacted_files_is_so(project: Path) -> None:
    """They verify, say nothing of what was said, and cannot be imported."""
    shell(project, COMMANDS[-1][1])

    shell(project, "reenact import --check shape.json")
    shell(project, "reenact import shape.json", code=1)
    assert "the answer to" not in (project / "shape.json").read_text()


def test_its_python_runs(project: Path) -> None:
    """Both blocks, as they stand."""
    (project / "prune.py").write_text(f"{PYTHON[0]}\nimport asyncio\nasyncio.run(main())\n")
    (project / "hand_over.py").write_text(f"{PYTHON[1]}\n{HAND_OVER}")

    pruned = shell(project, f'"{sys.executable}" prune.py')
    handed = shell(project, f'"{sys.executable}" hand_over.py')

    assert pruned == ""
    assert handed.split() == ["W-1", "waiting"]
