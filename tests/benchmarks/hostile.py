"""Look for texts that take the detectors long: repeats and mixtures of what begins a pattern.

.. code-block:: console

    uv run python tests/benchmarks/hostile.py --texts 1000 --seed 1 --chars 65536

Prints for each detector the slowest texts in ms of processor time, best of three, and how many
took longer than 50 ms.
"""

# ruff: noqa: RUF001 - characters that look like others are what is asked about

import argparse
import random
import string
import time
from collections.abc import Callable, Iterator, Sequence

from reenact_injection import detect
from reenact_pii import find

MARK_MS = 50.0
SHOWN = 8
PIECES = (
    *".,;:!?-_/\\|()[]{}<>@#$%&*+=~^'\"`\n\t a1A0x9Zé忽あ\u200b", "the ", "ignore ", "system", "1gn0r3",
    "aWdub3Jl", "4a", "\\u0069", "%69", "&#105;", "&amp;", "01101001", "105 ", ".- ", "-...", "phone ",
    "ssn ", "card ", "4111", "1111 ", "12", "123-45-", "6789", "+49 ", "0171 ", "(030)", "a@b", "b.co ",
    "at ", "dot ", "DE89", "3704 ", "one ", "two", "10.0.", "fe80", "::1", "00:11:", "eyJ", "sk-", "password",
    "=abc", "key: ", "born ", "01.02.", "1990 ", "x y ", "a b ", "1 2 ", "9 8", "**", "~~", "<b>", "</b>",
    "<|im", "```", "vtaber", "erongi", "ay ", "ооo", "ﬁ", "\U000e0069", "\ud800", "🔥", "http://", "0x",
    "AKIA", "-----", "BEGIN",
)  # fmt: skip
LETTERS = (
    string.digits,
    string.ascii_lowercase,
    string.ascii_letters + string.digits,
    string.punctuation,
    string.printable,
    string.ascii_lowercase + " ",
    string.ascii_lowercase + ".-_* ",
    string.digits + " ",
    ".- /",
    "01 ",
)


def texts(rng: random.Random, count: int, chars: int) -> Iterator[tuple[str, str]]:
    """Yield *count* texts of *chars* characters, each with what it is made of.

    Every other one repeats a few pieces or letters, the others are a random row of them.
    """
    for number in range(count):
        made_of: Sequence[str] = rng.choice(LETTERS) if rng.random() < 0.2 else rng.choices(PIECES, k=5)
        unit = "".join(rng.choices(made_of, k=rng.randint(1, 14))) + rng.choice(("", " ", ", "))
        if number % 2:
            yield f"random {made_of!r}", "".join(rng.choices(made_of, k=chars))[:chars]
        else:
            yield repr(unit), (unit * chars)[:chars]


def took_ms(look: Callable[[str], object], text: str) -> float:
    """Return the processor time that one look at *text* takes, in milliseconds."""
    started = time.process_time()
    look(text)
    return (time.process_time() - started) * 1000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--chars", type=int, default=65_536)
    options = parser.parse_args()
    for name, look in (("injection", detect), ("pii", find)):
        took_ms(look, "to begin with 1")
        found = []
        for made_of, text in texts(random.Random(options.seed), options.texts, options.chars):
            best = took_ms(look, text)
            if best > MARK_MS * 0.8:
                best = min(best, *(took_ms(look, text) for _ in range(2)))
            found.append((best, made_of))
        found.sort(reverse=True)
        over = sum(best > MARK_MS for best, _ in found)
        print(f"{name}: {over} of {len(found)} over {MARK_MS:.0f} ms")
        for best, made_of in found[:SHOWN]:
            print(f"  {best:5.0f} ms  {made_of}")


if __name__ == "__main__":
    main()
