//! What a line of a requirements file names.

use super::line::words;

/// Something that a line names besides packages of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wants {
    /// Another file of requirements or constraints, which is relative to the file that names it.
    File(Place),
    /// A folder with code or an archive, relative to the folder that pip runs in.
    Code(String),
    /// A folder of this machine that packages are taken from, relative to the file or that folder.
    Packages(String),
    /// A package of this machine that is to be used where it lies.
    Editable(String),
    /// Something whose content may be another one next time; says what.
    Moving(String),
    /// An option that only pip understands.
    OnlyPip(String),
}

/// Where a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A path of this machine.
    Path(String),
    /// A URL.
    Url(String),
}

/// Options by which a line names places, in the order in which an abbreviation is looked for.
const OPTIONS: [(&str, Option<char>); 7] = [
    ("requirement", Some('r')),
    ("constraint", Some('c')),
    ("editable", Some('e')),
    ("find-links", Some('f')),
    ("index-url", Some('i')),
    ("extra-index-url", None),
    ("pypi-url", None),
];

/// Options that uv reads as pip does; without the value that some have. It reads `--no-index` too, and would
/// still ask an index for the pip of a new environment.
const SHARED: [&str; 4] = ["hash", "require-hashes", "no-binary", "only-binary"];

const ARCHIVES: [&str; 9] =
    [".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tbz", ".tar.xz", ".txz", ".tar"];

/// Everything that a logical line names.
pub(super) fn wants(line: &str) -> Vec<Wants> {
    let begins = |at: usize| line[..at].chars().next_back().is_none_or(char::is_whitespace);
    let options = line.match_indices('-').map(|(at, _)| at).find(|at| begins(*at));
    let (package, options) = line.split_at(options.unwrap_or(line.len()));
    let mut found = Vec::new();
    let mut hashed = false;
    let mut rest = words(options).into_iter();
    while let Some(word) = rest.next() {
        let (name, value) = option(&word);
        let mut value = || value.clone().or_else(|| rest.next()).unwrap_or_default();
        match name.as_str() {
            "requirement" | "constraint" => found.push(Wants::File(place(&value()))),
            "editable" => found.push(editable(&value())),
            "find-links" | "index-url" | "extra-index-url" | "pypi-url" => {
                if let Place::Path(path) = place(&value()) {
                    found.push(Wants::Packages(path));
                }
            }
            "hash" => {
                value();
                hashed = true;
            }
            name if SHARED.contains(&name) => {}
            // A value that stands apart is no option, and says nothing by itself.
            "" => {}
            name => found.push(Wants::OnlyPip(format!("--{name}"))),
        }
    }
    if !package.trim().is_empty() {
        found.extend(requirement(package, hashed));
    }
    found
}

/// The long name of an option and the value that is written with it.
fn option(word: &str) -> (String, Option<String>) {
    if let Some(long) = word.strip_prefix("--") {
        let (name, value) = long.split_once('=').map_or((long, None), |(n, v)| (n, Some(v)));
        // As optparse has it, any beginning will do that no other option has.
        let full = OPTIONS.iter().find(|(full, _)| {
            full.starts_with(name) && name.len() > 3 && !"require-hashes".starts_with(name)
        });
        let name = full.map_or(name, |(full, _)| full);
        return (name.to_owned(), value.map(str::to_owned));
    }
    let Some(short) = word.strip_prefix('-') else { return (String::new(), None) };
    let full = OPTIONS.iter().find(|(_, letter)| letter.is_some_and(|c| short.starts_with(c)));
    match full {
        Some((full, _)) => {
            ((*full).to_owned(), Some(short[1..].to_owned()).filter(|value| !value.is_empty()))
        }
        None => (short.to_owned(), None),
    }
}

