"""Brings pip where Python has no `ensurepip`: Debian and Ubuntu keep it in a package of its own.

    pip.py FOLDER          keeps pip's wheel in FOLDER
    pip.py FOLDER VENV     and installs it into the environment VENV
    pip.py --look FOLDER   finds out that this would work, and keeps nothing

Prints where pip comes from and, without VENV, the wheel's path after it. What was kept once is taken
from then on. Knows no index by name: the user's settings say which one there is, and without any it
is Debian's own wheel.
"""
import base64
import configparser
import glob
import hashlib
import html.parser
import netrc
import os
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import urllib.request
from urllib.parse import unquote, urldefrag, urljoin, urlsplit, urlunsplit

# Where Fedora, Debian and others put the wheels that they bring themselves.
SHARED = "/usr/share/python-wheels"
WHEEL = re.compile(r"pip-(\d+(?:\.\d+)*)-py3-none-any\.whl")


class Lacking(Exception):
    """One way to pip is closed; says why."""


def version(path):
    return tuple(int(part) for part in WHEEL.fullmatch(os.path.basename(path))[1].split("."))


def newest(folder):
    paths = glob.glob(os.path.join(glob.escape(folder), "*.whl"))
    return max((path for path in paths if WHEEL.fullmatch(os.path.basename(path))), key=version, default=None)


def call(argv, folder):
    """Runs a program; its last line says what went wrong."""
    done = subprocess.run(argv, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          errors="replace", env={**os.environ, "LC_ALL": "C.UTF-8"})
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip() or "it failed").splitlines()[-1]
        raise Lacking(f"{os.path.basename(argv[0])}: {said.strip()}")


def shared(_):
    return newest(SHARED) or lack(f"no wheel of it is in {SHARED}")


def lack(why):
    raise Lacking(why)


DOWNLOAD = ["pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps",
            "--only-binary", ":all:", "--dest", ".", "pip"]


def own_pip(folder):
    """The interpreter's own pip knows all of the user's settings."""
    if subprocess.run([sys.executable, "-c", "import pip"], cwd=folder, capture_output=True).returncode:
        lack("this Python has no pip itself")
    call([sys.executable, "-m", *DOWNLOAD], folder)
    return newest(folder)


def uv(folder):
    program = shutil.which("uv") or lack("uv is not in PATH")
    call([program, "tool", "run", "--quiet", "--python", sys.executable, *DOWNLOAD], folder)
    return newest(folder)


class Settings:
    """pip's options: its environment first, then its files, the strongest first, as pip reads them."""

    def __init__(self):
        home, env = os.path.expanduser("~"), os.environ.get
        named = env("PIP_CONFIG_FILE")
        config = env("XDG_CONFIG_HOME") or os.path.join(home, ".config")
        shared_dirs = (env("XDG_CONFIG_DIRS") or "/etc/xdg").split(":")
        paths = [named, os.path.join(sys.prefix, "pip.conf"), os.path.join(config, "pip/pip.conf"),
                 os.path.join(home, ".pip/pip.conf"), "/etc/pip.conf"]
        paths += [os.path.join(shared_dir, "pip/pip.conf") for shared_dir in shared_dirs]
        self.files = []
        for path in [] if named == os.devnull else filter(None, paths):
            file = configparser.RawConfigParser()
            try:
                file.read(path, encoding="utf-8")
            except (configparser.Error, OSError, UnicodeDecodeError):
                continue  # pip itself will say so.
            self.files.append(file)

    def get(self, name):
        value = os.environ.get("PIP_" + name.upper().replace("-", "_"))
        for file in self.files:
            for section in ("download", "install", "global"):
                value = value or file.get(section, name, fallback=None)
        return value or ""

    def pages(self):
        """Pages, or folders, that may list wheels of pip."""
        if self.get("no-index").lower() not in ("1", "yes", "true", "on"):
            uv_default = os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("UV_INDEX_URL") or ""
            more = [os.environ.get(name, "") for name in ("UV_INDEX", "UV_EXTRA_INDEX_URL")]
            roots = [self.get("index-url") or uv_default, self.get("extra-index-url"), *more]
            for root in " ".join(roots).split():
                # uv lets an index have a name.
                root = re.sub(r"^[\w-]+=(?=\w+:)", "", root)
                yield root.rstrip("/") + "/pip/"
        yield from self.get("find-links").split()


