//! The optimiser's view of a study: its space, its trials, and the parameters that it proposes.

use indexmap::IndexMap;
use mlctl_optimizer as optimizer;
use optimizer::{Direction, Fallback, Found, Outcome, Params};

use super::document::StudyDocument;
use super::error::StudyError;
use super::state::StudyState;
use super::trial::Trial;
use crate::spec::space::{Dimension, Domain, Space, Value};
use crate::spec::{Algorithm, Goal, Scale, Word};

/// Chooses the parameters of a study's trials.
#[derive(Debug)]
pub struct Chooser {
    space: Space,
    searched: optimizer::Space,
    options: optimizer::Options,
    baseline: Vec<IndexMap<String, Word>>,
    metrics: Vec<String>,
}

/// What is tried next.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chosen {
    /// Sets of parameters, each with how it was found; fewer than were asked for where all have been
    /// tried.
    pub params: Vec<(IndexMap<String, Word>, &'static str)>,
    /// There is nothing that has not been tried.
    pub is_exhausted: bool,
    /// What was done in a cheaper way than asked for, in sentences.
    pub notes: Vec<String>,
}

impl Chooser {
    /// The one of a study.
    pub fn new(study: &StudyDocument) -> Result<Self, StudyError> {
        let spec = &study.spec;
        let space = Space::of(&spec.parameters)?;
        if spec.algorithm == Algorithm::Grid
            && spec.max_trials.is_none()
            && space.grid_points().is_none()
        {
            let reason = "a grid over them has more than a million points: `maxTrials` says how many of \
                          them are tried, or another `algorithm` chooses among them";
            return Err(StudyError::Space(reason.into()));
        }
        let parameters = space.dimensions.iter().map(parameter).collect();
        let searched = optimizer::Space::new(parameters)
            .map_err(|error| StudyError::Space(error.to_string()))?;
        let directions = spec.metrics.iter().map(|metric| match metric.goal {
            Goal::Maximize => Direction::Maximise,
            Goal::Minimize => Direction::Minimise,
        });
        let options = optimizer::Options {
            seed: study.seed,
            algorithm: match spec.algorithm {
                Algorithm::Bayesian => optimizer::Algorithm::Bayesian,
                Algorithm::Random => optimizer::Algorithm::Random,
                Algorithm::Grid => optimizer::Algorithm::Grid,
                Algorithm::Quasirandom => optimizer::Algorithm::Quasirandom,
            },
            directions: directions.collect(),
            earlier: Vec::new(),
            ..optimizer::Options::default()
        };
        let mut chooser = Self {
            searched,
            options,
            baseline: spec.baseline.clone(),
            metrics: spec.metrics.iter().map(|metric| metric.name.clone()).collect(),
            space,
        };
        for earlier in &study.earlier {
            let trials = earlier.iter().map(|trial| optimizer::Trial {
                params: chooser.params(&trial.params),
                outcome: trial.values.clone().map_or(Outcome::Failed, Outcome::Values),
            });
            let trials = trials.collect();
            chooser.options.earlier.push(trials);
        }
        Ok(chooser)
    }

    /// The parameters of the next `n` trials. Baselines come first.
    pub fn choose(&self, state: &StudyState, n: usize) -> Result<Chosen, StudyError> {
        let mut chosen = Chosen::default();
        let mut pending: Vec<Params> = state
            .trials
            .iter()
            .filter(|trial| !trial.state.is_ended())
            .map(|trial| self.params(&trial.params))
            .collect();
        let history: Vec<optimizer::Trial> =
            state.trials.iter().filter_map(|trial| self.told(trial)).collect();
        let is_grid = self.options.algorithm == optimizer::Algorithm::Grid;
        let begun = state.trials.len();
        // A grid has no place for what isn't one of its points.
        let baselines = if is_grid { &[][..] } else { self.baseline.get(begun..).unwrap_or(&[]) };
        for baseline in baselines.iter().take(n) {
            let filled = self.filled(baseline, &history, &pending)?;
            pending.push(self.params(&filled));
            chosen.params.push((filled, "baseline"));
        }
        let left = n - chosen.params.len();
        if left == 0 {
            return Ok(chosen);
        }
        let found = self.suggest(&history, &pending, left)?;
        chosen.is_exhausted = found.fallbacks.contains(&Fallback::Exhausted);
        chosen.notes = found.fallbacks.iter().filter_map(note).collect();
        // Points that come again stand behind those that are new.
        let mut seen: Vec<Params> = pending;
        seen.extend(history.into_iter().map(|trial| trial.params));
        for (params, found) in found.params.into_iter().zip(found.found) {
            if !(chosen.is_exhausted && seen.contains(&params)) {
                chosen.params.push((self.words(&params), word(found)));
                seen.push(params);
            }
        }
        Ok(chosen)
    }

    /// The next points by the optimiser.
    fn suggest(
        &self,
        history: &[optimizer::Trial],
        pending: &[Params],
        n: usize,
    ) -> Result<optimizer::Suggestions, StudyError> {
        optimizer::suggest(&self.searched, history, pending, n, &self.options)
            .map_err(|error| StudyError::Space(error.to_string()))
    }

