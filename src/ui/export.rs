//! What an export has made, as a person reads it.

use super::human::bytes;
use super::{DIM, ERROR as FAILED, Printer, Table, Text};
use crate::text::{number, shell_word};
use crate::work::export::{ExportReport, Exported, Latency, Measured, Operators, Verdict};

/// The sizes and what was measured beside the original, then what is to be known of each. `folder` is where the
/// files lie.
pub fn export_text(report: &ExportReport, folder: &str, printer: &Printer) -> Text {
    let mut lines = vec![table(report).render(printer)];
    for one in &report.exports {
        lines.extend(remarks(one));
    }
    let of_rows = report.representative.as_ref().map(|rows| {
        let (used, given) = (rows.rows, rows.given);
        if used == given {
            format!("ranges of values from {used} representative rows")
        } else {
            format!("ranges of values from {used} of {given} representative rows")
        }
    });
    let evaluated = report.evaluation.as_ref().map(|evaluation| {
        let by = evaluation.label.as_ref().map(|label| format!(", label {label}"));
        format!("measured with {} rows{}", evaluation.rows, by.unwrap_or_default())
    });
    let facts: Vec<String> = of_rows.into_iter().chain(evaluated).collect();
    if !facts.is_empty() {
        lines.push(Text::styled(DIM, &facts.join("; ")));
    }
    if report.verdict == Verdict::BelowMinimum
        && let Some(least) = report.min_accuracy
    {
        let words = format!("less accurate than {}, which was asked for", number(least));
        lines.push(Text::styled(FAILED, &words));
    }
    if report.exports.iter().any(|one| one.path.is_some()) {
        lines.push(format!("in {folder}").into());
    }
    if let Some(site) = &report.site {
        let place = format!("{folder}/{}", site.path);
        let words =
            format!("the site, {}; try it: mlctl web {}", bytes(site.bytes), shell_word(&place));
        lines.push(words.into());
    }
    Text::lines(lines)
}

/// A column with nothing in it is left out.
fn table(report: &ExportReport) -> Table {
    let original = report.original.as_ref();
    let whole = original.and_then(|original| original.bytes);
    let mut rows = Vec::new();
    if let Some(original) = original {
        let name = "original".to_owned();
        rows.push(row(name, original.bytes, None, &original.measured));
    }
    for one in &report.exports {
        let name = one.path.clone().unwrap_or_else(|| format!("{} {}", one.target, one.quantize));
        let part = match (one.bytes, whole) {
            (Some(bytes), Some(whole)) if whole > 0 => Some(format!("{} %", bytes * 100 / whole)),
            (None, _) => Some("failed".to_owned()),
            _ => None,
        };
        rows.push(row(name, one.bytes, part, &one.measured));
    }
    let header = ["MODEL", "SIZE", "PART", "ACCURACY", "ERROR", "DIFFERENCE", "LATENCY", "MEMORY"];
    let shown: Vec<usize> = (0..header.len())
        .filter(|at| *at == 0 || rows.iter().any(|row| !row[*at].is_empty()))
        .collect();
    let of = |all: &[String]| shown.iter().filter_map(|at| all.get(*at).cloned()).collect();
    let names: Vec<&str> = shown.iter().map(|at| header[*at]).collect();
    let mut table = Table::new(&names).whole(&[0]);
    for cells in rows {
        table.row(of(&cells));
    }
    table
}

fn row(name: String, size: Option<u64>, part: Option<String>, measured: &Measured) -> Vec<String> {
    let text = |value: Option<f64>| value.map(number).unwrap_or_default();
    let latency = |latency: Latency| format!("{} ms", measured_number(latency.median));
    vec![
        name,
        size.map(bytes).unwrap_or_default(),
        part.unwrap_or_default(),
        measured.accuracy.map(|part| format!("{part:.4}")).unwrap_or_default(),
        text(measured.mean_absolute_error),
        measured.max_difference.map(measured_number).unwrap_or_default(),
        measured.latency_ms.map(latency).unwrap_or_default(),
        measured.memory_bytes.map(bytes).unwrap_or_default(),
    ]
}

/// Two digits of what another measurement would give otherwise behind them.
fn measured_number(value: f64) -> String {
    format!("{value:.1e}").parse().map_or_else(|_| number(value), number)
}

/// What there is to say of one, each in a line.
fn remarks(one: &Exported) -> Vec<Text> {
    let what = one.path.clone().unwrap_or_else(|| format!("{} {}", one.target, one.quantize));
    let mut lines = Vec::new();
    if let Some(error) = &one.error {
        lines.push(
            Text::styled(FAILED, &format!("{what} could not be made: ")).then(error.as_str()),
        );
        lines.extend(one.hint.iter().map(|hint| Text::from(format!("  {hint}"))));
    }
    if let Some(Operators { select, custom, .. }) = &one.operators {
        for (operators, who) in [
            (select, "of TensorFlow, for which a device needs the Select TF ops library"),
            (custom, "of its own, which a device must be given"),
        ] {
            if !operators.is_empty() {
                lines.push(format!("{what} has operators {who}: {}", operators.join(", ")).into());
            }
        }
    }
    lines.extend(one.notes.iter().map(|note| Text::from(format!("{what}: {note}"))));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_figures_stand_beside_those_of_the_original() {
        let report = ExportReport::read(include_bytes!("../../tests/it/formats/v13/export.json"));
        let text = export_text(&report.unwrap(), "/out/model", &Printer::default());
        insta::assert_snapshot!(text.to_string());
    }
}