class Links(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "a" and attrs.get("href") and "data-yanked" not in attrs:
            oldest = re.search(r">=\s*(\d+)\.(\d+)", attrs.get("data-requires-python") or "")
            if not oldest or tuple(map(int, oldest.groups())) <= sys.version_info[:2]:
                self.found.append(attrs["href"])


def opener(settings, host):
    own = settings.get("cert") or os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    context = ssl.create_default_context(cafile=own or None)
    if host in (name.split(":")[0] for name in settings.get("trusted-host").split()):
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    handlers = [urllib.request.HTTPSHandler(context=context)]
    if settings.get("proxy"):
        proxy = settings.get("proxy")
        handlers.append(urllib.request.ProxyHandler({"http": proxy, "https": proxy}))
    return urllib.request.build_opener(*handlers)


def login(parts):
    """Name and password of a server: in its address, else in ~/.netrc."""
    if parts.username:
        return unquote(parts.username), unquote(parts.password or "")
    try:
        found = netrc.netrc().authenticators(parts.hostname or "")
    except (OSError, netrc.NetrcParseError):
        return None
    return (found[0], found[2]) if found else None


def bare(url):
    """An address without a password."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def read(settings, url, known):
    """What lies at an address, and the address where it was found in the end."""
    parts = urlsplit(url)
    request = urllib.request.Request(bare(url), headers={"Accept": "text/html, */*;q=0.1"})
    who = login(parts) or known.get(parts.hostname)
    if who:
        known[parts.hostname] = who
        word = base64.b64encode(":".join(who).encode()).decode()
        # Whoever is redirected to does not get it.
        request.add_unredirected_header("Authorization", f"Basic {word}")
    with opener(settings, parts.hostname).open(request, timeout=30) as answer:
        return answer.read(), answer.geturl()


def from_page(settings, page, folder):
    if os.path.isdir(page):
        return newest(page)
    known, links = {}, Links()
    content, base = read(settings, page, known)
    links.feed(content.decode("utf-8", "replace"))
    name = lambda link: os.path.basename(unquote(urlsplit(link).path))
    wheels = [link for link in links.found if WHEEL.fullmatch(name(link))]
    if not wheels:
        return None
    best = max(wheels, key=lambda link: version(name(link)))
    address, promise = urldefrag(urljoin(base, best))
    content, _ = read(settings, address, known)
    if promise.startswith("sha256=") and hashlib.sha256(content).hexdigest() != promise[7:]:
        lack(f"{name(best)} is not what {bare(page)} promises")
    path = os.path.join(folder, name(best))
    with open(path, "wb") as file:
        file.write(content)
    return path


def index(folder):
    settings, said = Settings(), []
    for page in settings.pages():
        try:
            found = from_page(settings, page, folder)
        except (OSError, ValueError, Lacking) as error:
            said.append(f"{bare(page)}: {error}")
            continue
        if found:
            return found
        said.append(f"no wheel of it is at {bare(page)}")
    return lack("; ".join(said) or "pip's settings name no index")


def debian(folder):
    """Debian's own wheel, by the machine's own mirrors. Anybody may download; if it knows no packages
    yet, or old ones, it learns them for this once."""
    program = shutil.which("apt-get") or lack("there is no apt-get")
    lists = os.path.join(folder, "lists")
    options = {"APT::Sandbox::User": "root", "Acquire::Languages": "none", "Dir::Cache": folder,
               "Dir::Cache::pkgcache": "", "Dir::Cache::srcpkgcache": ""}
    apt = [program, "-qq"] + [word for pair in options.items() for word in ("-o", "=".join(pair))]
    try:
        call([*apt, "download", "python3-pip-whl"], folder)
    except Lacking:
        os.makedirs(os.path.join(lists, "partial"))
        apt += ["-o", f"Dir::State::Lists={lists}"]
        call([*apt, "update"], folder)
        call([*apt, "download", "python3-pip-whl"], folder)
    for package in glob.glob(os.path.join(glob.escape(folder), "*.deb")):
        call(["dpkg-deb", "--extract", package, "."], folder)
    return newest(folder + SHARED)


WAYS = {SHARED: shared, "its own pip": own_pip, "uv": uv, "the index of pip's settings": index,
        "Debian's python3-pip-whl": debian}


def bring(kept, folder, keep):
    """Where it comes from, and the wheel."""
    there = newest(kept)
    if there:
        return kept, there
    closed = []
    for name, way in WAYS.items():
        at = os.path.join(folder, str(len(closed)))
        os.makedirs(at)
        try:
            wheel = way(at) or lack(f"{name} has no wheel")
            # One made for other Pythons may not run.
            call([sys.executable, "-I", os.path.join(wheel, "pip"), "--version"], at)
        except (OSError, Lacking) as error:
            closed.append(str(error))
            continue
        if keep:
            os.makedirs(kept, exist_ok=True)
            final = os.path.join(kept, os.path.basename(wheel))
            # Another one may bring the same at the same time, or be killed: only a whole one gets the name.
            with tempfile.NamedTemporaryFile(dir=kept, delete=False) as file, open(wheel, "rb") as whole:
                shutil.copyfileobj(whole, file)
            os.replace(file.name, final)
            wheel = final
        return name, wheel
    return lack("; ".join(closed))


def main(args):
    keep = args[0] != "--look"
    kept, *venv = args if keep else args[1:]
    # One that fits an older Python may be of no use for a newer one.
    kept = os.path.join(os.path.abspath(kept), "{}.{}".format(*sys.version_info))
    with tempfile.TemporaryDirectory(prefix="mlctl-pip-") as folder:
        try:
            name, wheel = bring(kept, folder, keep)
            print("\n".join((name, wheel)) if not venv else f"pip comes from {wheel}")
            for place in venv:
                python = os.path.join(os.path.abspath(place), "bin/python")
                call([python, os.path.join(wheel, "pip"), "--isolated", "--disable-pip-version-check",
                      "install", "--quiet", "--no-index", "--no-deps", wheel], folder)
        except Lacking as error:
            sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1:])
