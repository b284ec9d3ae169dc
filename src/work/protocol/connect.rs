//! The beginning: the server is waited for, and asked about the model.

use std::sync::atomic::{AtomicBool, AtomicU32};
use std::time::Duration;

use super::address::Address;
use super::answered::Token;
use super::client::{ATTEMPTS, Client};
use super::connection::Connection;
use super::grpc::{self, Channel};
use super::known::{Known, over_grpc, over_http};
use super::predictor::PredictError;
use super::rest::Http;
use super::transport::Transport;
use super::window::Window;
use crate::plan::{Protocol, ServerPlan};

/// What a client needs beside the plan.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// A request has failed after this time.
    pub timeout: Duration,
    /// Most batches on their way; `None`: found out.
    pub max_in_flight: Option<u32>,
    /// What the requests carry to be let in.
    pub token: Token,
}

impl Client {
    /// Waits until the server can be asked, and asks it about the model. An error says what to do.
    pub async fn connect(
        plan: &ServerPlan,
        base: &str,
        connection: Connection,
        options: ClientOptions,
    ) -> Result<Self, PredictError> {
        let base = base.trim_end_matches('/');
        let (token, timeout) = (&options.token, options.timeout);
        let name = format!("the model's name `{}`, its version", plan.model_name);
        let (transport, known, place, look_at) = match plan.protocol {
            Protocol::TensorflowGrpc | Protocol::V2Grpc => {
                let channel = Channel::new(base, token, timeout).map_err(failed)?;
                connection.ready().await?;
                let known = over_grpc(plan, base, &channel, ATTEMPTS).await?;
                let method = match plan.protocol {
                    Protocol::TensorflowGrpc => grpc::TensorFlow::PREDICT,
                    _ => grpc::V2::INFER,
                };
                let place = format!("{base}{method}");
                (Transport::Grpc(channel), known, place, format!("{name} and its server"))
            }
            _ => {
                let http = Http::new(base, token, timeout).map_err(failed)?;
                connection.ready().await?;
                let address = Address::new(base, plan);
                let place = address.predict();
                let known = over_http(plan, address, &http, ATTEMPTS).await?;
                (Transport::Http(http), known, place, format!("{name} and model.routes.predict"))
            }
        };
        let Known { dialect, version } = known;
        // A model hides behind a wrong name only where nobody was asked about it.
        let told =
            matches!(plan.protocol, Protocol::V2Rest | Protocol::V2Grpc | Protocol::TensorflowGrpc);
        Ok(Self {
            transport,
            dialect,
            window: Window::new(options.max_in_flight),
            connection,
            base: base.to_owned(),
            place,
            look_at,
            is_there: AtomicBool::new(told || version.is_some()),
            version: version.map(Into::into),
            apart: AtomicBool::new(false),
            refused: AtomicU32::new(0),
        })
    }
}

fn failed(reason: String) -> PredictError {
    PredictError { reason }
}
