//! Where the metrics of a command come from.

use super::{Collector, Hypertune, Metrics, read_metrics};

/// What reports the metrics of one attempt's command.
#[derive(Debug)]
pub enum Reports {
    /// What trainers usually print, and the file of cloudml-hypertune.
    Usual(Hypertune),
    /// What the plan of a study's trial says.
    Planned(Box<Collector>),
}

impl Default for Reports {
    /// What is printed alone.
    fn default() -> Self {
        Self::Usual(Hypertune::default())
    }
}

impl Reports {
    /// Each report is a point of a curve, whether or not it has a step.
    pub fn is_planned(&self) -> bool {
        matches!(self, Self::Planned(_))
    }

    /// Takes a line that the command has printed, and gives its metrics to `sink`, at once or at the
    /// next [`Self::poll`].
    pub fn printed(&mut self, line: &str, sink: &mut dyn FnMut(Metrics)) {
        match self {
            Self::Usual(_) => read_metrics(line).into_iter().for_each(sink),
            Self::Planned(collector) => collector.printed(line, sink),
        }
    }

    /// Gives to `sink` what files have come to hold. To be called about every second. A file that can't
    /// be read has nothing.
    pub fn poll(&mut self, sink: &mut dyn FnMut(Metrics)) {
        match self {
            Self::Usual(file) => file.fresh().unwrap_or_default().into_iter().for_each(sink),
            Self::Planned(collector) => collector.poll(sink),
        }
    }

    /// Gives to `sink` all that is left, because the command has ended.
    pub fn finish(&mut self, sink: &mut dyn FnMut(Metrics)) {
        match self {
            Self::Usual(_) => self.poll(sink),
            Self::Planned(collector) => collector.finish(sink),
        }
    }

    /// What has turned out to be wrong with a source that the plan names, each thing once.
    pub fn warnings(&mut self) -> Vec<String> {
        match self {
            Self::Usual(_) => Vec::new(),
            Self::Planned(collector) => collector.warnings(),
        }
    }
}
