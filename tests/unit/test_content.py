"""Content kept once: packing loses nothing, chains keep their names, damage shows."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reenact.codec import Json, canonical, decode, digest
from reenact.content import (
    EMPTY_CHAIN,
    INLINE_BYTES,
    Blob,
    Chains,
    blob_is_whole,
    blob_references,
    chain_items,
    fold,
    pack,
    references,
    unpack,
)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
large = st.integers(0, 9).map(lambda n: f"{n}" * 3000)
marks = st.sampled_from(["$ref", "$chain", "$last", "$literal", "$other"])
atoms = st.none() | st.booleans() | st.integers(-9, 9) | texts | large | st.just("0" * 64)
jsons = st.recursive(
    atoms,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(texts | marks, inner, max_size=3)
        | st.builds(lambda mark, value: {mark: value}, marks, inner)
    ),
    max_leaves=12,
)


@given(jsons)
def test_packing_loses_nothing(value: Any) -> None:
    """Any JSON comes back, large parts and all, also if it looks like a reference."""
    blobs: dict[str, Blob] = {}

    packed = pack(canonical(value), blobs)

    assert unpack(packed, blobs) == value


@given(jsons)
def test_what_a_spelling_needs_can_be_listed(value: Any) -> None:
    """The names that are found by following references are exactly the blobs that were made."""
    blobs: dict[str, Blob] = {}
    packed = pack(canonical(value), blobs)

    found: set[str] = set()
    todo = references(packed)
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += blob_references(blobs[name])

    assert found == blobs.keys()


@given(jsons)
def test_a_packed_value_stands_in_little_room(value: Any) -> None:
    """What is large is moved out, so an entry stays small."""
    blobs: dict[str, Blob] = {}
    packed = pack(canonical(value), blobs)

    assert len(packed) <= max(INLINE_BYTES, 12 * 90)
    assert all(blob.hash == digest(blob.data) for blob in blobs.values())


def test_equal_parts_are_kept_once() -> None:
    """Content is named by what it is."""
    blobs: dict[str, Blob] = {}
    document = "x" * 5000

    pack(canonical({"a": document, "b": [document]}), blobs)

    assert sum(len(blob.data) > 4000 for blob in blobs.values()) == 1


def test_a_missing_blob_is_named() -> None:
    """Reading what is not there raises its name."""
    blobs: dict[str, Blob] = {}
    packed = pack(canonical("x" * 5000), blobs)
    (name,) = blobs

    with pytest.raises(KeyError, match=name):
        unpack(packed, {})


# --- chains


def _items(*texts: str) -> list[tuple[str, Json]]:
    return [(digest(canonical(text)), text) for text in texts]


conversations = st.lists(texts | large, min_size=1, max_size=8)


@given(conversations, st.data())
def test_a_chain_comes_back_however_it_was_cut(said: list[str], data: st.DataObject) -> None:
    """A conversation stored turn by turn is the one that was stored at once."""
    chains, blobs = Chains(), dict[str, Blob]()
    cuts = sorted({*data.draw(st.lists(st.integers(1, len(said)), max_size=4)), len(said)})

    for cut in cuts:
        stored = chains.store(_items(*said[:cut]), blobs)

    assert unpack(canonical(stored), blobs) == said
    assert stored == {"$chain": Chains().name(hash_ for hash_, _ in _items(*said))}


@given(conversations)
def test_the_last_item_can_be_had_alone(said: list[str]) -> None:
    """An answer is the last message of its conversation."""
    chains, blobs = Chains(), dict[str, Blob]()
    chains.store(_items(*said[:-1]), blobs)

    stored = chains.store(_items(*said), blobs, last=True)

    assert unpack(canonical(stored), blobs) == said[-1]


def test_a_turn_stores_only_what_is_new() -> None:
    """A long conversation takes linear room."""
    chains, blobs = Chains(), dict[str, Blob]()
    for n in range(1, 101):
        chains.store(_items(*(f"message {i}" for i in range(n))), blobs)

    assert len(blobs) == 100
    assert max(len(blob.data) for blob in blobs.values()) < 120


def test_what_is_stored_is_not_stored_again() -> None:
    """A run that is resumed knows which conversations the store has."""
    first, blobs = Chains(), dict[str, Blob]()
    first.store(_items("a", "b"), blobs)
    second, more = Chains(), dict[str, Blob]()
    second.seen([*blobs.values(), Blob("0" * 64, b"1")])

    second.store(_items("a", "b", "c"), more)

    (link,) = more.values()
    assert decode(link.data)["items"] == ["c"]
    assert chain_items(link.hash, {**blobs, **more}) == ["a", "b", "c"]


def test_the_empty_chain_has_a_name_and_no_blob() -> None:
    """A request without messages refers to nothing."""
    blobs: dict[str, Blob] = {}

    stored = Chains().store([], blobs)

    assert stored == {"$chain": EMPTY_CHAIN}
    assert blobs == {}
    assert unpack(canonical(stored), {}) == []


def test_a_chain_is_named_by_folding() -> None:
    """The name of a longer chain follows from that of the shorter one."""
    (a, _), (b, _) = _items("a", "b")

    assert Chains().name([a, b]) == fold(fold(EMPTY_CHAIN, a), b)


# --- damage


def _conversation() -> dict[str, Blob]:
    chains, blobs = Chains(), dict[str, Blob]()
    chains.store(_items("a", "b" * 5000), blobs)
    chains.store(_items("a", "b" * 5000, "c"), blobs)
    return blobs


def test_whole_content_is_found_whole() -> None:
    """Every blob of a conversation is what its name says, parts that stand elsewhere included."""
    blobs = _conversation()

    assert len(blobs) == 3
    assert all(blob_is_whole(blob, blobs.__getitem__) for blob in blobs.values())


def test_changed_content_is_found() -> None:
    """One other byte, in a value or in a link, and the name is wrong."""
    blobs = _conversation()

    for blob in blobs.values():
        for was, now in ((b'"a"', b'"A"'), (b'"c"', b'"C"'), (b"bb", b"bB")):
            changed = Blob(blob.hash, blob.data.replace(was, now), blob.chain)
            assert changed.data == blob.data or not blob_is_whole(changed, blobs.__getitem__)


def test_a_link_names_the_one_before_it() -> None:
    """So that a conversation is read back from its end."""
    blobs = _conversation()
    links = [blob for blob in blobs.values() if blob.chain]

    assert links[0].hash in blob_references(links[1])
    assert EMPTY_CHAIN not in blob_references(links[0])
