//! The users and groups of this machine, as its files list them.

use std::path::PathBuf;

/// The number of this process's user.
pub fn user_id() -> u32 {
    rustix::process::getuid().as_raw()
}

/// The number of the user whose rights this process has.
pub fn effective_user_id() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// The name of this process's user; `None` when `/etc/passwd` has none, as in many containers.
pub fn user_name() -> Option<String> {
    let users = text("/etc/passwd");
    Some(entry(&users, user_id())?.name.to_owned())
}

/// The home folder that `/etc/passwd` gives to the user whose rights this process has.
pub fn home_dir() -> Option<PathBuf> {
    let users = text("/etc/passwd");
    let home = PathBuf::from(entry(&users, effective_user_id())?.home);
    home.is_absolute().then_some(home)
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

fn entry(users: &str, id: u32) -> Option<Entry<'_>> {
    users.lines().filter_map(parse).find(|entry| entry.id == id)
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
    fn nobody_is_somebody_where_all_users_are_known() {
        assert!(is_mapped("         0          0 4294967295\n", 65534));
        assert!(!is_mapped("         0       1000          1\n", 65534));
    }
}
