//! Whether a plan that was read says what mlctl itself would have written: everything after that may
//! rely on it.

use std::collections::HashSet;

use super::service::SERVICE_VERSION;
use super::tasks::TASKS_VERSION;
use super::types::{
    ARCHIVE_VERSION, ENDPOINT_VERSION, PLAN_VERSION, Plan, RolePlan, STUDY_VERSION,
};
use crate::gang::{MAX_REPLICAS, ReplicaId};
use crate::text::{FormatError, read_document};

impl Plan {
    /// Reads a plan from JSON of a format up to [`PLAN_VERSION`]; damaged is also one that
    /// [`Plan::check`] refuses.
    pub fn read(json: &[u8]) -> Result<Self, FormatError> {
        let plan: Self = read_document(json, PLAN_VERSION)?;
        plan.check().map_err(FormatError::Damaged)?;
        Ok(plan)
    }

    /// Looks whether the parts of the plan agree: one run, the members that its roles have, and a
    /// primary. The error says what doesn't.
    pub fn check(&self) -> Result<(), String> {
        let gang = self.gang();
        let run = &self.head.run;
        if gang.rules.run != *run {
            return Err(format!("its gang is of the run {}, not of {run}", gang.rules.run));
        }
        // The number is all that keeps an mlctl without tasks from running them as a gang.
        if self.is_tasks() && self.head.schema_version < TASKS_VERSION {
            let found = self.head.schema_version;
            return Err(format!("it is of format {found}, and has tasks"));
        }
        if gang.archive.is_some() && self.head.schema_version < ARCHIVE_VERSION {
            let found = self.head.schema_version;
            return Err(format!("it is of format {found}, and its code is an archive"));
        }
        let of_study = gang.metrics.is_some() || gang.controller.is_some();
        if of_study && self.head.schema_version < STUDY_VERSION {
            let found = self.head.schema_version;
            return Err(format!("it is of format {found}, and of a study"));
        }
        let of_endpoint =
            self.head.serves.is_some() || gang.serving.is_some() || self.endpoint().is_some();
        if of_endpoint && self.head.schema_version < ENDPOINT_VERSION {
            let found = self.head.schema_version;
            return Err(format!("it is of format {found}, and of an endpoint"));
        }
        let server = gang.serving.as_ref().map(|serving| &serving.server);
        let server = server.or(self.batch().map(|batch| &batch.server));
        let least = server.map_or(0, |server| server.format(0));
        if self.head.schema_version < least {
            let found = self.head.schema_version;
            return Err(format!("it is of format {found}, and its server has a port of its own"));
        }
        if let Some(service) = self.service() {
            if self.head.schema_version < SERVICE_VERSION {
                let found = self.head.schema_version;
                return Err(format!("it is of format {found}, and an endpoint of a cluster"));
            }
            for revision in &service.revisions {
                revision.plan.check()?;
                if revision.plan.head.schema_version > self.head.schema_version {
                    let (name, found) = (&revision.revision, self.head.schema_version);
                    return Err(format!(
                        "it is of format {found}, and its revision {name} of a newer one"
                    ));
                }
                if revision.plan.head.run != revision.deployment
                    || revision.plan.service().is_some()
                {
                    return Err(format!("its revision {} is of another run", revision.revision));
                }
            }
        }
        // Studies and endpoints are looked for by what a plan says, and its writer may be anybody.
        for group in self.decides_over().into_iter().chain(self.head.group()) {
            if !group.is_of(&self.head.name) {
                return Err(format!("it is a part of {group}, which has another name"));
            }
        }
        if gang.controller.is_some() && (self.is_tasks() || gang.rules.members.len() != 1) {
            return Err("it decides over other runs with more than one replica".into());
        }
        if self.is_tasks() && gang.roles.len() != 1 {
            return Err(format!("its tasks are of {} roles, not of one", gang.roles.len()));
        }
        // Counted before anything is made for each replica: the numbers come from whoever wrote it.
        let count = |role: &RolePlan| u64::from(role.replicas);
        let replicas: u64 = gang.roles.iter().map(count).sum();
        if replicas > u64::from(MAX_REPLICAS) {
            return Err(format!(
                "it has {replicas} replicas, and a gang has at most {MAX_REPLICAS}"
            ));
        }
        let members: HashSet<&ReplicaId> =
            gang.rules.members.iter().map(|member| &member.replica).collect();
        let replicas: HashSet<ReplicaId> = gang.replicas().map(|(_, replica)| replica).collect();
        if members.is_empty()
            || members.len() != gang.rules.members.len()
            || replicas.iter().collect::<HashSet<_>>() != members
        {
            return Err("the members of its gang are not the replicas of its roles".into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::fixture::{plan, tasks};

    fn changed(change: impl FnOnce(&mut serde_json::Value)) -> Result<Plan, FormatError> {
        let mut json = serde_json::to_value(plan("r-1", 2)).unwrap();
        change(&mut json);
        Plan::read(json.to_string().as_bytes())
    }

    #[test]
    fn a_plan_that_contradicts_itself_is_damaged() {
        assert_eq!(changed(|_| {}).unwrap(), plan("r-1", 2));
        let wrong: [fn(&mut serde_json::Value); 6] = [
            |json| json["roles"][0]["replicas"] = u32::MAX.into(),
            |json| json["roles"][0]["replicas"] = 3.into(),
            |json| json["gang"]["members"] = serde_json::json!([]),
            |json| json["gang"]["members"][0] = json["gang"]["members"][1].clone(),
            |json| json["gang"]["run"] = "r-2".into(),
            |json| json["roles"][0]["name"] = "../worker".into(),
        ];
        for (number, change) in wrong.into_iter().enumerate() {
            assert!(matches!(changed(change), Err(FormatError::Damaged(_))), "{number}");
        }
    }

    #[test]
    fn tasks_are_of_one_role_and_of_a_format_that_older_ones_refuse() {
        let read = |change: fn(&mut serde_json::Value)| {
            let mut json = serde_json::to_value(tasks("r-1", 2)).unwrap();
            change(&mut json);
            Plan::read(json.to_string().as_bytes())
        };
        assert_eq!(read(|_| {}).unwrap(), tasks("r-1", 2));
        let damaged = |change| matches!(read(change), Err(FormatError::Damaged(_)));
        assert!(damaged(|json| json["schemaVersion"] = 1.into()));
        assert!(damaged(|json| {
            let mut other = json["roles"][0].clone();
            other["name"] = "other".into();
            json["roles"].as_array_mut().unwrap().push(other);
        }));
        assert!(damaged(|json| {
            json["archive"] = serde_json::json!({"uri": "s3://b/x", "sha256": "0", "size": 1});
        }));
        let newer = read(|json| json["schemaVersion"] = (PLAN_VERSION + 1).into());
        assert_eq!(newer, Err(FormatError::Newer { found: PLAN_VERSION + 1, known: PLAN_VERSION }));
    }
}
