"""Train the model that ships with the package.

    python train.py ../../../../../shared/guardrails/injection_dev.jsonl

Needs numpy, scipy, scikit-learn and the package itself on the path. The threshold is set by
cross-validation: on rows the model did not learn from, the mean false-positive rate over the
kinds of harmless text is at most ``TARGET``.
"""

import argparse
import json
from pathlib import Path

import attrs
import data
import documents
import learn
import measure
import numpy as np
from data import Example
from documents import Document
from obfuscate import OBFUSCATORS
from reenact_injection.features import SPANS
from reenact_injection.model import STEP, from_json

TARGET = 0.008
THRESHOLD = 2.8
"""Of the model that chooses passages to learn from."""
DISGUISED = 0.7
"""How much sooner a text that was written another way counts, in log-odds: few harmless ones are."""
ALONE = 1.0
"""How much sooner a window of one block counts than is learned, in log-odds: where harmless texts err, it is
mostly in what two blocks add up to."""
SMALLEST = 0.06
"""A weight closer to nothing is not shipped: a third of the file, and no figure changes by it."""
COMMON = 2500
OUT = Path(__file__).parents[1] / "src" / "reenact_injection" / "model.json"


def material(catalogues: Path, found: list[Document], obfuscators: list[str]) -> list[Example]:
    """Return everything there is to learn from besides rows, and disguised copies of it.

    Args:
        catalogues: Where translations are installed.
        found: Documents; those of their passages are chosen that a model of the rest finds suspicious.
        obfuscators: Names of those that may disguise.
    """
    own = data.own(1, 2000, 2000)
    prose = data.prose(2, 1200) + data.catalogues(catalogues, 3, 1200)
    copies = data.disguised(own, obfuscators, 0.4, 4) + data.disguised(prose, obfuscators, 0.1, 5)
    every = own + prose + copies
    first = from_json(written(fit(every), THRESHOLD)) if found else None
    return every + documents.suspicious(found, first) if first else every


def lexical(example: Example) -> bool:
    """Say whether the words of *example* may enter the vocabulary of the model."""
    return example.kind not in ("stdlib", "catalogue", documents.KIND)


def fit(examples: list[Example]) -> learn.Linear:
    """Return the model learned from *examples*."""
    model = learn.fit(examples, learn.cut(examples), words=lexical)
    return attrs.evolve(model, disguised=DISGUISED, alone=ALONE)


def written(model: learn.Linear, threshold: float) -> str:
    """Return *model* as the package reads it, its bias moved so that *threshold* is even odds."""
    tables: dict[str, dict] = {
        name: {} for name in ("words", "pairs", "concepts", "openers", "near", "far", "triples")
    }
    own = [float(model.weights[model.index["b", span]]) for span in SPANS]
    spans = [round((own[0] + model.alone) / STEP), *[round(weight / STEP) for weight in own[1:]]]
    names = {
        "w": "words",
        "p": "pairs",
        "c": "concepts",
        "s": "openers",
        "n": "near",
        "f": "far",
        "t": "triples",
    }
    for feature, number in model.index.items():
        weight = float(model.weights[number])
        if abs(weight) < SMALLEST or feature[0] == "b":
            continue
        key = str(feature[1] << 6 | feature[2]) if feature[0] in "nf" else " ".join(map(str, feature[1:]))
        tables[names[str(feature[0])]][key] = round(weight / STEP)
    bias = round((model.bias - threshold) / STEP)
    disguised = round(model.disguised / STEP)
    whole = {"bias": bias, "disguised": disguised, "spans": spans, **tables}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def main() -> None:
    """Train, set the threshold, write the model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=Path)
    parser.add_argument("--catalogues", type=Path, default=Path("/usr/share/locale"))
    parser.add_argument("--documents", type=Path, nargs="*", default=documents.FOLDERS)
    parser.add_argument("--threshold", type=float, help="use this one and skip the cross-validation")
    options = parser.parse_args()
    rows = data.rows(options.rows)
    OUT.with_name("common.txt").write_text("\n".join(data.common_words(COMMON)) + "\n", "utf-8")
    found = documents.everything(options.documents)
    threshold = options.threshold
    if threshold is None:
        scores = measure.crossed(rows, measure.at_random(rows), options.catalogues, found)
        threshold = measure.threshold(rows, scores[: len(rows)], TARGET)
        measure.report(rows, scores, threshold)
    names = sorted(OBFUSCATORS)
    examples = rows + data.disguised(rows, names, 0.7, 6) + material(options.catalogues, found, names)
    model = fit(examples)
    OUT.write_text(written(model, threshold), "utf-8")
    used = int(np.sum(np.abs(model.weights) >= SMALLEST))
    print(f"threshold {threshold:.2f}, {used} weights, {OUT.stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    main()
