"""python -m scripts.fuzz --seed N --count M: random programs against the oracles; what fails is shrunk and printed."""

from __future__ import annotations

import argparse
import sys

from scripts.fuzz.cases import Case
from scripts.fuzz.running import Run, judged


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="of the first program")
    parser.add_argument("--count", type=int, default=1000, help="how many programs")
    parser.add_argument("--seconds", type=float, help="stop after so long")
    parser.add_argument("--plain", action="store_true", help="without coverage: a seed alone repeats its program")
    parser.add_argument("--shrink", type=float, default=20.0, help="seconds to make a failing case small")
    parser.add_argument("--coverage", action="store_true", help="print the lines of the engine that never ran")
    parser.add_argument("--cases", help="append the failing cases to a file, one a line")
    parser.add_argument("--case", help="judge one case, a line as printed")
    arguments = parser.parse_args()
    if arguments.case:
        findings, why, judge = judged(Case.read(arguments.case), 50.0)
        print(f"{judge.compared} comparisons" + (f", skipped: {why}" if why else ""))
        for finding in findings:
            print(f"{finding.symptom}\n  {finding.detail}")
        return 1 if any(finding.serious for finding in findings) else 0
    run = Run(not arguments.plain, arguments.shrink)
    try:
        run.go(arguments.seed, arguments.count, arguments.seconds)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
    print(run.report())
    never = sorted(set(run.entries()) - set(run.coverage.rules))
    print(f"functions of the catalogue that no program had: {never or 'none'}")
    if not arguments.plain:
        print(run.coverage.report(arguments.coverage))
    if arguments.cases:
        with open(arguments.cases, "a", encoding="utf-8") as file:
            file.writelines([f"# {one.symptom}\n{one.case.line()}\n" for one in run.classes.values() if one.serious])
    return 1 if run.mismatches else 0


if __name__ == "__main__":
    sys.exit(main())
