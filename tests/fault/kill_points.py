"""At which calls of a run a test kills it."""

import os

SOAK = bool(os.environ.get("SLUICE_FAULT_SEEDS"))


def telling(calls: list[str]) -> list[int]:
    """Numbers of the calls before which it makes a difference to die.

    Dying before an fsync is dying after the call before it, and of the many writes to one file each is
    like the first.
    """
    if SOAK:
        return list(range(1, len(calls) + 1))
    numbers, last = [], None
    for number, call in enumerate(calls, 1):
        _, name, *path = call.split(" ", 2)
        this = (name, path) if name == "write" else None
        if name != "fsync" and (this is None or this != last):
            numbers.append(number)
        last = this
    return numbers
