//! What is drawn from a schedule's seed: the adversary's faults, at random or steered.

use super::plan::{Fault, Moment, Ms, SECOND};

/// One of `values`, each as likely as the others.
pub(super) fn pick(rng: &mut fastrand::Rng, values: &[u64]) -> u64 {
    values[rng.usize(..values.len())]
}

/// Any fault that the world of this plan knows.
pub(super) fn fault(rng: &mut fastrand::Rng, n: usize, laptop: bool) -> Fault {
    // The primary is the interesting one.
    let index = if rng.u8(..3) == 0 { 0 } else { rng.usize(..n) };
    let length = match rng.u8(..4) {
        0 => rng.u64(..4000),
        1 => rng.u64(..16_000),
        2 => rng.u64(..32_000),
        _ => rng.u64(..90_000),
    };
    let stamp_zero = rng.u8(..6) == 0;
    match rng.u8(..if laptop { 15 } else { 30 }) {
        0 | 1 => Fault::KillAgent { index, stamp_zero },
        2 | 13 => Fault::KillCommand { index },
        3 | 24 => Fault::CrashInVerdict { after: rng.u32(..14) },
        4 | 25 => Fault::Pause { index, length },
        5 => {
            let mut indexes: Vec<_> = (0..n).filter(|_| rng.bool()).collect();
            if indexes.is_empty() {
                indexes.push(index);
            }
            Fault::Sigterm { indexes }
        }
        6 => Fault::Sigterm { indexes: vec![index] },
        7 => Fault::Foreign { index, kind: rng.u8(..4) },
        8 => Fault::Cancel,
        10 => Fault::MemoryFull { index },
        12 if laptop => Fault::Sleep { length: length * 3 },
        9 | 12 => Fault::KillAgent { index: 0, stamp_zero },
        14 | 27 => Fault::DiskFull { index, torn: rng.bool(), length: length * 2 },
        28 => Fault::KillAll,
        29 => Fault::BlackHole { index, up: rng.bool() },
        15 => Fault::NodeLost { index, back: rng.bool().then(|| 20 * SECOND + rng.u64(..60_000)) },
        16..=18 => {
            let way = rng.u8(..4);
            Fault::Partition { index, out: way != 0, inward: way != 1, length }
        }
        19 => Fault::Slow { index, extra: rng.u64(..8000), length },
        20 | 21 => Fault::Duplicate { index },
        22 => Fault::Suspend { length },
        23 if rng.u8(..4) == 0 => Fault::Deadline,
        _ => Fault::Cut { index },
    }
}

/// Faults that strike while an attempt is being gathered for or is on its way to the members.
pub(super) fn steer(rng: &mut fastrand::Rng, n: usize) -> Vec<(Ms, Fault)> {
    let count = rng.usize(1..4);
    let mut faults = Vec::new();
    for _ in 0..count {
        let armed = if rng.bool() { 0 } else { rng.u64(..60 * SECOND) };
        let moment = if rng.u8(..4) == 0 { Moment::Gathers } else { Moment::Starts };
        let delay = if rng.bool() { 0 } else { rng.u64(..1000) };
        let mut add = |delay, fault| {
            faults.push((armed, Fault::At { moment, delay, fault: Box::new(fault) }));
        };
        let (index, length) = (rng.usize(1..n), rng.u64(..30 * SECOND));
        let (after, extra) = (rng.u64(..2000), rng.u64(..9000));
        match rng.u8(..13) {
            0 => add(delay, Fault::Pause { index: 0, length }),
            1 => {
                let (out, inward) = (rng.bool(), true);
                add(delay, Fault::Partition { index: 0, out, inward, length });
            }
            2 => add(delay, Fault::KillAgent { index: 0, stamp_zero: false }),
            3 => add(delay, Fault::Duplicate { index: 0 }),
            4 => add(delay, Fault::Cancel),
            5 | 6 => {
                // The primary is sent away as soon as it has seen that a member was displaced.
                add(delay, Fault::Displace { index, after, extra: 9000 });
                let noticed = delay + after + rng.u64(..2000);
                add(noticed, Fault::Sigterm { indexes: vec![0] });
            }
            7..=9 => {
                // The lease that came with the start is late: it may not last the longer for that.
                let length = 7000 + rng.u64(..1500);
                add(delay, Fault::Partition { index, out: false, inward: true, length });
                add(delay, Fault::Displace { index, after, extra: 0 });
            }
            _ => add(delay, Fault::Displace { index, after, extra }),
        }
    }
    faults
}
