"""Texts without values are known by their hash: each turn of a conversation brings all of them again."""

import hashlib
import threading
from collections.abc import Collection

from reenact_pii.finding import find
from reenact_pii.findings import Finding, Kind
from reenact_pii.vault import Finder

KNOWN_MAX = 16_384
"""How many such texts are known."""


class Clean:
    """Finds values, and does not look again at a text that had none.

    Of a text that had some nothing is kept, since a value may not be.

    Args:
        finder: Finds the values; the package's own detector if None.
    """

    def __init__(self, finder: Finder | None = None) -> None:
        self._finder = finder
        self._known: dict[bytes, None] = {}
        self._lock = threading.Lock()  # long texts are looked at in threads

    def __call__(self, text: str, kinds: Collection[Kind], before: str) -> list[Finding]:
        """Return what is found; see `reenact_pii.vault.Finder`."""
        name = hashlib.sha256(f"{len(before)}:{before}{text}".encode("utf-8", "surrogatepass")).digest()
        with self._lock:
            known = name in self._known
            if known:
                del self._known[name]
                self._known[name] = None  # now the one that is forgotten last
        if known:
            return []
        found = self._finder(text, kinds, before) if self._finder else find(text, kinds, before=before)
        if not found:
            self._keep(name)
        return found

    def _keep(self, name: bytes) -> None:
        with self._lock:
            self._known[name] = None
            if len(self._known) > KNOWN_MAX:
                del self._known[next(iter(self._known))]
