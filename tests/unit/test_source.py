"""The hash of code: another one when the code is another, and the same when it is not."""

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from reenact.source import source_hash

CODE = """
import helpers
from reenact import step, workflow

LIMIT = 3

@step
async def fetch(n: int) -> int:
    return helpers.twice(n)

def local(n: int) -> int:
    return n + LIMIT

def unused() -> int:
    return 1

@workflow(name="sourced")
async def flow(n: int) -> int:
    values = [
        await fetch(n),
        local(n),
    ]
    return sum(values)
"""

HELPERS = """
def twice(n: int) -> int:
    return n * 2
"""


@pytest.fixture
def hash_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], str]:
    monkeypatch.syspath_prepend(str(tmp_path))
    count = 0

    def made(code: str, helpers: str = HELPERS) -> str:
        nonlocal count
        count += 1
        folder = tmp_path / str(count)
        folder.mkdir()
        monkeypatch.setitem(sys.modules, "helpers", load(folder / "helpers.py", helpers))
        return source_hash(load(folder / "flow.py", code).flow)

    return made


def load(path: Path, code: str) -> ModuleType:
    path.write_text(code)
    spec = importlib.util.spec_from_file_location(f"sourced_{path.parent.name}_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return sum(values)", "return max(values)"),
        ("        local(n),\n", "        local(n + 1),\n"),
        ("return n + LIMIT", "return n - LIMIT"),
        ("helpers.twice(n)", "helpers.twice(n + 1)"),
    ],
)
def test_changed_code_has_another_hash(hash_of: Callable[..., str], old: str, new: str) -> None:
    """The workflow, the steps and the functions it names, and what those name."""
    assert old in CODE

    assert hash_of(CODE) != hash_of(CODE.replace(old, new))


def test_a_changed_helper_has_another_hash(hash_of: Callable[..., str]) -> None:
    """A function of another file beside it counts, too."""
    assert hash_of(CODE) != hash_of(CODE, HELPERS.replace("* 2", "* 3"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("def unused() -> int:\n    return 1", "def unused() -> int:\n    return 2"),
        ("return sum(values)\n", "return sum(values)   \n\n\n"),
        ("LIMIT = 3\n", "# a remark\nLIMIT = 3\n"),
    ],
)
def test_what_does_not_matter_changes_no_hash(hash_of: Callable[..., str], old: str, new: str) -> None:
    """What it does not name, blanks at the end of lines, and where it stands in the file."""
    assert old in CODE

    assert hash_of(CODE) == hash_of(CODE.replace(old, new))


def test_code_without_source_has_no_hash() -> None:
    """What was typed into a session, and what is no Python function, is not known."""
    names: dict[str, Callable[..., int]] = {}
    exec("def typed(n):\n    return n", names)  # noqa: S102  # what a session does

    assert source_hash(names["typed"]) == ""
    assert source_hash(len) == ""
