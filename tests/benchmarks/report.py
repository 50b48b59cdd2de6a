"""The cases, their marks, and what the figures of a run say about them.

The table of cases is the specification. A mark is an absolute figure, or a share of
the raw limit and a multiple of the best peer in the same run.
"""

from collections.abc import Mapping, Sequence

import attrs

RAW, OWN = "raw", "reenact"
PEERS = ("dbos", "langgraph", "burr")

Figures = Mapping[str, Mapping[str, float]]
"""Medians by contender and case."""


@attrs.frozen(kw_only=True)
class Target:
    """A figure to reach; all that is set must be.

    Attributes:
        least: At least this, in the case's unit.
        most: At most this.
        of_raw: At least this share of the raw limit in the same run.
        of_peer: At least this many times the best peer in the same run.
    """

    least: float | None = None
    most: float | None = None
    of_raw: float | None = None
    of_peer: float | None = None

    def __str__(self) -> str:
        parts = [
            f"≥ {number(self.least)}" if self.least is not None else "",
            f"≤ {number(self.most)}" if self.most is not None else "",
            f"≥ {self.of_raw:g} of raw" if self.of_raw is not None else "",
            f"≥ {self.of_peer:g}x best peer" if self.of_peer is not None else "",
        ]
        return ", ".join(part for part in parts if part) or "-"

    def reached(self, own: float, raw: float | None, peer: float | None) -> bool:
        """Say whether *own* reaches it; what cannot be compared counts as reached."""
        return (
            (self.least is None or own >= self.least)
            and (self.most is None or own <= self.most)
            and (self.of_raw is None or raw is None or own >= self.of_raw * raw)
            and (self.of_peer is None or peer is None or own >= self.of_peer * peer)
        )


@attrs.frozen(kw_only=True)
class Case:
    """One thing that is measured.

    Attributes:
        id: Its letter in MARKS.
        title: What is done.
        unit: What the figure counts.
        more: More is better.
        mark: What must be reached.
        goal: What is aimed at.
    """

    id: str
    title: str
    unit: str
    more: bool
    mark: Target = Target()
    goal: Target = Target()


CASES: tuple[Case, ...] = (
    Case(
        id="A",
        title="a sequence of 1,000 steps",
        unit="steps/s",
        more=True,
        mark=Target(of_raw=0.55, of_peer=2),
        goal=Target(of_raw=0.75),
    ),
    Case(
        id="A'",
        title="the same, synchronous=normal",
        unit="steps/s",
        more=True,
        mark=Target(least=6_000),
        goal=Target(least=12_000),
    ),
    Case(
        id="B",
        title="1,000 steps at once",
        unit="steps/s",
        more=True,
        mark=Target(least=15_000),
        goal=Target(least=25_000),
    ),
    Case(id="B/64", title="raw limit in groups of 64 rows", unit="steps/s", more=True),
    Case(
        id="C",
        title="500 runs of 5 steps",
        unit="steps/s",
        more=True,
        mark=Target(least=10_000),
        goal=Target(least=20_000),
    ),
    Case(
        id="D",
        title="1,000 recorded steps again, loading included",
        unit="steps/s",
        more=True,
        mark=Target(least=50_000),
        goal=Target(least=100_000),
    ),
    Case(
        id="E",
        title="fresh process: import, open, one step, exit",
        unit="s",
        more=False,
        mark=Target(most=0.20),
        goal=Target(most=0.12),
    ),
    Case(
        id="F",
        title="disk for a step with 4 KB of words",
        unit="bytes",
        more=False,
        mark=Target(most=4_900),
        goal=Target(most=4_600),
    ),
    Case(
        id="F64",
        title="the same with 4 KB of base64",
        unit="bytes",
        more=False,
        mark=Target(most=4_900),
        goal=Target(most=4_600),
    ),
    Case(
        id="F'",
        title="disk for a turn of a 300-turn chat, 2 KB new each",
        unit="bytes",
        more=False,
        mark=Target(most=2_900),
        goal=Target(most=2_400),
    ),
    Case(
        id="G",
        title="time of a step after 100,000 over after 1,000",
        unit="x",
        more=False,
        mark=Target(most=1.2),
        goal=Target(most=1.05),
    ),
    Case(id="G/replay", title="replay of a step in 100,000 over one in 1,000", unit="x", more=False),
    Case(id="G/memory", title="memory to replay 100,000 steps of 1 KB", unit="MB", more=False),
    Case(id="G/fork", title="disk for a fork of 100,000 steps", unit="bytes", more=False),
    Case(
        id="H",
        title="memory of a run that waits for a signal, of 10,000",
        unit="KB",
        more=False,
        mark=Target(most=30),
        goal=Target(most=12),
    ),
    Case(
        id="I",
        title="a provider's call over a bare httpx call",
        unit="x",
        more=False,
        mark=Target(most=1.3),
        goal=Target(most=1.15),
    ),
    Case(
        id="I/stream",
        title="the same, streamed",
        unit="x",
        more=False,
        mark=Target(most=1.3),
        goal=Target(most=1.15),
    ),
    Case(
        id="I/200",
        title="200 streams on one loop",
        unit="x",
        more=False,
        mark=Target(most=1.3),
        goal=Target(most=1.15),
    ),
    Case(
        id="I/memory",
        title="peak memory of a provider's call over a bare one's",
        unit="x",
        more=False,
        mark=Target(most=1.3),
        goal=Target(most=1.15),
    ),
    Case(id="I/run", title="a call in a run, on record, over a bare call", unit="x", more=False),
    Case(
        id="J",
        title="work of all four policies on a call with 4 KB",
        unit="ms",
        more=False,
        mark=Target(most=2),
        goal=Target(most=1),
    ),
    Case(
        id="J/full",
        title="what they add to it by the clock, on record on disk",
        unit="ms",
        more=False,
        mark=Target(most=2),
        goal=Target(most=1),
    ),
)


