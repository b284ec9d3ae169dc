//! What is true: labels, by key or by line.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use bytes::Bytes;

use super::datum::{Datum, field, key_of};
use super::join::{EvaluateError, Question};
use crate::storage::{Object, Stores};
use crate::work::batch::input::{Reader, Row, cells};
use crate::work::batch::instance::json_of;
use crate::work::batch::json::value_of;
use crate::work::batch::{InputFormat, Shard};

/// The longest line of a truth.
const LONGEST: u64 = 64 << 20;
/// The field with the label, unless one is named.
const LABEL: &str = "label";

/// The rows of a truth, over all its files in the order of their names.
pub(super) struct Truth<'a> {
    stores: &'a Stores,
    question: &'a Question,
    files: std::vec::IntoIter<Object>,
    open: Option<(Object, InputFormat, Reader)>,
}

impl<'a> Truth<'a> {
    /// Opens it; an error when nothing is there.
    pub(super) async fn open(
        stores: &'a Stores,
        question: &'a Question,
    ) -> Result<Self, EvaluateError> {
        let files = stores.list(&question.truth).await?;
        if files.is_empty() {
            return Err(EvaluateError::Truth(format!("{}: nothing is there", question.truth)));
        }
        Ok(Self { stores, question, files: files.into_iter(), open: None })
    }

    /// The next label, with its key where one is asked for.
    pub(super) async fn next(&mut self) -> Result<Option<(String, Datum)>, EvaluateError> {
        loop {
            if let Some((object, format, reader)) = &mut self.open {
                if let Some(row) = reader.next().await? {
                    let found = match format {
                        InputFormat::Csv => of_cells(self.question, &row, reader.header()),
                        _ => of_json(self.question, &row),
                    };
                    let told = |reason: String| {
                        let line = row.line + 1;
                        EvaluateError::Truth(format!("{}:{line}: {reason}", object.place))
                    };
                    return found.map(Some).map_err(told);
                }
                self.open = None;
            }
            let Some(object) = self.files.next() else { return Ok(None) };
            let name = object.place.as_str().trim_end_matches(".gz");
            let csv = name.rsplit('.').next().is_some_and(|end| end.eq_ignore_ascii_case("csv"));
            let format = if csv { InputFormat::Csv } else { InputFormat::Jsonl };
            let whole = Shard { input: 0, begin: 0, end: object.size };
            let reader = Reader::open(self.stores, &object, whole, format, LONGEST).await?;
            self.open = Some((object, format, reader));
        }
    }

    /// All labels by their keys.
    pub(super) async fn by_key(mut self) -> Result<HashMap<String, Datum>, EvaluateError> {
        let mut all = HashMap::new();
        while let Some((key, label)) = self.next().await? {
            match all.entry(key) {
                Entry::Vacant(place) => {
                    place.insert(label);
                }
                Entry::Occupied(there) if *there.get() == label => {}
                Entry::Occupied(there) => {
                    let reason = format!("the key `{}` has two labels", there.key());
                    return Err(EvaluateError::Truth(reason));
                }
            }
        }
        Ok(all)
    }
}

fn of_json(question: &Question, row: &Row) -> Result<(String, Datum), String> {
    if let Some(fault) = &row.fault {
        return Err(fault.message.clone());
    }
    let value: Bytes = value_of(&row.text).map_err(|error| format!("it is no JSON: {error}"))?;
    let named = question.label.as_deref().unwrap_or(LABEL);
    let object = value.first() == Some(&b'{');
    let label = if object || question.label.is_some() {
        field(&value, named).ok_or_else(|| format!("it has no field `{named}`"))?
    } else {
        value.clone()
    };
    let key = match &question.key {
        Some(name) => {
            key_of(&field(&value, name).ok_or_else(|| format!("it has no field `{name}`"))?)
        }
        None => String::new(),
    };
    Ok((key, Datum::of(&label)?))
}

fn of_cells(
    question: &Question,
    row: &Row,
    header: Option<&[String]>,
) -> Result<(String, Datum), String> {
    if let Some(fault) = &row.fault {
        return Err(fault.message.clone());
    }
    let cells = cells(&row.text);
    let column = |name: &str| {
        let at = header.unwrap_or_default().iter().position(|column| column == name);
        at.and_then(|at| cells.get(at)).ok_or_else(|| format!("it has no column `{name}`"))
    };
    let label = match (&question.label, cells.as_slice()) {
        (None, [only]) => only,
        (named, _) => column(named.as_deref().unwrap_or(LABEL))?,
    };
    let key = match &question.key {
        // As the key of a row of a CSV input is written.
        Some(name) => key_of(&Bytes::from(json_of(column(name)?).into_owned())),
        None => String::new(),
    };
    Ok((key, Datum::of_cell(label)))
}
