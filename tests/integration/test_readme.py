"""What the README says is what happens. (Its two commands are run by the gate, in a fresh clone.)"""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from documents import Document, document

CONFIG = """
[models]
smart = "scripted:any"

[providers.scripted]
answers = "answers.toml"
"""

ANSWERS = """
[[answer]]
prompt = "List the questions"
json = ["When?", "How much?"]

[[answer]]
prompt = "Answer:"
text = "soon"
"""


@pytest.fixture
def readme() -> Document:
    """The README."""
    return document("README.md")


@pytest.fixture
def project(tmp_path: Path, readme: Document) -> Path:
    first, second, third = (block.text for block in readme.blocks("python"))
    (tmp_path / "flow.py").write_text(first)
    (tmp_path / "main.py").write_text(
        f"from flow import handle\n{second}\nimport asyncio\nasyncio.run(main())\n"
    )
    (tmp_path / "test_flow.py").write_text(f"from flow import handle\n\n\n{third}")
    (tmp_path / "reenact.toml").write_text(CONFIG)
    (tmp_path / "answers.toml").write_text(ANSWERS)
    return tmp_path


def call(project: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=60, check=False)


def test_its_workflow_runs_from_python(project: Path) -> None:
    """Both blocks of Python, as they stand."""
    done = call(project, sys.executable, "main.py")

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].endswith(" waiting")
    assert done.stdout.splitlines()[1] == "['soon', 'soon']"


def test_its_test_passes(project: Path) -> None:
    """The test that it shows, as it stands."""
    done = call(project, sys.executable, "-m", "pytest", "-q", "test_flow.py")

    assert done.returncode == 0, done.stdout


def test_its_workflow_runs_from_the_command_line(project: Path) -> None:
    """The table's commands, on the README's own workflow."""
    reenact = (sys.executable, "-m", "reenact_cli.main")
    waiting = call(project, *reenact, "run", "flow.py:handle", "ticket=T-1")
    assert waiting.returncode == 4, waiting.stderr

    for command in (
        ["approve", "last"],
        ["resume", "last"],
        ["replay", "last"],
        ["show", "last"],
        ["ls"],
        ["verify"],
    ):
        done = call(project, *reenact, *command)
        assert done.returncode == 0, f"{command}: {done.stderr}"


def test_every_command_it_names_exists(readme: Document) -> None:
    """Names in the table of commands are commands."""
    table = readme.text[readme.text.index("| command |") : readme.text.index("The same from Python")]
    named = {
        word
        for row in table.splitlines()[2:]
        for word in re.findall(r"`(?:reenact )?([a-z]+)", row.split("|")[1] if "|" in row else "")
    }
    known = call(Path.cwd(), sys.executable, "-m", "reenact_cli.main", "--help").stdout

    assert named
    assert [name for name in named if f"  {name} " not in known] == []


def test_its_links_lead_somewhere(readme: Document) -> None:
    """Relative links name files of the repository."""
    assert readme.broken_links() == []
