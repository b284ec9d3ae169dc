//! A job's name from `displayName`, or from the file's name.

/// Longest name of a job; runs append six characters to it.
const MAX_LENGTH: usize = 30;

/// The text as a DNS-1035 name: lower-case letters, digits and `-`, a letter first; `None` when
/// nothing is left of it.
pub(in crate::spec::foreign) fn dns_name(text: &str) -> Option<String> {
    let mut name = String::new();
    for c in text.chars() {
        let c = if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        let skip = c == '-' && (name.is_empty() || name.ends_with('-'));
        let starts_wrong = name.is_empty() && !c.is_ascii_lowercase();
        if !skip && !starts_wrong && name.len() < MAX_LENGTH {
            name.push(c);
        }
    }
    let name = name.trim_end_matches('-');
    (!name.is_empty()).then(|| name.to_owned())
}

/// A name for a document without one: its file's, with a number from the second document on.
pub(in crate::spec::foreign) fn from_source(source_name: &str, index: usize) -> String {
    let file = source_name.rsplit(['/', '\\']).next().unwrap_or(source_name);
    let stem = file.split('.').next().unwrap_or(file);
    let mut name = dns_name(stem).filter(|_| !file.starts_with('<')).unwrap_or("job".into());
    if index > 0 {
        let number = format!("-{}", index + 1);
        name.truncate(MAX_LENGTH - number.len());
        name += &number;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(dns_name("My Job: v2!").unwrap(), "my-job-v2");
        assert_eq!(dns_name("2024_run").unwrap(), "run");
        assert_eq!(dns_name("--"), None);
        assert_eq!(dns_name(&"ab-".repeat(20)).unwrap(), "ab-ab-ab-ab-ab-ab-ab-ab-ab-ab");
        assert_eq!(from_source("a/b/custom_job.yaml", 0), "custom-job");
        assert_eq!(from_source("<stdin>", 1), "job-2");
    }
}
