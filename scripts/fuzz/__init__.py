"""Searching for faults: random well-shaped programs against oracles that share nothing with the engine."""

import os

# Matrices are tiny here: threads of the linear algebra only wait for each other.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
