"""What of a record is not in memory: how that is told, and what is kept in its place."""

import hmac

from reenact.recorded import keyed_hash
from reenact.records import Entry

_HASH_BYTES = 32
_KEYED = b"k"
"""Ends what is kept of an input that a policy scrubbed: its hash is keyed."""


class LeftAway(Exception):  # noqa: N818  # it tells what to do, and never reaches a user
    """Something is needed of the record that is not held in memory."""


class NextAway(LeftAway):
    """It is the next outcome."""


class NotRead(LeftAway):
    """It may stand further on in a record that is read as it goes."""


class OrderLeft(Exception):  # noqa: N818  # as above
    """A record that is read as it goes takes back what it said before: it has to be read whole first."""


def shelved(intent: Entry) -> bytes:
    """Return what is kept of an input while its step is not held."""
    return bytes.fromhex(intent.input_hash) + (_KEYED if intent.hash_keyed else b"")


def same_shelved(kept: bytes, input_hash: str, key: str) -> bool:
    """Say whether a step that is not held was for the input with this hash."""
    if len(kept) == _HASH_BYTES:
        return kept == bytes.fromhex(input_hash)
    return hmac.compare_digest(kept[:_HASH_BYTES].hex(), keyed_hash(key, input_hash))
