//! Reads the metrics of a trial where its plan says.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use super::event_folder::EventFolder;
use super::lines::LineReader;
use super::tail::Tail;
use super::wanted::{Sink, Wanted};
use crate::agent::stream::{Hypertune, METRIC_FILE, Metrics};
use crate::plan::MetricsPlan;
use crate::spec::MetricSource;
use crate::storage::Place;

/// Where TensorBoard's files are, unless the plan says.
const LOG_DIR: &str = "AIP_TENSORBOARD_LOG_DIR";
/// How many bytes of files are read at once, and how many at the end.
const POLL_BUDGET: u64 = 4 << 20;
const END_BUDGET: u64 = 256 << 20;
/// So many printed reports wait until it is known whether the command writes a file of reports.
const WAITING: usize = 1000;
/// So much may be said to be wrong with a source.
const WARNINGS: usize = 20;

/// The metrics of one command. What its files hold before it starts is not its own.
#[derive(Debug)]
pub struct Collector {
    wanted: Wanted,
    source: Source,
    /// What was wrong, and how much of that has been told.
    warnings: Vec<String>,
    told: usize,
}

#[derive(Debug)]
enum Source {
    /// The file of cloudml-hypertune, or else what is printed.
    Auto {
        file: Hypertune,
        lines: LineReader,
        /// What was printed since the file was read last.
        waiting: VecDeque<Metrics>,
        /// The file has reported, so that nothing printed counts.
        is_file: bool,
        /// There was none when something had been printed already, so that nothing waits for it any
        /// more.
        is_print: bool,
    },
    Hypertune(Hypertune),
    Stdout(LineReader),
    File(Tail, LineReader),
    Tensorboard(EventFolder),
    /// None that can be read from here.
    Nowhere,
}

impl Collector {
    /// For a command that is about to start in this folder with this environment.
    pub fn new(plan: &MetricsPlan, cwd: &Path, env: &[(String, String)]) -> Self {
        let wanted = Wanted::of(plan);
        let lines = LineReader::of(&plan.collect);
        let of_env = |wanted: &str| {
            env.iter().rfind(|(name, _)| name == wanted).map(|(_, value)| value.clone())
        };
        let hypertune = || {
            let mut file =
                Hypertune::new(of_env(METRIC_FILE).map(|own| cwd.join(own)).unwrap_or_default());
            // What can't be read now is read, or missed, when the command runs.
            let _ = file.fresh();
            file
        };
        let mut warnings = Vec::new();
        let mut path = |path: Option<String>| {
            let place = Place::from(path?.as_str());
            if place.is_url() {
                warnings.push(format!("no metrics are read from {place}: it is no folder here"));
                return None;
            }
            Some(cwd.join(place.as_str()))
        };
        let source = match plan.collect.from {
            MetricSource::Auto => {
                let (is_file, is_print) = (false, false);
                let waiting = VecDeque::new();
                Source::Auto { file: hypertune(), lines, waiting, is_file, is_print }
            }
            MetricSource::Hypertune => Source::Hypertune(hypertune()),
            MetricSource::Stdout => Source::Stdout(lines),
            MetricSource::File => path(plan.collect.path.clone())
                .map_or(Source::Nowhere, |path| Source::File(Tail::at_end(path), lines)),
            MetricSource::Tensorboard => {
                let folder: Option<PathBuf> =
                    path(plan.collect.path.clone().or_else(|| of_env(LOG_DIR)));
                folder.map_or(Source::Nowhere, |folder| {
                    Source::Tensorboard(EventFolder::new(folder, wanted.clone()))
                })
            }
        };
        Self { wanted, source, warnings, told: 0 }
    }

    /// Takes a line that the command has printed. What counts of it is given to `sink`, now or by
    /// [`Self::poll`].
    pub fn printed(&mut self, line: &str, sink: &mut dyn FnMut(Metrics)) {
        match &mut self.source {
            Source::Stdout(lines) => lines.read(line, &self.wanted, sink),
            Source::Auto { lines, is_file: false, is_print: true, .. } => {
                lines.read(line, &self.wanted, sink);
            }
            Source::Auto { lines, waiting, is_file: false, .. } => {
                lines.read(line, &self.wanted, &mut |metrics| waiting.push_back(metrics));
                while waiting.len() > WAITING {
                    waiting.pop_front().into_iter().for_each(&mut *sink);
                }
            }
            _ => {}
        }
    }

    /// Gives to `sink` what files have come to hold, of at most 4 MiB. To be called about every second.
    pub fn poll(&mut self, sink: &mut dyn FnMut(Metrics)) {
        self.read(POLL_BUDGET, sink);
    }

    /// The same for all that is left, when the command has ended: a last line counts without its end.
    pub fn finish(&mut self, sink: &mut dyn FnMut(Metrics)) {
        if let Source::Tensorboard(folder) = &mut self.source {
            folder.look();
        }
        let mut left = END_BUDGET;
        while left > 0 {
            match self.read(left.min(POLL_BUDGET), sink) {
                0 => break,
                read => left = left.saturating_sub(read),
            }
        }
        if let Source::File(tail, lines) = &mut self.source {
            tail.finish(&mut |line| lines.read(line, &self.wanted, sink));
        }
    }

    /// What has turned out to be wrong with the source since the last call.
    pub fn warnings(&mut self) -> Vec<String> {
        let new = self.warnings[self.told..].to_vec();
        self.told = self.warnings.len();
        new
    }

    fn read(&mut self, budget: u64, sink: &mut Sink<'_>) -> u64 {
        let wanted = &self.wanted;
        let warnings = &mut self.warnings;
        let mut warn = |message: String| {
            if warnings.len() < WARNINGS && !warnings.contains(&message) {
                warnings.push(message);
            }
        };
        let mut reports = |file: &mut Hypertune| -> Vec<Metrics> {
            let fresh = file.fresh().unwrap_or_else(|error| {
                warn(format!("the metrics can't be read: {error}"));
                Vec::new()
            });
            fresh.into_iter().filter_map(|metrics| wanted.select(metrics)).collect()
        };
        match &mut self.source {
            Source::Auto { file, waiting, is_file, is_print, .. } => {
                let fresh = reports(file);
                *is_file |= !fresh.is_empty();
                *is_print |= !*is_file && !waiting.is_empty();
                if *is_file {
                    waiting.clear();
                }
                waiting.drain(..).chain(fresh).for_each(sink);
                0
            }
            Source::Hypertune(file) => {
                reports(file).into_iter().for_each(sink);
                0
            }
            Source::File(tail, lines) => tail
                .read(budget, &mut |line| lines.read(line, wanted, sink))
                .unwrap_or_else(|error| {
                    warn(format!("the metrics can't be read: {error}"));
                    0
                }),
            Source::Tensorboard(folder) => folder.read(budget, sink, &mut warn),
            Source::Stdout(_) | Source::Nowhere => 0,
        }
    }
}
