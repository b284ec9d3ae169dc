//! What a person is told of files that stay behind, or travel where one would not think so.

use std::path::Path;

use super::left::{Left, Why};

/// How many files one sentence names.
const NAMED: usize = 8;

/// How many links one sentence names with what they lead to, which is longer.
const LINKS_NAMED: usize = 3;

/// Says what of `field` (`code`, `data`) stays behind and what to do about it; a sentence for each
/// reason.
pub fn left_behind(field: &str, left: &[Left]) -> Vec<String> {
    let kept = |why: &Why, (one, many): (&str, &str)| {
        let paths = with(left, |left| (left == why).then_some(()));
        let paths: Vec<&Path> = paths.into_iter().map(|(path, ())| path).collect();
        let first = paths.first()?.display();
        let names = listed(&paths);
        Some(if paths.len() == 1 {
            format!(
                "{names} doesn't travel, since {one}; a line `!{first}` in .mlctlignore takes it along"
            )
        } else {
            format!(
                "{names} don't travel, since {many}; a line such as `!{first}` in .mlctlignore takes \
                 one along"
            )
        })
    };
    let sentences = [
        kept(
            &Why::Credentials,
            ("by its name it holds credentials", "by their names they hold credentials"),
        ),
        kept(&Why::PrivateKey, ("there is a private key in it", "there are private keys in them")),
        kept(
            &Why::Secret,
            ("it is a Secret with its values", "they are Secrets with their values"),
        ),
        environments(left),
        outside(field, left),
        to_left(left),
        special(left),
    ];
    sentences.into_iter().flatten().map(|sentence| format!("{field}: {sentence}")).collect()
}

/// What stays behind for one reason, with what that reason says.
fn with<'a, T>(left: &'a [Left], of: impl Fn(&'a Why) -> Option<T>) -> Vec<(&'a Path, T)> {
    left.iter().filter_map(|one| Some((one.path.as_path(), of(&one.why)?))).collect()
}

fn environments(left: &[Left]) -> Option<String> {
    let found = with(left, |why| match why {
        Why::Environment { at } => Some(at.as_path()),
        _ => None,
    });
    let (first, at) = found.first()?;
    let names = listed(&found.iter().map(|(path, _)| path).collect::<Vec<_>>());
    let stay = match found.len() {
        1 => "is a Python environment and stays behind",
        _ => "are Python environments and stay behind",
    };
    Some(format!(
        "{names} {stay}: packages belong into `setup.python.requirements`; on this machine a command \
         may be {}, and a line `!{}/` in .mlctlignore takes the folder along",
        at.join("bin/python").display(),
        first.display()
    ))
}

fn outside(field: &str, left: &[Left]) -> Option<String> {
    let found = with(left, |why| match why {
        Why::Outside { to } => Some(to.as_path()),
        _ => None,
    });
    let (link, to) = found.first()?;
    // Data have a path of their own, and none within that of others.
    let data = match field {
        "code" => format!(", or add `data: [{{uri: {}, path: {}}}]`", in_yaml(to), in_yaml(link)),
        _ => String::new(),
    };
    let leads = leading(&found);
    Some(match found.len() {
        1 => format!(
            "{leads}, outside of the {field}, and stays behind: put a copy in its place{data}"
        ),
        count => format!(
            "{count} links lead outside of the {field} and stay behind ({leads}): put copies in \
             their places{data}"
        ),
    })
}

fn to_left(left: &[Left]) -> Option<String> {
    let found = with(left, |why| match why {
        Why::ToLeft { to } => Some(to.as_path()),
        _ => None,
    });
    found.first()?;
    let leads = leading(&found);
    // What git keeps travels by no line, and what is in a folder that stays behind by the folder's.
    let line = found.iter().find(|(_, to)| !to.iter().any(|part| part == ".git")).map(|(_, to)| {
        let around = left.iter().find(|one| to.starts_with(&one.path));
        around.map_or(*to, |one| one.path.as_path())
    });
    let next = line.map_or_else(String::new, |to| {
        format!(
            ": a line such as `!{}` in .mlctlignore takes along what a link leads to",
            to.display()
        )
    });
    Some(match found.len() {
        1 => format!("{leads}, which doesn't travel, so neither does the link{next}"),
        count => {
            format!("{count} links lead to what doesn't travel ({leads}), so neither do they{next}")
        }
    })
}

