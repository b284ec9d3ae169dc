//! For how many trials at once a machine has room.

use crate::plan::GangPlan;

/// How many gangs like this one fit beside each other on a machine with so many cores and GPUs; at least
/// one, and `None` where the plan asks for neither. Where a runtime shares out machines of its own, as a
/// cluster does, nothing of this counts.
pub fn room(gang: &GangPlan, cores: usize, gpus: usize) -> Option<u32> {
    let sum = |of: &dyn Fn(&crate::plan::RolePlan) -> u64| -> u64 {
        gang.roles.iter().map(|role| of(role).saturating_mul(role.replicas.into())).sum()
    };
    let millis = sum(&|role| role.cpu.map_or(0, |cpu| cpu.millis));
    let devices = sum(&|role| role.accelerators.as_ref().map_or(0, |one| one.count.into()));
    let of = |there: u64, wanted: u64| (wanted > 0).then(|| (there / wanted).max(1));
    // Without any GPU trials run on the CPU, which the user has allowed.
    let by_gpus = if gpus == 0 { None } else { of(gpus as u64, devices) };
    let by_cores = of(cores as u64 * 1000, millis);
    let least = [by_cores, by_gpus].into_iter().flatten().min()?;
    Some(u32::try_from(least).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::fixture::plan;

    #[test]
    fn cores_and_gpus_bound_how_many_run_at_once() {
        let with = |cpu: Option<&str>, devices: u32| {
            let mut plan = plan("r-1", 2);
            for role in &mut plan.gang_mut().roles {
                role.cpu = cpu.map(|cpu| cpu.parse().unwrap());
                role.accelerators = (devices > 0).then(|| {
                    serde_json::from_value(
                        serde_json::json!({"type": "nvidia-l4", "count": devices}),
                    )
                    .unwrap()
                });
            }
            room(plan.gang(), 16, 4)
        };
        assert_eq!(with(None, 0), None);
        assert_eq!(with(Some("2"), 0), Some(4));
        assert_eq!(with(Some("500m"), 1), Some(2));
        assert_eq!(with(Some("64"), 0), Some(1));
    }
}
