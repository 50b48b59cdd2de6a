"""Passages of documents: what agents read all day, and none of it an attack.

A long document has many windows, and one that errs is enough to have it refused. So the documents that are
installed on the machine are looked through, and the passages that a model finds suspicious are learned from;
the rest it has right already. None of their words enters the vocabulary.
"""

import base64
import gzip
import hashlib
import random
import string
import sysconfig
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, islice
from pathlib import Path

import attrs
from data import Example
from reenact_injection.features import SPANS
from reenact_injection.model import STEP, Model
from reenact_injection.normalise import readings

_PROJECT = Path(__file__).parents[4]
FOLDERS = (
    *(
        _PROJECT / name
        for name in ("core/src/reenact", "plugins/providers", "plugins/tools/cli", "docs/reference")
    ),
    *(Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib")),
    *sorted(Path("/usr/share/perl").glob("[0-9]*")),
    *sorted(Path("/usr/share/vim").glob("vim*")),
    *map(
        Path,
        ("/usr/share/doc", "/usr/share/man", "/usr/share", "/usr/include", "/usr/lib/python3/dist-packages"),
    ),
)
"""Where documents are, those of each package in a folder or file of its own: of this project, which speaks
of models all the time, and installed ones."""
KIND = "document"
WEIGHT = 0.3
SUSPICIOUS = -2.0
"""From which log-odds on a passage is worth learning from."""
SHORTEST, LONGEST = 200, 60_000
"""Characters of a document; what a longer one goes on with is left out."""
PASSAGE_CHARS = 900
PER_PACKAGE = 24
PER_DOCUMENT = 3
"""Passages of one document that are learned from."""
NOISES, NOISE_CHARS = 12, 8000
"""Of each kind of noise."""


@attrs.frozen
class Document:
    """A text for people or machines to read.

    Attributes:
        package: What it came with.
        text: Its beginning.
    """

    package: str
    text: str


def everything(folders: Sequence[Path]) -> list[Document]:
    """Return the documents below *folders* and some noise, in an order that depends on their names alone."""
    found: list[Document] = []
    seen: set[bytes] = set()
    for folder in folders:
        for package in sorted(folder.glob("*")):
            paths = sorted(path for path in package.rglob("*") if path.is_file())
            rng = random.Random(package.name)
            texts = _texts(rng.sample(paths, len(paths)) or [package], seen)
            found += [Document(package.name, text) for text in islice(texts, PER_PACKAGE)]
    return found + _noise(random.Random(1))


def _texts(paths: list[Path], seen: set[bytes]) -> Iterator[str]:
    for path in paths:
        text = _text(path)
        key = hashlib.sha256(text.encode("utf-8", "replace")).digest()
        if len(text) > SHORTEST and key not in seen:
            seen.add(key)
            yield text


def _text(path: Path) -> str:
    """Return the beginning of a file, nothing if it is no text."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            read = file.read(LONGEST)
    except OSError:
        return ""
    text = read.decode("utf-8", "replace")
    return "" if "\0" in text or "\ufffd" in text[:-3] else text


def _noise(rng: random.Random) -> list[Document]:
    """Return what nobody wrote and tools return all the same: dumps, keys, identifiers, random signs."""
    alphabets = (
        string.printable,
        string.ascii_letters + string.punctuation + " ",
        string.ascii_lowercase * 2 + ".,-' ",
        string.hexdigits + " :\n",
    )
    makers: tuple[Callable[[], str], ...] = (
        *(partial(_scattered, rng, "", alphabet) for alphabet in alphabets),
        partial(_scattered, rng, " ", string.ascii_lowercase),
        partial(
            _scattered, rng, "/", ("." * size for size in range(1, 5)), (".-", "-.", "--", "-...", ".-.")
        ),
        lambda: base64.encodebytes(rng.randbytes(NOISE_CHARS * 3 // 4)).decode(),
        lambda: rng.randbytes(NOISE_CHARS // 3).hex(" "),
        lambda: "\n".join(str(uuid.UUID(bytes=rng.randbytes(16))) for _ in range(NOISE_CHARS // 37)),
        lambda: " ".join(_word(rng) for _ in range(NOISE_CHARS // 7)),
    )
    return [Document(f"noise {number}", make()) for make in makers for number in range(NOISES)]


def _scattered(rng: random.Random, between: str, *signs: Iterable[str]) -> str:
    return between.join(rng.choices([*chain(*signs)], k=NOISE_CHARS // (1 + len(between))))


def _word(rng: random.Random) -> str:
    return "".join(
        rng.choices(string.ascii_lowercase + string.digits * rng.randrange(2), k=rng.randrange(2, 12))
    )


def passages(document: Document) -> Iterator[str]:
    """Yield *document* in pieces of about `PASSAGE_CHARS`, cut where a line ends if one does."""
    text = document.text
    start = 0
    while start < len(text):
        end = text.find("\n", start + PASSAGE_CHARS, start + 2 * PASSAGE_CHARS) + 1 or start + PASSAGE_CHARS
        yield text[start:end]
        start = end


def suspicious(documents: Sequence[Document], model: Model) -> list[Example]:
    """Return the passages that *model* finds suspicious, of each document the worst, as harmless examples."""
    found: list[Example] = []
    for document in documents:
        rated = [(margin(text, model), text) for text in passages(document)]
        worst = sorted((rate, text) for rate, text in rated if rate > SUSPICIOUS)[-PER_DOCUMENT:]
        found += [Example(text, False, WEIGHT, KIND) for _, text in worst]
    return found


def margin(text: str, model: Model) -> float:
    """Return the log-odds of the most suspicious window of *text*."""
    best = -float("inf")
    for view in readings(text):
        weights = model.weigh(view.pieces()).weights
        bias = model.bias + model.disguised * view.disguised
        for size, extra in zip(SPANS, model.spans, strict=True):
            sums = map(sum, zip(*(weights[at:] for at in range(size)), strict=False))
            best = max(best, max(sums, default=best) + extra + bias)
    return best * STEP
