//! What every request passes through: the server's time is read from each answer, and credentials that
//! have run out are made anew.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{Request, Response, StatusCode};
use kube::client::Body;
use kube::{Client, Config};

use super::clock::ServerClock;

/// Credentials are made anew no oftener than this: a server that refuses new ones too has other
/// reasons.
const RENEWAL_PACE: Duration = Duration::from_secs(10);

/// A client whose requests pass through here. This runs the exec plugin of the kubeconfig, if it names
/// one.
pub(super) fn watched(config: Config, clock: ServerClock) -> kube::Result<Client> {
    let namespace = config.default_namespace.clone();
    let made =
        Made { client: Client::try_from(config.clone())?, number: 0, at: crate::sys::boottime() };
    let renewable = Arc::new(Renewable { config, clock, made: Mutex::new(made) });
    let service = tower::service_fn(move |request| {
        let renewable = Arc::clone(&renewable);
        async move { renewable.send(request).await }
    });
    Ok(Client::new(service, namespace))
}

struct Renewable {
    config: Config,
    clock: ServerClock,
    made: Mutex<Made>,
}

/// The client of the credentials that were made last.
struct Made {
    client: Client,
    /// How often they have been made anew.
    number: u32,
    at: Duration,
}

impl Renewable {
    async fn send(&self, request: Request<Body>) -> kube::Result<Response<Body>> {
        let again = copy(&request);
        let (client, number) = {
            let made = self.made();
            (made.client.clone(), made.number)
        };
        let answer = client.send(request).await?;
        self.clock.read(answer.headers());
        if answer.status() != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        let Some((client, again)) = self.renewed(number).zip(again) else { return Ok(answer) };
        let answer = client.send(again).await?;
        self.clock.read(answer.headers());
        Ok(answer)
    }

    /// A client whose credentials are newer than those of this number; `None` where there can be none.
    fn renewed(&self, number: u32) -> Option<Client> {
        let mut made = self.made();
        // Many requests are refused at once, and the first one makes new credentials for all.
        if made.number != number {
            return Some(made.client.clone());
        }
        let now = crate::sys::boottime();
        if !self.can_renew() || made.number > 0 && now.saturating_sub(made.at) < RENEWAL_PACE {
            return None;
        }
        let client = Client::try_from(self.config.clone()).ok()?;
        *made = Made { client: client.clone(), number: number + 1, at: now };
        Some(client)
    }

    /// Whoever gives credentials may give others now; those that are written down stay as they are.
    fn can_renew(&self) -> bool {
        let user = &self.config.auth_info;
        user.exec.is_some() || user.auth_provider.is_some() || user.token_file.is_some()
    }

    fn made(&self) -> MutexGuard<'_, Made> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The same request once more; `None` where its body is a stream, which can be sent only once.
fn copy(request: &Request<Body>) -> Option<Request<Body>> {
    let mut copy = Request::new(request.body().try_clone()?);
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.version_mut() = request.version();
    *copy.headers_mut() = request.headers().clone();
    *copy.extensions_mut() = request.extensions().clone();
    Some(copy)
}
