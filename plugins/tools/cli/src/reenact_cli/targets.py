"""From ``file.py:function`` or ``module:function`` to a workflow.

A run notes where its workflow was found, so that ``resume RUN`` needs no more than
the run. That note is data, and a journal may come from somebody else: importing
whatever it names would let a journal run any code on the machine. So a target on
record is used only if it lies inside the project's folder (that of the
configuration): code that the user has put there to be run; or if it is one of the
command's own (`chat`, `ping`). Installed packages, hidden folders and whatever is
outside must be named on the command line.
"""

import sys
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reenact.errors import UsageError, did_you_mean
from reenact.opening import load_module
from reenact.workflows import Workflow

from reenact_cli.words import quoted

if TYPE_CHECKING:
    from types import ModuleType

_INSTALLED = "site-packages"


def load_target(target: str, root: Path) -> tuple[Workflow[..., Any], str]:
    """Import what *target* names.

    Args:
        target: ``module:function``, or ``file.py:function`` as seen from the current folder.
        root: The project's folder, where modules are looked for first.

    Returns:
        The workflow, and the target as it goes on record: a file by its path in *root*.

    Raises:
        UsageError: If there is no such thing, or it is not a workflow.
    """
    place, name = _split(target)
    file = Path(place).absolute() if place.endswith(".py") else None
    module = _load(str(file) if file else place, root)
    workflow = _workflow(module, name, target)
    return workflow, f"{_spell(file, root) if file else place}:{name}"


def load_recorded(target: str, root: Path, run_id: str) -> Workflow[..., Any]:
    """Import a target that stands on record, if it lies inside *root*.

    Raises:
        UsageError: If it does not, or there is none; says to name it.
    """
    from reenact_cli.chatting import OWN  # late: it takes the kernel along

    if target in OWN:
        return OWN[target]
    remedy = f"name the workflow: reenact resume {quoted(run_id)} FILE.py:FUNCTION"
    if not target:
        raise UsageError(f"run {run_id!r} was not started from the command line; {remedy}")
    place, name = _split(target)
    if not _is_inside(place, root):
        raise UsageError(
            f"run {run_id!r} names code outside the project's folder {root}: {target!r}; what a journal "
            f"names is run only from there; if you trust it, {remedy}"
        )
    module = _load(place, root)
    return _workflow(module, name, target)


def load_place(place: str, root: Path) -> None:
    """Import a module or a file, so that the workflows in it are known by their names.

    Args:
        place: A module, or a file as seen from the current folder.
        root: The project's folder, where modules are looked for first.

    Raises:
        UsageError: If there is no such thing, or it fails to import.
    """
    _load(str(Path(place).absolute()) if place.endswith(".py") else place, root)


def _split(target: str) -> tuple[str, str]:
    place, colon, name = target.rpartition(":")
    if not colon or not place or not name:
        raise UsageError(f"{target!r} names no workflow; expected file.py:function or module:function")
    return place, name


def _load(place: str, root: Path) -> "ModuleType":
    try:
        return load_module(place, root)
    except SystemExit as error:
        raise UsageError(f"importing {place!r} ended with SystemExit({error.code!r})") from error


def _workflow(module: "ModuleType", name: str, target: str) -> Workflow[..., Any]:
    found: Any = module
    for part in name.split("."):
        found = getattr(found, part, None)
    if isinstance(found, Workflow):
        return found
    known = [key for key, value in vars(module).items() if isinstance(value, Workflow)]
    listed = f"workflows in it: {', '.join(known)}" if known else "it has no workflow"
    if found is None:
        raise UsageError(
            f"there is no {name!r} in {target.rpartition(':')[0]!r} ({listed}){did_you_mean(name, known)}"
        )
    raise UsageError(f"{target!r} is not a workflow ({listed}); put @workflow above the function")


def _spell(file: Path, root: Path) -> str:
    resolved = file.resolve()
    return resolved.relative_to(root).as_posix() if resolved.is_relative_to(root) else str(resolved)


def _is_inside(place: str, root: Path) -> bool:
    if place.endswith(".py"):
        return _is_own((root / place).resolve(), root)
    found = _find_package(place.partition(".")[0], root)
    return bool(found) and all(_is_own(path, root) for path in found)


def _is_own(path: Path, root: Path) -> bool:
    """Say whether *path* is the project's own: inside, not hidden, not installed."""
    if not path.is_relative_to(root):
        return False
    parts = path.relative_to(root).parts
    return not any(part.startswith(".") or part == _INSTALLED for part in parts)


def _find_package(name: str, root: Path) -> list[Path]:
    """Return where a top-level module would be imported from, without importing it."""
    if name in sys.builtin_module_names:
        return []
    spec = PathFinder.find_spec(name, [str(root), *sys.path])
    if spec is None:
        return []
    if spec.origin and spec.has_location:
        return [Path(spec.origin).resolve()]
    return [Path(one).resolve() for one in spec.submodule_search_locations or ()]
