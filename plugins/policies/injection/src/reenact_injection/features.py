"""What the model sees of a block of tokens: words, concepts, and concepts that follow each other.

A block is a sentence or a line, or several short ones, or a piece of a long one. The model
judges windows of one and two blocks, so that an injected sentence is judged by itself
however harmless the text around it is. A feature counts once in a block. What follows a concept
is the next concept, whatever words without one stand between: languages differ in how many they
need. For the same reason two concepts count in any order. This is the definition; `model.py`
computes the same sums faster, and a test holds the two together.

==================  ===========================================================
``("w", a)``        the word *a*
``("p", a, b)``     the word *b* after another one, *a*; it belongs to the block of *b*
``("c", i)``        the concept *i*
``("s", i)``        the concept *i* as the first of a sentence, clause or line
``("n", i, j)``     a concept and the next one
``("f", i, j)``     a concept and one further on, up to `RECENT` places
``("t", mask)``     three concepts in a row, as bits
``("b", k)``        that a window has *k* blocks; said of the window, not of a block
==================  ===========================================================

What ends a sentence, clause or line takes a place among the concepts, so that few reach over it.
"""

# ruff: noqa: RUF001 - signs of many languages

from collections.abc import Hashable, Sequence
from typing import Final

from reenact_injection.tokens import BOUND, PAIRS, expand, pieces

SHORTEST_BLOCK: Final = 8
"""A block does not end before it has this many tokens, unless the text does."""
LONGEST_BLOCK: Final = 32
SPANS: Final = (1, 2)
"""How many blocks a window has."""
ENDS: Final = frozenset("\n.!?;。！？؟।")
"""Tokens after which a block may end."""
RECENT: Final = 3
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
    recent = [BOUND]
    previous = "\n"
    size = LONGEST_BLOCK
    for word, concept in stream:
        if size >= LONGEST_BLOCK or (size >= SHORTEST_BLOCK and previous in ENDS):
            out.append(set())
            size = 0
        size += 1
        out[-1].add(("w", word))
        if previous != word:
            out[-1].add(("p", previous, word))
        if concept:
            out[-1] |= _of_concept(concept, recent) if concept != BOUND else set()
            recent = [*recent[1 - RECENT :], concept]
        previous = word
    return out


def _of_concept(concept: int, recent: list[int]) -> set[Feature]:
    found: set[Feature] = {("c", concept)}
    if recent[-1] == BOUND:
        found.add(("s", concept))
    for back, other in enumerate(reversed(recent), 1):
        if other not in (BOUND, concept):
            found.add(("n" if back == 1 else "f", *sorted((concept, other))))
    three = {concept, *recent[-2:]}
    if len(three) == 3 and BOUND not in three:  # noqa: PLR2004 - so many are three
        found.add(("t", sum(1 << one for one in three)))
    return found
