"""python scripts/mutants.py --seed N --count M: plants faults in the core and looks whether a wrong answer is shown.

Each mutant is one change at one place of gradcalc/tensor/ or of the catalogue. It runs in a child process from memory;
no file is changed. Exit code 1 where a wrong answer was shown.
"""

from __future__ import annotations

import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from scripts.mutation.proof import NO_EFFECT, WRONG, Proof, summary


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="of the mutants and of what they are asked")
    parser.add_argument("--count", type=int, default=100, help="how many mutants")
    parser.add_argument("--subjects", type=int, default=12, help="how many expressions each of them derives")
    parser.add_argument("--all", action="store_true", help="print those without an effect too")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    found = []
    with Proof(arguments.seed, arguments.subjects) as proof:
        for verdict in proof.verdicts(arguments.count):
            found.append(verdict)
            if arguments.all or verdict.outcome != NO_EFFECT:
                print(f"{verdict.outcome}: {verdict.mutant}\n    {verdict.detail[:300]}", flush=True)
    print(summary(found))
    return 1 if any(verdict.outcome == WRONG for verdict in found) else 0


if __name__ == "__main__":
    sys.exit(main())
