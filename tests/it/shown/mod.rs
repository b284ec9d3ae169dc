//! What people see most, as a whole: `list`, `status`, `cost` and `cleanup` over runs in all
//! states.

mod runs;

use insta::{assert_snapshot, with_settings};

use crate::support::skip;
use runs::Runs;

/// Ids are as wide as what they replace.
const FILTERS: [(&str, &str); 6] = [
    (r"\b(good|bad|slow|apart|gone|busy)-[a-z0-9]{6}\b", "$1-ABC123"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"),
    (r#"("(?:host|mlctlVersion)": )".*""#, r#"$1"X""#),
    (r#"("(?:pid|bytes|seq)": )\d+"#, "${1}0"),
    // How far an agent's log has been read.
    (r#"("worker-\d": )\d+"#, "${1}0"),
    (r"(in all \d|removed \d)(.*), \d\d MiB", "$1$2, 60 MiB"),
];

macro_rules! assert_shown {
    ($name:expr, $text:expr) => {
        with_settings!({ filters => FILTERS, omit_expression => true }, {
            assert_snapshot!($name, $text);
        });
    };
}

/// `script` is what makes a terminal.
fn has_terminal() -> bool {
    let there = std::process::Command::new("script").arg("--version").output().is_ok();
    if !there {
        skip("there is no `script`, of util-linux");
    }
    there
}

#[test]
fn list() {
    if !has_terminal() {
        return;
    }
    let runs = Runs::all();
    assert_shown!("list", runs.on_terminal(&["list"]));
    assert_shown!("list_document", runs.document(&["list"]));
}

#[test]
fn status() {
    if !has_terminal() {
        return;
    }
    let runs = Runs::all();
    for name in ["good", "bad", "slow", "apart", "gone", "busy"] {
        assert_shown!(format!("status_{name}"), runs.on_terminal(&["status", name]));
    }
    assert_shown!("status_bad_document", runs.document(&["status", "bad"]));
    assert_shown!("status_apart_document", runs.document(&["status", "apart"]));
}

#[test]
fn cost() {
    if !has_terminal() {
        return;
    }
    let runs = Runs::ended();
    assert_shown!("cost", runs.on_terminal(&["cost"]));
    assert_shown!("cost_by_label", runs.on_terminal(&["cost", "--by", "label=team"]));
    assert_shown!("cost_document", runs.document(&["cost"]));
}

#[test]
fn cleanup() {
    if !has_terminal() {
        return;
    }
    let runs = Runs::all();
    assert_shown!("cleanup", runs.on_terminal(&["cleanup", "--dry-run"]));
    assert_shown!("cleanup_all", runs.on_terminal(&["cleanup", "--all", "--dry-run"]));
    assert_shown!("cleanup_all_document", runs.document(&["cleanup", "--all", "--dry-run"]));
    assert_shown!("cleanup_done", runs.on_terminal(&["cleanup", "bad", "--yes"]));
}
