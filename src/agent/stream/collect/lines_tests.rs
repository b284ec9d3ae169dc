//! Lines as trainers, and Katib's trials, print them.

use super::lines::LineReader;
use super::wanted::Wanted;
use crate::plan::MetricsPlan;
use crate::spec::{CollectWith, LineFormat};

fn read(collect: CollectWith, names: &[&str], line: &str) -> String {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    let plan = MetricsPlan { names, collect };
    let mut shown = Vec::new();
    LineReader::of(&plan.collect).read(line, &Wanted::of(&plan), &mut |metrics| {
        let step = metrics.step.map(|step| format!("{step}:")).unwrap_or_default();
        let values = metrics.values.iter().map(|(name, value)| format!("{name}={value}"));
        shown.push(format!("{step}{}", values.collect::<Vec<_>>().join(" ")));
    });
    shown.join(" | ")
}

#[test]
fn text() {
    for (line, wanted) in [
        ("epoch=3 loss=0.12 Val/F1-x=0.97 other=1", "3:loss=0.12 Val/F1-x=0.97"),
        ("loss =  0.5, val loss\t= 0.25", "loss=0.5 val loss=0.25"),
        ("5/5 [====] - 1s 2ms/step - loss: 0.5 - val_loss: 0.25", "loss=0.5"),
        ("{'loss': 0.5, 'epoch': 1.0}", "1:loss=0.5"),
        (r#"{"loss": "0.5", "STEP": 7, "timestamp": 1}"#, "7:loss=0.5"),
        ("epoch=1 step=20/100 loss=1", "20:loss=1"),
        ("step=20 Epoch=1 loss=97.5%", "20:loss=97.5"),
        ("loss=0.5 loss=0.6", "loss=0.5 | loss=0.6"),
        ("2024-01-02T03:04:05Z loss=1e-2", "loss=0.01"),
        ("loss=nan Val/F1-x=1", "Val/F1-x=1"),
        ("accuracy=0.9", ""),
        ("train_loss=0.9 LOSS=1 loss=97/100 loss==1 loss=", ""),
        ("é=loss=", ""),
        ("", ""),
    ] {
        let found = read(CollectWith::default(), &["loss", "Val/F1-x", "val loss"], line);
        assert_eq!(found, wanted, "{line}");
    }
}

#[test]
fn json() {
    let json = CollectWith {
        format: LineFormat::Json,
        also: vec!["a b".into()],
        ..CollectWith::default()
    };
    for (line, wanted) in [
        (r#"{"epoch": 2, "loss": "1e-2", "a b": 3, "x": 1}"#, "2:loss=0.01 a b=3"),
        (r#"{"loss": "high", "a b": true}"#, ""),
        (r#"{"loss": NaN, "a b": 3, "global_step": 4}"#, "4:a b=3"),
        (r#"{"global_step": "12", "loss": 1, "timestamp": "2024-01-02T03:04:05Z"}"#, "12:loss=1"),
        (r#"{"loss": 1"#, ""),
        ("loss=1", ""),
        ("[1]", ""),
    ] {
        assert_eq!(read(json.clone(), &["loss"], line), wanted, "{line}");
    }
}

#[test]
fn expressions() {
    let katib = r"([\w|-]+)\s*=\s*([+-]?\d*(\.\d+)?([Ee][+-]?\d+)?)";
    for (regex, line, wanted) in [
        (&[katib][..], "epoch 3: loss = 0.5, acc=.75 loss=", "loss=0.5 acc=0.75"),
        (&[katib], "step=4 loss=1 loss=2", "4:loss=1 | 4:loss=2"),
        (
            &[r"\{metricName: ([\w|-]+), metricValue: ((-?\d+)(\.\d+)?)\}"],
            "x {metricName: loss, metricValue: 1.00} {metricName: acc, metricValue: 0.5}",
            "loss=1 acc=0.5",
        ),
        (&[r"score ([0-9.]+)"], "score 0.5 score 0.6", "loss=0.5 | loss=0.6"),
        (&[r"at (?<step>\d+) (\w+) is (\S+)"], "at 7 acc is 5%", "7:acc=5"),
        (&[r"(?<value>\S+) of (?<name>\w+)"], "0.5 of acc", "acc=0.5"),
        (&[r"(\w+) (?<value>\d+)"], "word 5", "loss=5"),
        (&[r"(?<name>\w+) (\d+)"], "acc 5", "acc=5"),
        // A place that two expressions find counts once; what doesn't compile is none.
        (&[katib, r"(\w+)=(\S+)", "("], "loss=1", "loss=1"),
        (&[r"(\w+)=(\S+)"], "loss=inf other=1", ""),
        (&["loss"], "loss=1", ""),
    ] {
        let regex = regex.iter().map(|text| (*text).to_owned()).collect();
        let collect = CollectWith { regex, ..CollectWith::default() };
        assert_eq!(read(collect, &["loss", "acc"], line), wanted, "{line}");
    }
}

/// Whatever is printed is read, or passed over.
#[test]
fn any_line() {
    let pieces =
        ["=", ":", " ", "loss", "é", "\"", "'", "{", "}", "1", ".", "e", "-", "step", "\t", "%"];
    let katib = r"([\w|-]+)\s*=\s*([+-]?\d*(\.\d+)?)".to_owned();
    let sources = [
        CollectWith::default(),
        CollectWith { format: LineFormat::Json, ..CollectWith::default() },
        CollectWith { regex: vec![katib], ..CollectWith::default() },
    ];
    let names = vec!["loss".to_owned()];
    let wanted = Wanted::of(&MetricsPlan { names, collect: CollectWith::default() });
    let readers = sources.map(|collect| LineReader::of(&collect));
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..2000 {
        let line: String =
            (0..random.usize(..12)).map(|_| pieces[random.usize(..pieces.len())]).collect();
        for reader in &readers {
            reader.read(&line, &wanted, &mut |metrics| {
                assert!(metrics.values["loss"].is_finite(), "{line}");
            });
        }
    }
}
