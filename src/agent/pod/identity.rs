//! Who a pod is: what its template has filled in by the downward API.

use std::collections::BTreeMap;

use super::document::downward;
use super::error::PodError;

/// The downward variables, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PodIdentity {
    pub(super) pod_uid: String,
    pub(super) job: String,
    pub(super) job_uid: String,
    pub(super) index: usize,
    /// How many pods of this index there were before.
    pub(super) generation: u32,
    /// How many of them were ended from outside.
    pub(super) disruptions: u32,
    pub(super) memory_limit: Option<u64>,
}

impl PodIdentity {
    pub(super) fn of(variables: &BTreeMap<String, String>) -> Result<Self, PodError> {
        let optional = |name: &'static str| {
            variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
        };
        let text =
            |name: &'static str| optional(name).map(str::to_owned).ok_or(PodError::Missing(name));
        let count = |name| optional(name).map_or(Ok(0), |value| number::<u32>(name, value));
        let disruptions = count(downward::IGNORED)?;
        Ok(Self {
            pod_uid: text(downward::POD_UID)?,
            job: text(downward::JOB)?,
            job_uid: text(downward::JOB_UID)?,
            index: number(downward::INDEX, &text(downward::INDEX)?)?,
            generation: count(downward::FAILURES)?.saturating_add(disruptions),
            disruptions,
            memory_limit: optional(downward::MEMORY_LIMIT)
                .map(|value| number(downward::MEMORY_LIMIT, value))
                .transpose()?,
        })
    }
}

fn number<T: std::str::FromStr>(name: &'static str, value: &str) -> Result<T, PodError> {
    value.parse().map_err(|_| PodError::NotANumber { name, value: value.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_generation_is_the_sum_of_all_replacements() {
        let mut all = variables(&[
            (downward::POD_UID, "p"),
            (downward::JOB, "digits-abc123"),
            (downward::JOB_UID, "u"),
            (downward::INDEX, "2"),
        ]);
        // The annotations of a first pod aren't there, or are empty.
        all.insert(downward::IGNORED.into(), String::new());
        assert_eq!(PodIdentity::of(&all).unwrap().generation, 0);
        all.insert(downward::FAILURES.into(), "2".into());
        all.insert(downward::IGNORED.into(), "3".into());
        all.insert(downward::MEMORY_LIMIT.into(), "268435456".into());
        let identity = PodIdentity::of(&all).unwrap();
        assert_eq!((identity.index, identity.generation, identity.disruptions), (2, 5, 3));
        assert_eq!(identity.memory_limit, Some(256 << 20));
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = PodIdentity::of(&variables(&[(downward::POD_UID, "p")])).unwrap_err();
        assert!(error.to_string().contains("MLCTL_AGENT_JOB"), "{error}");
        let bad = variables(&[
            (downward::POD_UID, "p"),
            (downward::JOB, "j"),
            (downward::JOB_UID, "u"),
            (downward::INDEX, "x"),
        ]);
        assert!(PodIdentity::of(&bad).unwrap_err().to_string().contains("`x`"));
    }
}
