"""What a journal names is run only from inside the project's folder."""

from pathlib import Path

import pytest
from reenact.errors import UsageError
from reenact_cli.targets import load_recorded, load_target

CODE = "from reenact import workflow\n@workflow\nasync def main() -> None: ...\n"
TRAP = "import pathlib\npathlib.Path({!r}).touch()\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder.resolve()


def test_the_projects_own_code_is_loaded(root: Path) -> None:
    """A file in the folder is loaded by what is on record."""
    (root / "inner").mkdir()
    (root / "inner" / "own_flow.py").write_text(CODE)

    loaded, spelled = load_target("inner/own_flow.py:main", root)

    assert spelled == "inner/own_flow.py:main"
    assert load_recorded(spelled, root, "r") is loaded


OUTSIDE = [
    "../trap.py:main",
    "{outside}/trap.py:main",
    ".venv/trap.py:main",
    "lib/site-packages/trap.py:main",
    "link.py:main",
    "antigravity:main",
    "os.path:main",
    "sys:main",
    "pytest:main",
]


@pytest.mark.parametrize("target", OUTSIDE)
def test_nothing_else_is_loaded(root: Path, tmp_path: Path, target: str) -> None:
    """What lies elsewhere, is hidden, installed or linked to is refused before it is imported."""
    trap = TRAP.format(str(tmp_path / "sprung"))
    (tmp_path / "trap.py").write_text(trap)
    for inner in (".venv", "lib/site-packages"):
        (root / inner).mkdir(parents=True)
        (root / inner / "trap.py").write_text(trap)
    (root / "link.py").symlink_to(tmp_path / "trap.py")

    with pytest.raises(UsageError, match="outside the project's folder"):
        load_recorded(target.format(outside=tmp_path), root, "r")

    assert not (tmp_path / "sprung").exists()


def test_a_run_without_a_target_says_so(root: Path) -> None:
    """A run that was started by a program asks for the workflow's name."""
    with pytest.raises(UsageError, match="not started from the command line"):
        load_recorded("", root, "r")


def test_a_file_outside_keeps_its_whole_path(root: Path, tmp_path: Path) -> None:
    """A target outside the folder is noted in full, and has to be named again."""
    (tmp_path / "other_flow.py").write_text(CODE)

    _, spelled = load_target("../other_flow.py:main", root)

    assert spelled == f"{tmp_path.resolve()}/other_flow.py:main"
    with pytest.raises(UsageError, match="if you trust it"):
        load_recorded(spelled, root, "r")
