"""Measure the cases of MARKS and print them beside their marks.

.. code-block:: console

    uv run --group peers python tests/benchmarks/run.py
    python tests/benchmarks/run.py --only A,B --repeat 5 --no-peers --check

Each figure is the median over the repeats. Every measurement is a process of its own,
and the contenders take turns, so that what disturbs the machine disturbs them alike.
"""

import argparse
import importlib
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

import machine
import report
from common import Contender, workspace

MODULES = {
    report.RAW: "raw",
    report.OWN: "reenact_cases",
    "dbos": "peers_dbos",
    "langgraph": "peers_langgraph",
    "burr": "peers_burr",
}
TIME_LIMIT_S = 600.0

Values = dict[str, dict[str, list[float]]]
"""All measurements, by contender and case."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and say whether a mark was missed."""
    options = _options(arguments)
    if options.measure:
        _measure(*options.measure)
        return 0
    contenders = dict(_taking_part(peers=options.peers))
    print(machine.describe(), _versions(contenders), sep="\n", file=sys.stderr)
    values = _all(contenders, _chosen(options.only), options.repeat)
    figures = {
        name: {case: statistics.median(found) for case, found in by_case.items()}
        for name, by_case in values.items()
    }
    where = f"{machine.describe()}; median of {options.repeat}"
    _print(figures, where, _versions(contenders), markdown=options.markdown)
    if options.json:
        _write(options.json, where, values)
    missed = report.missed(figures)
    if missed:
        print("missed:", ", ".join(case.id for case in missed), file=sys.stderr)
    return 1 if missed and options.check else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure the cases of MARKS.")
    parser.add_argument("--only", default="", help="cases, such as A,B; all if not given")
    parser.add_argument("--repeat", type=int, default=3, help="how often each is measured")
    parser.add_argument(
        "--peers", action=argparse.BooleanOptionalAction, default=True, help="measure peers too"
    )
    parser.add_argument("--json", type=Path, help="write every measurement to this file")
    parser.add_argument("--markdown", action="store_true", help="print the table as the README has it")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a mark is missed")
    parser.add_argument("--measure", nargs=2, metavar=("CONTENDER", "CASE"), help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


# --- measuring -------------------------------------------------------------------------------------


def _contender(name: str) -> Contender:
    return cast("Contender", importlib.import_module(MODULES[name]))


def _taking_part(*, peers: bool) -> Iterator[tuple[str, Contender]]:
    """Yield the contenders that are installed; say which are not."""
    for name in MODULES:
        if name in report.PEERS and not peers:
            continue
        found = _contender(name)
        if machine.installed(found.PACKAGES) is None:
            print(f"{found.NAME} is skipped: install {', '.join(found.PACKAGES)}", file=sys.stderr)
        else:
            yield name, found


def _chosen(only: str) -> list[str]:
    known = [case.id for case in report.CASES]
    chosen = [case.strip() for case in only.split(",") if case.strip()]
    for case in chosen:
        if case not in known:
            raise SystemExit(f"there is no case {case!r}; there are {', '.join(known)}")
    return chosen or known


def _all(contenders: Mapping[str, Contender], cases: Sequence[str], repeat: int) -> Values:
    """Measure *cases*, the contenders taking turns."""
    values: Values = {name: {} for name in contenders}
    for case in cases:
        for contender in contenders.values():
            if case in contender.SKIPPED:
                print(f"{case} {contender.NAME}: skipped, {contender.SKIPPED[case]}", file=sys.stderr)
        for _ in range(repeat):
            for name, contender in contenders.items():
                if case in contender.CASES:
                    _add(values[name], case, contender.NAME, _in_a_process(name, case))
    return values


def _add(values: dict[str, list[float]], case: str, name: str, value: float | None) -> None:
    if value is not None:
        values.setdefault(case, []).append(value)
        print(f"{case} {name}: {report.number(value)}", file=sys.stderr, flush=True)


def _in_a_process(name: str, case: str) -> float | None:
    """Measure in a fresh process; None, with a line that says why, if that fails."""
    command = [sys.executable, __file__, "--measure", name, case]
    try:
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=TIME_LIMIT_S)
    except subprocess.TimeoutExpired:
        print(f"{case} {name}: gave up after {TIME_LIMIT_S:.0f} s", file=sys.stderr)
        return None
    except subprocess.CalledProcessError as error:
        last = (error.stderr or "").strip().splitlines()[-1:]
        print(f"{case} {name}: failed: {' '.join(last)}", file=sys.stderr)
        return None
    return float(done.stdout.splitlines()[-1])


def _measure(name: str, case: str) -> None:
    with workspace() as folder:
        print(_contender(name).CASES[case](folder))


# --- telling ---------------------------------------------------------------------------------------


def _versions(contenders: Mapping[str, Contender]) -> str:
    found: dict[str, str] = {}
    for contender in contenders.values():
        found |= machine.installed(contender.PACKAGES) or {}
    return ", ".join(f"{name} {number}" for name, number in found.items())


def _print(figures: report.Figures, where: str, versions: str, *, markdown: bool) -> None:
    table = report.rows(figures)
    spelled = report.as_markdown(table) if markdown else report.as_text(table)
    print("", spelled, "", where, "", versions, sep="\n")


def _write(file: Path, where: str, values: Values) -> None:
    file.write_text(json.dumps({"machine": where, "values": values}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # a peer may have left threads behind
