"""Runs that were exported by ``reenact export``: which files they are, and where their code is.

What is read is not trusted: `reenact_portable` believes a file only if it is what an export
writes. Nothing in it is used as a path, and code that it names is loaded only from the
project's own folder.
"""

from pathlib import Path
from typing import Any

from reenact.errors import UsageError
from reenact.opening import load_module
from reenact.records import RunRecord
from reenact.workflows import WORKFLOWS, Workflow

HEAD = b'{"format":'
"""How every such file begins."""


def is_run_file(path: Path) -> bool:
    """Say whether a file begins as an exported run does."""
    if path.suffix != ".json":
        return False
    try:
        with path.open("rb") as file:
            return file.read(len(HEAD)) == HEAD
    except OSError:
        return False


def workflow_of(record: RunRecord, root: Path) -> Workflow[..., Any]:
    """Return today's code of a run.

    A workflow of that name which is loaded is taken. Otherwise the file or module that the run
    was started from, if it is in the project's folder.

    Raises:
        UsageError: If there is none; says what to do.
    """
    if record.workflow in WORKFLOWS:
        return WORKFLOWS[record.workflow]
    place, _, name = record.target.rpartition(":")
    file = (root / (place if place.endswith(".py") else f"{place.replace('.', '/')}.py")).resolve()
    if place and _is_own(file, root.resolve()):
        found: Any = load_module(str(file) if place.endswith(".py") else place, root)
        for part in name.split("."):
            found = getattr(found, part, None)
        if isinstance(found, Workflow):
            return found
    raise UsageError(
        f"the code of workflow {record.workflow!r} is not loaded; name the module that defines it in the "
        f"ini option 'reenact_workflows'"
    )


def _is_own(file: Path, root: Path) -> bool:
    """Say whether a file is the project's own: there, inside, not hidden and not installed."""
    if not file.is_file() or not file.is_relative_to(root):
        return False
    parts = file.relative_to(root).parts
    return not any(part.startswith(".") or part == "site-packages" for part in parts)


def load_workflows(names: list[str], root: Path) -> None:
    """Import the modules and files that define workflows.

    Raises:
        UsageError: If one cannot be imported.
    """
    for name in names:
        load_module(name, root)
