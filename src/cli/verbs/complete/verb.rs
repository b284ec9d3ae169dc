//! The hidden verb that the scripts of shells call.

use clap_complete::Shell;

use super::line::{kept, words};
use super::offer::{Offers, offers};
use super::position::position;
use crate::cli::{CliError, Context, PlaceArgs, command};

/// Arguments of `complete`.
#[derive(Debug, clap::Args)]
pub struct CompleteArgs {
    /// The shell that asks
    pub shell: Shell,
    /// Where the cursor is in the line; where it is given, there is one word, the whole line
    #[arg(long)]
    pub point: Option<usize>,
    /// Signs at which the shell breaks words
    #[arg(long, allow_hyphen_values = true)]
    pub breaks: Option<String>,
    /// The words up to the cursor, the program first
    #[arg(last = true)]
    pub words: Vec<String>,
}

/// Prints what may be typed: a line each, with what it is behind a tab. A line that begins with a colon is
/// for the script: `:files`, `:folders`.
pub fn complete(context: &Context, args: &CompleteArgs) -> Result<u8, CliError> {
    let words = match args.point {
        Some(point) => {
            let line = args.words.first().map_or("", String::as_str);
            words(&line.chars().take(point).collect::<String>())
        }
        None => args.words.clone(),
    };
    let typed = words.last().cloned().unwrap_or_default();
    let mut root = command();
    root.build();
    let at = position(&root, &words);
    let mut context = context.clone();
    let given =
        |id: &str| at.given.iter().find(|(name, _)| name == id).map(|(_, value)| value.clone());
    context.place = PlaceArgs {
        runtime: given("runtime"),
        context: given("context"),
        namespace: given("namespace"),
    };
    let text = match offers(&context, &root, &at, &typed) {
        Offers::Files => ":files\n".to_owned(),
        Offers::Folders => ":folders\n".to_owned(),
        Offers::Words(all) => {
            let kept = kept(&typed, args.breaks.as_deref().unwrap_or_default());
            let lines = all.into_iter().map(|offer| {
                let value = offer.value.strip_prefix(kept).unwrap_or(&offer.value).to_owned();
                let about = offer.about.replace(['\t', '\n'], " ");
                if about.is_empty() { value } else { format!("{value}\t{about}") }
            });
            lines.map(|line| line + "\n").collect()
        }
    };
    if !text.is_empty() {
        context.printer.data(&text)?;
    }
    Ok(0)
}
