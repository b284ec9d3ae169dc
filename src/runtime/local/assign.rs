//! Who gets which device: pure, so that every case can be tried.

use std::collections::BTreeMap;

use crate::hardware::gpus::Device;

/// What one role asks for.
#[derive(Clone, Debug)]
pub(super) struct Want {
    /// How many replicas it has.
    pub(super) replicas: u32,
    /// How many devices each of them wants.
    pub(super) count: u32,
    /// What it may be given, the best first.
    pub(super) candidates: Vec<Device>,
}

/// What a role gets: the UUIDs of each replica's devices, or how many it could have had.
pub(super) type Given = Result<Vec<Vec<String>>, usize>;

impl Want {
    fn total(&self) -> usize {
        self.replicas as usize * self.count as usize
    }

    /// Candidates that one replica can use as many of as it wants: of slices a process uses one only.
    fn usable(&self) -> impl Iterator<Item = &Device> {
        self.candidates.iter().filter(|device| self.count <= 1 || !device.is_slice)
    }
}

/// Gives each role all that it asks for of what is free, or nothing. A role that little fits chooses
/// first, so that one which takes any GPU doesn't take the only one of another's type.
pub(super) fn assign(wants: &[Want], is_free: &dyn Fn(&Device) -> bool) -> Vec<Given> {
    let mut order: Vec<usize> = (0..wants.len()).collect();
    order.sort_by_key(|place| wants[*place].candidates.len());
    let mut taken: Vec<&str> = Vec::new();
    let mut given: Vec<Given> = vec![Err(0); wants.len()];
    for place in order {
        let want = &wants[place];
        let free = want.usable().filter(|one| is_free(one) && !taken.contains(&one.uuid.as_str()));
        let free: Vec<&str> = free.map(|one| one.uuid.as_str()).collect();
        given[place] = if free.len() >= want.total() {
            let mine = &free[..want.total()];
            taken.extend(mine);
            let of_replica = |uuids: &[&str]| uuids.iter().map(|uuid| (*uuid).to_owned()).collect();
            Ok(mine.chunks(want.count.max(1) as usize).map(of_replica).collect())
        } else {
            Err(free.len())
        };
    }
    given
}

/// Puts the replicas of all roles on what is free, as evenly as that goes: a device has several of them
/// where there are more replicas than devices, and a replica sees fewer than it asked for where there are
/// not so many. A role for which nothing is free gets nothing.
pub(super) fn share(wants: &[Want], is_free: &dyn Fn(&Device) -> bool) -> Vec<Given> {
    let mut load: BTreeMap<&str, usize> = BTreeMap::new();
    let mut given = Vec::new();
    for want in wants {
        let free: Vec<&str> =
            want.usable().filter(|one| is_free(one)).map(|one| one.uuid.as_str()).collect();
        if free.is_empty() {
            given.push(Err(0));
            continue;
        }
        let of_replica = |_| {
            let mut least = free.clone();
            least.sort_by_key(|uuid| load.get(uuid).copied().unwrap_or_default());
            least.truncate(want.count.max(1) as usize);
            for uuid in &least {
                *load.entry(uuid).or_default() += 1;
            }
            least.into_iter().map(str::to_owned).collect()
        };
        given.push(Ok((0..want.replicas).map(of_replica).collect()));
    }
    given
}

#[cfg(test)]
mod tests {
    use super::*;

    fn want(replicas: u32, count: u32, candidates: &[&str]) -> Want {
        let device = |uuid: &&str| Device {
            uuid: (*uuid).into(),
            name: "NVIDIA L4".into(),
            gpu: (*uuid).into(),
            is_slice: uuid.starts_with("MIG-"),
        };
        Want { replicas, count, candidates: candidates.iter().map(device).collect() }
    }

    fn text(given: &[Given]) -> Vec<String> {
        let one = |given: &Given| match given {
            Ok(replicas) => {
                replicas.iter().map(|mine| mine.join("+")).collect::<Vec<_>>().join(" ")
            }
            Err(free) => format!("only {free}"),
        };
        given.iter().map(one).collect()
    }

    #[test]
    fn a_role_gets_all_or_nothing() {
        let wants = [want(2, 1, &["a", "b", "c"]), want(1, 2, &["a", "b", "c"])];
        assert_eq!(text(&assign(&wants, &|_| true)), ["a b", "only 1"]);
        assert_eq!(text(&assign(&wants[..1], &|one| one.uuid != "a")), ["b c"]);
        assert_eq!(text(&assign(&wants[1..], &|one| one.uuid != "a")), ["b+c"]);
    }

    #[test]
    fn who_can_use_little_chooses_first() {
        let wants = [want(1, 1, &["l4", "a100"]), want(1, 1, &["l4"])];
        assert_eq!(text(&assign(&wants, &|_| true)), ["a100", "l4"]);
    }

    #[test]
    fn a_process_uses_one_slice() {
        let wants = [want(2, 1, &["MIG-1", "MIG-2"]), want(1, 2, &["MIG-3", "MIG-4"])];
        assert_eq!(text(&assign(&wants, &|_| true)), ["MIG-1 MIG-2", "only 0"]);
    }

    #[test]
    fn sharing_is_even() {
        assert_eq!(text(&share(&[want(4, 1, &["a", "b"])], &|_| true)), ["a b a b"]);
        assert_eq!(
            text(&share(&[want(2, 4, &["a"]), want(1, 1, &["a", "b"])], &|_| true)),
            ["a a", "b"]
        );
        assert_eq!(text(&share(&[want(2, 1, &["a"])], &|_| false)), ["only 0"]);
    }
}
