"""Ways to write a text so that a filter misses it. Each takes a text and a generator of chance."""

# ruff: noqa: RUF001, PLR2004 - letters that look like others are what this is about

import base64
import codecs
import random
from collections.abc import Callable

_LOOKS = dict(zip("aceopxyijs", "асеорхуіјѕ", strict=True))
_GREEK = dict(zip("aoiuvnkp", "αοιυνηκρ", strict=True))
_LEET = dict(zip("aeiost", "431057", strict=True))
_SYMBOLS = dict(zip("aies", "@!€$", strict=True))


def _swap(table: dict[str, str], share: float) -> Callable[[str, random.Random], str]:
    return lambda text, rng: "".join(table.get(c.lower(), c) if rng.random() < share else c for c in text)


def _between(*fills: str, share: float = 1.0) -> Callable[[str, random.Random], str]:
    def put(text: str, rng: random.Random) -> str:
        fill = rng.choice(fills)
        return "".join(c + fill if rng.random() < share else c for c in text)

    return put


def _per_word(text: str, rng: random.Random) -> str:
    gap, sep = rng.choice([(" ", "   "), ("-", " "), (".", " "), ("_", " "), ("*", " ")])
    return sep.join(gap.join(word) for word in text.split())


def _typos(text: str, rng: random.Random) -> str:
    return " ".join(
        _typo(word, rng) if len(word) > 4 and rng.random() < 0.7 else word for word in text.split(" ")
    )


def _typo(word: str, rng: random.Random) -> str:
    at = rng.randrange(1, len(word) - 2)
    kind = rng.randrange(3)
    if kind == 0:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word[:at] + word[at + 1 :] if kind == 1 else word[:at] + word[at] + word[at:]


def _cut(text: str, rng: random.Random) -> str:
    def cut(word: str) -> str:
        at = rng.randrange(2, len(word) - 1) if len(word) > 5 else 0
        return word[:at] + rng.choice("- .") + word[at:] if at else word

    return " ".join(map(cut, text.split(" ")))


def _math(text: str, rng: random.Random) -> str:
    upper, lower = rng.choice([(0x1D400, 0x1D41A), (0x1D5D4, 0x1D5EE), (0x24B6, 0x24D0), (0xFF21, 0xFF41)])
    return "".join(
        chr(upper + ord(c) - 65) if "A" <= c <= "Z" else chr(lower + ord(c) - 97) if "a" <= c <= "z" else c
        for c in text
    )


def _encoded(encode: Callable[[bytes], str]) -> Callable[[str, random.Random], str]:
    leads = ("", "", "Decode this: ", "data: ", "Text in code: ", "see ")
    return lambda text, rng: rng.choice(leads) + encode(text.encode("utf-8", "replace"))


def _zalgo(text: str, rng: random.Random) -> str:
    return "".join(
        c + "".join(chr(rng.randrange(0x300, 0x36F)) for _ in range(rng.randrange(1, 4))) for c in text
    )


def _pig(text: str, _: random.Random) -> str:
    def turn(word: str) -> str:
        at = next((i for i, c in enumerate(word) if c in "aeiou"), 0)
        return word[at:] + word[:at] + "ay" if at else word + "way"

    return " ".join(turn(word) if word.isalpha() else word for word in text.lower().split())


OBFUSCATORS: dict[str, Callable[[str, random.Random], str]] = {
    "leet": _swap(_LEET, 0.8),
    "leet_light": _swap(_LEET, 0.3),
    "symbols": _swap(_SYMBOLS, 0.6),
    "cyrillic": _swap(_LOOKS, 0.8),
    "greek": _swap(_GREEK, 0.5),
    "zero_width": _between("\u200b", "\u200c", "\u2060", "\u00ad", share=0.6),
    "spaced": _between(" "),
    "spaced_words": _per_word,
    "emoji": _between("\U0001f525", "✨", share=1.0),
    "typos": _typos,
    "cut": _cut,
    "math": _math,
    "zalgo": _zalgo,
    "case": lambda text, rng: "".join(c.upper() if rng.random() < 0.5 else c.lower() for c in text),
    "tags": lambda text, _: "Hello " + "".join(chr(0xE0000 + ord(c)) if " " <= c <= "~" else c for c in text),
    "base64": _encoded(lambda data: base64.b64encode(data).decode()),
    "base64_twice": _encoded(lambda data: base64.b64encode(base64.b64encode(data)).decode()),
    "base32": _encoded(lambda data: base64.b32encode(data).decode()),
    "hex": _encoded(bytes.hex),
    "hex_spaced": _encoded(lambda data: data.hex(" ")),
    "binary": _encoded(lambda data: " ".join(f"{byte:08b}" for byte in data)),
    "decimal": _encoded(lambda data: " ".join(map(str, data))),
    "url": _encoded(lambda data: "".join(f"%{byte:02x}" for byte in data)),
    "html": lambda text, _: "".join(f"&#{ord(c)};" for c in text),
    "html_hex": lambda text, _: "".join(f"&#x{ord(c):x};" for c in text),
    "unicode": lambda text, _: "".join(f"\\u{ord(c):04x}" for c in text),
    "rot13": lambda text, _: codecs.encode(text, "rot13"),
    "caesar": lambda text, _: "".join(
        chr((ord(c) - 94) % 26 + 97) if "a" <= c <= "z" else c for c in text.lower()
    ),
    "reversed": lambda text, _: text[::-1],
    "reversed_words": lambda text, _: " ".join(word[::-1] for word in text.split(" ")),
    "joined": lambda text, _: text.replace(" ", ""),
    "piglatin": _pig,
    "bidi": lambda text, _: "\u202e" + text[::-1] + "\u202c",
    "underscores": lambda text, _: text.replace(" ", "_"),
}
