//! Places that a spec names: paths, URIs, claims of a cluster.

/// `s3://bucket/x`, `gs://...`, `file:///...`: anything that names its own scheme.
pub fn is_uri(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    })
}

/// A claim of a cluster and a path within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim<'a> {
    /// Name of the PersistentVolumeClaim.
    pub name: &'a str,
    /// Path without a slash at either end; may be empty.
    pub path: &'a str,
}

impl<'a> Claim<'a> {
    /// The claim that `pvc://CLAIM/PATH` names; `None` for any other text.
    pub fn of(uri: &'a str) -> Option<Self> {
        let rest = uri.strip_prefix("pvc://")?;
        let (name, path) = rest.split_once('/').unwrap_or((rest, ""));
        Some(Self { name, path: path.trim_matches('/') })
    }

    /// It has a name, and its path stays in it.
    pub fn is_sound(self) -> bool {
        !self.name.is_empty() && !self.path.split('/').any(|part| part == "..")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_has_a_scheme() {
        assert!(is_uri("gs://b"));
        assert!(!is_uri("a:b"));
        assert!(!is_uri("./x://y"));
    }

    #[test]
    fn a_claim_has_a_name_and_maybe_a_path() {
        assert_eq!(Claim::of("pvc://a"), Some(Claim { name: "a", path: "" }));
        assert_eq!(Claim::of("pvc://a/b/c/"), Some(Claim { name: "a", path: "b/c" }));
        assert_eq!(Claim::of("s3://a/b"), None);
        assert!(!Claim::of("pvc:///b").unwrap().is_sound());
        assert!(!Claim::of("pvc://a/../b").unwrap().is_sound());
    }
}
