"""A linear model over windows: the most suspicious window of an attack has to be found.

A label belongs to a text, the model judges windows of it, and a text is as suspicious as its
worst window. So the windows that stand for an attack are chosen by the model of the round
before, and of a harmless text the ones that it finds most suspicious.
"""

from collections import Counter
from collections.abc import Callable, Sequence

import attrs
import numpy as np
from data import Example
from reenact_injection.features import SPANS, Feature, blocks, tokens
from reenact_injection.normalise import readings
from scipy import sparse
from sklearn.linear_model import LogisticRegression

SCALES = {"b": 1.0, "w": 1.5, "p": 1.0, "c": 1.0, "s": 1.0, "n": 1.0, "f": 1.0, "t": 1.0}
DISGUISED = ("z",)
"""Not learned: what it weighs is chosen, see `train.py`."""
ALONE = ("b", 1)
"""Learned, and moved besides, see `train.py`."""
UNKNOWN = "\x00"
LONGEST_WORD = 20
LEXICAL = ("w", "p")
RARE_PAIR = 6
"""In how many examples two words have to follow each other; the rest is chance."""
STRENGTH = 4.0
"""How freely weights grow; twice as much finds more in texts of new kinds, and errs more often in them."""
HARDEST = 4
"""How many windows of a harmless text are learned from in each round."""


@attrs.define
class Windows:
    """Examples cut into windows.

    Attributes:
        counts: For each window, how often each feature counts in it.
        owner: For each window, the number of its example.
    """

    counts: list[Counter[Feature]] = attrs.field(factory=list)
    owner: list[int] = attrs.field(factory=list)


def cut(examples: Sequence[Example]) -> Windows:
    """Cut examples into windows of neighbouring blocks."""
    windows = Windows()
    for number, example in enumerate(examples):
        for counts in windows_of(example.text):
            windows.counts.append(counts)
            windows.owner.append(number)
    return windows


def windows_of(text: str) -> list[Counter[Feature]]:
    """Return the features of each window of each reading of *text*."""
    found = []
    for view in readings(text):
        parts = blocks(tokens(view.text))
        mark = {DISGUISED: 1} if view.disguised else {}
        for span in SPANS:
            for at in range(len(parts) - span + 1):
                counts: Counter[Feature] = Counter(mark)
                counts["b", span] = 1
                for part in parts[at : at + span]:
                    counts.update(part)
                found.append(counts)
    return found or [Counter()]


@attrs.define
class Linear:
    """Weights of features and the bias, in log-odds.

    Attributes:
        index: The place of each feature among the weights.
        weights: The weights.
        bias: What every window starts with.
        disguised: What is added where a disguise was undone.
        alone: What is added to a window of one block.
    """

    index: dict[Feature, int]
    weights: np.ndarray
    bias: float
    disguised: float = 0.0
    alone: float = 0.0

    def scale(self) -> np.ndarray:
        return np.array([SCALES[str(feature[0])] for feature in self.index])

    def matrix(self, windows: Windows) -> sparse.csr_matrix:
        return _matrix(windows, self.index)

    def scores(self, windows: Windows, size: int) -> np.ndarray:
        """Return the score of each of *size* examples: its highest window."""
        margins = self.matrix(windows) @ (self.weights / self.scale()) + self.bias
        margins += self.disguised * np.array([DISGUISED in counts for counts in windows.counts])
        margins += self.alone * np.array([ALONE in counts for counts in windows.counts])
        out = np.full(size, -np.inf)
        np.maximum.at(out, windows.owner, margins)
        return out


def fit(
    examples: Sequence[Example],
    windows: Windows,
    *,
    strength: float = STRENGTH,
    rounds: int = 3,
    rare: int = 3,
    words: Callable[[Example], bool],
) -> Linear:
    """Return the model that tells the attacks among *examples* from the rest."""
    index = _index(examples, windows, rare, words)
    table = _matrix(windows, index)
    owner = np.array(windows.owner)
    attack = np.array([example.attack for example in examples])[owner]
    weight = np.array([example.weight for example in examples])[owner]
    per_owner = np.bincount(owner, minlength=len(examples))[owner]
    drawn = np.random.default_rng(3).random(len(owner)) < HARDEST / np.maximum(per_owner, HARDEST)
    share = np.where(attack, 1 / per_owner, drawn / np.sqrt(np.minimum(per_owner, HARDEST)))
    model = None
    for _ in range(rounds):
        if model is not None:
            margins = table @ model.coef_[0] + model.intercept_[0]
            share = np.where(attack, _guilty(margins, owner, len(examples)), _hardest(margins, owner))
        use = weight * share
        use = np.where(attack, use / use[attack].sum(), use / use[~attack].sum()) * len(examples) / 2
        keep = use > 0
        model = LogisticRegression(C=strength / 20, solver="liblinear", max_iter=100, tol=1e-3)
        model.fit(table[keep], attack[keep], sample_weight=use[keep])
    scale = np.array([SCALES[str(feature[0])] for feature in index])
    return Linear(index, model.coef_[0] * scale, float(model.intercept_[0]))


def _guilty(margins: np.ndarray, owner: np.ndarray, size: int) -> np.ndarray:
    """Return how much each window counts as the attack in its text."""
    best = np.full(size, -np.inf)
    np.maximum.at(best, owner, margins)
    worst = margins >= best[owner] - 1e-9
    return np.where(worst, 1.0, np.where(margins > np.maximum(0, best[owner] * 0.5), 0.3, 0.0))


def _hardest(margins: np.ndarray, owner: np.ndarray) -> np.ndarray:
    """Return how much each window of a harmless text counts: the few most suspicious, the first most."""
    order = np.lexsort((-margins, owner))
    sorted_owner = owner[order]
    first = np.r_[True, sorted_owner[1:] != sorted_owner[:-1]]
    start = np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))
    rank = np.empty(len(order), dtype=int)
    rank[order] = np.arange(len(order)) - start
    return np.where(rank == 0, 1.0, np.where(rank < HARDEST, 0.35, 0.0))


def _index(
    examples: Sequence[Example], windows: Windows, rare: int, words: Callable[[Example], bool]
) -> dict[Feature, int]:
    groups: dict[Feature, set[int]] = {}
    for counts, owner in zip(windows.counts, windows.owner, strict=True):
        lexical = words(examples[owner])
        for feature in counts.keys() - {DISGUISED}:
            if feature[0] not in LEXICAL or (lexical and all(map(_is_word, feature[1:]))):
                groups.setdefault(feature, set()).add(owner)
    enough = [
        feature
        for feature, owners in groups.items()
        if len(owners) >= (RARE_PAIR if feature[0] == "p" else rare)
    ]
    return {feature: number for number, feature in enumerate(sorted(enough, key=repr))}


def _is_word(word: object) -> bool:
    """Say whether a token may enter the vocabulary: no filler, and nothing as long as an encoded text."""
    return word != UNKNOWN and len(str(word)) <= LONGEST_WORD


def _matrix(windows: Windows, index: dict[Feature, int]) -> sparse.csr_matrix:
    columns, values, starts = [], [], [0]
    for counts in windows.counts:
        for feature, count in counts.items():
            number = index.get(feature)
            if number is not None:
                columns.append(number)
                values.append(count)
        starts.append(len(columns))
    scale = np.array([SCALES[str(feature[0])] for feature in index])
    columns_array = np.array(columns, dtype=np.int64)
    data = np.array(values, dtype=float) * scale[columns_array]
    table = sparse.csr_matrix((data, columns_array, starts), shape=(len(windows.counts), len(index)))
    table.sort_indices()  # sets have no order, and the order of a sum shows in its last digit
    return table