fn special(left: &[Left]) -> Option<String> {
    let found = with(left, |why| (*why == Why::Special).then_some(()));
    let names = listed(&found.iter().map(|(path, ())| path).collect::<Vec<_>>());
    match found.len() {
        0 => None,
        1 => Some(format!("{names} doesn't travel, since it is a pipe, a socket or a device")),
        _ => Some(format!("{names} don't travel, since they are pipes, sockets or devices")),
    }
}

/// Links with what they lead to, the first ones only.
fn leading(links: &[(&Path, &Path)]) -> String {
    let shown: Vec<String> = links
        .iter()
        .map(|(link, to)| format!("{} leads to {}", link.display(), to.display()))
        .collect();
    first_of(&shown, LINKS_NAMED)
}

/// A path in a line of YAML.
fn in_yaml(path: &Path) -> String {
    let path = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-".contains(c);
    if path.chars().all(plain) && !path.starts_with('-') {
        path
    } else {
        format!("'{}'", path.replace('\'', "''"))
    }
}

/// Paths in a sentence, the first ones only.
pub fn listed<P: AsRef<Path>>(paths: &[P]) -> String {
    let shown: Vec<String> = paths.iter().map(|path| path.as_ref().display().to_string()).collect();
    first_of(&shown, NAMED)
}

fn first_of(all: &[String], limit: usize) -> String {
    let text = all[..all.len().min(limit)].join(", ");
    match all.len().saturating_sub(limit) {
        0 => text,
        more => format!("{text} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(left: &[(&str, Why)]) -> Vec<String> {
        let left = left.iter().map(|(path, why)| Left { path: path.into(), why: why.clone() });
        left_behind("code", &left.collect::<Vec<_>>())
    }

    #[test]
    fn a_sentence_for_each_reason() {
        let outside = |to: &str| Why::Outside { to: to.into() };
        let to_left = |to: &str| Why::ToLeft { to: to.into() };
        let environment = || Why::Environment { at: "/p/.venv".into() };
        insta::assert_snapshot!(
            [
                said(&[
                    (".env", Why::Credentials),
                    ("a/x.pem", Why::PrivateKey),
                    ("s.yaml", Why::Secret),
                    (".venv", environment()),
                    ("data", outside("/my sets/a")),
                    ("settings", to_left(".env")),
                    ("pipe", Why::Special),
                ]),
                said(&[
                    (".env", Why::Credentials),
                    ("a.p12", Why::Credentials),
                    ("a/x.pem", Why::PrivateKey),
                    ("b/x.pem", Why::PrivateKey),
                    ("s.yaml", Why::Secret),
                    ("t.yaml", Why::Secret),
                    (".venv", environment()),
                    ("b/venv", environment()),
                    ("data", outside("/sets/a")),
                    ("more", outside("/sets/b")),
                    ("git", to_left(".git/config")),
                    ("settings", to_left(".env")),
                    ("pipe", Why::Special),
                    ("socket", Why::Special),
                ]),
                said(&[("git", to_left(".git/config"))]),
                said(&[(".aws", Why::Credentials), ("keys", to_left(".aws/credentials"))]),
            ]
            .concat()
            .join("\n")
        );
    }

    #[test]
    fn many_are_counted() {
        let many = |why: &Why| -> String {
            let left = (0..20).map(|i| Left { path: i.to_string().into(), why: why.clone() });
            left_behind("data", &left.collect::<Vec<_>>()).concat()
        };
        assert!(many(&Why::Credentials).contains("6, 7 and 12 more don't travel"));
        let outside = many(&Why::Outside { to: "/x".into() });
        assert!(outside.contains("20 links") && outside.contains("2 leads to /x and 17 more"));
        assert!(!outside.contains("uri"), "data are added to no data: {outside}");
        assert!(left_behind("code", &[]).is_empty());
    }
}
