//! Pairs of label and prediction, counted as they come.

use std::collections::BTreeMap;

use super::datum::Datum;

/// More pairs of classes than this are no classes any more.
const MOST: usize = 100_000;

/// What is predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Task {
    /// One of some classes.
    Classification,
    /// A number.
    Regression,
}

/// What is counted of all pairs.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Which of the two it is, when the user has said so.
    pub(super) task: Option<Task>,
    pub(super) pairs: u64,
    /// How often a label (first) was predicted as a class (second); `None` once there are too many, or
    /// one that is none.
    pub(super) confusion: Option<BTreeMap<(String, String), u64>>,
    pub(super) sums: Sums,
    /// Pairs that are not two numbers.
    words: u64,
    /// Pairs of two numbers of which one is no integer.
    fractions: u64,
    /// Scores for labels that are no place in them.
    unplaced: u64,
}

/// Sums over pairs of numbers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    pub(super) pairs: u64,
    pub(super) squares: f64,
    pub(super) absolutes: f64,
    mean: f64,
    /// Squared distances of the labels from their mean.
    pub(super) spread: f64,
}

impl Tally {
    pub(super) fn new(task: Option<Task>) -> Self {
        Self { task, confusion: Some(BTreeMap::new()), ..Self::default() }
    }

    /// One more pair.
    pub(super) fn add(&mut self, label: &Datum, predicted: &Datum) {
        self.pairs += 1;
        if let (Datum::Number(label), Datum::Number(predicted)) = (label, predicted) {
            self.sums.add(*label, *predicted);
            self.fractions += u64::from(!is_integer(*label) || !is_integer(*predicted));
        } else {
            self.words += 1;
        }
        if let (Datum::Scores(_), Datum::Word(_)) = (predicted, label) {
            self.unplaced += 1;
        }
        let classes = (class_of(label), self.predicted_class(predicted));
        match (classes, &mut self.confusion) {
            ((Some(label), Some(predicted)), Some(all)) if all.len() < MOST => {
                *all.entry((label, predicted)).or_default() += 1;
            }
            _ => self.confusion = None,
        }
    }

    /// What these pairs are: classes, if there is any word or vector of scores, or only integers.
    pub(super) fn decided(&self) -> Result<Task, String> {
        if self.unplaced > 0 {
            return Err(
                "the labels are words and the predictions are scores, whose classes have no \
                        names here: name what is the class with --prediction, or number the labels"
                    .into(),
            );
        }
        let classes = self.words > 0 || self.fractions == 0;
        let task =
            self.task.unwrap_or(if classes { Task::Classification } else { Task::Regression });
        match task {
            Task::Regression if self.words > 0 => {
                Err(format!("{} of {} pairs are not two numbers", self.words, self.pairs))
            }
            Task::Classification if self.confusion.is_none() => Err(
                "the labels or predictions are no classes: numbers with fractions, vectors, or \
                     too many of them"
                    .into(),
            ),
            task => Ok(task),
        }
    }

    /// The class of a prediction: the place of the highest score; of a single score, whether it is at
    /// least one half, where the user has said that these are classes.
    fn predicted_class(&self, predicted: &Datum) -> Option<String> {
        match predicted {
            Datum::Scores(scores) => {
                let best = scores.iter().enumerate().filter(|(_, score)| !score.is_nan());
                // Of equal scores the first counts, as argmax has it.
                let best = best.rev().max_by(|(_, a), (_, b)| a.total_cmp(b));
                Some(best.map_or_else(|| "NaN".to_owned(), |(at, _)| at.to_string()))
            }
            Datum::Number(score) if !is_integer(*score) => {
                let asked = self.task == Some(Task::Classification);
                asked.then(|| u8::from(*score >= 0.5).to_string())
            }
            other => class_of(other),
        }
    }
}

impl Sums {
    fn add(&mut self, label: f64, predicted: f64) {
        let error = predicted - label;
        self.pairs += 1;
        self.squares += error * error;
        self.absolutes += error.abs();
        let distance = label - self.mean;
        self.mean += distance / self.pairs as f64;
        self.spread += distance * (label - self.mean);
    }
}

fn class_of(datum: &Datum) -> Option<String> {
    match datum {
        Datum::Number(number) if is_integer(*number) => Some(format!("{number:.0}")),
        Datum::Word(word) => Some(word.clone()),
        Datum::Number(_) | Datum::Scores(_) => None,
    }
}

fn is_integer(number: f64) -> bool {
    number.fract() == 0.0 && number.abs() < 9e15
}
