"""States of a project, kept by their content.

A state never changes: what edits it makes another one. So a step that is run again
after a crash finds what it needs as it was, makes the same state under the same name,
and two that run at once cannot get into each other's way.
"""

import difflib
import hashlib
import io
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import attrs

HERE = Path(__file__).resolve().parent
FILES_MAX = 5_000
BYTES_MAX = 50_000_000
NAME_CHARS_MAX = 200
ID_HEX = 16
LEFT_OUT = {
    *(".git", ".hg", ".reenact", ".venv", "venv", "node_modules", "__pycache__", "build", "dist"),
    *(".ruff_cache", ".mypy_cache", ".pytest_cache", ".hypothesis", ".tox", ".nox"),
}
"""Folders that are no part of a project's sources: what version control, installers and tools keep there."""

Files: TypeAlias = Mapping[str, bytes]
"""Contents by name, such as ``shop/cart.py``."""


@attrs.frozen(kw_only=True)
class Tree:
    """A state of a project.

    Attributes:
        id: Names its content, 16 hex digits.
        files: The names of its files, sorted.
    """

    id: str
    files: list[str]


@attrs.frozen(kw_only=True)
class Patch:
    """What leads from one state to another.

    Attributes:
        files: The names of the files that differ, sorted.
        text: The differences, for ``git apply`` or ``patch -p1``.
    """

    files: list[str]
    text: str


def work_folder() -> Path:
    """Return where states and results are kept; ``SDLC_WORK`` says where else."""
    return Path(os.environ.get("SDLC_WORK") or HERE / ".reenact" / "work")


def safe_name(name: str) -> str:
    """Return *name* if a file of a project may be called so, whoever says it.

    Raises:
        ValueError: If it could mean a file outside of the project, or one of its tools' own.
    """
    parts = name.split("/")
    if not name or len(name) > NAME_CHARS_MAX or not name.isprintable() or set(name) & set('\\:*?"<>|'):
        raise ValueError(f"{name[:NAME_CHARS_MAX]!r} is no name for a file")
    if any(part in ("", ".", "..") or part != part.strip(" ") or part.endswith(".") for part in parts):
        raise ValueError(f"{name!r} is no relative path within the project")
    if any(part.lower() in LEFT_OUT for part in parts):
        raise ValueError(f"{name!r} is no part of the project's sources")
    return name


# --- keeping --------------------------------------------------------------------------------------


def take_in(folder: Path) -> Tree:
    """Keep the state of the project in *folder*, which is only read.

    Raises:
        ValueError: If it has symbolic links, whose targets may lie outside, or is too large.
    """
    files: dict[str, bytes] = {}
    size = 0
    for path in _sources(folder):
        size += path.stat().st_size
        if size > BYTES_MAX or len(files) >= FILES_MAX:
            raise ValueError(f"{folder} has more than {FILES_MAX} files or {BYTES_MAX} bytes")
        files[safe_name(path.relative_to(folder).as_posix())] = path.read_bytes()
    if not files:
        raise ValueError(f"{folder} has no files")
    return keep(files)


def _sources(folder: Path) -> list[Path]:
    found: list[Path] = []
    for path in sorted(folder.iterdir()):
        if path.is_symlink():
            raise ValueError(f"{path} is a symbolic link; a project with links is not taken in")
        if path.name in LEFT_OUT or path.name.endswith(".egg-info"):
            continue
        found += _sources(path) if path.is_dir() else [path]
    return found


def keep(files: Files) -> Tree:
    """Keep a state: whole or not at all, and only once."""
    tree = Tree(id=_id_of(files), files=sorted(files))
    kept = _place(tree.id)
    kept.parent.mkdir(parents=True, exist_ok=True)
    if not kept.is_dir():
        part = Path(tempfile.mkdtemp(prefix=".part-", dir=kept.parent))
        try:
            lay_out(files, part / "tree")
            (part / "tree").rename(kept)
        except OSError:
            if not kept.is_dir():  # else somebody else was faster
                raise
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return tree


def lay_out(files: Files, folder: Path) -> None:
    """Write *files* into *folder*, which is not there yet.

    Raises:
        ValueError: If a name is not safe.
        OSError: If two names cannot stand side by side.
    """
    folder.mkdir(parents=True)
    for name, content in files.items():
        path = folder / safe_name(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:  # it is new, so there is no link to follow
            file.write(content)
            file.flush()
            os.fsync(file.fileno())


def files_of(tree_id: str) -> dict[str, bytes]:
    """Return the files of a state.

    Raises:
        ValueError: If it is not there, or not what was kept.
    """
    kept = _place(tree_id)
    if not kept.is_dir():
        raise ValueError(f"the state {tree_id} of the project is not in {kept.parent} any more")
    files = {path.relative_to(kept).as_posix(): path.read_bytes() for path in _sources(kept)}
    if _id_of(files) != tree_id:
        raise ValueError(f"{kept} was changed after it was kept")
    return files


def _place(tree_id: str) -> Path:
    return work_folder() / "trees" / tree_id


def _id_of(files: Files) -> str:
    spelled = hashlib.sha256()
    for name in sorted(files):
        spelled.update(f"{name}\0{len(files[name])}\0".encode() + files[name])
    return spelled.hexdigest()[:ID_HEX]


# --- changing and comparing -----------------------------------------------------------------------


def edited(tree_id: str, contents: Mapping[str, str]) -> Tree:
    """Keep the state that *contents* make of another one."""
    return keep({**files_of(tree_id), **{safe_name(name): text.encode() for name, text in contents.items()}})


def difference(old_id: str, new_id: str) -> Patch:
    """Return what leads from one state to another."""
    old, new = files_of(old_id), files_of(new_id)
    changed = [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]
    text = "".join(_difference(name, old.get(name), new.get(name)) for name in changed)
    return Patch(files=changed, text=text)


def _difference(name: str, old: bytes | None, new: bytes | None) -> str:
    try:
        before, after = _lines(old), _lines(new)
    except UnicodeDecodeError:
        return f"Binary files a/{name} and b/{name} differ\n"
    old_name = "/dev/null" if old is None else f"a/{name}"
    new_name = "/dev/null" if new is None else f"b/{name}"
    hunks = difflib.unified_diff(before, after, old_name, new_name)
    return "".join(line if line.endswith("\n") else f"{line}\n{_NO_NEWLINE}\n" for line in hunks)


_NO_NEWLINE = "\\ No newline at end of file"


def _lines(content: bytes | None) -> list[str]:
    """Return the lines of a text; only a newline ends one, as patches have it."""
    return io.StringIO((content or b"").decode(), newline="\n").readlines()


def write_atomically(path: Path, text: str) -> None:
    """Put *text* into a file: whoever looks sees all of it or what was there before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")  # always the same, so that a crash leaves no litter
    with part.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
