"""Documents whose blocks are run: files are written and commands are called in the order in which they stand.

A fence that has a ``title`` is a file::

    ```python title="flow.py"

A fence of the language ``console`` holds commands after ``$``, each with what it prints, in
which ``…`` stands for anything; ``exit=3`` behind the language says how the last one ends.
"""

import fnmatch
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import attrs

ROOT = Path(__file__).parents[1]
TIMEOUT_S = 300
_FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\((?!http)([^)#]+)\)")
_PROGRAMS = {"reenact": "reenact_cli.main", "pytest": "pytest", "python": ""}


@attrs.frozen
class Block:
    """A fenced block.

    Attributes:
        language: The word behind the fence.
        info: What stands behind that.
        text: What is in it.
    """

    language: str
    info: str
    text: str

    @property
    def title(self) -> str:
        """The file that it is; empty if it is none."""
        found = re.search(r'title="([^"]+)"', self.info)
        return found[1] if found else ""

    @property
    def exit(self) -> int:
        """How the last command in it ends."""
        found = re.search(r"exit=(\d+)", self.info)
        return int(found[1]) if found else 0

    def commands(self) -> Iterator[tuple[list[str], str, int]]:
        """Yield the commands in it: words, what is printed, and how they end."""
        parts = re.split(r"^\$ ", self.text, flags=re.MULTILINE)[1:]
        for number, part in enumerate(parts, 1):
            command, _, printed = part.partition("\n")
            yield shlex.split(command, comments=True), printed, self.exit if number == len(parts) else 0


class Document:
    """A Markdown file of the repository.

    Attributes:
        path: Where it is.
        text: What is in it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = path.read_text(encoding="utf-8")

    def blocks(self, language: str = "") -> list[Block]:
        """Return its blocks, of one language if one is given."""
        found = [Block(*match.groups()) for match in _FENCE.finditer(self.text)]
        return [block for block in found if language in ("", block.language)]

    def broken_links(self) -> list[str]:
        """Return its relative links that lead nowhere."""
        return [link for link in _LINK.findall(self.text) if not (self.path.parent / link).exists()]

    def play(self, folder: Path) -> int:
        """Write its files and call its commands in *folder*, in order; return how many commands it has."""
        count = 0
        for block in self.blocks():
            if block.title:
                file = folder / block.title
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(block.text, encoding="utf-8")
            elif block.language == "console":
                for words, printed, code in block.commands():
                    count += 1
                    _check(words, call(folder, *words), printed, code)
        return count


def call(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Call a command in *folder*, with the Python that runs the tests."""
    module = _PROGRAMS[words[0]]
    command = [sys.executable, *(["-m", module] if module else []), *words[1:]]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)


def _check(words: list[str], done: subprocess.CompletedProcess[str], printed: str, code: int) -> None:
    shown = f"$ {shlex.join(words)}\n{done.stdout}{done.stderr}"
    assert done.returncode == code, f"it ended with {done.returncode}, not {code}\n{shown}"
    wanted = "*".join(re.sub(r"([*?[])", r"[\1]", part) for part in printed.strip().split("…"))
    said = f"{done.stdout}{done.stderr}".strip()
    assert fnmatch.fnmatchcase(said, wanted or "*"), f"it is documented to print\n{printed}\n{shown}"


def document(path: str) -> Document:
    """Return a document of the repository by its path."""
    return Document(ROOT / path)
