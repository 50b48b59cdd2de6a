"""The page on safe deploys: every block of it is run, in order, in one folder."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "deploy-safely.md"

CONFIG = """
[models]
smart = "scripted:any"

[providers.scripted]
answers = "answers.toml"
"""

ANSWERS = """
[[answer]]
prompt = "Answer politely"
text = "It is on its way."
"""


@attrs.frozen
class Block:
    """A block of the page: what language, with which notes, and its text."""

    language: str
    notes: dict[str, str]
    text: str


def blocks() -> Iterator[Block]:
    for match in re.finditer(r"^```(\w+)([^\n]*)\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE):
        notes = dict(note.partition("=")[::2] for note in match[2].split())
        yield Block(match[1], notes, match[3])


def call(folder: Path, command: str) -> "subprocess.CompletedProcess[str]":
    """Run one line of a shell block, with this interpreter's command."""
    words = shlex.split(command)
    run = {
        "reenact": [sys.executable, "-m", "reenact_cli.main"],
        "python": [sys.executable],
        "mkdir": ["mkdir"],
    }[words[0]]
    environ = {key: value for key, value in os.environ.items() if not key.startswith("REENACT")}
    return subprocess.run(
        [*run, *words[1:]], cwd=folder, text=True, capture_output=True, timeout=60, check=False, env=environ
    )


def without_times(text: str) -> str:
    """Return what a command printed without how long it took."""
    return re.sub(r"  (<?\d[\d.]* m?s)$", "", text.strip(), flags=re.MULTILINE)


def test_every_block_does_what_the_page_says(tmp_path: Path) -> None:
    """Files are written, commands end with the code they are said to, and print what is shown."""
    (tmp_path / "reenact.toml").write_text(CONFIG)
    (tmp_path / "answers.toml").write_text(ANSWERS)
    printed, ran = "", 0

    for block in blocks():
        if "file" in block.notes:
            (tmp_path / block.notes["file"]).write_text(block.text)
        elif block.language == "sh":
            for command in block.text.splitlines():
                done = call(tmp_path, command)
                assert done.returncode == int(block.notes.get("exit", 0)), (
                    f"{command}\n{done.stdout}{done.stderr}"
                )
                printed, ran = done.stdout, ran + 1
        else:
            assert "output" in block.notes
            assert without_times(printed) == block.text.strip()

    assert ran == 12


@pytest.mark.parametrize("link", re.findall(r"\]\((?!http)([^)#]+)\)", PAGE.read_text()))
def test_its_links_lead_somewhere(link: str) -> None:
    """Relative links name files of the repository."""
    assert (PAGE.parent / link).exists()