    /// A set of parameters with what it leaves out, chosen as for any trial.
    fn filled(
        &self,
        baseline: &IndexMap<String, Word>,
        history: &[optimizer::Trial],
        pending: &[Params],
    ) -> Result<IndexMap<String, Word>, StudyError> {
        let proposed = self.suggest(history, pending, 1)?;
        let proposed = proposed.params.first().map(|params| self.words(params)).unwrap_or_default();
        let mut values: IndexMap<String, Value> = IndexMap::new();
        for dimension in &self.space.dimensions {
            if !Space::is_active(dimension, &values) {
                continue;
            }
            let fits = |word: &Word| {
                dimension
                    .domain
                    .read(word.as_str())
                    .filter(|value| dimension.domain.contains(value))
            };
            let value = baseline.get(&dimension.name).and_then(fits);
            let value = value.or_else(|| proposed.get(&dimension.name).and_then(fits));
            values
                .insert(dimension.name.clone(), value.unwrap_or_else(|| dimension.domain.first()));
        }
        Ok(values.iter().map(|(name, value)| (name.clone(), as_word(value))).collect())
    }

    /// The values of a trial's parameters by their types, for the job that it runs.
    pub fn values(
        &self,
        params: &IndexMap<String, Word>,
    ) -> Result<IndexMap<String, Value>, StudyError> {
        self.space.read(params).map_err(|wrong| {
            let wrong: Vec<String> = wrong.iter().map(ToString::to_string).collect();
            StudyError::Space(wrong.join("; "))
        })
    }

    /// A trial as the optimiser is told of it; `None` where there is nothing to learn from it.
    fn told(&self, trial: &Trial) -> Option<optimizer::Trial> {
        let end = trial.end.as_ref()?;
        let values = || self.metrics.iter().map(|name| end.values.get(name).copied()).collect();
        let outcome = if end.state.counts() {
            Option::<Vec<f64>>::map_or(values(), Outcome::Failed, Outcome::Values)
        } else if end.state.is_failure() {
            Outcome::Failed
        } else {
            return None;
        };
        Some(optimizer::Trial { params: self.params(&trial.params), outcome })
    }

    /// Parameters by the types of this space. What it has no place for is left to the optimiser, which
    /// ignores it.
    fn params(&self, words: &IndexMap<String, Word>) -> Params {
        let mut params = Params::new();
        for (name, word) in words {
            let mut of_name = self.space.dimensions.iter().filter(|d| d.name == *name);
            let value = of_name.find_map(|d| d.domain.read(word.as_str()));
            params.insert(name.clone(), value.map_or_else(|| text(word.as_str()), |v| shown(&v)));
        }
        params
    }

    /// The same as they are written down, in the order of the space.
    fn words(&self, params: &Params) -> IndexMap<String, Word> {
        let mut words = IndexMap::new();
        for Dimension { name, domain, .. } in &self.space.dimensions {
            let Some(value) = params.get(name).filter(|_| !words.contains_key(name)) else {
                continue;
            };
            words.insert(name.clone(), as_word(&typed(value, domain)));
        }
        words
    }
}

/// A dimension as the optimiser takes it.
fn parameter(dimension: &Dimension) -> optimizer::Parameter {
    let scale = match dimension.scale {
        Scale::Linear => optimizer::Scale::Linear,
        Scale::Log => optimizer::Scale::Log,
        Scale::ReverseLog => optimizer::Scale::ReverseLog,
    };
    let domain = match &dimension.domain {
        Domain::Double(low, high) => optimizer::Domain::Float { low: *low, high: *high, scale },
        Domain::Integer(low, high) => optimizer::Domain::Integer { low: *low, high: *high, scale },
        Domain::Discrete(values) => optimizer::Domain::Discrete { values: values.clone(), scale },
        Domain::Categorical(values) => optimizer::Domain::Category {
            choices: values.iter().map(|value| text(value)).collect(),
        },
    };
    let when = dimension.when.iter().map(|condition| optimizer::Condition {
        parent: condition.parent.clone(),
        values: condition.values.iter().map(shown).collect(),
    });
    optimizer::Parameter { name: dimension.name.clone(), domain, when: when.collect() }
}

fn text(text: &str) -> optimizer::Value {
    optimizer::Value::Text(text.to_owned())
}

fn shown(value: &Value) -> optimizer::Value {
    match value {
        Value::Double(number) | Value::Discrete(number) => optimizer::Value::Number(*number),
        Value::Integer(number) => optimizer::Value::Integer(*number),
        Value::Categorical(value) => text(value),
    }
}

fn typed(value: &optimizer::Value, domain: &Domain) -> Value {
    let number = value.number().unwrap_or_default();
    match (domain, value) {
        (Domain::Double(..), _) => Value::Double(number),
        (Domain::Integer(..), optimizer::Value::Integer(whole)) => Value::Integer(*whole),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "an integer parameter's value is whole"
        )]
        (Domain::Integer(..), _) => Value::Integer(number as i64),
        (Domain::Discrete(_), _) => Value::Discrete(number),
        (Domain::Categorical(_), optimizer::Value::Text(text)) => Value::Categorical(text.clone()),
        (Domain::Categorical(_), _) => Value::Categorical(number.to_string()),
    }
}

fn as_word(value: &Value) -> Word {
    Word(value.argument(false))
}

fn word(found: Found) -> &'static str {
    match found {
        Found::Random => "random",
        Found::Grid => "grid",
        Found::Quasirandom => "quasirandom",
        Found::Start => "start",
        Found::Model => "model",
    }
}

fn note(fallback: &Fallback) -> Option<String> {
    match fallback {
        Fallback::Subset { used, of } => Some(format!(
            "the model was fitted to {used} of {of} trials, since all would take too long"
        )),
        Fallback::Singular => {
            Some("the model could not be fitted: evenly spread parameters instead".into())
        }
        Fallback::Spread(n) => Some(format!("{n} of the parameters are evenly spread ones")),
        // The table shows that; and a space with nothing new ends the study.
        Fallback::Uninformative | Fallback::Ignored(_) | Fallback::Exhausted => None,
    }
}
