//! `{"instances": [...]}`: TF Serving's REST API, and Vertex AI's custom containers.

use bytes::BytesMut;
use serde_json::Value as Json;

use super::{answer, columnar};
use crate::plan::{Protocol, ServerPlan};
use crate::work::protocol::address::Address;
use crate::work::protocol::answered::Answered;
use crate::work::protocol::dialect::{Asked, Dialect, Found};

/// A server that takes rows as they are.
pub(in crate::work::protocol) struct Instances {
    url: String,
    signature: Option<String>,
    parameters: Option<Json>,
    /// It is TF Serving's, which has a form for models whose outputs are not rows.
    columnar: bool,
}

impl Instances {
    /// Asks the model of a plan at this address.
    pub(in crate::work::protocol) fn new(plan: &ServerPlan, address: &Address) -> Self {
        Self {
            url: address.predict(),
            signature: plan.signature.clone(),
            parameters: plan.parameters.clone(),
            columnar: plan.protocol == Protocol::TensorflowRest,
        }
    }
}

impl Dialect for Instances {
    fn ask(&self, rows: &[&[u8]], apart: bool) -> Result<Asked, String> {
        if let ([row], true) = (rows, apart) {
            let body = columnar::body(self.signature.as_deref(), row);
            return Ok(Asked { body, ..Asked::at(&self.url) });
        }
        let room: usize = rows.iter().map(|row| row.len() + 1).sum();
        let mut body = BytesMut::with_capacity(room + 64);
        body.extend_from_slice(b"{");
        if let Some(signature) = &self.signature {
            body.extend_from_slice(
                format!("\"signature_name\":{},", Json::from(&**signature)).as_bytes(),
            );
        }
        body.extend_from_slice(b"\"instances\":[");
        for (at, row) in rows.iter().enumerate() {
            if at > 0 {
                body.extend_from_slice(b",");
            }
            body.extend_from_slice(row);
        }
        body.extend_from_slice(b"]");
        if let Some(parameters) = &self.parameters {
            body.extend_from_slice(format!(",\"parameters\":{parameters}").as_bytes());
        }
        body.extend_from_slice(b"}");
        Ok(Asked { body: body.freeze(), ..Asked::at(&self.url) })
    }

    fn found(
        &self,
        _: &Asked,
        answered: &Answered,
        count: usize,
        apart: bool,
    ) -> Result<Found, String> {
        if apart {
            return Ok(Found::rows(vec![columnar::prediction(&answered.body)?]));
        }
        let found = answer::array(&answered.body, "predictions")?;
        if found.len() != count {
            return Err(format!("it answered {} predictions for {count} rows", found.len()));
        }
        Ok(Found::rows(found))
    }

    fn must_part(&self, code: u16, reason: &str) -> bool {
        self.columnar && columnar::is_needed(code, reason)
    }
}
