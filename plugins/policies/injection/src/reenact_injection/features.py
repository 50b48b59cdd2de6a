"""What the model sees of a block of tokens: words, concepts, and concepts near each other.

A block is a sentence or a line, or several short ones, or a piece of a long one. The model
judges windows of one, two and four blocks, so that an injected sentence is judged by itself
however harmless the text around it is. A feature counts once in a block. Concepts near each
other count in any order, since languages put the verb where they like. This is the definition;
`model.py` computes the same sums faster, and a test holds the two together.

==================  ===========================================================
``("w", a)``        the word *a*
``("p", a, b)``     the word *b* after another one, *a*; it belongs to the block of *b*
``("c", i)``        the concept *i*
``("s", i)``        the concept *i* opening a sentence or line
``("n", i, j)``     two concepts with at most two tokens between them
``("f", i, j)``     two concepts further apart, at most `FAR` tokens
``("b", k)``        that a window has *k* blocks; said of the window, not of a block
``("t", mask)``     three concepts in a row within `FAR` tokens, as bits
==================  ===========================================================
"""

# ruff: noqa: RUF001 - signs of many languages

from collections.abc import Hashable, Sequence
from typing import Final

from reenact_injection.tokens import BOUND, PAIRS, expand, pieces

SHORTEST_BLOCK: Final = 8
"""A block does not end before it has this many tokens, unless the text does."""
LONGEST_BLOCK: Final = 32
SPANS: Final = (1, 2, 4)
"""How many blocks a window has."""
ENDS: Final = frozenset("\n.!?;。！？؟।")
"""Tokens after which a block may end."""
NEAR: Final = 3
FAR: Final = 10
RECENT: Final = 5
"""How many concepts back are looked at."""

Feature = tuple[Hashable, ...]


def tokens(text: str) -> list[tuple[str, int]]:
    """Return the tokens of a folded text: text and concept of each."""
    found = [token for piece in pieces(text) for token in expand(piece)]
    previous = ""
    for index, (word, concept) in enumerate(found):
        if not concept and (pair := PAIRS.get(previous + " " + word)):
            found[index] = (word, pair)
        previous = word
    return found


def blocks(stream: Sequence[tuple[str, int]]) -> list[set[Feature]]:
    """Return the features of each block of a stream of tokens."""
    out: list[set[Feature]] = []
    recent: list[tuple[int, int]] = []
    previous, before = "\n", BOUND
    size = LONGEST_BLOCK
    for index, (word, concept) in enumerate(stream):
        if size >= LONGEST_BLOCK or (size >= SHORTEST_BLOCK and previous in ENDS):
            out.append(set())
            size = 0
        size += 1
        out[-1].add(("w", word))
        if previous != word:
            out[-1].add(("p", previous, word))
        if concept and concept != BOUND:
            out[-1] |= _of_concept(index, concept, before, recent)
            recent = [*recent[1 - RECENT :], (index, concept)]
        previous, before = word, concept
    return out


def _of_concept(index: int, concept: int, before: int, recent: list[tuple[int, int]]) -> set[Feature]:
    found: set[Feature] = {("c", concept)}
    if before == BOUND:
        found.add(("s", concept))
    close = [(index - at, other) for at, other in recent if index - at <= FAR and other != concept]
    for distance, other in close:
        found.add(("n" if distance <= NEAR else "f", *sorted((concept, other))))
    if len(close) > 1:
        found.add(("t", 1 << concept | 1 << close[-1][1] | 1 << close[-2][1]))
    return found
