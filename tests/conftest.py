"""What all tests share."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("default", deadline=None, print_blob=True, max_examples=60)
settings.load_profile("default")
