//! A study as a page of its own: what `templates/plot/` shows.

use serde::Serialize;

use super::axis::Axis;
use super::csv::seconds;
use super::importance::{Importance, Unknown};
use super::json::{ascii_json, html};
use crate::gang::RunId;
use crate::spec::{Metric, Word};
use crate::work::tune::{StudyReport, TrialReport, TrialState};

const PAGE: &str = include_str!("../../../../templates/plot/page.html");
const STYLE: &str = include_str!("../../../../templates/plot/style.css");
/// The script's parts, each of which uses those before it.
const SCRIPT: [&str; 6] = [
    include_str!("../../../../templates/plot/base.js"),
    include_str!("../../../../templates/plot/draw.js"),
    include_str!("../../../../templates/plot/charts.js"),
    include_str!("../../../../templates/plot/parallel.js"),
    include_str!("../../../../templates/plot/table.js"),
    include_str!("../../../../templates/plot/main.js"),
];
/// So many points of curves are in a page, and at least so many of each curve.
const POINTS: usize = 30_000;
const OF_EACH: usize = 20;

/// What the script is given, in place of [`StudyReport`]: the same with what the charts need, and
/// shorter, since a page of a thousand trials is to be opened at once.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    study: &'a str,
    name: &'a str,
    reason: Option<&'a str>,
    is_over: bool,
    max_trials: u32,
    metrics: &'a [Metric],
    axes: &'a [Axis],
    best: &'a [u32],
    importance: Vec<Matter<'a>>,
    trials: Vec<Shown<'a>>,
}

/// What matters for a metric, or why that is not known.
#[derive(Serialize)]
#[serde(untagged)]
enum Matter<'a> {
    Known(&'a Importance),
    Unknown { unknown: String },
}

#[derive(Serialize)]
struct Shown<'a> {
    trial: u32,
    state: TrialState,
    /// The values count, as those of the report's best trials do.
    counts: bool,
    found: &'a str,
    /// In the order of the axes.
    params: Vec<Option<&'a Word>>,
    /// In the order of the metrics.
    values: Vec<Option<f64>>,
    step: Option<u64>,
    seconds: Option<f64>,
    run: Option<&'a str>,
    reason: &'a str,
    /// Of each metric the steps, or where there are none the seconds, with the values.
    curves: Vec<Vec<(f64, f64)>>,
}

/// The page of a study: one HTML file that needs nothing else. There is an importance for each metric.
pub fn plot_page(
    report: &StudyReport,
    axes: &[Axis],
    importance: &[Result<Importance, Unknown>],
) -> serde_json::Result<String> {
    let most = (POINTS / report.trials.len().max(1)).max(OF_EACH);
    let data = Data {
        study: report.study.as_str(),
        name: &report.name,
        reason: report.reason.as_deref(),
        is_over: report.ended.is_some(),
        max_trials: report.max_trials,
        metrics: &report.metrics,
        axes,
        best: &report.best,
        importance: importance
            .iter()
            .map(|known| match known {
                Ok(known) => Matter::Known(known),
                Err(unknown) => Matter::Unknown { unknown: unknown.to_string() },
            })
            .collect(),
        trials: report.trials.iter().map(|trial| shown(report, trial, axes, most)).collect(),
    };
    let script = SCRIPT.concat();
    let fills = [
        ("{{title}}", html(&format!("{} - mlctl tune", report.study))),
        ("{{style}}", STYLE.to_owned()),
        ("{{data}}", ascii_json(&data)?),
        ("{{script}}", script),
    ];
    // Each mark is looked for behind the one before it, so that nothing that was filled in is searched.
    let mut page = String::new();
    let mut rest = PAGE;
    for (mark, text) in &fills {
        let (before, after) = rest.split_once(mark).unwrap_or((rest, ""));
        page.push_str(before);
        page.push_str(text);
        rest = after;
    }
    page.push_str(rest);
    Ok(page)
}

