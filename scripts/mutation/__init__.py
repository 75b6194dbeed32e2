"""Faults planted in the core at random, to see whether the seal lets one through."""
