"""Scopes: what numbers the steps of a run, so that a path does not depend on which branch was faster."""

import contextvars
import hashlib
from typing import Any

from reenact.trace import neutral

KEY_CHARS_MAX = 80


class Scope:
    """Numbers what happens in one task, parallel block or tool loop of a run."""

    __slots__ = ("_counts", "prefix")

    def __init__(self, path: str = "") -> None:
        self.prefix = f"{path}/" if path else ""
        self._counts: dict[str, int] = {}

    def path(self, name: str, key: str | None = None) -> str:
        """Return the path of the next *name* here; *key* takes the place of the number."""
        label = name if key is None else f"{name}[{_spell_key(key)}]"
        count = self._counts.get(label, 0)
        self._counts[label] = count + 1
        if key is None:
            return f"{self.prefix}{label}#{count}"
        return f"{self.prefix}{label}#{count}" if count else f"{self.prefix}{label}"

    def child(self, name: str, key: str | None = None) -> "Scope":
        """Open a scope in this one."""
        return Scope(self.path(name, key))


NO_SCOPE = Scope()
"""For what is asked for outside of every task; nobody reads its numbers."""


def _spell_key(key: str) -> str:
    """Return *key* without what means something in a path, and not too long."""
    spelled = "".join(f"%{ord(char):02x}" if char in "/#[]%" else char for char in neutral(key))
    if len(spelled) <= KEY_CHARS_MAX:
        return spelled
    mark = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{spelled[: KEY_CHARS_MAX - 13]}~{mark}"


current_scope: contextvars.ContextVar[Scope] = contextvars.ContextVar("reenact_scope")

INHERITED: list[contextvars.ContextVar[Any]] = [current_scope]
"""What a task has of the one that began it, also in a context of its own: it is the same run."""


def inheriting(context: contextvars.Context) -> contextvars.Context:
    """Return a copy of a context that knows its run, as the one that is current does."""
    made = context.copy()
    for variable in INHERITED:
        if variable not in made and (value := variable.get(None)) is not None:
            made.run(variable.set, value)
    return made