fn shown<'a>(
    report: &'a StudyReport,
    trial: &'a TrialReport,
    axes: &[Axis],
    most: usize,
) -> Shown<'a> {
    let metrics = || report.metrics.iter().map(|metric| metric.name.as_str());
    let has_steps = trial.curve.iter().any(|point| point.step.is_some());
    let curve = |name: &str| {
        let points = trial.curve.iter().filter_map(|point| {
            let at = if has_steps { point.step? as f64 } else { point.seconds };
            Some((at, *point.values.get(name)?))
        });
        thinned(points.collect(), most)
    };
    Shown {
        trial: trial.trial,
        state: trial.state,
        counts: trial.state.counts(),
        found: &trial.found,
        params: axes.iter().map(|axis| trial.params.get(&axis.name)).collect(),
        values: metrics().map(|name| trial.values.get(name).copied()).collect(),
        step: trial.step,
        seconds: seconds(trial),
        run: trial.run.as_ref().map(RunId::as_str),
        reason: &trial.reason,
        curves: metrics().map(curve).collect(),
    }
}

/// Every second, third, ... point, and the last one.
fn thinned(points: Vec<(f64, f64)>, most: usize) -> Vec<(f64, f64)> {
    let stride = points.len().div_ceil(most).max(1);
    let last = points.len().saturating_sub(1);
    let kept = points.into_iter().enumerate().filter(|(at, _)| at % stride == 0 || *at == last);
    kept.map(|(_, point)| point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::work::tune::export::{axes, importance, sample};

    const EVIL: &str = "</script><script>alert(1)";

    fn page(parameters: &str, report: &StudyReport) -> String {
        let space = sample::space(parameters);
        let known = [importance(&space, report, &report.metrics[0])];
        plot_page(report, &axes(&space, &report.parameters, |_| Vec::new()), &known).unwrap()
    }

    #[test]
    fn foreign_text_stays_text() {
        let parameters = format!("{{'{EVIL}': {{categorical: ['{EVIL}', '<!--']}}}}");
        let mut report = sample::report(&parameters, 2);
        report.trials[0].params = [(EVIL.to_owned(), EVIL.into())].into();
        report.trials[1].reason = format!("{EVIL} {{{{script}}}} <!-- \u{2028}");
        report.name = EVIL.into();
        let page = page(&parameters, &report);
        assert_eq!(page.matches("<script").count(), 2);
        assert_eq!(page.matches("</script").count(), 2);
        assert!(!page.contains("alert(1)<") && page.contains(r"\u003c/script\u003e"));
        let (_, data) = page.split_once(r#"<script type="application/json" id="data">"#).unwrap();
        let (data, _) = data.split_once("</script>").unwrap();
        let data: serde_json::Value = serde_json::from_str(data).unwrap();
        assert_eq!(data["axes"][0]["name"], EVIL);
        assert_eq!(data["trials"][1]["reason"], report.trials[1].reason);
    }

    #[test]
    fn the_page_needs_nothing_else() {
        let page = page("{a: {double: [0, 1]}}", &sample::report("{a: {double: [0, 1]}}", 0));
        // The name of SVG is no address that anything is fetched from.
        let addresses = page.replace("http://www.w3.org/2000/svg", "");
        for word in ["http:", "https:", "src=", "@import", "url(", "innerHTML", "{{", "eval("] {
            assert!(!addresses.contains(word), "{word}");
        }
        assert!(page.contains("<title>toy-w821xm - mlctl tune</title>"));
        assert!(page.is_ascii());
    }

    #[test]
    fn large_studies_stay_small() {
        let names: Vec<String> = (0..20).map(|at| format!("p{at}: {{double: [0, 1]}}")).collect();
        let parameters = format!("{{{}}}", names.join(", "));
        let mut report = sample::report(&parameters, 1000);
        for trial in &mut report.trials {
            let value =
                |at: usize| (format!("p{at}"), format!("0.{:017}", at * 7 + 1).as_str().into());
            trial.params = (0..20).map(value).collect();
            let point = trial.curve[0].clone();
            trial.curve = (0..500)
                .map(|step| crate::work::tune::Point { step: Some(step), ..point.clone() })
                .collect();
        }
        let size = page(&parameters, &report).len();
        assert!(size < 3_000_000, "{size}");
    }

    #[test]
    fn thinned_curves_keep_their_ends() {
        let points: Vec<(f64, f64)> = (0..100).map(|at| (f64::from(at), 1.0)).collect();
        let kept = thinned(points, 20);
        let ends = (kept.first().unwrap().0 as u8, kept.last().unwrap().0 as u8);
        assert!(kept.len() <= 21 && ends == (0, 99), "{kept:?}");
        assert!(thinned(Vec::new(), 20).is_empty());
    }
}
