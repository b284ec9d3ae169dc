//! What a protocol is to the client: requests for rows, and their predictions out of the answers.

use bytes::Bytes;

use super::answered::Answered;
use super::tensors::TensorInfo;

/// What is sent for a batch.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// The whole URL, or the method of gRPC.
    pub(super) url: String,
    /// The body, or the message of gRPC.
    pub(super) body: Bytes,
    /// Bytes of JSON before binary data.
    pub(super) json_length: Option<usize>,
    /// The row is a line of OpenAI's batch files, with this `custom_id` as JSON text.
    pub(super) custom_id: Option<String>,
}

impl Asked {
    /// Nothing yet, to be sent there.
    pub(super) fn at(url: &str) -> Self {
        Self { url: url.to_owned(), ..Self::default() }
    }
}

/// What an answer has.
#[derive(Debug)]
pub(super) struct Found {
    /// A prediction for each row, as JSON text.
    pub(super) rows: Vec<Bytes>,
    /// The version of the model, where the answer names it.
    pub(super) version: Option<String>,
    /// The outputs of this model are not rows: its rows are asked for one by one from now on.
    pub(super) apart: bool,
}

impl Found {
    /// Predictions, and no more than that.
    pub(super) fn rows(rows: Vec<Bytes>) -> Self {
        Self { rows, version: None, apart: false }
    }
}

/// One protocol.
pub(super) trait Dialect: Send + Sync {
    /// Each row is a request of its own, which says itself which model it asks.
    fn by_row(&self) -> bool {
        false
    }

    /// The model's inputs as the server has told them; empty where the protocol asks for none of them.
    fn inputs(&self) -> &[TensorInfo] {
        &[]
    }

    /// The request for these rows, of which there is at least one. `apart`: it is one, of a model whose
    /// outputs are not rows. The error is the fault of a row.
    fn ask(&self, rows: &[&[u8]], apart: bool) -> Result<Asked, String>;

    /// The predictions of an answer to so many rows; the error says why they can't be the rows'.
    fn found(
        &self,
        asked: &Asked,
        answered: &Answered,
        count: usize,
        apart: bool,
    ) -> Result<Found, String>;

    /// A refusal means that the model's outputs are not rows.
    fn must_part(&self, _code: u16, _reason: &str) -> bool {
        false
    }
}
