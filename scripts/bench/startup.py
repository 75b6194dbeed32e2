"""The ratios of `gradcalc grad` to `import click` and of `gradcalc check` to `import click, numpy`, run in turns."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

P2 = "log(1+exp(-y*w'*sigmoid(W*x+b)))"
GRADCALC = str(Path(sys.executable).parent / "gradcalc")
PAIRS = (
    ("grad", [GRADCALC, "grad", P2, "-w", "W"], [sys.executable, "-c", "import click"]),
    ("check", [GRADCALC, "check", P2, "-w", "W"], [sys.executable, "-c", "import click, numpy"]),
)


def seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return time.perf_counter() - start


def main(runs: int) -> None:
    for name, command, baseline in PAIRS:
        times: tuple[list[float], list[float]] = ([], [])
        for _ in range(runs + 1):
            times[0].append(seconds(command))
            times[1].append(seconds(baseline))
        ours, theirs = (statistics.median(values[1:]) for values in times)
        print(f"{name}: {1000 * ours:.1f} ms against {1000 * theirs:.1f} ms, ratio {ours / theirs:.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