def number(value: float | None) -> str:
    """Return a figure with three digits that matter."""
    if value is None:
        return "-"
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def best_peer(case: Case, figures: Figures) -> float | None:
    """Return the best figure of a peer, or None."""
    found = [figures[peer][case.id] for peer in PEERS if case.id in figures.get(peer, {})]
    if not found:
        return None
    return max(found) if case.more else min(found)


@attrs.frozen
class Line:
    """What the figures say about one case.

    Attributes:
        case: The case.
        raw: The raw limit.
        own: Reenact's figure.
        peer: The best peer's.
        verdict: In a word; ``unsure`` if the raw limit was passed, which only a busy disk can do.
    """

    case: Case
    raw: float | None
    own: float | None
    peer: float | None
    verdict: str


def judge(case: Case, figures: Figures) -> Line:
    """Return what *figures* say about *case*."""
    raw, own = (figures.get(name, {}).get(case.id) for name in (RAW, OWN))
    peer = best_peer(case, figures)
    if own is None or case.mark == Target():
        verdict = ""
    elif case.more and raw is not None and own > raw:
        verdict = "unsure"
    elif not case.mark.reached(own, raw, peer):
        verdict = "missed"
    else:
        verdict = "goal" if case.goal.reached(own, raw, peer) else "mark"
    return Line(case, raw, own, peer, verdict)


def missed(figures: Figures) -> list[Case]:
    """Return the cases whose mark is missed."""
    return [case for case in CASES if judge(case, figures).verdict == "missed"]


# --- tables ----------------------------------------------------------------------------------------

HEAD = (
    "case",
    "",
    "raw limit",
    "Reenact",
    "of raw",
    "best peer",
    "x peer",
    *("DBOS", "LangGraph", "Burr"),
    "mark",
    "goal",
    "reached",
)


def rows(figures: Figures) -> list[tuple[str, ...]]:
    """Return the table, one row a case that was measured."""
    measured = {case for by_case in figures.values() for case in by_case}
    return [_row(judge(case, figures), figures) for case in CASES if case.id in measured]


def _row(line: Line, figures: Figures) -> tuple[str, ...]:
    case = line.case
    peers = [number(figures.get(peer, {}).get(case.id)) for peer in PEERS]
    return (
        case.id,
        f"{case.title}, {case.unit}",
        number(line.raw),
        number(line.own),
        _share(line.own, line.raw),
        number(line.peer),
        _times(case, line),
        *peers,
        str(case.mark),
        str(case.goal),
        line.verdict,
    )


def _share(own: float | None, raw: float | None) -> str:
    return f"{own / raw:.2f}" if own is not None and raw else "-"


def _times(case: Case, line: Line) -> str:
    """Return how many times better than the best peer."""
    if not line.own or not line.peer:
        return "-"
    return f"{line.own / line.peer if case.more else line.peer / line.own:.1f}"


def as_text(table: Sequence[Sequence[str]]) -> str:
    """Return the table in columns."""
    lines = [HEAD, *table]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def as_markdown(table: Sequence[Sequence[str]]) -> str:
    """Return the table as Markdown."""
    lines = [HEAD, ["---"] * len(HEAD), *table]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
