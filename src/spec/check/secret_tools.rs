//! Passwords that well-known programs take behind a flag whose name says nothing: `curl -u me:pw`,
//! `mysql -ppw`. What such a flag means is known only together with the program before it.

use super::mask::{MASK, is_secret_flag};

/// How a program takes a password.
struct Tool {
    /// What the program is called, without its folder.
    programs: &'static [&'static str],
    /// A word that has to stand between the program and its flag, where the flag means something else
    /// without it.
    verb: Option<&'static str>,
    flags: &'static [&'static str],
    /// Where the password is.
    place: Place,
}

#[derive(Clone, Copy)]
enum Place {
    /// The next word, or the rest of this one.
    Value,
    /// The rest of this word; alone the flag means that somebody is asked.
    Joined,
    /// The same as `Value`, behind the user's name and a colon.
    BehindColon,
}

/// By the manuals of the programs.
const TOOLS: [Tool; 6] = [
    Tool {
        programs: &["curl"],
        verb: None,
        flags: &["-u", "-U", "--user", "--proxy-user"],
        place: Place::BehindColon,
    },
    Tool {
        programs: &["mysql", "mysqldump", "mysqladmin", "mysqlimport", "mariadb", "mariadb-dump"],
        verb: None,
        flags: &["-p"],
        place: Place::Joined,
    },
    Tool {
        programs: &["mongo", "mongosh", "mongodump", "mongorestore", "sshpass"],
        verb: None,
        flags: &["-p"],
        place: Place::Value,
    },
    Tool { programs: &["redis-cli"], verb: None, flags: &["-a"], place: Place::Value },
    Tool {
        programs: &["ldapsearch", "ldapmodify"],
        verb: None,
        flags: &["-w"],
        place: Place::Value,
    },
    Tool {
        programs: &["docker", "podman", "buildah", "skopeo", "crane", "helm", "oras", "az"],
        verb: Some("login"),
        flags: &["-p"],
        place: Place::Value,
    },
];

/// The words of a command line, one after the other.
#[derive(Default)]
pub(super) struct Tools {
    /// The tools of the program that was named last; whether their verb was there.
    of: Vec<(&'static Tool, bool)>,
    /// The next word is a value of this kind.
    follows: Option<Place>,
}

impl Tools {
    /// The next word as it may be shown, quotes around it kept; `None` where it holds no password by the
    /// words before it.
    pub(super) fn next(&mut self, word: &str) -> Option<String> {
        let bare = word.trim_matches(['"', '\'', '(', ')', '`']);
        if let Some(place) = self.follows.take() {
            return masked(word, bare, place);
        }
        if matches!(word, "&&" | "||" | "|" | ";") {
            self.of.clear();
            return None;
        }
        // Its name says more than the program does.
        if is_secret_flag(bare) {
            return None;
        }
        let program = bare.rsplit(['/', '(']).next().unwrap_or_default();
        let named: Vec<_> = TOOLS.iter().filter(|tool| tool.programs.contains(&program)).collect();
        if !named.is_empty() {
            self.of = named.into_iter().map(|tool| (tool, tool.verb.is_none())).collect();
            return None;
        }
        let mut shown = None;
        for (tool, is_meant) in &mut self.of {
            if tool.verb == Some(bare) {
                *is_meant = true;
            }
            if !*is_meant || shown.is_some() {
                continue;
            }
            if tool.flags.contains(&bare) {
                self.follows = (!matches!(tool.place, Place::Joined)).then_some(tool.place);
            } else if let Some(value) = joined(bare, tool.flags) {
                shown = masked(word, value, tool.place);
            }
        }
        if word.ends_with(';') {
            self.of.clear();
        }
        shown
    }
}

/// The value in `-uVALUE` or `--user=VALUE`.
fn joined<'a>(word: &'a str, flags: &[&str]) -> Option<&'a str> {
    flags.iter().find_map(|flag| {
        let rest = word.strip_prefix(flag)?;
        if flag.starts_with("--") { rest.strip_prefix('=') } else { Some(rest) }
    })
}

/// The word with the password in `value`, a part of it, masked; `None` for a variable, a mask or nothing.
fn masked(word: &str, value: &str, place: Place) -> Option<String> {
    let password = match place {
        Place::Value | Place::Joined => value,
        Place::BehindColon => value.split_once(':')?.1,
    };
    if password.is_empty() || password == MASK || password.starts_with('$') {
        return None;
    }
    let start = word.rfind(password)?;
    Some(format!("{}{MASK}{}", &word[..start], &word[start + password.len()..]))
}

#[cfg(test)]
mod tests {
    use super::super::{mask_argv, mask_script};

    #[test]
    fn flags_that_say_nothing_by_themselves() {
        for (text, shown) in [
            ("curl -s -u me:pw1 http://h", "curl -s -u me:*** http://h"),
            ("x && /usr/bin/curl -ume:pw1 h", "x && /usr/bin/curl -ume:*** h"),
            ("curl --user 'me:p:w' h", "curl --user 'me:***' h"),
            ("curl --proxy-user=me:pw1 h", "curl --proxy-user=me:*** h"),
            ("a=$(curl -u me:pw1 h)", "a=$(curl -u me:*** h)"),
            ("mysql -u root -ppw1 db", "mysql -u root -p*** db"),
            ("sshpass -p pw1 ssh h", "sshpass -p *** ssh h"),
            ("redis-cli -a pw1 get x", "redis-cli -a *** get x"),
            ("docker login -u me -p pw1 r.example", "docker login -u me -p *** r.example"),
        ] {
            assert_eq!(mask_script(text), shown);
            let argv: Vec<String> = text.split(' ').map(str::to_owned).collect();
            assert_eq!(mask_argv(&argv).join(" "), shown);
        }
        for text in [
            "curl -u me h",
            "curl -u me:$PASS h",
            "python -u train:me.py",
            "mysql -p db",
            "curl h; python -u a:b",
            "docker run -p 8080:80 x",
            "mkdir -pv a",
            "docker build -p x",
        ] {
            assert_eq!(mask_script(text), text);
        }
    }
}
