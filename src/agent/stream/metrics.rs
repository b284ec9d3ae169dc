//! Numbers in what a command prints: `name=value` and `name: value` pairs, or a JSON object.

use indexmap::IndexMap;

/// The numbers that one line reports.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metrics {
    /// The step or epoch, when the line has one.
    pub step: Option<u64>,
    /// The values by name, in the order of the line.
    pub values: IndexMap<String, f64>,
    /// Metrics of a trial whose values are no finite numbers.
    pub diverged: Vec<String>,
}

/// Names that make a line a report of metrics, after `val_`, `test_`, `train_` and the like.
const KNOWN: [&str; 28] = [
    "loss",
    "accuracy",
    "acc",
    "top1",
    "top5",
    "auc",
    "f1",
    "mae",
    "mse",
    "rmse",
    "mape",
    "iou",
    "map",
    "bleu",
    "rouge",
    "wer",
    "perplexity",
    "ppl",
    "precision",
    "recall",
    "score",
    "error",
    "lr",
    "learning_rate",
    "grad_norm",
    "throughput",
    // How fast a worker of a batch prediction is; its line has the counts of its rows too.
    "rowspersecond",
    "reward",
];

/// Names under which a line reports how far training is.
const STEPS: [&str; 5] = ["step", "global_step", "epoch", "iteration", "iter"];

/// No number is written with more bytes.
const LONGEST_NUMBER: usize = 64;

/// Beyond it not every whole number has a place among the floating ones.
const LARGEST_STEP: f64 = 9e15;

/// How many numbers one line may hold; one with more is no report of metrics.
pub(super) const MAX_VALUES: usize = 32;

/// Reads a line. `None` unless it holds a finite number under a name that metrics usually have.
///
/// The forms are those that Katib's collector (`name=value`) and Keras's progress line
/// (`loss: 0.1 - accuracy: 0.9`) use, JSON objects as structured loggers print them, and dictionaries as Python does.
pub fn read_metrics(line: &str) -> Option<Metrics> {
    let line = line.rsplit('\r').find(|part| !part.trim().is_empty())?.trim();
    // A logger puts its own words before an object, and a progress bar that was not ended stands there too.
    let object = line.find('{').filter(|_| line.ends_with('}')).map(|at| &line[at..]);
    let pairs = object.and_then(json_pairs).unwrap_or_else(|| text_pairs(line));
    let mut metrics = Metrics::default();
    for (name, value) in pairs {
        if STEPS.contains(&name.to_ascii_lowercase().as_str()) {
            // A part of an epoch is no step of its own.
            let is_step = (0.0..LARGEST_STEP).contains(&value) && value.fract() == 0.0;
            metrics.step = is_step.then_some(value as u64);
        } else if value.is_finite() {
            metrics.values.insert(name, value);
        }
    }
    let report = metrics.values.keys().any(|name| is_known(name));
    (report && metrics.values.len() <= MAX_VALUES).then_some(metrics)
}

fn is_known(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let last = name.rsplit(['/', '.']).next().unwrap_or(&name);
    KNOWN.iter().any(|known| last == *known || last.ends_with(&format!("_{known}")))
}

fn json_pairs(line: &str) -> Option<Vec<(String, f64)>> {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).ok()?;
    Some(object.into_iter().filter_map(|(name, value)| Some((name, value.as_f64()?))).collect())
}

fn text_pairs(line: &str) -> Vec<(String, f64)> {
    let mut pairs = Vec::new();
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_-/.@".contains(c);
    for (at, separator) in line.match_indices(['=', ':']) {
        let before = line[..at].trim_end_matches(' ');
        // A dictionary as Python prints it.
        let before = before.strip_suffix(['"', '\'']).unwrap_or(before);
        let name = &before[before.trim_end_matches(is_name).len()..];
        let after = line[at + separator.len()..].trim_start_matches(' ');
        // A line may be nothing but separators, and each would be looked behind to its end.
        let near = &after[..after.floor_char_boundary(LONGEST_NUMBER)];
        let end = near.find([' ', ',', ';', ']', ')', '}']);
        let number = near[..end.unwrap_or(near.len())].trim_end_matches('%');
        let starts = name.starts_with(|c: char| c.is_ascii_alphabetic());
        if let (true, Ok(value)) = (starts, number.parse::<f64>()) {
            pairs.push((name.to_owned(), value));
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> String {
        read_metrics(line).map_or_else(String::new, |metrics| {
            let values: Vec<String> =
                metrics.values.iter().map(|(name, value)| format!("{name}={value}")).collect();
            format!("{:?} {}", metrics.step, values.join(" "))
        })
    }

    #[test]
    fn the_usual_forms_are_read() {
        assert_eq!(read("epoch=3 loss=0.12 accuracy=0.97"), "Some(3) loss=0.12 accuracy=0.97");
        assert_eq!(
            read("5/5 [====] - 1s 2ms/step - loss: 0.5 - val_accuracy: 0.25"),
            "None loss=0.5 val_accuracy=0.25"
        );
        assert_eq!(
            read(r#"{"step": 10, "train/loss": 1e-3, "note": "x"}"#),
            "Some(10) train/loss=0.001"
        );
        assert_eq!(read("10%\r loss = 2.5, lr = 0.1"), "None loss=2.5 lr=0.1");
        assert_eq!(
            read(r#" 50%|##   | 5/10 [00:01<00:01, 5.1it/s]{"step": 5, "loss": 0.5}"#),
            "Some(5) loss=0.5"
        );
        assert_eq!(
            read("{'loss': 0.42, 'learning_rate': 5e-05, 'epoch': 0.5}"),
            "None loss=0.42 learning_rate=0.00005"
        );
        assert_eq!(read(r#"INFO:root:{"epoch": 2, "loss": 0.5}"#), "Some(2) loss=0.5");
        assert_eq!(read("accuracy: 97.5%"), "None accuracy=97.5");
        assert_eq!(
            read(r#"{"rows":9,"failed":1,"shards":2,"rowsPerSecond":4.5}"#),
            "None rows=9 failed=1 shards=2 rowsPerSecond=4.5"
        );
    }

    /// A line of separators takes no longer than any other: looked at as a whole for each, it took minutes.
    #[test]
    fn a_line_of_separators_is_read_once() {
        for line in ["=".repeat(1 << 20), "a=".repeat(1 << 19), ": ".repeat(1 << 19)] {
            assert_eq!(read(&line), "");
        }
    }

    #[test]
    fn any_text_may_stand_before_a_name() {
        for (line, value) in
            [("损失: 0.5", ""), ("│loss=0.12│", ""), ("│loss=0.12 │", "None loss=0.12")]
        {
            assert_eq!(read(line), value, "{line}");
        }
        assert_eq!(read("Größe=3 loss=1"), "None e=3 loss=1");
        assert_eq!(read("step=99999999999999999999 loss=1"), "None loss=1");
    }

    proptest::proptest! {
        #[test]
        fn no_line_breaks_the_reader(line in "\\PC*[=:: ]\\PC*[=:]\\PC*", bytes: Vec<u8>) {
            read_metrics(&line);
            read_metrics(&String::from_utf8_lossy(&bytes));
        }
    }

    #[test]
    fn ordinary_lines_are_not_metrics() {
        for line in ["", "listening on 127.0.0.1:2222", "time=12:30", "loss=nan", "x=1 y=2", "{"] {
            assert_eq!(read(line), "", "{line}");
        }
    }
}
