"""Ids and keys of runs, drawn so that they are the same each time a test runs."""

import hashlib


class Draw:
    """Draws ids and keys that are the same each time a test runs.

    Args:
        seed: Another seed, other ids.
    """

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._count = 0

    @property
    def count(self) -> int:
        """How many were drawn; set it back to draw them again."""
        return self._count

    @count.setter
    def count(self, count: int) -> None:
        self._count = count

    def __call__(self, count: int) -> str:
        self._count += 1
        return hashlib.sha256(f"{self._seed}\n{self._count}".encode()).hexdigest()[: 2 * count]
