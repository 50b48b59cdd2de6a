"""Cross-validation and the figures of the README.

    python measure.py ../../../../../shared/guardrails/injection_dev.jsonl --split random
    python measure.py ... --split groups | source | language | obfuscation | documents

``random`` leaves out rows; ``groups`` leaves out all near-duplicates, variants and translations
of a row together; ``source`` and ``language`` leave out all of one; ``obfuscation`` leaves out
rows and the obfuscators they are disguised by; ``documents`` leaves out half of the packages of
installed documents, then the other half.
"""

import argparse
from collections import Counter
from pathlib import Path
from zlib import crc32

import attrs
import data
import documents
import learn
import numpy as np
import train
from data import Example
from documents import Document
from obfuscate import OBFUSCATORS
from reenact_injection.model import from_json

FOLDS = 5


def at_random(rows: list[Example]) -> np.ndarray:
    """Return a fold for each row; exact duplicates share one."""
    texts = {text: number for number, text in enumerate(sorted({row.text for row in rows}))}
    folds = np.random.default_rng(0).integers(0, FOLDS, len(texts))
    return np.array([folds[texts[row.text]] for row in rows])


def by(keys: list[object]) -> np.ndarray:
    """Return a fold for each row so that rows with one key share one and the folds are of a size."""
    loads = [0] * FOLDS
    folds: dict[object, int] = {}
    for key, size in Counter(keys).most_common():
        folds[key] = loads.index(min(loads))
        loads[folds[key]] += size
    return np.array([folds[key] for key in keys])


def one_each(keys: list[str], names: list[str]) -> np.ndarray:
    """Return a fold for each key of *names*; other rows are spread over the folds by chance."""
    numbers = {name: number for number, name in enumerate(names)}
    spread = np.random.default_rng(1).integers(0, len(names), len(keys))
    return np.array([numbers.get(key, spread[at]) for at, key in enumerate(keys)])


def crossed(
    rows: list[Example],
    folds: np.ndarray,
    catalogues: Path,
    found: list[Document],
    unseen: list[str] | None = None,
    drop_lang: bool = False,
) -> np.ndarray:
    """Score each row, and a disguised copy of it, by a model that learned from the other folds.

    Args:
        rows: The rows.
        folds: The fold of each.
        catalogues: Where translations are installed.
        found: Documents to learn from.
        unseen: Obfuscators kept from the training; the copies are made by them alone.
        drop_lang: Keep own-written sentences of the languages left out from the training, too.
    """
    names = [name for name in sorted(OBFUSCATORS) if name not in (unseen or ())]
    copies = data.disguised(rows, unseen or sorted(OBFUSCATORS), 1.0, 7)
    shared = train.material(catalogues, found, names)
    shared_windows = learn.cut(shared)
    out = np.zeros(2 * len(rows))
    for fold in range(folds.max() + 1):
        left = {row.lang for row, at in zip(rows, folds, strict=True) if at == fold} - {"en"}
        keep = [not drop_lang or example.lang not in left for example in shared]
        known = [row for row, at in zip(rows, folds, strict=True) if at != fold]
        known += data.disguised(known, names, 0.7, 6)
        model = _fit(known, shared, shared_windows, keep)
        tested = np.flatnonzero(np.concatenate([folds, folds]) == fold)
        examples = [(rows + copies)[at] for at in tested]
        out[tested] = model.scores(learn.cut(examples), len(examples))
    return out


def _fit(
    known: list[Example], shared: list[Example], windows: learn.Windows, keep: list[bool]
) -> learn.Linear:
    joined = learn.cut(known)
    examples = list(known)
    places = {}
    for number, example in enumerate(shared):
        if keep[number]:
            places[number] = len(examples)
            examples.append(example)
    for counts, owner in zip(windows.counts, windows.owner, strict=True):
        if owner in places:
            joined.counts.append(counts)
            joined.owner.append(places[owner])
    model = learn.fit(examples, joined, words=train.lexical)
    return attrs.evolve(model, disguised=train.DISGUISED, alone=train.ALONE)


def threshold(rows: list[Example], scores: np.ndarray, target: float) -> float:
    """Return the lowest threshold whose mean false-positive rate over kinds is at most *target*."""
    kinds = np.array([row.kind for row in rows])
    harmless = ~np.array([row.attack for row in rows])
    for limit in np.sort(scores[harmless]):
        if _mean_rate(scores, limit, kinds, harmless) <= target:
            return float(limit)
    return float(scores[harmless].max())


def _mean_rate(scores: np.ndarray, limit: float, kinds: np.ndarray, harmless: np.ndarray) -> float:
    return float(
        np.mean(
            [(scores[harmless & (kinds == kind)] > limit).mean() for kind in sorted(set(kinds[harmless]))]
        )
    )


