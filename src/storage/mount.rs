//! Paths in a pod at which something is mounted, compared as the kernel would: by where they lead.

/// Where a mount path leads: `//a/./b/` is `/a/b`, and `/a/../..` is `/`. `None` for a path that is
/// not absolute. Links in an image are not known here.
pub fn mount_point(path: &str) -> Option<String> {
    if !path.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    Some(format!("/{}", parts.join("/")))
}

/// A mount at `path` would change what is found at `place`: it is the place itself, lies within it,
/// or hides it from above. A path that is not absolute starts at the root, as runtimes take it.
pub fn mount_touches(path: &str, place: &str) -> bool {
    let point = |path: &str| mount_point(&format!("/{path}")).unwrap_or_default();
    let (path, place) = (point(path), point(place));
    within(&path, &place) || within(&place, &path)
}

fn within(path: &str, place: &str) -> bool {
    place == "/"
        || path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_way_to_write_a_place_is_that_place() {
        for path in [
            "/mlctl",
            "//mlctl",
            "/mlctl/",
            "/./mlctl",
            "/mlctl/.",
            "/x/../mlctl",
            "/../mlctl",
            "///x/.././/mlctl//./",
            "/mlctl/bin/..",
            "mlctl",
            "/",
            "//",
            "/..",
            "/mlctl/bin",
            "//mlctl/bin",
            "/mlctl//bin/",
            "/mlctl/./bin/x",
            "",
        ] {
            assert!(mount_touches(path, "/mlctl"), "{path}");
        }
        for path in ["/mlctl2", "/data/mlctl", "/mlctl/../data", "/ml", "/MLCTL", "/mlctl.d/bin"] {
            assert!(!mount_touches(path, "/mlctl"), "{path}");
        }
    }

    /// Parts of paths, with everything that means nothing or leads back.
    fn parts() -> impl Strategy<Value = Vec<&'static str>> {
        prop::collection::vec(prop::sample::select(vec!["", ".", "..", "a", "b", "mlctl"]), 0..8)
    }

    proptest! {
        #[test]
        fn a_mount_point_is_the_same_however_it_is_written(
            parts in parts(), at in 0..9usize, noise in prop::sample::select(vec!["", ".", "x/.."]),
        ) {
            let path = |parts: &[&str]| format!("/{}", parts.join("/"));
            let plain = mount_point(&path(&parts)).unwrap();
            let mut noisy = parts.clone();
            noisy.insert(at.min(parts.len()), noise);
            prop_assert_eq!(mount_point(&path(&noisy)).unwrap(), plain.clone());
            prop_assert_eq!(mount_point(&plain).unwrap(), plain.clone());
            prop_assert!(!plain.contains("//") && !plain.split('/').any(|part| part == ".." || part == "."));
            prop_assert!(plain == "/" || !plain.ends_with('/'));
        }

        #[test]
        fn touching_is_mutual_and_holds_for_what_is_below(one in parts(), other in parts()) {
            let (one, other) = (format!("/{}", one.join("/")), format!("/{}", other.join("/")));
            prop_assert_eq!(mount_touches(&one, &other), mount_touches(&other, &one));
            prop_assert!(mount_touches(&one, &one));
            let below = format!("{}/below", mount_point(&one).unwrap());
            prop_assert!(mount_touches(&below, &one));
        }
    }
}
