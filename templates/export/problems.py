"""What can go wrong, told in a sentence with what to do about it."""

import errno
import os
import re


class Wrong(Exception):
    """The request itself can't be fulfilled: another one would have to be made. Exit code 2."""


class Failed(Exception):
    """One target could not be made; the others are made all the same. Exit code 1."""

    def __init__(self, message, hint=None):
        super().__init__(message)
        self.hint = hint


def of_files(error):
    """What an error of the operating system means for whoever waits for the export."""
    where = f" {os.path.relpath(error.filename)}" if isinstance(error.filename, str) else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return no_space(where)
    return Failed(f"{error.strerror or error}:{where}" if where else str(error))


def no_space(where=""):
    return Failed(f"there is no space left to write{where}", "free some disk space, or export fewer targets at once")


def is_no_space(error):
    """Whether a full disk is why, however a library tells it."""
    return error is not None and "No space left on device" in str(error)


def last_line(text):
    """The last line that says something, of what a converter printed or raised."""
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not set(line) <= set("^~-=*. ")]
    return lines[-1][:400] if lines else "it says nothing about why"


def text_of(error):
    """An error's own words, in one line; its class where it has none."""
    text = re.sub(r"\{\{function_node [^}]*\}\} *", "", str(error))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:400]
