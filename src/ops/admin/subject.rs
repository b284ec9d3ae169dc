//! Whom a Role is bound to: users, service accounts, groups.

use super::names::{AdminError, group, service_account};

/// The user that the files' bindings name.
const USER: &str = "USER";

/// Whom a Role is given to, as the cluster knows them.
#[derive(Clone, Copy, Debug)]
pub(super) enum Subject<'a> {
    /// A user, or a service account by its user name.
    User(&'a str),
    /// All members of a group.
    Group(&'a str),
}

impl<'a> Subject<'a> {
    /// All users and groups, in their order.
    pub(super) fn all(users: &'a [String], groups: &'a [String]) -> Vec<Self> {
        let users = users.iter().map(|user| Self::User(user));
        users.chain(groups.iter().map(|group| Self::Group(group))).collect()
    }

    /// The name by which an admin gave it.
    pub(super) fn name(self) -> &'a str {
        match self {
            Self::User(name) | Self::Group(name) => name,
        }
    }

    /// The name of its binding of `role`, which is a part of a URL. No user's name becomes a group's:
    /// theirs have no colon.
    pub(super) fn binding(self, role: &str) -> String {
        let plain = |name: &str| -> String {
            name.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect()
        };
        match self {
            Self::User(name) => format!("{role}-{}", plain(name)),
            Self::Group(name) => format!("{role}-group:{}", plain(name)),
        }
    }

    /// A text with a binding of `role` to [`USER`], as one to this subject.
    pub(super) fn bound(self, text: &str, role: &str) -> Result<String, AdminError> {
        let of_rbac = |kind: &str, name: &str| {
            let name = serde_json::to_string(name).unwrap_or_default();
            format!("- {{apiGroup: rbac.authorization.k8s.io, kind: {kind}, name: {name}}}")
        };
        let subject = match self {
            Self::User(user) => match service_account(user)? {
                Some((home, name)) => {
                    format!("- {{kind: ServiceAccount, namespace: {home}, name: {name}}}")
                }
                None => of_rbac("User", user),
            },
            Self::Group(name) => of_rbac("Group", group(name)?),
        };
        let named = format!("- {{apiGroup: rbac.authorization.k8s.io, kind: User, name: {USER}}}");
        let text = text.replace(&format!("{role}-{USER}"), &self.binding(role));
        Ok(text.replace(&named, &subject))
    }
}

/// Each subject has bindings of its own: the name of another's would replace those.
pub(super) fn distinct(subjects: &[Subject<'_>]) -> Result<(), AdminError> {
    for (at, subject) in subjects.iter().enumerate() {
        let same = |other: &&Subject<'_>| other.binding("") == subject.binding("");
        if let Some(other) = subjects[..at].iter().find(same) {
            return Err(AdminError::Same(other.name().into(), subject.name().into()));
        }
    }
    Ok(())
}
