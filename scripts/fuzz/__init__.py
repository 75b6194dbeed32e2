"""Searching for faults: random well-shaped programs against oracles that share nothing with the engine."""
