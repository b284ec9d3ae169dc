//! How memory of the gang is merged: nothing spent, elapsed or decided is ever forgotten.

use super::Carry;

impl Carry {
    /// Takes over what `other` knows better. A higher epoch brings its first failure along; budgets
    /// and time only grow; the first verdict heard of stays.
    pub fn merge(&mut self, other: &Self) {
        if other.epoch > self.epoch {
            self.epoch = other.epoch;
            self.first_failure.clone_from(&other.first_failure);
        } else if other.epoch == self.epoch && other.first_failure.is_some() {
            self.first_failure.clone_from(&other.first_failure);
        }
        self.spent.join(&other.spent);
        self.elapsed = self.elapsed.max(other.elapsed);
        if self.verdict.is_none() {
            self.verdict.clone_from(&other.verdict);
        }
    }
}
