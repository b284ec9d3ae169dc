//! Patterns of keys: `*`, `?`, `[...]`, `{a,b}` within a folder, `**` across folders.

use globset::{GlobBuilder, GlobMatcher};

/// What opens a pattern.
const WILD: [char; 4] = ['*', '?', '[', '{'];

/// A key with wildcards.
#[derive(Debug)]
pub(super) struct Pattern {
    whole: GlobMatcher,
    steps: Vec<Step>,
}

/// One folder further down.
#[derive(Debug)]
pub(super) struct Step {
    /// What keys begin with below the folders of the step before: text without wildcards.
    pub(super) begin: String,
    /// Everything below is listed.
    pub(super) deep: bool,
    /// It lists objects, not folders.
    pub(super) last: bool,
    /// Which folders the next step goes into.
    folder: Option<GlobMatcher>,
}

impl Step {
    /// A folder, written with its `/`, is one that the pattern goes into.
    pub(super) fn is_match(&self, folder: &str) -> bool {
        self.folder.as_ref().is_some_and(|glob| glob.is_match(folder.trim_end_matches('/')))
    }
}

impl Pattern {
    /// The pattern that a key is; `None` when it has no wildcards. A `/` at the end means everything
    /// below the folders that it matches.
    pub(super) fn of(key: &str) -> Result<Option<Self>, String> {
        if !key.contains(WILD) {
            return Ok(None);
        }
        let key = if key.ends_with('/') { format!("{key}**") } else { key.to_owned() };
        let mut steps = Vec::new();
        // Where the step begins, behind the folder of the step before.
        let mut from = 0;
        loop {
            let rest = &key[from..];
            let wild = rest.find(WILD).map_or(key.len(), |at| from + at);
            let end = key[wild..].find('/').map(|at| wild + at);
            let part = &key[wild..end.unwrap_or(key.len())];
            // A list of alternatives may have a `/` in it, so its end is not looked for.
            let deep = part.contains("**") || part.contains('{');
            let last = end.is_none() || deep;
            let folder = match end {
                Some(end) if !last => Some(matcher(&key[..end])?),
                _ => None,
            };
            let begin = key[from..wild].to_owned();
            steps.push(Step { begin, deep, last, folder });
            match end {
                Some(end) if !last => from = end + 1,
                _ => break,
            }
        }
        Ok(Some(Self { whole: matcher(&key)?, steps }))
    }

    /// The steps, from the top down.
    pub(super) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The key matches as a whole.
    pub(super) fn is_match(&self, key: &str) -> bool {
        self.whole.is_match(key)
    }
}

fn matcher(pattern: &str) -> Result<GlobMatcher, String> {
    let glob = GlobBuilder::new(pattern).literal_separator(true).backslash_escape(true).build();
    Ok(glob.map_err(|error| format!("its pattern can't be read: {error}"))?.compile_matcher())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(key: &str) -> Vec<(String, bool)> {
        let pattern = Pattern::of(key).unwrap().unwrap();
        let steps = pattern.steps().iter();
        steps.map(|step| (step.begin.clone(), step.deep)).collect()
    }

    #[test]
    fn only_folders_that_can_match_are_listed() {
        let step = |begin: &str, deep| (begin.to_owned(), deep);
        assert_eq!(steps("data/part-*"), [step("data/part-", false)]);
        assert_eq!(steps("a/d?y/x/p*"), [step("a/d", false), step("x/p", false)]);
        assert_eq!(steps("a/**/x*"), [step("a/", true)]);
        assert_eq!(steps("a/{b,c/d}/*"), [step("a/", true)]);
        assert_eq!(steps("a/*/"), [step("a/", false), step("", true)]);
        assert!(Pattern::of("a/b").unwrap().is_none());
        assert!(Pattern::of("a/[b").is_err());
    }

    #[test]
    fn a_star_stays_in_its_folder() {
        let is_match =
            |pattern: &str, key: &str| Pattern::of(pattern).unwrap().unwrap().is_match(key);
        assert!(is_match("a/*.jsonl", "a/ü #1.jsonl"));
        assert!(!is_match("a/*.jsonl", "a/b/c.jsonl"));
        assert!(is_match("a/**/c.jsonl", "a/b/c.jsonl") && is_match("a/**/c.jsonl", "a/c.jsonl"));
        assert!(is_match("a/{b,c}[0-9]", "a/c7") && !is_match("a/{b,c}[0-9]", "a/d7"));
    }
}
