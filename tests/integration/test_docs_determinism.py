"""What the page on determinism says is so: its code and commands are run, the tests it names exist."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PAGE = (REPOSITORY / "docs" / "explanation" / "determinism.md").read_text(encoding="utf-8")

FILES = re.findall(r"<!-- file: (\S+) -->\n```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
CONSOLES = re.findall(
    r"(?:<!-- exits with (\d) -->\n)?```console\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES:
        (tmp_path / name).write_text(text)
    (tmp_path / "reenact.toml").write_text("")
    return tmp_path


def call(folder: Path, command: str) -> "subprocess.CompletedProcess[str]":
    program, *words = shlex.split(command)
    assert program == "reenact"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("REENACT")}
    arguments = [sys.executable, "-m", "reenact_cli.main", *words]
    return subprocess.run(
        arguments, cwd=folder, env=clean, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.mark.parametrize(("code", "block"), CONSOLES, ids=["finding", "elsewhere"])
def test_its_commands_do_what_it_shows(project: Path, code: str, block: str) -> None:
    """Each line of output is printed, and the exit code is the one it names."""
    said = ""
    for line in block.splitlines():
        if line.startswith("$ "):
            done = call(project, line[2:])
            said = done.stdout + done.stderr
            assert done.returncode == int(code or 0), said
        else:
            assert line in said.splitlines()


def test_the_tests_it_names_exist() -> None:
    """Each claim is shown by a test of that name."""
    files = [*(REPOSITORY / "tests").rglob("test_*.py"), *(REPOSITORY / "plugins").rglob("tests/test_*.py")]
    known = {
        name for file in files for name in re.findall(r"def (test_\w+)", file.read_text(encoding="utf-8"))
    }
    named = set(re.findall(r"`(test_\w+)`", PAGE))

    assert len(named) > 10
    assert named - known == set()


def test_every_block_of_python_is_a_file() -> None:
    """So that it is run."""
    assert len(FILES) == PAGE.count("```python") == 2
    assert len(CONSOLES) == PAGE.count("```console") == 2
