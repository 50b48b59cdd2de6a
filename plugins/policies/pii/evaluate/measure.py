"""Measure the detector on labelled texts: recall, precision, F1, obfuscated values, false alarms, speed.

    python evaluate/measure.py DATA_FOLDER_OR_FILES... [--half even|odd] [--errors]

A row is JSON with ``text``, ``spans`` (``[start, end, TYPE]``) and ``kind``. A value counts as
found if a finding of its type overlaps it; *exact* asks for the same positions as well. A
finding that overlaps no value of its type is a false alarm; in rows that label only some types
(the public ones label no IP, MAC, CRYPTO or SECRET) that is counted all the same.
"""

import argparse
import hashlib
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reenact_pii.finding import find
from reenact_pii.findings import Finding, Kind

MEASURED = ("SECRET", "US_SSN", "CREDIT_CARD", "PHONE", "EMAIL", "IP", "IBAN", "MAC", "CRYPTO")
KINDS = frozenset(map(Kind, MEASURED))


def rows_of(paths: list[Path], half: str | None) -> Iterator[dict[str, Any]]:
    """Yield rows; *half* keeps those whose hash of the id is even or odd."""
    for path in paths:
        for file in sorted(path.glob("pii_*.jsonl")) if path.is_dir() else [path]:
            for line in file.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                odd = hashlib.sha256(row["id"].encode()).digest()[0] % 2
                if half is None or odd == (half == "odd"):
                    yield row


def overlap(span: list[Any], finding: Finding) -> bool:
    """Say whether *finding* is of the span's type and shares a character with it."""
    return span[2] == finding.kind and finding.start < span[1] and span[0] < finding.end


def judge(rows: list[dict[str, Any]], *, errors: bool) -> tuple[Counter[str], Counter[str]]:
    """Return counts by type and by kind of row."""
    types: Counter[str] = Counter()
    groups: Counter[str] = Counter()
    for row in rows:
        spans = [span for span in row["spans"] if span[2] in MEASURED]
        findings = find(row["text"], KINDS)
        for span in spans:
            hits = [finding for finding in findings if overlap(span, finding)]
            exact = any((hit.start, hit.end) == (span[0], span[1]) for hit in hits)
            types.update({f"{span[2]} true": 1, f"{span[2]} found": bool(hits), f"{span[2]} exact": exact})
            groups.update({f"{row['kind']} true": 1, f"{row['kind']} found": bool(hits)})
            if errors and not exact:
                print(
                    "MISSED " if not hits else "INEXACT", row["kind"], span, repr(row["text"][:300]), findings
                )
        false = [finding for finding in findings if not any(overlap(span, finding) for span in spans)]
        types.update(f"{finding.kind} false" for finding in false)
        groups.update({f"{row['kind']} false": len(false), f"{row['kind']} rows": 1})
        if not spans:
            groups.update({"rows without values": 1, "alarms in them": bool(findings)})
        if errors and false:
            print("FALSE   ", row["kind"], repr(row["text"][:300]), false)
    return types, groups


def report(types: Counter[str], groups: Counter[str]) -> None:
    """Print the figures."""
    print(f"{'type':12} {'n':>5} {'recall':>7} {'exact':>7} {'precision':>9} {'F1':>6}")
    for name in (*MEASURED, "all"):
        names = MEASURED if name == "all" else (name,)
        true, found, exact, false = (
            sum(types[f"{n} {key}"] for n in names) for key in ("true", "found", "exact", "false")
        )
        if true:
            recall, precision = found / true, found / ((found + false) or 1)
            f1 = 2 * recall * precision / ((recall + precision) or 1)
            print(f"{name:12} {true:5} {recall:7.3f} {exact / true:7.3f} {precision:9.3f} {f1:6.3f}")
    for kind in sorted({key.rpartition(" ")[0] for key in groups if key.endswith(" rows")}):
        true = groups[f"{kind} true"]
        share = f"recall {groups[f'{kind} found'] / true:.3f} of {true}" if true else ""
        print(f"{kind:28} {groups[f'{kind} rows']:4} rows, {groups[f'{kind} false']} false alarms; {share}")
    hidden = [
        sum(groups[k] for k in groups if k.startswith("obfuscated") and k.endswith(e))
        for e in (" found", " true")
    ]
    print(f"obfuscated: recall {hidden[0] / (hidden[1] or 1):.3f} of {hidden[1]}")
    print(f"rows without values: {groups['rows without values']}, with an alarm: {groups['alarms in them']}")


def speed(rows: list[dict[str, Any]]) -> None:
    """Print the time it takes, row by row and for all rows as one text, in microseconds per KB."""
    texts = [row["text"] for row in rows]
    for label, listed in (("row by row", texts), ("joined to 4 KB", joined(texts, 4096))):
        size = sum(len(text.encode("utf-8", "replace")) for text in listed) / 1024
        best = min(timed(listed) for _ in range(5))
        print(f"{label}: {best / size * 1e6:.0f} µs per KB over {size:.0f} KB")


def joined(texts: list[str], size: int) -> list[str]:
    """Return *texts* put together to texts of about *size* characters."""
    found = [""]
    for text in texts:
        found[-1] += text + "\n"
        if len(found[-1]) >= size:
            found.append("")
    return found


def timed(texts: list[str]) -> float:
    """Return the seconds it takes to look through *texts*."""
    start = time.process_time()
    for text in texts:
        find(text)
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the detector on labelled texts.")
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--half", choices=("even", "odd"))
    parser.add_argument(
        "--errors", action="store_true", help="print what was missed and what was found wrongly"
    )
    options = parser.parse_args()
    rows = list(rows_of(options.paths, options.half))
    if not rows:
        sys.exit("no rows: name a folder with pii_*.jsonl in it, or such files")
    report(*judge(rows, errors=options.errors))
    speed(rows)


if __name__ == "__main__":
    main()
