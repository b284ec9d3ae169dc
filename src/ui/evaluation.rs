//! An evaluation for people: the metrics, then the classes with what they were taken for.

use super::{Printer, Table, Text};
use crate::work::batch::Evaluation;

/// So many classes have a confusion matrix that can be looked at.
const MATRIX: usize = 20;

/// The evaluation as tables.
pub fn evaluation_text(evaluation: &Evaluation, printer: &Printer) -> Text {
    let mut head = Table::new(&["METRIC", "VALUE"]);
    for (metric, value) in &evaluation.metrics {
        head.row(vec![metric.clone(), number(*value)]);
    }
    if let Some(model) = &evaluation.model {
        head.row(vec!["model".to_owned(), model.clone()]);
    }
    let counts = [
        ("rows", evaluation.rows),
        ("scored", evaluation.scored),
        ("failed", evaluation.failed),
        ("unlabelled", evaluation.unlabelled),
    ];
    for (name, count) in counts {
        head.row(vec![name.to_owned(), count.to_string()]);
    }
    let mut parts = vec![head.render(printer)];
    if !evaluation.classes.is_empty() {
        let mut names = vec!["CLASS", "ROWS", "PRECISION", "RECALL", "F1"];
        let small = evaluation.classes.len() <= MATRIX;
        let predicted: Vec<String> =
            evaluation.classes.iter().map(|class| format!("AS {}", class.class)).collect();
        if small {
            names.extend(predicted.iter().map(String::as_str));
        }
        let mut classes = Table::new(&names);
        for (class, counts) in evaluation.classes.iter().zip(&evaluation.confusion) {
            let mut row = vec![
                class.class.clone(),
                class.rows.to_string(),
                number(class.precision),
                number(class.recall),
                number(class.f1),
            ];
            if small {
                row.extend(counts.iter().map(u64::to_string));
            }
            classes.row(row);
        }
        parts.push(Text::default());
        parts.push(classes.render(printer));
    }
    Text::lines(parts)
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.4}"))
}
