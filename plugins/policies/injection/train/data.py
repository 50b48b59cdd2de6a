"""What the model learns from: rows of a file, own-written sentences, and disguised copies of both."""

# ruff: noqa: PLR2004 - chance is no secret here

import gettext
import inspect
import json
import pkgutil
import random
import re
import sysconfig
from collections import Counter
from pathlib import Path

import abroad
import attrs
import carriers
import detours
import everyday
import fiction
import grammar
import harmless
import languages
import manners
import orders
import phrases
import ruses
import scenes
import tongues
from obfuscate import OBFUSCATORS

PASSAGE_CHARS = 700
SHORT_CHARS = 110
CONTINUED_WEIGHT = 0.05
VOICES = Path(__file__).with_name("voices.jsonl")
VOICE_WEIGHT = 1.0
TIER_WEIGHTS = {"overt": 1.0, "noisy": 0.3, "context": 0.15}


@attrs.frozen
class Example:
    """A text to learn from or to measure on.

    Attributes:
        text: The text.
        attack: What it is.
        weight: How much it counts.
        kind: Which kind of text, for the tables.
        group: Rows of one group never stand on both sides of a split.
        lang: Language code.
        source: Where it comes from.
        tier: Of an attack: ``overt``, ``context`` or ``noisy``.
    """

    text: str
    attack: bool
    weight: float = 1.0
    kind: str = "own"
    group: int = -1
    lang: str = "en"
    source: str = "train"
    tier: str = "overt"


def rows(path: Path) -> list[Example]:
    """Read labelled rows and give near-duplicates, translations and variants one group."""
    read = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    groups = _groups(read)
    return [
        Example(
            text=row["text"],
            attack=bool(row["label"]),
            weight=TIER_WEIGHTS.get(row["tier"], 1.0),
            kind=row["kind"] if row["kind"] != "benign" else row["source"],
            group=group,
            lang=row["lang"],
            source=row["source"],
            tier=row["tier"],
        )
        for row, group in zip(read, groups, strict=True)
    ]