/// What one requirement names, as it stands in a file or in `noDeps`: `six`, `./pkg[extra]`,
/// `pkg @ git+https://...`. With `hashed` its content is fixed by hashes beside it.
pub fn requirement(text: &str, hashed: bool) -> Option<Wants> {
    let text = text.trim();
    if let Some(target) = ["-e", "--editable"].iter().find_map(|name| text.strip_prefix(name)) {
        return Some(editable(target.trim_start_matches('=')));
    }
    let place_of = text.split_once(" @ ").or_else(|| {
        // `name@URL` and `name[extra]@ URL`.
        let (name, url) = text.split_once('@')?;
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.[], ".contains(c);
        name.chars().all(is_name).then_some((name, url))
    });
    let text = place_of.map_or(text, |(_, url)| url.trim());
    if let Some((scheme, _)) = text.split_once(':').filter(|(scheme, _)| is_scheme(scheme)) {
        let url = text.split_once(" ;").map_or(text, |(url, _)| url).trim();
        return match scheme.to_ascii_lowercase().as_str() {
            "file" => Some(Wants::Code(local_path(url))),
            "http" | "https" | "ftp" => (!hashed && !is_fixed(url)).then(|| {
                Wants::Moving(format!("{} may be another file by now", without_user(url)))
            }),
            scheme if scheme.contains('+') => (!is_commit(url)).then(|| {
                Wants::Moving(format!("{} is not pinned to a whole commit", without_user(url)))
            }),
            _ => None,
        };
    }
    let path = text.split(';').next().unwrap_or(text).trim();
    let path = match path.rfind('[') {
        Some(at) if path.ends_with(']') => &path[..at],
        _ => path,
    };
    let is_archive = ARCHIVES.iter().any(|end| path.to_ascii_lowercase().ends_with(end));
    (path.contains('/') || path.starts_with('.') || is_archive)
        .then(|| Wants::Code(path.to_owned()))
}

fn editable(target: &str) -> Wants {
    let target = target.trim();
    match target.split_once(':').filter(|(scheme, _)| scheme.contains('+')) {
        // pip keeps such a checkout within the environment.
        Some(_) => requirement(target, false).unwrap_or(Wants::OnlyPip("--editable".into())),
        None => Wants::Editable(target.to_owned()),
    }
}

/// Whether a text is a URL's scheme rather than the start of a path.
fn is_scheme(text: &str) -> bool {
    text.len() > 1
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
}

fn place(text: &str) -> Place {
    match text.split_once(':').filter(|(scheme, _)| is_scheme(scheme)) {
        Some((scheme, _)) if !scheme.eq_ignore_ascii_case("file") => Place::Url(text.to_owned()),
        Some(_) => Place::Path(local_path(text)),
        None => Place::Path(text.to_owned()),
    }
}

/// The path of a `file:` URL; any other text as it is.
pub fn local_path(url: &str) -> String {
    let Some(rest) = url.get(..5).filter(|s| s.eq_ignore_ascii_case("file:")).map(|_| &url[5..])
    else {
        return url.to_owned();
    };
    let rest = rest.split(['#', '?']).next().unwrap_or(rest);
    let path = match rest.strip_prefix("//") {
        Some(after) => after.strip_prefix("localhost").unwrap_or(after),
        None => rest,
    };
    decoded(path)
}

/// A URL's text without its percent signs.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = after.get(..2).filter(|_| *first == b'%');
        let byte = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Whether the content of a URL is fixed by what it says: a hash, or the name of a built release.
fn is_fixed(url: &str) -> bool {
    let (place, fragment) = url.split_once('#').unwrap_or((url, ""));
    let hashes = ["sha1=", "sha224=", "sha256=", "sha384=", "sha512=", "md5="];
    let path = place.split('?').next().unwrap_or(place);
    path.to_ascii_lowercase().ends_with(".whl")
        || fragment.split('&').any(|part| hashes.iter().any(|hash| part.starts_with(hash)))
}

/// Whether a version control's URL names a whole commit.
fn is_commit(url: &str) -> bool {
    let url = url.split('#').next().unwrap_or(url);
    let path = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = path.split_once('/').map_or("", |(_, path)| path);
    path.rsplit_once('@').is_some_and(|(_, at)| {
        matches!(at.len(), 40 | 64) && at.bytes().all(|b| b.is_ascii_hexdigit())
    })
}

