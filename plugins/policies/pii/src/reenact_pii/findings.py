"""What a finding is, and which of two overlapping ones stays."""

from collections.abc import Collection
from enum import StrEnum
from typing import Literal, NamedTuple, TypeAlias

import attrs


class Kind(StrEnum):
    """The kinds of values that are found."""

    EMAIL = "EMAIL"
    PHONE = "PHONE"
    CREDIT_CARD = "CREDIT_CARD"
    IBAN = "IBAN"
    US_SSN = "US_SSN"
    NATIONAL_ID = "NATIONAL_ID"
    IP = "IP"
    MAC = "MAC"
    CRYPTO = "CRYPTO"
    SECRET = "SECRET"  # noqa: S105  # the name of a kind
    DATE_OF_BIRTH = "DATE_OF_BIRTH"
    PERSON = "PERSON"
    LOCATION = "LOCATION"


ALL_KINDS = frozenset(Kind)
"""All kinds there are; `PERSON` and `LOCATION` are found by Presidio only."""

Action: TypeAlias = Literal["mask", "pseudonymise", "hash", "deny", "keep"]
"""What becomes of a value: ``[KIND]``, a placeholder, a keyed hash, no call at all, or nothing."""


class Hit(NamedTuple):
    """A finding in the text of a view, before it is led back to the original.

    Attributes:
        start: First position, in the view.
        end: Position after the last, in the view.
        kind: What it is.
        score: How sure, from 0 to 1: 1.0 is a checksum or a vendor's prefix.
        why: The rule, in a word or two.
    """

    start: int
    end: int
    kind: Kind
    score: float
    why: str


@attrs.frozen(slots=True)
class Finding:
    """A value that identifies somebody, or lets somebody in.

    Attributes:
        start: First position, in the text as it was given.
        end: Position after the last, in the text as it was given.
        kind: What it is.
        score: How sure, from 0 to 1: 1.0 is a checksum or a vendor's prefix.
        why: The rule that found it, in a word or two; never the value.
    """

    start: int
    end: int
    kind: Kind
    score: float
    why: str


def settle(hits: Collection[Hit]) -> list[Finding]:
    """Return findings that do not overlap, in order; the surer one stays, then the longer.

    Of a secret that overlaps a surer finding in part, the rest stays a secret.
    """
    settled = sorted(hits)
    if any(map(_overlap, settled, settled[1:])):
        ranked = sorted(dict.fromkeys(hits), key=lambda hit: (-hit.score, hit.start - hit.end, hit.start))
        settled = sorted(_disjoint(ranked))
    return [Finding(*hit) for hit in settled]


def _overlap(hit: Hit, following: Hit) -> bool:
    return hit.end > following.start


_MIN_REST_CHARS = 4


def _disjoint(ranked: list[Hit]) -> list[Hit]:
    """Return the hits that overlap none before them in *ranked*."""
    taken = bytearray(max(hit.end for hit in ranked))
    kept = []
    for hit in ranked:
        parts = [hit]
        if taken.find(1, hit.start, hit.end) >= 0:
            parts = _rest(hit, taken) if hit.kind is Kind.SECRET else []
        for part in parts:
            taken[part.start : part.end] = b"\x01" * (part.end - part.start)
            kept.append(part)
    return kept


def _rest(hit: Hit, taken: bytearray) -> list[Hit]:
    """Return what is left of *hit* before and after what is taken of it."""
    first, last = taken.find(1, hit.start, hit.end), taken.rfind(1, hit.start, hit.end)
    parts = [hit._replace(end=first), hit._replace(start=last + 1)]
    return [part for part in parts if part.end - part.start >= _MIN_REST_CHARS]
