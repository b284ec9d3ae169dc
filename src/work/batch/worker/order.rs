//! In which order a worker does the shards.

/// A worker's own shards in their order, then those of the others, beginning with its neighbour's and
/// each from behind: whoever owns them comes towards it from the front. The second part is the takeover
/// of what others have not done.
pub(super) fn order(index: u32, replicas: u32, shards: u32) -> (Vec<u32>, Vec<u32>) {
    let replicas = replicas.max(1);
    let bound = |worker: u32| (u64::from(worker) * u64::from(shards) / u64::from(replicas)) as u32;
    let of = |worker: u32| bound(worker)..bound(worker + 1);
    let index = index % replicas;
    let others = (1..replicas).flat_map(|step| of((index + step) % replicas).rev());
    (of(index).collect(), others.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_worker_has_every_shard_once() {
        assert_eq!(order(0, 1, 3), (vec![0, 1, 2], vec![]));
        assert_eq!(order(1, 3, 7), (vec![2, 3], vec![6, 5, 4, 1, 0]));
        for (replicas, shards) in [(1, 0), (3, 2), (4, 9), (5, 5)] {
            let mut own = Vec::new();
            for index in 0..replicas {
                let (first, then) = order(index, replicas, shards);
                let mut all: Vec<u32> = first.iter().chain(&then).copied().collect();
                all.sort_unstable();
                assert_eq!(all, (0..shards).collect::<Vec<_>>());
                own.extend(first);
            }
            assert_eq!(own, (0..shards).collect::<Vec<_>>());
        }
    }
}
