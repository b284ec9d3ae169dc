//! Curves of an endpoint's traffic over the last minutes, a line for each revision.

use super::human::number;
use super::serve::exact_name;
use super::study::BARS;
use super::{Table, Text};
use crate::work::serve::{LiveDocument, LiveHistory, LiveRevision};

/// The same bars where a terminal shows ASCII only.
const PLAIN_BARS: [char; 8] = ['_', '.', ':', '-', '=', '+', '*', '#'];
/// A curve is drawn up to this at least, so that one error of thousands of requests fills no column.
const LEAST_ERRORS: f64 = 0.01;
/// Fewest columns of a curve.
const NARROWEST: usize = 8;
/// What stands between two columns.
const GAP: usize = 2;

/// One of the curves: what its column is called up to its highest value, and its values.
struct Figure {
    name: fn(f64) -> String,
    values: fn(&LiveHistory) -> Vec<Option<f64>>,
    /// Its highest bar means this much at least.
    least: f64,
}

const FIGURES: [Figure; 3] = [
    Figure {
        name: |top| format!("REQ/S TO {}", number(top)),
        values: |history| history.rates.iter().copied().map(Some).collect(),
        least: 0.0,
    },
    Figure {
        name: |top| format!("ERRORS TO {} %", number(top * 100.0)),
        values: |history| history.error_rates.iter().copied().map(Some).collect(),
        least: LEAST_ERRORS,
    },
    Figure {
        name: |top| format!("P95 TO {} ms", number(top)),
        values: |history| history.p95_millis.clone(),
        least: 0.0,
    },
];

/// The curves of all revisions that were called; nothing where none was. All of a column have one scale,
/// which begins at nothing, so that revisions can be compared.
pub fn endpoint_curves(live: &LiveDocument, width: usize, ascii: bool) -> Vec<Text> {
    let drawn: Vec<(&LiveRevision, &LiveHistory)> =
        live.revisions.iter().filter_map(|one| Some((one, one.history.as_ref()?))).collect();
    let Some(longest) = drawn.iter().map(|(_, history)| history.rates.len()).max() else {
        return Vec::new();
    };
    let piece = drawn.first().map_or(0, |(_, history)| history.piece_seconds);
    let names =
        drawn.iter().map(|(one, _)| exact_name(live, &one.revision).len()).max().unwrap_or(0);
    let over = |columns: usize| {
        let seconds = u64::from(piece) * columns as u64;
        if seconds < 120 {
            format!("LAST {seconds} S")
        } else {
            format!("LAST {} MIN", seconds / 60)
        }
    };
    let room = width.saturating_sub(names.max(over(longest).len()) + FIGURES.len() * GAP);
    let widest = (room / FIGURES.len()).max(NARROWEST);
    let columns = widest.min(longest);
    let tops = FIGURES.map(|figure| {
        let values =
            drawn.iter().flat_map(|(_, history)| newest((figure.values)(history), columns));
        let top = values.flatten().fold(figure.least, f64::max);
        ((figure.name)(top), figure.values, top)
    });
    let mut header = vec![over(columns)];
    let fits = tops.iter().all(|(name, ..)| name.len() <= widest);
    header.extend(tops.iter().map(|(name, ..)| match name.split_once(" TO ") {
        // In a narrow window the shape is what is left.
        Some((word, _)) if !fits => word.to_owned(),
        _ => name.clone(),
    }));
    let mut table = Table::new(&header).whole(&[0, 1, 2, 3]);
    for (one, history) in drawn {
        let mut row = vec![exact_name(live, &one.revision)];
        for (_, values, top) in &tops {
            row.push(curve(&newest(values(history), columns), *top, ascii));
        }
        table.row(row);
    }
    let mut lines = vec![Text::default()];
    lines.extend(table.text(Some(width)).split());
    lines
}

/// The last of them.
fn newest(mut values: Vec<Option<f64>>, columns: usize) -> Vec<Option<f64>> {
    values.drain(..values.len().saturating_sub(columns));
    values
}

/// A bar for each value. What is more than nothing is more than the lowest bar; a value that is not known has
/// none.
fn curve(values: &[Option<f64>], top: f64, ascii: bool) -> String {
    let bars = if ascii { &PLAIN_BARS } else { &BARS };
    let bar = |value: &Option<f64>| {
        let Some(value) = value.filter(|value| value.is_finite()) else { return ' ' };
        if value <= 0.0 || top <= 0.0 {
            return bars[0];
        }
        bars[((value / top * 7.0).round() as usize).clamp(1, 7)]
    };
    values.iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_is_more_than_nothing() {
        let values = [None, Some(0.0), Some(0.1), Some(50.0), Some(100.0)];
        assert_eq!(curve(&values, 100.0, false), " ▁▂▅█");
        assert_eq!(curve(&values, 100.0, true), " _.=#");
        assert_eq!(curve(&[Some(0.0)], 0.0, false), "▁");
    }

    fn live() -> LiveDocument {
        let revision = |name: &str, rate: f64, error: f64| {
            serde_json::json!({
                "revision": name, "weight": 50, "wanted": 1, "min": 1, "max": 1, "replicas": [],
                "traffic": {},
                "history": {
                    "pieceSeconds": 15,
                    "rates": (0..20).map(|n| rate * f64::from(n)).collect::<Vec<_>>(),
                    "errorRates": (0..20).map(|n| if n > 15 { error } else { 0.0 }).collect::<Vec<_>>(),
                    "p95Millis": (0..20).map(|n| (n > 3).then_some(12.5)).collect::<Vec<_>>(),
                },
            })
        };
        let document = serde_json::json!({
            "schemaVersion": 1, "name": "sums", "controller": "sums-a1b2c3",
            "updated": "2026-01-01T00:00:00Z", "url": "http://127.0.0.1:8080", "serving": true,
            "refused": 0,
            "revisions": [revision("v1", 10.0, 0.0), revision("v2.2", 1.0, 0.25)],
        });
        serde_json::from_value(document).unwrap()
    }

    #[test]
    fn curves_fit_into_eighty_columns_and_have_one_scale() {
        for (width, ascii) in [(80, false), (80, true), (44, true)] {
            let lines = endpoint_curves(&live(), width, ascii);
            let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
            assert!(lines.iter().all(|line| line.chars().count() <= width), "{lines:#?}");
            assert!(lines.iter().all(|line| !ascii || line.is_ascii()), "{lines:#?}");
            if width == 80 {
                insta::assert_snapshot!(format!("curves_{width}_{ascii}"), lines.join("\n"));
            }
        }
    }
}
