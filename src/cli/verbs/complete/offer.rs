//! What is offered at a place: verbs, flags and values that begin with what was typed.

use clap::{Arg, ArgAction, Command, ValueHint};

use super::known::Known;
use super::position::{Expects, Position};
use super::source::{Source, source};
use crate::cli::Context;

/// Something that may be typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Offer {
    /// The whole word.
    pub(super) value: String,
    /// What it is, in a few words.
    pub(super) about: String,
    /// Of a run: it is the name of its spec.
    pub(super) is_name: bool,
}

impl Offer {
    /// A word that says by itself what it is.
    pub(super) fn plain(value: String) -> Self {
        Self { value, about: String::new(), is_name: false }
    }

    fn about(value: String, about: Option<String>) -> Self {
        Self { value, about: about.unwrap_or_default(), is_name: false }
    }
}

/// What a shell shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Offers {
    /// These words.
    Words(Vec<Offer>),
    /// Files, which the shell itself completes best.
    Files,
    /// Folders.
    Folders,
}

/// What may stand at a place whose word is typed so far.
pub(super) fn offers(context: &Context, root: &Command, at: &Position<'_>, typed: &str) -> Offers {
    let known = Known { context, at };
    let all = match &at.expects {
        Expects::Foreign => return Offers::Files,
        Expects::Flag => flags(at),
        Expects::Value(before, arg) => {
            let typed = typed.strip_prefix(before.as_str()).unwrap_or(typed);
            match values(&known, root, arg, typed) {
                Offers::Words(mut all) => {
                    for offer in &mut all {
                        offer.value.insert_str(0, before);
                    }
                    all
                }
                files => return files,
            }
        }
        Expects::Word { verbs, arg } => {
            let mut all = if *verbs { verbs_of(at.command) } else { Vec::new() };
            match arg.map(|arg| values(&known, root, arg, typed)) {
                Some(Offers::Words(values)) => all.extend(values),
                Some(files) if all.is_empty() => return files,
                // A word that is no verb's beginning may be a file's.
                Some(files) if !all.iter().any(|offer| offer.value.starts_with(typed)) => {
                    return files;
                }
                Some(_) | None => {}
            }
            // Where no word can come, a flag may.
            if all.is_empty() && arg.is_none() && !at.path.is_empty() { flags(at) } else { all }
        }
    };
    Offers::Words(all.into_iter().filter(|offer| offer.value.starts_with(typed)).collect())
}

fn verbs_of(command: &Command) -> Vec<Offer> {
    let verbs = command.get_subcommands().filter(|verb| !verb.is_hide_set());
    verbs
        .map(|verb| {
            Offer::about(verb.get_name().to_owned(), verb.get_about().map(ToString::to_string))
        })
        .collect()
}

/// The flags that were not given yet, or may come again.
fn flags(at: &Position<'_>) -> Vec<Offer> {
    let args = at.command.get_arguments().filter(|arg| !arg.is_hide_set());
    let may_come = |arg: &&Arg| {
        let again = matches!(arg.get_action(), ArgAction::Append | ArgAction::Count);
        again || !at.flags.iter().any(|id| arg.get_id() == id)
    };
    args.filter(may_come)
        .filter_map(|arg| {
            let about = arg.get_help().map(ToString::to_string);
            let about =
                about.and_then(|about| about.split(['.', '\n', ';']).next().map(str::to_owned));
            Some(Offer::about(format!("--{}", arg.get_long()?), about))
        })
        .collect()
}

/// The values of one argument.
fn values(known: &Known<'_>, root: &Command, arg: &Arg, typed: &str) -> Offers {
    let possible = arg.get_possible_values();
    if !possible.is_empty() {
        let shown = possible.iter().filter(|value| !value.is_hide_set());
        return Offers::Words(
            shown
                .map(|value| {
                    Offer::about(
                        value.get_name().to_owned(),
                        value.get_help().map(ToString::to_string),
                    )
                })
                .collect(),
        );
    }
    let is_path = matches!(arg.get_value_hint(), ValueHint::AnyPath | ValueHint::FilePath);
    match source(&known.at.path, arg.get_id().as_str(), is_path) {
        Source::Files => Offers::Files,
        Source::Folders => Offers::Folders,
        Source::Verbs => Offers::Words(helped(known, root)),
        source => Offers::Words(known.values(source, typed)),
    }
}

/// The verbs below those that were named for `help` already.
fn helped(known: &Known<'_>, root: &Command) -> Vec<Offer> {
    let mut at = root;
    for (_, word) in known.at.given.iter().filter(|(id, _)| id == "verb") {
        let Some(inner) = at.find_subcommand(word) else { return Vec::new() };
        at = inner;
    }
    verbs_of(at)
}
