//! The trials of a study as a table of text.

use csv::{QuoteStyle, WriterBuilder};

use crate::work::tune::{StudyReport, TrialReport};

/// A study's trials as CSV by RFC 4180, except that lines end with a line feed alone: a line of names,
/// then one for each trial in the report's order. Columns: `trial`, `state`, `found`, each metric,
/// `step`, each parameter, `seconds` from the first start to the end (empty before both are known),
/// `run`, `reason`. Numbers have all their digits. What a trial doesn't have is empty.
///
/// A text that a spreadsheet would run as a formula, since it begins with `=`, `+`, `-`, `@`, a tab or
/// a carriage return and is no number, gets a `'` in front (as OWASP advises); so do names. Such a `'`
/// is part of the text for programs that read the file.
pub fn csv_text(report: &StudyReport) -> Result<String, csv::Error> {
    let mut writer =
        WriterBuilder::new().quote_style(QuoteStyle::Necessary).from_writer(Vec::new());
    let metrics = || report.metrics.iter().map(|metric| metric.name.as_str());
    let parameters = || report.parameters.iter().map(String::as_str);
    let mut names = vec!["trial", "state", "found"];
    names.extend(metrics());
    names.push("step");
    names.extend(parameters());
    names.extend(["seconds", "run", "reason"]);
    writer.write_record(names.iter().map(|name| harmless(name)))?;
    for trial in &report.trials {
        let mut row = vec![trial.trial.to_string(), trial.state.to_string(), trial.found.clone()];
        let value = |name: &str| trial.values.get(name).map(f64::to_string).unwrap_or_default();
        row.extend(metrics().map(value));
        row.push(trial.step.map(|step| step.to_string()).unwrap_or_default());
        let param = |name: &str| trial.params.get(name).map(ToString::to_string);
        row.extend(parameters().map(|name| param(name).unwrap_or_default()));
        row.push(seconds(trial).map(|seconds| format!("{seconds:.3}")).unwrap_or_default());
        row.push(trial.run.as_ref().map(ToString::to_string).unwrap_or_default());
        row.push(trial.reason.clone());
        writer.write_record(row.iter().map(|cell| harmless(cell)))?;
    }
    let bytes = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    // Only whole strings were written.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Seconds from a trial's first start to its end; none before both are known.
pub(super) fn seconds(trial: &TrialReport) -> Option<f64> {
    Some(trial.ended?.duration_since(trial.started?).as_secs_f64().max(0.0))
}

fn harmless(cell: &str) -> String {
    let is_number = || cell.parse::<f64>().is_ok_and(f64::is_finite);
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_number() {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::work::tune::export::sample;

    #[test]
    fn quotes_and_formulas() {
        let mut report =
            sample::report("{a: {double: [-1, 1]}, '=b': {categorical: ['-x', 'y,z']}}", 2);
        report.trials[0].params = [("a", "-1e-5"), ("=b", "-x")]
            .map(|(name, value)| (name.to_owned(), value.into()))
            .into();
        report.trials[0].reason = "it said \"no\",\nand left".into();
        report.trials[1].params = [("=b".to_owned(), "y,z".into())].into();
        report.trials[1].reason = "@SUM(1)".into();
        let text = csv_text(&report).unwrap();
        let expected = "\
            trial,state,found,loss,step,a,'=b,seconds,run,reason\n\
            1,succeeded,model,1,3,-1e-5,'-x,2.500,toy-1,\"it said \"\"no\"\",\nand left\"\n\
            2,succeeded,model,2,3,,\"y,z\",2.500,toy-2,'@SUM(1)\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn numbers_are_left_alone() {
        for cell in ["-3", "+5", "-1e-7", "0.5", "adam", ""] {
            assert_eq!(harmless(cell), cell);
        }
        for cell in ["-inf", "=1+1", "+a", "-", "@x", "\t=1", "\r=1"] {
            assert_eq!(harmless(cell), format!("'{cell}"));
        }
    }
}
