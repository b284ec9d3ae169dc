//! What was printed while the live view stood alone, for whoever brings the lines back.

use std::collections::VecDeque;

use super::{DIM, Text};
use crate::gang::RunId;

/// So many lines are kept, the last ones.
const MOST: usize = 1000;

/// The last lines that were left out, and how many were before them.
#[derive(Debug, Default)]
pub(super) struct Kept {
    lines: VecDeque<Text>,
    lost: usize,
}

impl Kept {
    /// Keeps a line.
    pub(super) fn push(&mut self, line: Text) {
        if self.lines.len() == MOST {
            self.lines.pop_front();
            self.lost += 1;
        }
        self.lines.push_back(line);
    }

    /// All that is kept, below a word on what is not.
    pub(super) fn take(&mut self, run: &RunId) -> Vec<Text> {
        let Self { lines, lost } = std::mem::take(self);
        let s = if lost == 1 { "" } else { "s" };
        let text = format!("{lost} line{s} before these left out; all of them: mlctl logs {run}");
        (lost > 0).then(|| Text::styled(DIM, &text)).into_iter().chain(lines).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_kept_and_the_rest_is_counted() {
        let (mut kept, run) = (Kept::default(), RunId::from("digits-abc123"));
        kept.push("a line".into());
        let lines =
            |kept: &mut Kept| kept.take(&run).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(lines(&mut kept), ["a line"]);
        assert!(lines(&mut kept).is_empty());
        for n in 0..MOST + 2 {
            kept.push(n.to_string().into());
        }
        let all = lines(&mut kept);
        assert_eq!((all.len(), all[1].as_str(), all[MOST].as_str()), (MOST + 1, "2", "1001"));
        assert_eq!(all[0], "2 lines before these left out; all of them: mlctl logs digits-abc123");
    }
}
