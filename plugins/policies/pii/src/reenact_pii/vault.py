"""What stands in for a value, and the only way back.

A placeholder is the name of a kind and a MAC of the value under the key of the run:
the same value has the same placeholder all through a run, nobody without the key can
tell the value from it or make one, and restoring looks it up among those that were
given out. A placeholder that was not given out is text like any other.

Nothing here is written anywhere. After a restart the same key and the same text give
the same placeholders, which is how a resumed run finds its way.
"""

import hmac
import json
import re
from base64 import b32encode
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeAlias, TypeGuard

import attrs

from reenact_pii.finding import find
from reenact_pii.findings import ALL_KINDS, Action, Finding, Kind

PLACEHOLDER_CHARS = 40
"""Longest placeholder, in characters."""

MAX_NESTING = 100
"""How deep a value may be nested."""

_TAG_CHARS = 16  # of base32: 80 bits, beyond guessing
_QUOTED = "QUOTED"
_PLACEHOLDER = re.compile(r"\[\[([A-Z_]{2,16})_([a-z2-7]{16})\]\]")


@attrs.frozen
class Replacement:
    """A value that was replaced.

    Attributes:
        start: First position, in the text as it was given.
        end: Position after the last, in the text as it was given.
        kind: What the value is; None for a placeholder that stood in the text already.
        action: What was done.
        text: What stands there now.
        why: The rule that found it.
    """

    start: int
    end: int
    kind: Kind | None
    action: Action
    text: str
    why: str


@attrs.frozen
class Scrubbed:
    """A text without its values.

    Attributes:
        text: What may be sent and stored.
        replacements: What was replaced, in order.
    """

    text: str
    replacements: tuple[Replacement, ...]

    @property
    def denied(self) -> frozenset[Kind]:
        """The kinds found whose action is to deny the call."""
        return frozenset(r.kind for r in self.replacements if r.kind is not None and r.action == "deny")


Finder: TypeAlias = Callable[[str, Collection[Kind], str], list[Finding]]
"""Takes a text, the kinds to look for and what stands before the text; returns findings."""


