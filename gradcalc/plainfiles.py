"""Files that are read whole: files they must be, and no larger than what is wanted of them."""

from __future__ import annotations

import os
import stat

from gradcalc.errors import GradcalcError
from gradcalc.limits import size_text


def check_regular(path: str) -> None:
    """Raises GradcalcError of kind data for a folder, a pipe or a device, and OSError where there is nothing."""
    mode = os.stat(path).st_mode
    if stat.S_ISDIR(mode):
        raise GradcalcError("data", f"{path} is a folder, not a file")
    if not stat.S_ISREG(mode):
        # To open a pipe waits for a writer; a device may never end.
        raise GradcalcError("data", f"{path} is a pipe or a device", hint="Write its content to a file first.")


def read_bounded(path: str, largest: int, hint: str | None = None) -> bytes:
    """The content of a file. Raises GradcalcError of kind data or limit, or OSError.

    What a file says of its size is not relied on: it may grow while it is read.
    """
    check_regular(path)
    with open(path, "rb") as file:
        content = file.read(largest + 1)
    if len(content) > largest:
        raise GradcalcError("limit", f"{path} is larger than {size_text(largest)}", hint=hint)
    return content
