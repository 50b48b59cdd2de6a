"""Which runs others need."""

import attrs

from reenact.records import RunRecord


@attrs.frozen
class Links:
    """The runs that a run cannot do without.

    Attributes:
        family: The runs that started it, the first of them first; they come and go together.
        shared: The runs whose rows are its own, too.
    """

    family: tuple[str, ...] = ()
    shared: frozenset[str] = frozenset()

    @property
    def needed(self) -> frozenset[str]:
        """All of them."""
        return self.shared.union(self.family)


def links(record: RunRecord) -> Links:
    """Return the runs that a run cannot do without."""
    family = tuple(record.parent.split("/")) if record.parent else ()
    return Links(family, _shared(getattr(record, "origin", "")))


def _shared(origin: str) -> frozenset[str]:
    """Return the run that an origin such as ``fork:RUN:SEQ`` names; one that was run again shares nothing."""
    how, _, rest = origin.partition(":")
    return frozenset({rest.rpartition(":")[0]}) if how == "fork" and rest else frozenset()
