"""What goes wrong where runs are kept."""

import attrs

from reenact.errors.base import ReenactError


@attrs.define
class StoreError(ReenactError):
    """The store could not read or write; what was acknowledged is kept."""

    where: str
    problem: str

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}"


@attrs.define
class DamagedError(StoreError):
    """What is stored is not what was written. Nothing is repaired or overwritten."""


@attrs.define
class NewerSchemaError(StoreError):
    """The database was written by a newer version of the program."""


@attrs.define
class LeaseLostError(StoreError):
    """Another process has taken the run over; nothing of this one was written."""