class Vault:
    """The placeholders of one run and the values they stand for, in memory only."""

    def __init__(
        self,
        key: bytes,
        *,
        actions: Mapping[Kind, Action] | None = None,
        otherwise: Action = "pseudonymise",
        hash_key: bytes | None = None,
        min_score: float = 0.0,
        keep_own: bool = False,
        finder: Finder | None = None,
    ) -> None:
        """Make an empty vault.

        Args:
            key: Secret of the run, 16 bytes or more.
            actions: What becomes of values, by kind.
            otherwise: What becomes of kinds that *actions* does not name.
            hash_key: Key of the action ``hash``, the same for all runs whose hashes shall
                be comparable; the run's own if None.
            min_score: Values found with a lower score stay.
            keep_own: Leave placeholders of this vault that stand in a text as they are, so
                that a model meets them again; otherwise they are values themselves, and
                restoring gives back exactly what was scrubbed.
            finder: Finds values instead of `find`.
        """
        if len(key) < 16:  # noqa: PLR2004  # bytes
            raise ValueError(
                "the key of a vault must have 16 bytes or more: it keeps placeholders from being guessed"
            )
        self._key = key
        self._hash_key = hash_key or key
        self._actions = actions or {}
        self._otherwise: Action = otherwise
        self._kinds = _looked_for(self._actions, otherwise)
        self._min_score = min_score
        self._keep_own = keep_own
        self._finder = finder
        self._values: dict[str, str | int] = {}
        self._known: dict[str, str] = {}

    def __len__(self) -> int:
        """Return how many placeholders were given out."""
        return len(self._values)

    @property
    def values(self) -> Mapping[str, str | int]:
        """The values by placeholder."""
        return self._values

    def __repr__(self) -> str:
        """Say how many values it has, and none of them."""
        return f"<Vault of {len(self._values)} values>"

    # --- text -------------------------------------------------------------------------------------

    def scrub(self, text: str, *, before: str = "", keep_own: bool = False) -> Scrubbed:
        """Return *text* with its values replaced.

        Args:
            text: Any text.
            before: What stands before it, such as the name of a field; it helps to tell what a value is.
            keep_own: Leave placeholders of this vault in it as they are.
        """
        return self.replace(text, self.look(text, before=before, keep_own=keep_own))

    def look(self, text: str, *, before: str = "", keep_own: bool = False) -> list[Finding | re.Match[str]]:
        """Return what is to be replaced in *text*, in order: findings, and placeholders of this vault."""
        own = self._own(text)
        found = [item for item in self._find(text, self._kinds, before) if item.score >= self._min_score]
        if not own:
            return list(found)
        free = [item for item in found if not any(item.start < o.end() and o.start() < item.end for o in own)]
        quoted: list[re.Match[str]] = [] if self._keep_own or keep_own else own
        return sorted(
            [*free, *quoted], key=lambda item: item.start if isinstance(item, Finding) else item.start()
        )

    def _find(self, text: str, kinds: Collection[Kind], before: str) -> list[Finding]:
        return self._finder(text, kinds, before) if self._finder else find(text, kinds, before=before)

    # --- values that are known already ------------------------------------------------------------

    def know(self, values: Mapping[str, str | int]) -> None:
        """Take placeholders, and the values they stand for, from earlier in the run."""
        for placeholder, value in values.items():
            if _is_telling(value):
                self._known[value] = placeholder
                own = _PLACEHOLDER.fullmatch(placeholder)
                if own and (escaped := _escaped(value)) != value:
                    self._known[escaped] = self._mint(own[1], escaped)

    def scrub_known(self, text: str) -> tuple[str, int]:
        """Return a scrubbed text without values that were found elsewhere, and how many those were.

        A date is a date of birth beside a word for it only; but once it is known to be one, it
        may not stand in the next sentence, or come back in the next turn, without that word.
        """
        here = sorted((value for value in self._known if value in text), key=len, reverse=True)
        if not here:
            return text, 0
        either = "|".join(map(re.escape, here))
        return re.subn(rf"(?<![A-Za-z0-9_])(?:{either})(?![A-Za-z0-9_])", self._stand_in_for_known, text)

    def _stand_in_for_known(self, match: re.Match[str]) -> str:
        stand_in = self._known[match[0]]
        if _PLACEHOLDER.fullmatch(stand_in):
            self._values[stand_in] = match[0]
        return stand_in

    def _own(self, text: str) -> list[re.Match[str]]:
        return (
            [match for match in _PLACEHOLDER.finditer(text) if match[0] in self._values]
            if "[[" in text
            else []
        )

    def replace(self, text: str, found: list[Finding | re.Match[str]]) -> Scrubbed:
        """Return *text* with what was *found* in it replaced."""
        replacements = [self._replacement(text, item) for item in found]
        pieces: list[str] = []
        at = 0
        for item in replacements:
            pieces += (text[at : item.start], item.text)
            at = item.end
        return Scrubbed("".join((*pieces, text[at:])), tuple(replacements))

    def _replacement(self, text: str, item: Finding | re.Match[str]) -> Replacement:
        if isinstance(item, re.Match):
            return Replacement(
                *item.span(), None, "pseudonymise", self._mint(_QUOTED, item[0]), "placeholder"
            )
        value = text[item.start : item.end]
        action = self._actions.get(item.kind, self._otherwise)
        stand_in = self._stand_in(item.kind, action, value)
        if _is_telling(value):
            self._known[value] = stand_in
            if (escaped := _escaped(value)) != value:  # as it stands in JSON that a model has written
                self._known[escaped] = self._stand_in(item.kind, action, escaped)
        return Replacement(item.start, item.end, item.kind, action, stand_in, item.why)

    def _stand_in(self, kind: Kind, action: Action, value: str) -> str:
        if action == "pseudonymise":
            return self._mint(kind, value)
        if action == "hash":
            return f"[{kind}#{_mac(self._hash_key, kind, value).hex()[:_TAG_CHARS]}]"
        return f"[{kind}]"

    def _mint(self, name: str, value: str | int) -> str:
        """Return the placeholder of *value*, and remember it."""
        typed = name if isinstance(value, str) else f"{name} number"
        tag = b32encode(_mac(self._key, typed, str(value))).decode("ascii").lower()[:_TAG_CHARS]
        placeholder = f"[[{name}_{tag}]]"
        self._values[placeholder] = value
        return placeholder

    def restore(self, text: str) -> str:
        """Return *text* with the values that its placeholders stand for; the inverse of `scrub`."""
        if "[[" not in text:
            return text
        return _PLACEHOLDER.sub(lambda match: str(self._values.get(match[0], match[0])), text)

    # --- plain values -----------------------------------------------------------------------------

    def scrub_value(self, value: Any, *, name: str = "", depth: int = 0) -> tuple[Any, list[Replacement]]:
        """Return a plain value (as JSON has) with the values in its texts, keys and numbers replaced.

        Args:
            value: None, a truth value, a number, a text, or a list or mapping of such.
            name: The field it stands in.
            depth: How deep it is nested.

        Raises:
            ValueError: If it is nested more than `MAX_NESTING` deep.
        """
        if depth > MAX_NESTING:
            raise ValueError(
                f"a value is nested more than {MAX_NESTING} deep; what is deeper cannot be looked through"
            )
        if isinstance(value, str):
            scrubbed = self.scrub(value, before=f"{name}: " if name else "")
            return scrubbed.text, list(scrubbed.replacements)
        if isinstance(value, int) and not isinstance(value, bool):
            return self._scrub_number(value, name)
        if isinstance(value, Mapping):
            return self._scrub_mapping(value, depth)
        if isinstance(value, list | tuple):
            pairs = [self.scrub_value(item, name=name, depth=depth + 1) for item in value]
            return [new for new, _ in pairs], [item for _, made in pairs for item in made]
        return value, []

    def _scrub_mapping(
        self, value: Mapping[Any, Any], depth: int
    ) -> tuple[dict[Any, Any], list[Replacement]]:
        scrubbed: dict[Any, Any] = {}
        made: list[Replacement] = []
        for key, item in value.items():
            new_key, in_key = self.scrub_value(key, depth=depth + 1) if isinstance(key, str) else (key, [])
            scrubbed[new_key], in_item = self.scrub_value(item, name=str(key), depth=depth + 1)
            made += in_key + in_item
        return scrubbed, made

    def _scrub_number(self, value: int, name: str) -> tuple[Any, list[Replacement]]:
        """Return a placeholder for a number that is a value as a whole, such as a card's."""
        if abs(value) < 10**6 or abs(value) >= 10**20:
            return value, []
        made = self.scrub(str(value), before=f"{name}: " if name else "").replacements
        if not made or made[0].kind is None:
            return value, []
        text = self._mint(made[0].kind, value) if made[0].action == "pseudonymise" else made[0].text
        return text, [attrs.evolve(made[0], text=text)]

    def restore_value(self, value: Any, *, depth: int = 0) -> Any:
        """Return a plain value with the values that its placeholders stand for."""
        if depth > MAX_NESTING + 1:
            return value
        if isinstance(value, str):
            whole = self._values.get(value)
            return whole if isinstance(whole, int) else self.restore(value)
        if isinstance(value, Mapping):
            return {
                self.restore_value(key): self.restore_value(item, depth=depth + 1)
                for key, item in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.restore_value(item, depth=depth + 1) for item in value]
        return value


def _looked_for(actions: Mapping[Kind, Action], otherwise: Action) -> frozenset[Kind]:
    """Return the kinds that are not kept."""
    if otherwise != "keep" and "keep" not in actions.values():
        return ALL_KINDS
    return frozenset(kind for kind in ALL_KINDS if actions.get(kind, otherwise) != "keep")


_MIN_KNOWN_CHARS = 6


def _is_telling(value: str | int) -> TypeGuard[str]:
    """Say whether *value* is a text that is long enough not to be met by chance."""
    return isinstance(value, str) and len(value) >= _MIN_KNOWN_CHARS


def _escaped(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)[1:-1]


def _mac(key: bytes, name: str, value: str) -> bytes:
    return hmac.digest(key, f"{name}\0{value}".encode("utf-8", "surrogatepass"), "sha256")


def run_key(secret: bytes, run_id: str) -> bytes:
    """Return the key of the vault of *run_id*, the same whenever it is asked for with the same *secret*."""
    return _mac(secret, "reenact-pii run", run_id)
