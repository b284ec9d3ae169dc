//! What is asked, as the command line names it.

use std::io::stdin;
use std::path::Path;

use bytes::Bytes;

use super::WhatArgs;
use crate::cli::{CliError, Context};
use crate::storage::{Place, read_open};
use crate::work::batch::{InputFormat, file_rows};
use crate::work::predict::{ImageFile, Input, PredictionError};

/// The most bytes of all that is asked: whoever has more has a batch prediction.
const LIMIT: u64 = 256 << 20;

/// What was given.
pub(super) enum Given {
    /// JSON, or rows.
    Input(Input),
    /// The contents of files.
    Images(Vec<ImageFile>),
    /// A body that is not looked at.
    Raw(Bytes),
}

impl WhatArgs {
    /// How it is called in messages.
    pub(super) fn named(&self) -> String {
        let name = self.file.as_ref().or(self.csv.as_ref());
        match name.map(String::as_str) {
            Some("-") => "standard input".to_owned(),
            Some(name) => name.to_owned(),
            None => "what --json gives".to_owned(),
        }
    }
}

/// Reads what was given. The error says which line of it is wrong, where all of it is one JSON text.
pub(super) fn read(context: &Context, what: &WhatArgs, raw: bool) -> Result<Given, CliError> {
    if let Some(text) = &what.json {
        let text = match text.strip_prefix('@') {
            Some(file) => content(context, file)?,
            None if text == "-" => content(context, text)?,
            None => Bytes::from(text.clone()),
        };
        if raw {
            return Ok(Given::Raw(text));
        }
        let name = what.json.as_ref().and_then(|text| text.strip_prefix('@'));
        let named = |error| match (error, name) {
            (PredictionError::Json(reason), Some(name)) => {
                PredictionError::Json(format!("{name}: {reason}"))
            }
            (error, _) => error,
        };
        return Ok(Given::Input(Input::of_json(&text).map_err(named)?));
    }
    let rows = |name: &String, format| {
        let is_packed =
            Path::new(name).extension().is_some_and(|end| end.eq_ignore_ascii_case("gz"));
        let rows = file_rows(content(context, name)?, is_packed, format)?;
        Ok(Given::Input(Input::Rows(rows)))
    };
    match (&what.file, &what.csv) {
        (Some(name), _) => rows(name, InputFormat::Jsonl),
        (_, Some(name)) => rows(name, InputFormat::Csv),
        (None, None) => {
            let file = |name: &String| {
                let content = content(context, name)?;
                Ok(ImageFile { name: name.clone(), content })
            };
            let all = what.image.iter().map(file);
            Ok(Given::Images(all.collect::<Result<_, CliError>>()?))
        }
    }
}

/// What is in a file, an object of a bucket, or standard input (`-`).
fn content(context: &Context, name: &str) -> Result<Bytes, CliError> {
    if name == "-" {
        let name = Path::new("<stdin>");
        return Ok(read_open(&mut stdin().lock(), name, LIMIT)?.into());
    }
    let place = Place::from(name).starting_at(&context.env.cwd);
    let stores = context.stores();
    let (_, bytes) = context.handle()?.block_on(stores.read(&place, LIMIT))?;
    Ok(bytes)
}
