//! A small random forest for regression (Breiman, "Random Forests", Machine Learning 45, 2001): each
//! tree is grown on a bootstrap sample, and each split chooses among some of the features. The same
//! rows give the same forest on every machine.

/// How the numbers of a feature are split. A row that lacks a feature has [`ABSENT`] there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Feature {
    /// By size.
    Number,
    /// One against all others.
    Category,
}

/// What stands where a row has no value: below all that there are.
pub(super) const ABSENT: f64 = -1.0;
const TREES: u64 = 64;
/// Rows of which a tree is grown, at most.
const ROWS: usize = 2_000;
const DEPTH: usize = 20;
/// A split leaves so many rows on each side.
const LEAST: usize = 1;

/// Numbers that look random (SplitMix64: Steele, Lea and Flood, OOPSLA 2014).
#[derive(Clone, Debug)]
pub(super) struct Random(pub(super) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to, but not, 1.
    pub(super) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// From 0 up to, but not, `n`, which is above 0.
    pub(super) fn below(&mut self, n: usize) -> usize {
        ((self.unit() * n as f64) as usize).min(n - 1)
    }
}

#[derive(Clone, Debug)]
enum Node {
    Leaf(f64),
    Split { feature: usize, at: f64, left: usize, right: usize },
}

/// A forest, and what it is worth.
#[derive(Clone, Debug)]
pub(super) struct Forest {
    features: Vec<Feature>,
    trees: Vec<Vec<Node>>,
    /// The share of the targets' variance that it explains, of each row by the trees that have not
    /// seen it; below 0 where their mean would be a better guess.
    pub(super) explained: Option<f64>,
}

impl Forest {
    /// Grows a forest; there is a target for each row.
    pub(super) fn grow(features: &[Feature], rows: &[Vec<f64>], targets: &[f64]) -> Self {
        let mut forest = Self { features: features.to_vec(), trees: Vec::new(), explained: None };
        let mut unseen = vec![(0.0, 0_u32); rows.len()];
        for seed in 0..TREES {
            let mut random = Random(seed);
            let sample: Vec<usize> =
                (0..rows.len().min(ROWS)).map(|_| random.below(rows.len())).collect();
            let mut is_seen = vec![false; rows.len()];
            for at in &sample {
                is_seen[*at] = true;
            }
            let mut tree = Vec::new();
            Grower { features, rows, targets, random }.node(&mut tree, sample, 0);
            for (at, row) in rows.iter().enumerate().filter(|(at, _)| !is_seen[*at]) {
                unseen[at].0 += forest.ask(&tree, row);
                unseen[at].1 += 1;
            }
            forest.trees.push(tree);
        }
        let pairs: Vec<(f64, f64)> = unseen
            .iter()
            .zip(targets)
            .filter(|((_, trees), _)| *trees > 0)
            .map(|((sum, trees), target)| (sum / f64::from(*trees), *target))
            .collect();
        let mean = pairs.iter().map(|(_, target)| target).sum::<f64>() / pairs.len() as f64;
        let error: f64 = pairs.iter().map(|(guess, target)| (guess - target).powi(2)).sum();
        let all: f64 = pairs.iter().map(|(_, target)| (target - mean).powi(2)).sum();
        forest.explained = (all > 0.0).then(|| 1.0 - error / all);
        forest
    }

    /// The target that a row is likely to have.
    pub(super) fn predict(&self, row: &[f64]) -> f64 {
        let sum: f64 = self.trees.iter().map(|tree| self.ask(tree, row)).sum();
        sum / self.trees.len() as f64
    }

    fn ask(&self, tree: &[Node], row: &[f64]) -> f64 {
        let mut at = 0;
        loop {
            match &tree[at] {
                Node::Leaf(value) => return *value,
                Node::Split { feature, at: cut, left, right } => {
                    let is_left = goes_left(self.features[*feature], row[*feature], *cut);
                    at = if is_left { *left } else { *right };
                }
            }
        }
    }
}

#[expect(clippy::float_cmp, reason = "categories are small whole numbers")]
fn goes_left(feature: Feature, value: f64, cut: f64) -> bool {
    match feature {
        Feature::Number => value <= cut,
        Feature::Category => value == cut,
    }
}

struct Grower<'a> {
    features: &'a [Feature],
    rows: &'a [Vec<f64>],
    targets: &'a [f64],
    random: Random,
}