def own(seed: int, attacks: int, benign: int) -> list[Example]:
    """Make own-written examples: grammars in English, sentences in other languages, long and mixed texts."""
    rng = random.Random(seed)
    found, plain = _sentences(rng, attacks, benign)
    found += _continued(rng, plain, attacks, benign)
    found += _mannered(random.Random(seed + 1), attacks, benign)
    found += _mixed(random.Random(seed + 2), plain, benign // 2)
    found += _told(random.Random(seed + 3), plain, attacks, benign)
    found += voices()
    return found + [
        Example(text, False, 2.0, "own_benign") for text in everyday.texts(benign, random.Random(seed))
    ]


def voices() -> list[Example]:
    """Return the texts that were written one by one, in the way people write, in sixteen languages."""
    lines = VOICES.read_text("utf-8").splitlines()
    kinds = {"attack": "own", "harmless": "own_benign"}
    return [
        Example(text, label == "attack", VOICE_WEIGHT, kinds[label], lang=lang)
        for lang, label, text in map(json.loads, lines)
    ]


def _sentences(rng: random.Random, attacks: int, benign: int) -> tuple[list[Example], list[str]]:
    """Make all but those that go on harmlessly, and return the harmless texts that those go on with."""
    found = [Example(text, True, 0.25) for text in grammar.made(grammar.ATTACKS, attacks, rng)]
    found += [Example(text, False, 0.25, "own_benign") for text in grammar.made(grammar.BENIGN, benign, rng)]
    found += [Example(text, True, 0.25) for text in grammar.made(carriers.HOSTS, attacks, rng)]
    found += [
        Example(text, False, 0.25, "own_benign")
        for text in grammar.made(grammar.harmless_hosts(), benign, rng)
    ]
    found += [Example(text, True, 0.4) for text in grammar.made(phrases.ATTACKS, attacks // 2, rng)]
    found += [
        Example(text, False, 0.4, "own_benign") for text in grammar.made(phrases.BENIGN, benign // 4, rng)
    ]
    found += [Example(grammar.speech(carriers.SPEECHES, rng), True, 0.5) for _ in range(attacks // 6)]
    found += [
        Example(grammar.speech(carriers.SMALLTALK, rng), False, 0.5, "own_benign") for _ in range(benign // 4)
    ]
    found += _longer(rng, attacks, benign)
    plain = [example.text for example in found if not example.attack]
    for lang, texts in languages.ATTACKS.items():
        found += [Example(text, True, 1.0, lang=lang) for text in texts]
        found += [
            Example(f"{rng.choice(plain)}\n{text} {rng.choice(plain)}", True, 0.4, lang=lang)
            for text in texts
        ]
    for lang, texts in harmless.BENIGN.items():
        found += [Example(text, False, 1.0, "own_benign", lang=lang) for text in texts]
    found += [_carried(example, plain, rng) for example in rng.sample(found, len(found) // 4)]
    return found, plain


def _mannered(rng: random.Random, attacks: int, benign: int) -> list[Example]:
    """Make attacks by a detour and harmless texts in the same words, in English and other languages."""
    found = [Example(text, True, 0.4) for text in grammar.made(manners.ATTACKS, attacks * 3 // 4, rng)]
    found += [
        Example(text, False, 0.5, "own_benign") for text in grammar.made(manners.BENIGN, benign * 3 // 4, rng)
    ]
    found += [
        Example(text, True, 0.5, lang=lang) for lang, text in detours.attacks(rng, max(1, attacks // 70))
    ]
    found += [
        Example(grammar.speech(manners.TALE, rng), False, 0.8, "own_benign") for _ in range(benign // 3)
    ]
    return found + [
        Example(text, False, 0.6, "own_benign", lang=lang)
        for lang, text in detours.harmless(rng, max(1, benign // 90))
    ]


def _told(rng: random.Random, plain: list[str], attacks: int, benign: int) -> list[Example]:
    """Make longer requests and documents, of both sides, in English and some thirty other languages."""
    short = [text for text in plain if len(text) < SHORT_CHARS]
    found = [Example(text, False, 1.0, "own_benign") for text in fiction.texts(benign // 3, rng)]
    found += [Example(text, False, 0.6, "own_benign") for text in ruses.harmless(benign // 6, rng)]
    found += [Example(text, True, 0.5) for text in ruses.attacks(attacks // 3, rng)]
    found += [
        Example(text, False, 1.0, "own_benign", lang=lang)
        for lang, text in abroad.harmless(rng, max(1, benign // 200))
    ]
    return found + [
        Example(text, True, 0.7, lang=lang)
        for lang, text in abroad.attacks(rng, max(1, attacks // 1000), short)
    ]


def _continued(rng: random.Random, plain: list[str], attacks: int, benign: int) -> list[Example]:
    """Make orders to ignore something that go on harmlessly: what follows must not weigh them down."""
    short = [text for text in plain if len(text) < SHORT_CHARS]
    found = [
        Example(_followed(text, short, rng), True, CONTINUED_WEIGHT)
        for text in grammar.made(phrases.CORES, attacks, rng)
    ]
    found += [
        Example(_followed(text, short, rng), False, CONTINUED_WEIGHT, "own_benign")
        for text in grammar.made(phrases.NEAR_MISSES, benign // 8, rng)
        for _ in range(4)
    ]
    for lang, texts in languages.ATTACKS.items():
        harmless_ones = harmless.BENIGN.get(lang, short)
        found += [
            Example(f"{text} {rng.choice(harmless_ones)}", True, CONTINUED_WEIGHT, lang=lang)
            for text in texts
            for _ in range(2)
        ]
    return found


def _mixed(rng: random.Random, plain: list[str], count: int) -> list[Example]:
    """Make long harmless texts of sentences that have nothing to do with each other."""
    short = [text for text in plain if len(text) < SHORT_CHARS]
    found = []
    for _ in range(count):
        sentences = [*rng.sample(short, rng.randrange(2, 6)), *everyday.texts(rng.randrange(1, 3), rng)]
        rng.shuffle(sentences)
        found.append(Example(" ".join(sentences), False, 1.0, "own_benign"))
    return found


def _followed(text: str, others: list[str], rng: random.Random) -> str:
    other = rng.choice(others)
    lowered = other[:1].lower() + other[1:]
    core = text.rstrip(".")
    return rng.choice(
        (
            f"{core} and {lowered}",
            f"{core}. {other}",
            f"{core}, {lowered}",
            f"{core}. Instead, {lowered}",
            f"{core} and instead {lowered}",
            f"{other} {core}.",
            f"{core}\n{other}",
        )
    )


def _longer(rng: random.Random, attacks: int, benign: int) -> list[Example]:
    """Make longer texts, and orders in other languages, of both sides."""
    found = [Example(text, True, 0.4) for text in grammar.made(scenes.ATTACKS, attacks // 3, rng)]
    found += [
        Example(text, False, 0.5, "own_benign") for text in grammar.made(scenes.HARMLESS, benign // 8, rng)
    ]
    for sentences in (scenes.STORY, scenes.PERSONA):
        found += [
            Example(grammar.speech(sentences, rng), False, 0.6, "own_benign") for _ in range(benign // 6)
        ]
    found += [
        Example(text, True, 0.5, lang=lang) for lang, text in orders.attacks(rng, max(1, attacks // 90))
    ]
    found += [
        Example(text, False, 0.6, "own_benign", lang=lang)
        for lang, text in tongues.orders(rng, max(1, benign // 120))
    ]
    return found


def _carried(example: Example, plain: list[str], rng: random.Random) -> Example:
    text = " ".join((rng.choice(plain), example.text, rng.choice(plain)))
    return attrs.evolve(example, text=text)


def disguised(examples: list[Example], names: list[str], share: float, seed: int) -> list[Example]:
    """Make disguised copies of a share of *examples*, each by one of the obfuscators named."""
    rng = random.Random(seed)
    copies = [example for example in examples if rng.random() < share]
    return [
        attrs.evolve(
            example,
            text=OBFUSCATORS[rng.choice(names)](example.text[:1500], rng),
            weight=example.weight * 0.5,
        )
        for example in copies
    ]


def prose(seed: int, passages: int) -> list[Example]:
    """Take harmless passages from the documentation and source of Python's standard library."""
    rng = random.Random(seed)
    found: list[str] = []
    for module in sorted(pkgutil.iter_modules([sysconfig.get_path("stdlib")])):
        spec = module.module_finder.find_spec(module.name, None)  # type: ignore[call-arg]
        if spec and spec.origin and spec.origin.endswith(".py"):
            source = Path(spec.origin).read_text("utf-8", "replace")
            docs = [inspect.cleandoc(doc) for doc in re.findall(r'"""(.{80,4000}?)"""', source, re.DOTALL)]
            found += [
                source[at : at + PASSAGE_CHARS] for at in range(0, len(source), 6 * PASSAGE_CHARS)
            ] + docs
    return [Example(text, False, 0.3, "stdlib") for text in rng.sample(found, min(passages, len(found)))]


def catalogues(folder: Path, seed: int, passages: int) -> list[Example]:
    """Take harmless messages in many languages from the translations installed under *folder*."""
    rng = random.Random(seed)
    paths = sorted(folder.glob("*/LC_MESSAGES/*.mo"))
    found: list[Example] = []
    for path in rng.sample(paths, min(len(paths), 600)):
        try:
            with path.open("rb") as file:
                messages = [str(text) for text in gettext.GNUTranslations(file)._catalog.values()]  # type: ignore[attr-defined]
        except (OSError, UnicodeDecodeError, ValueError, IndexError):
            continue
        texts = [text for text in messages if 20 < len(text) < 2000 and "Project-Id" not in text]
        lang = path.parent.parent.name[:2]
        chosen = rng.sample(texts, min(8, len(texts)))
        found += [Example(text, False, 0.3, "catalogue", lang=lang) for text in chosen]
    return rng.sample(found, min(passages, len(found)))


def common_words(size: int) -> list[str]:
    """Return the most frequent words of the standard library's documentation and the own texts."""
    own_texts, _ = _sentences(random.Random(1), 2000, 2000)
    texts = [example.text for example in (*own_texts, *prose(2, 1200)) if example.lang == "en"]
    words = Counter(word for text in texts for word in re.findall(r"(?<![^\W_])[a-z]{2,14}(?![^\W_])", text))
    frequent = [word for word, _ in words.most_common(4 * size) if len(word) > 3 or word in _SHORT]
    return sorted(frequent[:size])


_SHORT = frozenset(
    """
    to of and in that it for on with he as do at this but his by from we her she or an my one all so up
    out if who get me can no him you see now its two our way any day us is are was had has did may am be
    the have not your they say what go make new how use too off why let ask war man try own old big yes
    ten six end add set put run few
    """.split()  # noqa: SIM905 - a list of it is unreadable
)


def _groups(read: list[dict[str, str]]) -> list[int]:
    parent = list(range(len(read)))

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at

    owners: dict[object, int] = {}
    for index, row in enumerate(read):
        for key in _keys(row):
            parent[root(index)] = root(owners.setdefault(key, index))
    return [root(index) for index in range(len(read))]


def _keys(row: dict[str, str]) -> list[object]:
    words = re.findall(r"\w+", row["text"].lower())
    shingles: list[object] = [tuple(words[at : at + 6]) for at in range(len(words) - 5)]
    if row["kind"].startswith("cse_"):
        return [*shingles, ("cse", row.get("variant"))]
    return shingles or [tuple(words)]
