"""How long the detector takes.

    python speed.py ROWS.jsonl

Prints microseconds per KB of harmless English rows joined to texts of 2 KB, the first time and when
the words are known, and the slowest of the hostile texts.
"""

import argparse
import time
from pathlib import Path

import data
from hostile import HOSTILE
from reenact_injection.detect import detect

KINDS = ("wildguard_benign", "instruct", "dev_security", "doc_email", "deepset_benign")
TEXT_CHARS = 2048
HOSTILE_CHARS = 65_536
LONG_CHARS = 1 << 20


def took_s(texts: list[str]) -> float:
    """Return the processor time of judging *texts*, in seconds."""
    started = time.process_time()
    for text in texts:
        detect(text)
    return time.process_time() - started


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=Path)
    rows = data.rows(parser.parse_args().rows)
    prose = "\n\n".join(row.text for row in rows if row.kind in KINDS and row.lang == "en")
    texts = [prose[at : at + TEXT_CHARS] for at in range(0, len(prose), TEXT_CHARS)]
    detect("")
    for name in ("first time", "words known", "words known"):
        print(f"{took_s(texts) / len(prose) * 1024 * 1e6:6.0f} µs per KB of prose, {name}")
    print(f"{took_s([(prose * 20)[:LONG_CHARS]]):6.2f} s for 1 MB of prose")
    slowest = sorted((took_s([unit * (HOSTILE_CHARS // len(unit))]), name) for name, unit in HOSTILE.items())
    for seconds, name in slowest[:-6:-1]:
        print(f"{seconds * 1000:6.0f} ms for 64 KB of {name}")
    worst = HOSTILE[slowest[-1][1]]
    print(f"{took_s([worst * (LONG_CHARS // len(worst))]):6.2f} s for 1 MB of {slowest[-1][1]}")


if __name__ == "__main__":
    main()