impl Grower<'_> {
    /// Grows a node of these rows and what is below it; returns where it is.
    fn node(&mut self, tree: &mut Vec<Node>, rows: Vec<usize>, depth: usize) -> usize {
        let place = tree.len();
        let mean = rows.iter().map(|at| self.targets[*at]).sum::<f64>() / rows.len() as f64;
        tree.push(Node::Leaf(mean));
        if depth == DEPTH || rows.len() < 2 * LEAST {
            return place;
        }
        let Some((feature, cut)) = self.best(&rows) else { return place };
        let (left, right): (Vec<usize>, Vec<usize>) = rows
            .iter()
            .partition(|at| goes_left(self.features[feature], self.rows[**at][feature], cut));
        let left = self.node(tree, left, depth + 1);
        let right = self.node(tree, right, depth + 1);
        tree[place] = Node::Split { feature, at: cut, left, right };
        place
    }

    /// The split that leaves the least variance, among two thirds of the features.
    fn best(&mut self, rows: &[usize]) -> Option<(usize, f64)> {
        let mut order: Vec<usize> = (0..self.features.len()).collect();
        for at in (1..order.len()).rev() {
            order.swap(at, self.random.below(at + 1));
        }
        order.truncate((order.len() * 2).div_ceil(3));
        let total: f64 = rows.iter().map(|at| self.targets[*at]).sum();
        let flat = total * total / rows.len() as f64;
        let mut best: Option<(f64, usize, f64)> = None;
        for feature in order {
            let mut pairs: Vec<(f64, f64)> =
                rows.iter().map(|at| (self.rows[*at][feature], self.targets[*at])).collect();
            pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
            let found = match self.features[feature] {
                Feature::Number => by_size(&pairs, total),
                Feature::Category => by_choice(&pairs, total),
            };
            // Of two that are as good, the first of this order.
            if let Some((gain, cut)) = found
                && gain > flat * (1.0 + 1e-12) + f64::MIN_POSITIVE
                && best.is_none_or(|(most, ..)| gain > most)
            {
                best = Some((gain, feature, cut));
            }
        }
        best.map(|(_, feature, cut)| (feature, cut))
    }
}

/// What a split leaves explained: the larger, the less variance is left on its two sides.
fn gain(sum: f64, count: usize, total: f64, all: usize) -> Option<f64> {
    let rest = all - count;
    (count >= LEAST && rest >= LEAST)
        .then(|| sum * sum / count as f64 + (total - sum).powi(2) / rest as f64)
}

/// The best threshold of pairs in the order of their sizes.
fn by_size(pairs: &[(f64, f64)], total: f64) -> Option<(f64, f64)> {
    let mut sum = 0.0;
    let mut best = None;
    for at in 0..pairs.len() - 1 {
        sum += pairs[at].1;
        let (value, next) = (pairs[at].0, pairs[at + 1].0);
        if value < next
            && let Some(gain) = gain(sum, at + 1, total, pairs.len())
            && best.is_none_or(|(most, _)| gain > most)
        {
            best = Some((gain, f64::midpoint(value, next)));
        }
    }
    best
}

/// The best category against all others, of pairs in the order of their categories.
fn by_choice(pairs: &[(f64, f64)], total: f64) -> Option<(f64, f64)> {
    let mut best = None;
    for alike in pairs.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
        let sum = alike.iter().map(|pair| pair.1).sum();
        if let Some(gain) = gain(sum, alike.len(), total, pairs.len())
            && best.is_none_or(|(most, _)| gain > most)
        {
            best = Some((gain, alike[0].0));
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forest_learns_steps_and_categories() {
        let mut random = Random(7);
        let rows: Vec<Vec<f64>> =
            (0..200).map(|_| vec![random.unit(), random.below(3) as f64]).collect();
        let truth = |row: &[f64]| f64::from(row[0] > 0.5) + 2.0 * f64::from(row[1] as u8 == 1);
        let targets: Vec<f64> = rows.iter().map(|row| truth(row)).collect();
        let forest = Forest::grow(&[Feature::Number, Feature::Category], &rows, &targets);
        assert!(forest.explained.unwrap() > 0.95, "{:?}", forest.explained);
        for row in [[0.2, 0.0], [0.8, 1.0], [0.8, 2.0]] {
            assert!((forest.predict(&row) - truth(&row)).abs() < 0.2, "{row:?}");
        }
    }

    #[test]
    fn noise_is_not_explained() {
        let mut random = Random(3);
        let rows: Vec<Vec<f64>> = (0..60).map(|_| vec![random.unit()]).collect();
        let targets: Vec<f64> = (0..60).map(|_| random.unit()).collect();
        let forest = Forest::grow(&[Feature::Number], &rows, &targets);
        assert!(forest.explained.unwrap() < 0.2, "{:?}", forest.explained);
        let same = Forest::grow(&[Feature::Number], &rows, &vec![1.0; 60]);
        assert_eq!((same.explained, same.predict(&[0.3])), (None, 1.0));
    }
}