def report_documents(rows: list[Example], catalogues: Path, found: list[Document], limit: float) -> None:
    """Print how many documents are flagged by a model that learned from none of their packages."""
    names = sorted(OBFUSCATORS)
    rated: list[tuple[int, list[float]]] = []
    for half in (0, 1):
        sides: tuple[list[Document], list[Document]] = ([], [])
        for document in found:
            sides[crc32(document.package.encode()) % 2 == half].append(document)
        examples = rows + data.disguised(rows, names, 0.7, 6) + train.material(catalogues, sides[0], names)
        model = from_json(train.written(train.fit(examples), limit))
        for document in sides[1]:
            margins = [documents.margin(text, model) for text in documents.passages(document)]
            rated.append((len(document.text), margins))
    for least in (0, 1000, 10_000, 30_000):
        of = [max(margins) >= 0 for size, margins in rated if size >= least]
        print(f"documents of {least} characters and more: {len(of)}, flagged {sum(of) / len(of):.4f}")
    flagged = sum(margin >= 0 for _, margins in rated for margin in margins)
    print(f"passages flagged per million characters: {flagged / sum(size for size, _ in rated) * 1e6:.2f}")


def report(rows: list[Example], scores: np.ndarray, limit: float | None = None) -> None:
    """Print the figures of the issue's table, then one line for each kind."""
    plain, copies = scores[: len(rows)], scores[len(rows) :]
    kinds = np.array([row.kind for row in rows])
    attack = np.array([row.attack for row in rows])
    overt = attack & np.array([row.tier == "overt" for row in rows])
    own = overt & np.array([row.source == "own" for row in rows])
    strict = np.sort(plain[~attack])[::-1][int((~attack).sum() * 0.01)]
    limit = threshold(rows, plain, train.TARGET) if limit is None else limit
    print(f"threshold, in log-odds of the model                  {limit:.2f}")
    print(f"recall of overt attacks at 1 % false positives       {(plain[overt] > strict).mean():.3f}")
    print(f"at the threshold: recall of overt attacks            {(plain[overt] > limit).mean():.3f}")
    print(
        f"at the threshold: false positives, mean over kinds   {_mean_rate(plain, limit, kinds, ~attack):.4f}"
    )
    print(f"at the threshold: false positives, all               {(plain[~attack] > limit).mean():.4f}")
    print(f"disguised: recall of overt attacks                   {(copies[overt] > limit).mean():.3f}")
    found = overt & (plain > limit)
    print(f"disguised: recall of those that are found plain      {(copies[found] > limit).mean():.3f}")
    print(f"disguised: recall of own overt attacks               {(copies[own] > limit).mean():.3f}")
    print(f"disguised: false positives, all                      {(copies[~attack] > limit).mean():.4f}")
    for kind in sorted(set(kinds), key=lambda kind: (not attack[kinds == kind].any(), kind)):
        of = kinds == kind
        label = "attack " if attack[of].any() else "harmless"
        rates = f"plain {(plain[of] > limit).mean():.3f}  disguised {(copies[of] > limit).mean():.3f}"
        print(f"  {label:9}{kind:20}{of.sum():5}  {rates}")


def main() -> None:
    """Print the figures of one split."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=Path)
    parser.add_argument(
        "--split",
        default="random",
        choices=("random", "groups", "source", "language", "obfuscation", "documents"),
    )
    parser.add_argument("--catalogues", type=Path, default=Path("/usr/share/locale"))
    parser.add_argument("--documents", type=Path, nargs="*", default=documents.FOLDERS)
    parser.add_argument(
        "--limit", type=float, help="the threshold in log-odds; chosen by the scores if left out"
    )
    options = parser.parse_args()
    rows = data.rows(options.rows)
    found = documents.everything(options.documents)
    names = sorted(OBFUSCATORS)
    if options.split == "documents":
        report_documents(rows, options.catalogues, found, options.limit or train.THRESHOLD)
        return
    if options.split in ("random", "obfuscation"):
        folds = at_random(rows)
    elif options.split == "groups":
        folds = by([row.group for row in rows])
    elif options.split == "source":
        folds = by([row.source for row in rows])
    else:
        folds = by([row.lang if row.lang != "en" else at for at, row in enumerate(rows)])
    if options.split == "obfuscation":
        for part in range(3):
            print("unseen:", ", ".join(names[part::3]))
            report(rows, crossed(rows, folds, options.catalogues, found, names[part::3]))
        return
    scores = crossed(rows, folds, options.catalogues, found, drop_lang=options.split == "language")
    report(rows, scores, options.limit)
    if options.split == "language":
        foreign = [at for at, row in enumerate(rows) if row.lang != "en"]
        print("rows not in English alone:")
        both = np.concatenate([foreign, np.array(foreign) + len(rows)])
        report(
            [attrs.evolve(rows[at]) for at in foreign],
            scores[both],
            threshold(rows, scores[: len(rows)], train.TARGET),
        )


if __name__ == "__main__":
    main()
