//! Which part of all callers each revision has, and how parts move when weights do.

use serde::{Deserialize, Serialize};

/// The length of the whole interval.
const WHOLE: u64 = 1 << 32;

/// An assignment in more pieces than this is laid anew, though that moves callers: each change of
/// weights cuts at most as many pieces as there are revisions, and pieces grow together again.
const MOST_SHARES: usize = 4096;

/// The interval of all points, cut into shares.
///
/// A caller is a point: a hash of what names it, or for callers without a name one that runs over
/// the interval evenly. When weights change, a caller only changes its revision if it must: what
/// revisions lose is cut off and goes to those that gain, and nothing else moves. No function of
/// the weights alone can do that for three revisions or more, so an assignment is a value that is
/// kept and moved on by [`Assignment::toward`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment(Vec<Share>);

/// A part of the interval, from where the share before it ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Share {
    /// Whose it is.
    pub revision: String,
    /// Its length, of 2^32.
    pub length: u64,
}

impl Assignment {
    /// The shares in their order.
    pub fn shares(&self) -> &[Share] {
        &self.0
    }

    /// Whose a point is; None only if there are no shares.
    pub fn of(&self, point: u32) -> Option<&str> {
        let mut end = 0;
        let share = self.0.iter().find(|share| {
            end += share.length;
            u64::from(point) < end
        });
        share.map(|share| share.revision.as_str())
    }

    /// The assignment for other weights that moves as little as any can: half of the sum of all
    /// changes of a revision's part. Revisions without weight have no share. One that is no cut of
    /// the whole interval, such as the empty one, is laid anew.
    #[must_use]
    pub fn toward(&self, weights: &[(&str, u32)]) -> Self {
        let targets = lengths(weights);
        if self.0.iter().map(|share| share.length).sum::<u64>() != WHOLE {
            return Self::laid(&targets);
        }
        let wanted = |name: &str| {
            targets.iter().find(|(other, _)| *other == name).map_or(0, |(_, length)| *length)
        };
        let had = |name: &str| -> u64 {
            self.0.iter().filter(|share| share.revision == name).map(|share| share.length).sum()
        };

        // What revisions lose is cut off from the end; pieces without an owner stay where they are.
        let mut over: Vec<(&str, u64)> = Vec::new();
        let mut pieces: Vec<(Option<&str>, u64)> = Vec::new();
        for share in self.0.iter().rev() {
            let name = share.revision.as_str();
            let index = over.iter().position(|(other, _)| *other == name).unwrap_or_else(|| {
                over.push((name, had(name).saturating_sub(wanted(name))));
                over.len() - 1
            });
            let freed = over[index].1.min(share.length);
            over[index].1 -= freed;
            pieces.push((None, freed));
            pieces.push((Some(name), share.length - freed));
        }
        pieces.reverse();

        let mut short: Vec<(&str, u64)> = targets
            .iter()
            .map(|(name, length)| (*name, length.saturating_sub(had(name))))
            .filter(|(_, length)| *length > 0)
            .collect();
        short.reverse();
        let mut next = Self::default();
        for (owner, mut length) in pieces {
            if let Some(owner) = owner {
                next.extend(owner, length);
                continue;
            }
            while length > 0
                && let Some((name, needed)) = short.last_mut()
            {
                let taken = length.min(*needed);
                next.extend(name, taken);
                length -= taken;
                *needed -= taken;
                if *needed == 0 {
                    short.pop();
                }
            }
        }
        if next.0.len() > MOST_SHARES { Self::laid(&targets) } else { next }
    }

    fn laid(targets: &[(&str, u64)]) -> Self {
        let mut laid = Self::default();
        for (name, length) in targets {
            laid.extend(name, *length);
        }
        laid
    }

    fn extend(&mut self, revision: &str, length: u64) {
        match self.0.last_mut() {
            Some(last) if last.revision == revision => last.length += length,
            _ if length > 0 => self.0.push(Share { revision: revision.to_owned(), length }),
            _ => {}
        }
    }
}

/// How long each revision's part is. What rounding leaves over goes to those that lost the most by
/// it, the first of equals, so that the parts make up the whole.
fn lengths<'a>(weights: &[(&'a str, u32)]) -> Vec<(&'a str, u64)> {
    let sum: u64 = weights.iter().map(|(_, weight)| u64::from(*weight)).sum();
    let weighted = weights.iter().filter(|(_, weight)| *weight > 0);
    let mut parts: Vec<(&str, u64, u64)> = weighted
        .map(|(name, weight)| {
            let scaled = u128::from(*weight) * u128::from(WHOLE);
            let sum = u128::from(sum);
            (*name, (scaled / sum) as u64, (scaled % sum) as u64)
        })
        .collect();
    let left = WHOLE - parts.iter().map(|(_, length, _)| length).sum::<u64>().min(WHOLE);
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(parts[*index].2));
    for index in order.into_iter().take(left as usize) {
        parts[index].1 += 1;
    }
    parts.into_iter().map(|(name, length, _)| (name, length)).collect()
}
