//! No global flag is taken and then ignored: every verb has decided what each of them is.

use std::collections::BTreeSet;

use mlctl::cli::verbs::globals::{GLOBALS, Globals, Meaning, Output, globals_of};
use mlctl::cli::{Format, Global, PlaceArgs};

use super::{QUICK, far_from_clusters, shell};
use crate::support::{stderr, stdout};

/// The paths of all verbs that people call.
fn paths(command: &clap::Command, path: &str, found: &mut BTreeSet<String>) {
    let verbs: Vec<_> = command.get_subcommands().filter(|verb| !verb.is_hide_set()).collect();
    // A verb that does something by itself, too, or has no others below it.
    if !path.is_empty() && (verbs.is_empty() || !command.is_subcommand_required_set()) {
        found.insert(path.to_owned());
    }
    for verb in verbs {
        paths(verb, format!("{path} {}", verb.get_name()).trim(), found);
    }
}

/// What there is to type behind a verb; nothing else than `loc` is named.
fn rest(verb: &str) -> &'static str {
    match verb {
        "predict" => "loc --json 1",
        "evaluate" => "loc --truth t.jsonl",
        "tune stop-trial" => "1 loc",
        "model diff" => "loc loc",
        "models push" => "loc-abcdef loc",
        "traffic" => "loc v1=100",
        "rollout" => "status loc",
        "scale" => "loc --min 1",
        "export" => "loc --to tflite --dry-run",
        "exec" => "loc -- true",
        "train" | "batch-predict" | "tune" | "serve" => "--dry-run",
        "render" | "validate" | "list" | "cost" | "doctor" | "gpus" | "state rebuild" => "",
        "cleanup" => "--all --dry-run",
        _ => "loc",
    }
}

#[test]
fn every_verb_has_decided_about_every_global_flag() {
    let mut found = BTreeSet::new();
    paths(&mlctl::cli::command(), "", &mut found);
    let decided: BTreeSet<String> = GLOBALS.iter().map(|one| one.verb.to_owned()).collect();
    assert_eq!(found, decided, "verbs, and those that cli/verbs/globals.rs decides about");
    assert_eq!(decided.len(), GLOBALS.len(), "a verb is decided about twice");
}

#[test]
fn what_can_mean_nothing_is_refused() {
    let none = Global {
        output: Format::Table,
        quiet: false,
        verbose: false,
        color: clap::ColorChoice::Auto,
        place: PlaceArgs::default(),
    };
    let some = || Some("x".to_owned());
    for globals in GLOBALS {
        assert!(globals.check(&none).is_ok(), "{}", globals.verb);
        let places = [
            PlaceArgs { runtime: some(), ..PlaceArgs::default() },
            PlaceArgs { context: some(), ..PlaceArgs::default() },
            PlaceArgs { namespace: some(), ..PlaceArgs::default() },
        ];
        for ((flag, meaning), place) in globals.places().into_iter().zip(places) {
            let checked = globals.check(&Global { place, ..none.clone() });
            assert_eq!(checked.is_err(), meaning == Meaning::Refused, "{} {flag}", globals.verb);
            if let Err(error) = checked {
                let said = format!("`mlctl {}` takes no {flag}: ", globals.verb);
                assert!(error.message.starts_with(&said), "{}", error.message);
                assert!(error.message.len() > said.len() + 10, "{}", error.message);
            }
        }
        for form in [Format::Json, Format::Yaml] {
            let checked = globals.check(&Global { output: form, ..none.clone() });
            let takes =
                globals.output == Output::Document || globals.output == Output::Own(Some(form));
            assert_eq!(checked.is_ok(), takes, "{} {form:?}", globals.verb);
        }
    }
}

/// A place where nothing is hides the run that is here, and nothing is done with it.
#[test]
fn a_place_counts_for_every_verb() {
    let sandbox = far_from_clusters();
    sandbox.write(
        "mlctl.yaml",
        &QUICK.replace("[\"true\"]", "[sleep, \"600\"]").replace("{epochs: 5}", "[]"),
    );
    let run = stdout(&sandbox.run(0, ["train", "--detach"])).trim().to_owned();
    let tried: Vec<(&Globals, String)> = GLOBALS
        .iter()
        .flat_map(|globals| {
            let flags = [("--context nowhere", globals.context), ("-n nowhere", globals.namespace)];
            flags.map(|(flag, meaning)| (globals, flag, meaning))
        })
        .filter(|(.., meaning)| *meaning != Meaning::Refused)
        .map(|(globals, flag, _)| {
            (globals, format!("{} {flag} {}", globals.verb, rest(globals.verb)))
        })
        .collect();
    std::thread::scope(|scope| {
        for part in tried.chunks(tried.len().div_ceil(4)) {
            let (sandbox, run) = (&sandbox, &run);
            scope.spawn(move || {
                for (globals, line) in part {
                    let output =
                        shell(sandbox, &format!("mlctl {line}")).output().expect("it runs");
                    let (out, said) = (stdout(&output), stderr(&output));
                    assert!(!out.contains(run.as_str()), "{line}: {out}");
                    let is_filter = globals.verb == "list" || globals.verb == "cost";
                    let is_fine = line.contains("-n nowhere") && is_filter;
                    assert_eq!(output.status.success(), is_fine, "{line}: {out}{said}");
                    if line.contains("--context") {
                        assert!((out + &said).contains("no context `nowhere`"), "{line}: {said}");
                    }
                }
            });
        }
    });
    assert!(stdout(&sandbox.run(0, ["list", "-q", "--state", "running"])).contains(&run));
    assert!(globals_of("cancel").is_some());
    sandbox.run(0, ["cancel", "loc", "--runtime", "local", "--yes"]);
}
