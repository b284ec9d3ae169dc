//! Fields that are put into a JSON object while it passes.

use bytes::{Bytes, BytesMut};

use crate::RevisionConfig;

/// Puts fields at the front of an object that comes in pieces, and keeps none of it: what
/// is before the object and its first sign are looked at, the rest passes.
///
/// They come first because an object's end is only known when all of it has been read. A name that
/// the server wrote too is there twice, and readers of JSON take the last (RFC 8259, 4): its own.
#[derive(Clone, Debug)]
pub(crate) struct Insertion {
    /// `"name":"value",...` without braces.
    fields: Bytes,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Of the byte order mark, how many bytes there were.
    Mark(usize),
    /// Before the object.
    Before,
    /// After its brace: whether there is a first field is not known.
    Opened,
    /// Nothing is put in any more.
    Passing,
}

const MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

impl Insertion {
    /// What Vertex AI's `PredictResponse` says of who answered: `deployedModelId` is the revision;
    /// `model` the resource name, as `parent` (`projects/P/locations/L`) begins it, and
    /// `modelDisplayName` of its first model; `modelVersionId` its version, a text.
    pub(crate) fn answered(revision: &RevisionConfig, parent: &str) -> Self {
        let mut fields = vec![("deployedModelId", revision.name.clone())];
        if let Some(model) = revision.models.first() {
            fields.push(("model", format!("{parent}/models/{model}")));
            fields.push(("modelDisplayName", model.clone()));
        }
        if let Some(version) = revision.version {
            fields.push(("modelVersionId", version.to_string()));
        }
        let texts = fields
            .into_iter()
            .map(|(name, value)| format!("\"{name}\":{}", serde_json::Value::String(value)));
        Self::new(texts.collect::<Vec<_>>().join(","))
    }

    /// For fields as they stand in an object, without its braces. They must not be empty.
    pub(crate) fn new(fields: impl Into<Bytes>) -> Self {
        Self { fields: fields.into(), state: State::Mark(0) }
    }

    /// The next piece of the answer, as it goes on to the caller. Pieces that have nothing to be
    /// put in are handed out without being copied.
    pub(crate) fn piece(&mut self, mut piece: Bytes) -> Bytes {
        let mut at = 0;
        while let Some(&byte) = piece.get(at)
            && self.state != State::Passing
        {
            match self.state {
                State::Mark(seen) if byte == MARK[seen] => {
                    self.state = if seen == 2 { State::Before } else { State::Mark(seen + 1) };
                }
                State::Mark(0) => {
                    self.state = State::Before;
                    continue;
                }
                State::Before | State::Opened if is_space(byte) => {}
                State::Before if byte == b'{' => self.state = State::Opened,
                State::Opened => {
                    self.state = State::Passing;
                    let rest = piece.split_off(at);
                    let mut all = BytesMut::with_capacity(at + self.fields.len() + 1 + rest.len());
                    all.extend_from_slice(&piece);
                    all.extend_from_slice(&self.fields);
                    if byte != b'}' {
                        all.extend_from_slice(b",");
                    }
                    all.extend_from_slice(&rest);
                    return all.freeze();
                }
                State::Mark(_) | State::Before | State::Passing => self.state = State::Passing,
            }
            at += 1;
        }
        piece
    }
}