/// A URL without the user's name and password.
fn without_user(url: &str) -> String {
    let url = url.split('#').next().unwrap_or(url);
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (host, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    // What follows may be a key by which the file is fetched.
    let path = path.split('?').next().unwrap_or(path);
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(path: &str) -> Vec<Wants> {
        vec![Wants::Code(path.into())]
    }

    #[test]
    fn packages_of_an_index_name_nothing() {
        for line in [
            "six",
            "numpy==1.0",
            "a[b,c]>=1,<2 ; python_version > '3'",
            "a==1 --hash=sha256:00 --hash sha256:11",
            "--index-url https://host/simple",
            "--only-binary :all:",
            "a @ https://host/a-1-py3-none-any.whl",
            "https://host/a.tar.gz#sha256=00",
            "https://host/a.tar.gz --hash=sha256:00",
            "git+https://u:p@host/a.git@0123456789012345678901234567890123456789#egg=a",
        ] {
            assert_eq!(wants(line), [], "{line}");
        }
    }

    #[test]
    fn files_and_folders_of_this_machine() {
        let file = |path: &str| vec![Wants::File(Place::Path(path.into()))];
        for line in [
            "-r base.txt",
            "-rbase.txt",
            "-c base.txt",
            "--requirement base.txt",
            "--requirement=base.txt",
            "--requirem base.txt",
            "--constraint='base.txt'",
            "--constr \"base.txt\"",
            "-r file:base.txt",
        ] {
            assert_eq!(wants(line), file("base.txt"), "{line}");
        }
        let url = Wants::File(Place::Url("https://host/base.txt".into()));
        assert_eq!(wants("-c https://host/base.txt"), [url]);
        for line in [
            "./pkg",
            "./pkg[extra]",
            "./pkg ; python_version > '3'",
            "pkg @ file:./pkg",
            "pkg@file:./pkg#egg=pkg",
        ] {
            assert_eq!(wants(line), code("./pkg"), "{line}");
        }
        assert_eq!(wants("pkg @ file:///a%20b/pkg ; os_name == 'posix'"), code("/a b/pkg"));
        assert_eq!(wants("file://localhost/a/pkg.zip"), code("/a/pkg.zip"));
        assert_eq!(wants("pkg-1-py3-none-any.whl"), code("pkg-1-py3-none-any.whl"));
        assert_eq!(wants("wheels/pkg"), code("wheels/pkg"));
        assert_eq!(wants("."), code("."));
        let packages = |path: &str| vec![Wants::Packages(path.into())];
        assert_eq!(wants("--find-links ./wheels"), packages("./wheels"));
        assert_eq!(wants("-f wheels"), packages("wheels"));
        assert_eq!(wants("--extra-index-url=file:///mirror"), packages("/mirror"));
    }

    #[test]
    fn what_lies_elsewhere_or_moves() {
        for line in ["-e ./pkg", "-e./pkg", "--editable=./pkg", "--edit ./pkg"] {
            assert_eq!(wants(line), [Wants::Editable("./pkg".into())], "{line}");
        }
        assert_eq!(requirement("-e ./pkg", false), Some(Wants::Editable("./pkg".into())));
        for line in [
            "git+https://host/a.git",
            "a @ git+https://u:p@host/a.git@main",
            "git+ssh://git@host/a.git",
            "-e git+https://host/a.git@v1#egg=a",
            "https://host/archive/main.zip",
        ] {
            let found = wants(line);
            assert!(
                matches!(&found[..], [Wants::Moving(why)] if !why.contains("u:p")),
                "{found:?}"
            );
        }
        for option in ["--pre", "--no-index", "--use-feature=fast-deps"] {
            let name = option.split('=').next().unwrap();
            assert_eq!(wants(option), [Wants::OnlyPip(name.into())]);
        }
    }
}
