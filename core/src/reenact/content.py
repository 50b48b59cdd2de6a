"""Content kept once, by its hash: large values and conversations.

A stored spelling is plain JSON in which a large part stands as
``{"$ref": "<sha256>"}``, a list of messages as ``{"$chain": "<sha256>"}`` and the
last message of such a list as ``{"$last": "<sha256>"}``.
A chain is named by folding the hashes of its items from the first to the last,
so that turn n of a conversation stores its new messages and the name of the
turn before, and a long conversation takes linear room. How a chain was cut into
blobs does not change its name.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs

from reenact.codec import Json, canonical, decode, digest

INLINE_BYTES = 2048
"""Values, and parts of values, up to this size stand where they are; larger ones become blobs."""

_REF, _CHAIN, _LAST, _LITERAL = "$ref", "$chain", "$last", "$literal"
_NAMED = frozenset({_REF, _CHAIN, _LAST})
_SIGN = b'"$'
"""Begins every mark; what does not hold it refers to nothing."""


def _signed(data: bytes) -> bool:
    """Say whether there may be a mark in *data*; a single byte is found eight times as fast as two."""
    return b"$" in data and _SIGN in data


@attrs.frozen
class Blob:
    """A piece of content.

    Attributes:
        hash: Its name: SHA-256 in hex, of the spelling or folded along the chain.
        data: Its bytes, uncompressed: canonical JSON, or for a chain ``{"after": name, "items": [...]}``.
        chain: Whether it is a link of a chain.
    """

    hash: str
    data: bytes
    chain: bool = False


def pack(data: bytes, blobs: dict[str, Blob]) -> bytes:
    """Return the stored spelling of a plain value, putting what is large into *blobs*.

    Args:
        data: The value's spelling.
        blobs: Where blobs go, by hash.
    """
    if len(data) <= INLINE_BYTES and not _signed(data):
        return data
    return canonical(_packed(decode(data), INLINE_BYTES, blobs))


def _packed(value: Any, limit: int, blobs: dict[str, Blob]) -> Any:
    if isinstance(value, dict):
        value = {key: _packed(item, INLINE_BYTES, blobs) for key, item in value.items()}
        if len(value) == 1 and next(iter(value)) in {*_NAMED, _LITERAL}:
            value = {_LITERAL: value}  # a user's data that looks like a reference
    elif isinstance(value, list):
        value = [_packed(item, INLINE_BYTES, blobs) for item in value]
    elif not isinstance(value, str) or len(value) < limit // 4:
        return value
    data = canonical(value)
    if len(data) <= limit:
        return value
    name = digest(data)
    blobs.setdefault(name, Blob(name, data))
    return {_REF: name}


def pack_fields(value: Mapping[str, Json], blobs: dict[str, Blob]) -> dict[str, Json]:
    """Return the stored spelling of an object, putting what is large in each field into *blobs*."""
    data = canonical(dict(value))
    if len(data) <= INLINE_BYTES and not _signed(data):
        return dict(value)
    return {key: _packed(item, INLINE_BYTES, blobs) for key, item in value.items()}


def references(data: bytes) -> list[str]:
    """Return the names of the blobs that a stored spelling refers to directly."""
    if not _signed(data):
        return []
    found: list[str] = []
    _collect(decode(data), found)
    return found


def _collect(value: Any, found: list[str]) -> None:
    if isinstance(value, list):
        for item in value:
            _collect(item, found)
    elif isinstance(value, dict):
        mark = next(iter(value)) if len(value) == 1 else None
        if mark in _NAMED:
            if value[mark] != EMPTY_CHAIN:  # which has no blob
                found.append(value[mark])
            return
        for item in (value[_LITERAL] if mark == _LITERAL else value).values():
            _collect(item, found)


def unpack(data: bytes, blobs: Mapping[str, Blob]) -> Any:
    """Return the plain value of a stored spelling.

    Raises:
        KeyError: If a blob is missing; the hash is the argument.
    """
    value = decode(data)
    return _unpacked(value, blobs) if _signed(data) else value


def _unpacked(value: Any, blobs: Mapping[str, Blob]) -> Any:
    if isinstance(value, list):
        return [_unpacked(item, blobs) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        if _REF in value:
            return unpack(blobs[value[_REF]].data, blobs)
        if _CHAIN in value:
            return chain_items(value[_CHAIN], blobs)
        if _LAST in value:
            return _unpacked(decode(blobs[value[_LAST]].data)["items"][-1], blobs)
        if _LITERAL in value:
            value = value[_LITERAL]
    return {key: _unpacked(item, blobs) for key, item in value.items()}


# --- chains -------------------------------------------------------------------------------------

EMPTY_CHAIN = digest(b"")
"""The name of a chain with no items."""


def fold(name: str, item_hash: str) -> str:
    """Return the name of the chain *name* with one more item."""
    return hashlib.sha256(f"{name}{item_hash}".encode("ascii")).hexdigest()


class Chains:
    """The conversations of one run, and which beginnings of them are stored already."""

    def __init__(self) -> None:
        self._stored: set[str] = {EMPTY_CHAIN}
        self._folded: dict[tuple[str, str], str] = {}

    def name(self, item_hashes: Iterable[str]) -> str:
        """Return the name of the chain of these items."""
        name = EMPTY_CHAIN
        for item_hash in item_hashes:
            name = self._step(name, item_hash)
        return name

    def _step(self, name: str, item_hash: str) -> str:
        key = (name, item_hash)
        found = self._folded.get(key)
        if found is None:
            found = self._folded[key] = fold(name, item_hash)
        return found

    def store(
        self, items: list[tuple[str, Json]], blobs: dict[str, Blob], *, last: bool = False
    ) -> dict[str, Json]:
        """Return the stored spelling of a chain, putting what is not stored yet into *blobs*.

        Args:
            items: Hash and plain value of each item, in order.
            blobs: Where the new link goes.
            last: Spell only the last item, which always gets a link of its own. It counts as stored when
                it is `seen`: its row may be made later than those of steps that began after it.
        """
        names = [EMPTY_CHAIN]
        for item_hash, _ in items:
            names.append(self._step(names[-1], item_hash))
        known = max(i for i, name in enumerate(names[:-1] if last else names) if name in self._stored)
        if known < len(items):
            after = names[known]
            rest = [value for _, value in items[known:]]
            data = canonical({"after": after, "items": rest})
            if len(data) > INLINE_BYTES or _signed(data):
                rest = [_packed(value, INLINE_BYTES, blobs) for value in rest]
                data = canonical({"after": after, "items": rest})
            blobs[names[-1]] = Blob(names[-1], data, chain=True)
            if not last:
                self._stored.add(names[-1])
        return {_LAST if last else _CHAIN: names[-1]}

    def seen(self, blobs: Iterable[Blob]) -> None:
        """Note that the chains among *blobs* are stored."""
        self._stored.update(blob.hash for blob in blobs if blob.chain)


def chain_items(name: str, blobs: Mapping[str, Blob]) -> list[Any]:
    """Return the items of a chain, from its links."""
    links: list[list[Any]] = []
    while name != EMPTY_CHAIN:
        data = blobs[name].data
        link = decode(data)
        links.append([_unpacked(item, blobs) for item in link["items"]])
        name = link["after"]
    return [item for link_items in reversed(links) for item in link_items]


def blob_references(blob: Blob) -> list[str]:
    """Return the names of the blobs that a blob refers to directly."""
    if not blob.chain:
        return references(blob.data)
    after = decode(blob.data)["after"]
    return item_references(blob) if after == EMPTY_CHAIN else [after, *item_references(blob)]


def item_references(link: Blob) -> list[str]:
    """Return the names of the blobs that the items of a link of a chain refer to directly."""
    found: list[str] = []
    if _signed(link.data.partition(b'"items"')[2]):
        _collect(decode(link.data)["items"], found)
    return found


def blob_is_whole(blob: Blob, fetch: Callable[[str], Blob]) -> bool:
    """Say whether a blob's bytes are the ones its name stands for.

    Args:
        blob: The blob.
        fetch: Returns another blob by name; for the parts that a link refers to.
    """
    if not blob.chain:
        return digest(blob.data) == blob.hash
    link = decode(blob.data)
    name = link["after"]
    for item in link["items"]:
        found: list[str] = []
        _collect(item, found)
        parts = reached(found, fetch)
        name = fold(name, digest(canonical(_unpacked(item, parts))))
    return bool(name == blob.hash)


def reached(names: Iterable[str], fetch: Callable[[str], Blob | None]) -> dict[str, Blob]:
    """Return the blobs named and all that they refer to, less what *fetch* does not know."""
    parts: dict[str, Blob] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        blob = fetch(name) if name not in parts else None
        if blob is not None:
            parts[name] = blob
            waiting += blob_references(blob)
    return parts
