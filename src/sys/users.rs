//! The users and groups of this machine, as its files list them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::ask::ask;

/// The program that asks all sources of users, by nsswitch.conf(5).
const GETENT: [&str; 2] = ["/usr/bin/getent", "/bin/getent"];
/// A directory server answers within this time, or its users are unknown.
const DIRECTORY: Duration = Duration::from_secs(5);

/// The number of this process's user.
pub fn user_id() -> u32 {
    rustix::process::getuid().as_raw()
}

/// The number of the user whose rights this process has.
pub fn effective_user_id() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// The name of this process's user; `None` where the machine doesn't know the user, as in many
/// containers.
pub fn user_name() -> Option<String> {
    let user = line_of(user_id())?;
    Some(parse(&user)?.name.to_owned())
}

/// The home folder that the machine gives to the user whose rights this process has.
pub fn home_dir() -> Option<PathBuf> {
    let user = line_of(effective_user_id())?;
    let home = PathBuf::from(parse(&user)?.home);
    home.is_absolute().then_some(home)
}

/// The user's line of the user database: of `/etc/passwd`, else of whatever else the machine is set to
/// ask, such as a directory server. This binary is static and can't load the modules that ask, so that
/// the machine's own program does it.
fn line_of(user: u32) -> Option<String> {
    let is_theirs = |line: &&str| parse(line).is_some_and(|entry| entry.id == user);
    let users = text("/etc/passwd");
    if let Some(line) = users.lines().find(is_theirs) {
        return Some(line.to_owned());
    }
    if !asks_elsewhere(&text("/etc/nsswitch.conf")) {
        return None;
    }
    let program = GETENT.iter().find(|program| Path::new(program).is_file())?;
    let mut command = Command::new(program);
    let answer = ask(command.args(["passwd", &user.to_string()]), DIRECTORY, &|| false).ok()?;
    answer.stdout.lines().find(is_theirs).map(str::to_owned)
}

/// Users are kept elsewhere than in `/etc/passwd`: `passwd: files sss`, in the words of nsswitch.conf(5).
fn asks_elsewhere(switch: &str) -> bool {
    let line = switch.lines().find_map(|line| line.trim_start().strip_prefix("passwd:"));
    let sources = line.unwrap_or_default().split('#').next().unwrap_or_default();
    let is_other =
        |source: &str| !source.starts_with('[') && !matches!(source, "files" | "compat" | "db");
    sources.split_whitespace().any(is_other)
}

/// A group that nobody is in but this user and root. One that the machine does not list is private to
/// the user of the same number, as in containers.
pub(super) fn is_private_group(group: u32, user: u32) -> bool {
    is_private(&text("/etc/passwd"), &text("/etc/group"), group, user)
}

fn is_private(users: &str, groups: &str, group: u32, user: u32) -> bool {
    let ours = |entry: &Entry<'_>| entry.id == user || entry.id == 0;
    let mut known = false;
    for entry in users.lines().filter_map(parse).filter(|entry| entry.group == group) {
        known = true;
        if !ours(&entry) {
            return false;
        }
    }
    let id = group.to_string();
    for line in groups.lines() {
        let fields: Vec<&str> = line.split(':').collect();
        let [_, _, number, members, ..] = fields[..] else { continue };
        if number != id {
            continue;
        }
        known = known || group == user;
        for member in members.split(',').filter(|name| !name.is_empty()) {
            let entry = users.lines().filter_map(parse).find(|entry| entry.name == member);
            if !entry.is_some_and(|entry| ours(&entry)) {
                return false;
            }
            known = true;
        }
    }
    known || group == user || group == 0
}

/// True of the number that stands for all users who have none in this container: nobody here is it.
pub(super) fn stands_for_unmapped(user: u32) -> bool {
    let number = text("/proc/sys/kernel/overflowuid");
    let maps = text("/proc/self/uid_map");
    number.trim().parse() == Ok(user) && !maps.is_empty() && !is_mapped(&maps, user)
}

fn is_mapped(maps: &str, user: u32) -> bool {
    let user = u64::from(user);
    maps.lines().any(|line| {
        let mut numbers = line.split_ascii_whitespace().map(str::parse::<u64>);
        match (numbers.next(), numbers.nth(1)) {
            (Some(Ok(first)), Some(Ok(count))) => (first..first + count).contains(&user),
            _ => true,
        }
    })
}

struct Entry<'a> {
    name: &'a str,
    id: u32,
    group: u32,
    home: &'a str,
}

fn parse(line: &str) -> Option<Entry<'_>> {
    let fields: Vec<&str> = line.split(':').collect();
    let [name, _, id, group, _, home, ..] = fields[..] else { return None };
    Some(Entry { name, id: id.parse().ok()?, group: group.parse().ok()?, home })
}

fn text(path: &str) -> String {
    fs_err::read_to_string(path).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: &str = "root:x:0:0:root:/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\n\
                         bob:x:1001:1001::/home/bob:/bin/sh\ncy:x:1002:100::/home/cy:/bin/sh\n";
    const GROUPS: &str =
        "root:x:0:\nada:x:1000:\nusers:x:100:\nteam:x:500:ada,bob\nsolo:x:501:ada\n";

    #[test]
    fn a_group_is_private_when_nobody_else_is_in_it() {
        let is = |group, user| is_private(USERS, GROUPS, group, user);
        assert!(is(1000, 1000) && is(501, 1000) && is(0, 1000));
        assert!(!is(500, 1000) && !is(100, 1000) && !is(1001, 1000));
        // In a container that lists neither, and by a server that lists users elsewhere.
        assert!(is(2000, 2000) && !is(3000, 2000));
    }

    #[test]
    fn a_machine_may_keep_its_users_elsewhere() {
        for (switch, is) in [
            ("", false),
            ("group: files sss\npasswd: files\n", false),
            ("passwd:\t compat # sss\n", false),
            ("passwd: files [NOTFOUND=return]\n", false),
            ("passwd: files systemd\n", true),
            ("  passwd: sss files\n", true),
        ] {
            assert_eq!(asks_elsewhere(switch), is, "{switch}");
        }
    }

    #[test]
    fn nobody_is_somebody_where_all_users_are_known() {
        assert!(is_mapped("         0          0 4294967295\n", 65534));
        assert!(!is_mapped("         0       1000          1\n", 65534));
    }
}
