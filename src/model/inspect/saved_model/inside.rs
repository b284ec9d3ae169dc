//! Whether a graph makes numbers of pictures and texts itself. Most of what it does is in functions, whose
//! operations its own list leaves out: they are read where its signatures take strings.

use std::collections::BTreeSet;
use std::ops::Range;

use super::types::{MetaGraph, Preprocessing};
use crate::model::inspect::InspectError;
use crate::model::inspect::bytes::Window;
use crate::model::inspect::wire::{Field, Message, Value, text};

/// So many operations of functions are looked at. A model that makes numbers of texts has a few hundreds, and one
/// of hundred thousands takes seconds.
const MOST_LOOKED_AT: usize = 100_000;
const PICTURES: [&str; 7] = [
    "DecodeJpeg",
    "DecodePng",
    "DecodeImage",
    "DecodeAndCropJpeg",
    "DecodeBmp",
    "DecodeGif",
    "DecodeWebP",
];
const EXAMPLES: [&str; 5] = [
    "ParseExample",
    "ParseExampleV2",
    "ParseSingleExample",
    "ParseSequenceExample",
    "ParseSequenceExampleV2",
];

/// What a graph does with the strings that it takes. `definition` is where it is in the file.
pub(super) fn preprocessing(
    file: &mut Window<'_>,
    graph: &MetaGraph,
    definition: Range<u64>,
) -> Result<Vec<Preprocessing>, InspectError> {
    let inputs = graph.signatures.values().flat_map(|signature| signature.inputs.values());
    let takes_strings = inputs.into_iter().any(|tensor| tensor.dtype == "DT_STRING");
    if !takes_strings {
        return Ok(Vec::new());
    }
    let mut found: BTreeSet<Preprocessing> =
        graph.operations.iter().filter_map(|name| meaning(name)).collect();
    in_functions(file, definition, &mut found)?;
    if found.is_empty() {
        found.insert(Preprocessing::Strings);
    }
    Ok(found.into_iter().collect())
}

fn meaning(operation: &str) -> Option<Preprocessing> {
    if PICTURES.contains(&operation) {
        Some(Preprocessing::Pictures)
    } else if EXAMPLES.contains(&operation) {
        Some(Preprocessing::Examples)
    } else {
        None
    }
}

/// `GraphDef`: `library` 2, of which `function` 1, of which `node_def` 3, of which `op` 2.
fn in_functions(
    file: &mut Window<'_>,
    definition: Range<u64>,
    found: &mut BTreeSet<Preprocessing>,
) -> Result<(), InspectError> {
    let mut looked_at = 0;
    let mut graph = Message::new(definition);
    while let Some(field) = graph.next(file)? {
        let Field { number: 2, value: Value::Part(library) } = field else { continue };
        let mut library = Message::new(library);
        while let Some(field) = library.next(file)? {
            let Field { number: 1, value: Value::Part(function) } = field else { continue };
            let mut function = Message::new(function);
            while let Some(field) = function.next(file)? {
                let Field { number: 3, value: Value::Part(node) } = field else { continue };
                looked_at += 1;
                if looked_at > MOST_LOOKED_AT {
                    return Ok(());
                }
                found.extend(operation(file, node)?);
            }
        }
    }
    Ok(())
}

fn operation(
    file: &mut Window<'_>,
    node: Range<u64>,
) -> Result<Option<Preprocessing>, InspectError> {
    let mut node = Message::new(node);
    while let Some(field) = node.next(file)? {
        if let Field { number: 2, value: Value::Part(part) } = field {
            return Ok(meaning(&text(file, &part)?));
        }
    }
    Ok(None)
}
