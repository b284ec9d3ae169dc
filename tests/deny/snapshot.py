"""The RustSec advisory database in one file, a line for each advisory, for machines that can't fetch it.

    snapshot.py pack REPOSITORY FILE     from a clone of github.com/RustSec/advisory-db
    snapshot.py unpack FILE FOLDER       as files of that database; prints how many of which day
    snapshot.py plant CRATE FOLDER       one advisory against every version of a crate
"""
import json
import pathlib
import re
import subprocess
import sys

HEAD, TAIL = "```toml\n", "\n```"


def entry(text):
    """What of an advisory decides, and its title; None of one that was withdrawn."""
    import tomllib

    begin = text.index(HEAD) + len(HEAD)
    end = text.index(TAIL, begin)
    fields = tomllib.loads(text[begin:end])
    advisory, versions = fields["advisory"], fields.get("versions", {})
    if "withdrawn" in advisory:
        return None
    title = next(line[2:] for line in text[end:].splitlines() if line.startswith("# "))
    kept = {name: str(advisory[name]) for name in ("id", "package", "date")}
    if "informational" in advisory:
        kept["informational"] = advisory["informational"]
    kept |= {name: versions[name] for name in ("patched", "unaffected") if versions.get(name)}
    # No file of this repository names the host of a package registry.
    return kept | {"title": re.sub(r"crates\.io", "the registry", title.strip())}


def pack(repository, file):
    def git(*args):
        return subprocess.run(["git", "-C", repository, *args], check=True, capture_output=True, text=True).stdout

    day, commit = git("log", "-1", "--format=%cs %H", "HEAD").split()
    paths = [path for path in git("ls-tree", "-r", "--name-only", "HEAD", "crates").splitlines() if path.endswith(".md")]
    entries = [kept for path in paths if (kept := entry(git("show", f"HEAD:{path}")))]
    entries.sort(key=lambda kept: (kept["package"], kept["id"]))
    head = {"day": day, "commit": commit, "advisories": len(entries)}
    lines = [json.dumps(line, ensure_ascii=False) for line in [head, *entries]]
    pathlib.Path(file).write_text("\n".join(lines) + "\n", encoding="utf-8")


def write(kept, folder):
    versions = ("patched", "unaffected")
    lines = [f"{name} = {json.dumps(kept[name])}" for name in kept if name not in (*versions, "title")]
    bounds = [f"{name} = {json.dumps(kept.get(name, []))}" for name in versions]
    place = pathlib.Path(folder, "crates", kept["package"])
    place.mkdir(parents=True, exist_ok=True)
    text = "\n".join([HEAD + "[advisory]", *lines, "", "[versions]", *bounds])
    (place / f"{kept['id']}.md").write_text(f"{text}{TAIL}\n\n# {kept['title']}\n\n-\n", encoding="utf-8")


def unpack(file, folder):
    head, *entries = map(json.loads, pathlib.Path(file).read_text(encoding="utf-8").splitlines())
    if not entries or head["advisories"] != len(entries):
        sys.exit(f"{file} is damaged: {head['advisories']} advisories are announced, {len(entries)} are there")
    for kept in entries:
        write(kept, folder)
    print(f"{len(entries)} of {head['day']}")


def plant(crate, folder):
    write({"id": "RUSTSEC-2000-0001", "package": crate, "date": "2000-01-01", "title": "Planted"}, folder)


if __name__ == "__main__":
    {"pack": pack, "unpack": unpack, "plant": plant}[sys.argv[1]](*sys.argv[2:])
