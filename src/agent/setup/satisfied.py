"""Exits 0 when all that is required is installed; else says what isn't.

Arguments: a requirements file or nothing, then requirements whose dependencies don't matter.
"""
import importlib
import re
import sys
from importlib import metadata


def parser():
    """The standard's own reader of requirements, wherever this image has it."""
    for place in ("packaging", "pip._vendor.packaging", "setuptools._vendor.packaging"):
        try:
            return importlib.import_module(place + ".requirements").Requirement
        except ImportError:
            continue
    return None


def missing(what):
    print(what)
    sys.exit(1)


def check(parse, requirement, deep, seen):
    if requirement.url:
        missing(f"{requirement} is a place, not a version")
    try:
        version = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        missing(f"{requirement} is not installed")
    if not requirement.specifier.contains(version, prereleases=True):
        missing(f"{requirement} is not what is installed: {version}")
    key = (requirement.name.lower(), frozenset(requirement.extras))
    if not deep or key in seen:
        return
    seen.add(key)
    for text in metadata.requires(requirement.name) or []:
        needed = parse(text)
        extras = {"", *requirement.extras}
        if needed.marker and not any(needed.marker.evaluate({"extra": e}) for e in extras):
            continue
        check(parse, needed, True, seen)


def check_pin(text):
    pin = re.fullmatch(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*==\s*([A-Za-z0-9.!+_-]+)", text)
    if not pin:
        missing(f"{text} is no exact pin, and nothing here understands more")
    try:
        version = metadata.version(pin[1])
    except metadata.PackageNotFoundError:
        missing(f"{text} is not installed")
    if version != pin[2]:
        missing(f"{text} is not what is installed: {version}")


def lines(path):
    if not path:
        return
    with open(path, encoding="utf-8") as file:
        text = file.read().replace("\\\n", " ")
    for line in text.splitlines():
        line = re.sub(r"(^|\s)#.*", "", line).strip()
        if line.startswith("-"):
            missing(f"{line} is pip's to understand")
        if line:
            yield line


def main():
    parse = parser()
    wanted = [(line, True) for line in lines(sys.argv[1])]
    wanted += [(line, False) for line in sys.argv[2:]]
    for text, deep in wanted:
        if parse is None:
            check_pin(text)
            continue
        try:
            requirement = parse(text)
        except ValueError:
            missing(f"{text} is pip's to understand")
        if requirement.marker is None or requirement.marker.evaluate():
            check(parse, requirement, deep, set())


main()
