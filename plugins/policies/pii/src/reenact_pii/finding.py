"""Find values in a text: every finder over every view, and the way back.

Finders are pure functions of a text and its lower case. They read views, never the
text as it was given; what they find leads back through the layers of its view.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import lru_cache
from itertools import accumulate

from reenact_pii import decoding
from reenact_pii.banking import find_banking
from reenact_pii.births import find_births
from reenact_pii.crypto import find_crypto
from reenact_pii.findings import ALL_KINDS, Finding, Hit, Kind, settle
from reenact_pii.folding import fold
from reenact_pii.ids import find_ids
from reenact_pii.keys import find_secrets
from reenact_pii.mail import find_mail
from reenact_pii.network import find_network
from reenact_pii.pages import Page, Topic, is_plain, shape_of
from reenact_pii.phones import find_phones
from reenact_pii.views import Layer, View

Finder = Callable[[Page], Iterable[Hit]]

MAX_DEPTH = 2
"""How deep texts packed in texts are opened."""

_FINDERS: tuple[tuple[Finder, frozenset[Kind]], ...] = (
    (find_mail, frozenset({Kind.EMAIL})),
    (find_secrets, frozenset({Kind.SECRET})),
    (find_crypto, frozenset({Kind.CRYPTO, Kind.SECRET})),
)
_WITH_DIGITS: tuple[tuple[Finder, frozenset[Kind]], ...] = (
    (find_banking, frozenset({Kind.CREDIT_CARD, Kind.IBAN})),
    (find_ids, frozenset({Kind.US_SSN, Kind.NATIONAL_ID})),
    (find_births, frozenset({Kind.DATE_OF_BIRTH})),
    (find_phones, frozenset({Kind.PHONE})),
)
_NETWORK = (find_network, frozenset({Kind.IP, Kind.MAC}))


@lru_cache(maxsize=256)
def _finders(kinds: frozenset[Kind], has_digits: bool, has_colon: bool) -> tuple[Finder, ...]:
    """Return what finds *kinds*, in a text with digits or a colon in it or without."""
    numbers = _WITH_DIGITS if has_digits else ()
    network = (_NETWORK,) if has_digits or has_colon else ()
    return tuple(f for f, found in (*_FINDERS, *numbers, *network) if not kinds.isdisjoint(found))


def find(text: str, kinds: Collection[Kind] = ALL_KINDS, *, before: str = "") -> list[Finding]:
    """Return what in *text* identifies somebody or lets somebody in, in order, without overlaps.

    Args:
        text: Any text; it is not changed.
        kinds: Which kinds to look for.
        before: What stands before the text, such as the name of a field; nothing is found in it.

    Returns:
        Findings with positions in *text*.
    """
    if not before:
        return settle(_hits(text, frozenset(kinds), 0))
    size = len(before)
    hits = _hits(before + text, frozenset(kinds), 0)
    return settle([_moved(hit, -size) for hit in hits if hit.start >= size])


def _moved(hit: Hit, by: int) -> Hit:
    return hit._replace(start=hit.start + by, end=hit.end + by)


def _hits(text: str, kinds: frozenset[Kind], depth: int) -> list[Hit]:
    """Return findings of all views of *text*, with positions in it."""
    view, shape = View(text), shape_of(text)
    if not is_plain(text, shape):
        return _hits_unspelled(view, kinds, depth)
    return _hits_in(view, Page.of(text, shape), kinds, depth)


def _hits_unspelled(given: View, kinds: frozenset[Kind], depth: int) -> list[Hit]:
    """Return findings of a text in which there are escapes, or characters that are read as others."""
    folded = fold(given)
    view = decoding.plain(folded)
    hits = _hits_in(view, Page.of(view.text), kinds, depth)
    unseen = decoding.tagged(given) if folded.layers else None
    if unseen:
        hits += _changed(unseen, _near(unseen, lambda text: _seen(text, kinds)), len(given.layers), kinds)
    return hits


def _hits_in(view: View, page: Page, kinds: frozenset[Kind], depth: int) -> list[Hit]:
    """Return findings of *view* and of other views of it."""
    hits: list[Hit] = []
    if page.rare or page.spaced:
        closed = decoding.spaced(view, page.spaced, page.rare)
        hits += _led_back(view, _seen(page.without(closed.digits) if closed else page, kinds), kinds)
        hits += _in_other_views(view, page, closed, kinds)
    if page.packable and depth < MAX_DEPTH and decoding.may_be_packed(page.packable):
        hits += _in_packed(view, kinds, depth)
    return hits


def _seen(page: Page, kinds: frozenset[Kind]) -> list[Hit]:
    hits: list[Hit] = []
    if page.rare:
        for finder in _finders(kinds, page.digits > 0, ":" in page.rare):
            hits += finder(page)
    return hits


def _in_other_views(
    view: View, page: Page, closed: decoding.Closed | None, kinds: frozenset[Kind]
) -> list[Hit]:
    """Return what is found where another view differs from *view*, and only there."""
    hits: list[Hit] = []
    since = len(view.layers)
    spoken = decoding.spoken(view, page.lower, page.rare_lower) if page.topics & Topic.SPOKEN else None
    if spoken and _MAY_BE_SAID.search(spoken.text):
        found = _said(Page.of(spoken.text))
        said = [Hit(start, end, kind, score - 0.05, why) for start, end, kind, score, why in found]
        hits += _changed(spoken, said, since, kinds)
    for other in (
        closed.view if closed else None,
        decoding.named(view, page.lower) if page.topics & Topic.DIGIT else None,
    ):
        if other:
            hits += _changed(other, _near(other, lambda text: _seen(text, kinds)), since, kinds)
    mistaken = decoding.confused(view, page.rare) if page.has_digits_beside_letters() else None
    if mistaken:
        hits += _changed(mistaken, _near(mistaken, find_banking), since, kinds)
    return hits


_MAY_BE_SAID = re.compile(r"@|[0-9]\.[0-9]{1,3}\.[0-9]")
"""What an address has, of those that are spelled out."""


def _said(page: Page) -> Iterator[Hit]:
    yield from find_mail(page)
    yield from find_network(page)


def _near(view: View, finder: Finder) -> list[Hit]:
    """Return what *finder* finds near what the newest layer of *view* changed, or in all of a short text."""
    near = view.near_changes(_REACH_CHARS) if len(view.text) > _LONG_CHARS else view
    page, newest = Page.of(near.text, hidden=view.hidden), near.layers[-1]
    hits = list(finder(page.changed(newest) if near is view and isinstance(newest, Layer) else page))
    if near is view:
        return hits
    cut, since = near.layers[-1], len(view.layers)
    return [
        hit._replace(start=cut.start(hit.start), end=cut.end(hit.end))
        for hit in hits
        if not near.touched(hit.start, hit.end, since)
    ]


_REACH_CHARS = 160
"""How far from its end a value may begin, and the words before it that say what it is."""
_LONG_CHARS = 1024
"""A text shorter than that is looked through as a whole."""


def _changed(view: View, hits: list[Hit], since: int, kinds: frozenset[Kind]) -> list[Hit]:
    """Return those of *hits* that a layer after the first *since* has changed, led back."""
    return _led_back(view, [hit for hit in hits if view.touched(hit.start, hit.end, since)], kinds)


def _in_packed(view: View, kinds: frozenset[Kind], depth: int) -> Iterator[Hit]:
    """Yield the whole of each packed text in which something is found, as what is surest in it."""
    texts = list(decoding.packed(view.text))
    if not texts:
        return
    # One look at all of them together: a look costs more than a short text is worth.
    starts = list(accumulate((len(text) + 1 for _, _, text in texts), initial=0))
    best: dict[int, Hit] = {}
    for hit in _hits("\n".join(text for _, _, text in texts), kinds, depth + 1):
        place = bisect_right(starts, hit.start) - 1
        if place not in best or best[place].score < hit.score:
            best[place] = hit
    for place, hit in best.items():
        start, end, _ = texts[place]
        yield Hit(*view.back(start, end), hit.kind, hit.score, f"{hit.why}, encoded")


def _led_back(view: View, hits: Iterable[Hit], kinds: frozenset[Kind]) -> list[Hit]:
    wanted = list(hits) if kinds is ALL_KINDS else [hit for hit in hits if hit.kind in kinds]
    if not view.layers:
        return wanted
    return [Hit(*view.back(start, end), kind, score, why) for start, end, kind, score, why in wanted]
