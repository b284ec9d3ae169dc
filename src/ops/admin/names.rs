//! Names of namespaces and users, checked before they are written into manifests.

use sha2::{Digest, Sha256};

use crate::text::hex;

/// Where the name of a user goes in a pattern of namespaces.
const USER: &str = "{user}";
/// The most characters of a namespace's name.
const MOST: usize = 63;
/// What the user name of a service account begins with.
const ACCOUNT: &str = "system:serviceaccount:";
/// What the groups of all service accounts, of a namespace or of the cluster, begin with.
const ACCOUNTS: &str = "system:serviceaccounts";
/// How many digits tell users apart whose names would make the same namespace.
const DIGITS: usize = 8;

/// Why no manifests are made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AdminError {
    /// No namespace can be called so.
    #[error(
        "`{0}` is no name of a namespace: write at most 63 lower-case letters, digits and hyphens, \
         the first and the last no hyphen"
    )]
    Namespace(String),
    /// The namespace is the cluster's own.
    #[error("`{0}` is a namespace of the cluster's own: choose another name")]
    Reserved(String),
    /// A pattern that is nothing but the user's name could be any namespace that is there.
    #[error("`{{user}}` alone could be any namespace that is there: write `ml-{{user}}`")]
    Bare,
    /// A pattern, and nobody to put into it.
    #[error("`{0}` is a namespace for each user, and no user is named: add --user NAME")]
    Nobody(String),
    /// No cluster knows anybody by this name.
    #[error(
        "`{0}` is no name of a user: service accounts are system:serviceaccount:NAMESPACE:NAME, and \
         groups are named by --group"
    )]
    User(String),
    /// No cluster knows a group by this name.
    #[error(
        "`{0}` is no name of a group: write it as the cluster knows it; a user or service account is \
         named by --user"
    )]
    Group(String),
    /// A group's members are known to the cluster alone, so that none can have a namespace made.
    #[error(
        "the group `{0}` has members that are not named here, and `{1}` is a namespace for each user: \
         name one namespace, or each user with --user"
    )]
    GroupForEach(String, String),
    /// The bindings of two users would be one.
    #[error("`{0}` and `{1}` would get a binding of the same name: apply them in two namespaces")]
    Same(String, String),
}

/// The namespace that a pattern means for a user, or without one.
pub(super) fn namespace(pattern: &str, user: Option<&str>) -> Result<String, AdminError> {
    let Some((before, after)) = pattern.split_once(USER) else {
        return own(checked(pattern)?);
    };
    let user = user.ok_or_else(|| AdminError::Nobody(pattern.into()))?;
    if before.is_empty() && after.is_empty() {
        return Err(AdminError::Bare);
    }
    let room = MOST.saturating_sub(before.len() + after.len());
    own(checked(&format!("{before}{}{after}", part(user, room)))?)
}

/// A quota and a strict standard would stop what the cluster itself runs in its namespaces.
fn own(name: String) -> Result<String, AdminError> {
    if name.starts_with("kube-") { Err(AdminError::Reserved(name)) } else { Ok(name) }
}

/// Each user has a namespace of their own.
pub(super) fn is_for_each(pattern: &str) -> bool {
    pattern.contains(USER)
}

/// A name that is a DNS label.
fn checked(name: &str) -> Result<String, AdminError> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let is_label = (1..=MOST).contains(&name.len())
        && name.chars().all(plain)
        && !name.starts_with('-')
        && !name.ends_with('-');
    if is_label { Ok(name.into()) } else { Err(AdminError::Namespace(name.into())) }
}

/// A user's name as a part of a namespace's. What is not taken over as it is has digits behind it, so
/// that no two users share a namespace: a name that looks as if it had them gets others.
fn part(user: &str, room: usize) -> String {
    let has_digits = user.rsplit_once('-').is_some_and(|(_, end)| {
        end.len() == DIGITS && end.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c))
    });
    if checked(user).is_ok() && user.len() <= room && !has_digits {
        return user.into();
    }
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let mut short: String = user.chars().map(plain).collect();
    short.truncate(room.saturating_sub(DIGITS + 1));
    let mut digits = hex::encode(Sha256::digest(user.as_bytes()));
    digits.truncate(DIGITS);
    match short.trim_matches('-') {
        "" => digits,
        short => format!("{short}-{digits}"),
    }
}

/// A name that a cluster may know somebody by.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.trim() == name && !name.chars().any(char::is_control)
}

/// The name of a group, if it can be one. A service account's name would bind nobody.
pub(super) fn group(name: &str) -> Result<&str, AdminError> {
    let is_account = name.starts_with(ACCOUNT);
    if is_plain(name) && !is_account { Ok(name) } else { Err(AdminError::Group(name.into())) }
}

/// The namespace and the name of a service account; `None` for other users. The error is for names
/// that no cluster gives, and for groups of service accounts: a user of that name would be nobody.
pub(super) fn service_account(user: &str) -> Result<Option<(&str, &str)>, AdminError> {
    let wrong = || AdminError::User(user.into());
    if !is_plain(user) || user.starts_with(ACCOUNTS) {
        return Err(wrong());
    }
    let Some(account) = user.strip_prefix(ACCOUNT) else { return Ok(None) };
    let (home, name) = account.split_once(':').ok_or_else(wrong)?;
    let labels = name.split('.').all(|label| checked(label).is_ok());
    if checked(home).is_err() || !labels {
        return Err(wrong());
    }
    Ok(Some((home, name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_users_share_a_namespace() {
        let of = |user: &str| namespace("ml-{user}", Some(user)).unwrap();
        assert_eq!(of("ada"), "ml-ada");
        let mail = of("ada@example.com");
        assert!(mail.starts_with("ml-ada-example-com-"), "{mail}");
        // Whoever may choose their own name can't choose another's namespace.
        let guess = mail.strip_prefix("ml-").unwrap();
        let long = "a".repeat(100);
        let users =
            ["ada", "Ada", "ada@example.com", "ada-example-com", "ada.example@com", guess, &long];
        let mut all: Vec<String> = users.iter().map(|user| of(user)).collect();
        all.push(of(&format!("{long}a")));
        all.push(of("@@"));
        assert!(all.iter().all(|name| name.len() <= MOST && checked(name).is_ok()), "{all:?}");
        all.sort();
        all.dedup();
        assert_eq!(all.len(), users.len() + 2, "{all:?}");
    }

    #[test]
    fn names_that_are_none_are_refused() {
        for name in ["", "-a", "a-", "A", "a.b", "a\nkind: x", "a: b", &"a".repeat(64)] {
            let error = AdminError::Namespace(name.into());
            assert_eq!(namespace(name, None), Err(error));
        }
        assert_eq!(namespace("{user}", Some("monitoring")), Err(AdminError::Bare));
        assert_eq!(namespace("ml-{user}", None), Err(AdminError::Nobody("ml-{user}".into())));
        let reserved = AdminError::Reserved("kube-system".into());
        assert_eq!(namespace("kube-{user}", Some("system")), Err(reserved));
        let twice = namespace("{user}-{user}", Some("a"));
        assert_eq!(twice, Err(AdminError::Namespace("a-{user}".into())));
        let accounts = ["system:serviceaccounts:ci", "system:serviceaccount:a}:b"];
        for user in ["", "a\nb", "a ", "system:serviceaccount:a"].into_iter().chain(accounts) {
            assert_eq!(service_account(user), Err(AdminError::User(user.into())));
        }
        let account = service_account("system:serviceaccount:ci:bot.v2");
        assert_eq!(account, Ok(Some(("ci", "bot.v2"))));
    }
}
