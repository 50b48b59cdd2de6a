"""From a text to the readings of it: folded, repaired in place, and decoded.

What is written another way (escapes, spaced letters, leet) is put right where it stands.
What is hidden (base64, hex, ciphers, tag and variation characters) makes readings of its
own, decoded again up to `DEPTH` times. All of it takes time linear in the text, decoding
never makes a reading longer than the one it came from, and the text itself is untouched.
"""

from collections.abc import Iterator
from typing import Final

from reenact_injection import ciphers, inline, payloads
from reenact_injection.folding import disguises, fold, fold_char
from reenact_injection.shapes import Shape
from reenact_injection.views import View, mapped, whole

DEPTH: Final = 3
"""How many layers of encoding are taken off."""


def normalise(text: str) -> View:
    """Return the first reading: the text itself, folded, with disguises undone in place."""
    return _readable(whole(text), Shape.of(text))


def readings(text: str) -> Iterator[View]:
    """Return every reading of *text*, the plain one first.

    Args:
        text: Anything, also surrogates and NUL.
    """
    view: View | None = whole(text)
    for _ in range(DEPTH + 1):
        if view is None:
            return
        shape = Shape.of(view.text)
        readable = _readable(view, shape)
        yield readable
        yield from ciphers.solve(readable)
        view = payloads.extract(view, shape)


def _readable(view: View, shape: Shape) -> View:
    plain = inline.unescape_all(view, shape)
    folded = mapped(plain, fold_char, fold(plain.text), disguises(plain.text))
    same = plain is view and len(folded.text) == len(view.text)
    return inline.undisguise(folded, shape.folded() if same else Shape.of(folded.text))
