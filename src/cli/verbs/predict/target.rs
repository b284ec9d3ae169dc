//! Whom is asked: an endpoint by its name or a server by its URL, and with what in the request.

use std::path::Path;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::PredictArgs;
use crate::cli::verbs::globals::place_is_said;
use crate::cli::{CliError, Context, ErrorKind, LOCAL};
use crate::plan::{Protocol, ServerPlan};
use crate::spec::{Expose, ExposeBy};
use crate::storage::{DOCUMENT_LIMIT, read};
use crate::work::protocol::{CallOptions, Caller, REVISION_HEADER, Said, Token, Trust, discover};
use crate::work::serve::EndpointDocument;

/// The variable with the token that lets requests in.
const TOKEN: &str = "MLCTL_TOKEN";

/// Who is asked.
pub(super) struct Target {
    /// How it is asked.
    pub(super) plan: ServerPlan,
    base: String,
    options: CallOptions,
}

impl Target {
    /// Finds out who is meant, and what is spoken there.
    pub(super) fn find(context: &Context, args: &PredictArgs) -> Result<Self, CliError> {
        let how = &args.how;
        let Known { url, protocol, model, trust } = known(context, &args.target)?;
        let options = CallOptions {
            timeout: how.timeout.0,
            token: token(context, how.token_env.as_deref())?,
            headers: headers(&how.header, how.revision.as_deref())?,
            trust: match &how.ca {
                None => trust,
                Some(file) => Some(trusted(file)?.known_as(trust)),
            },
        };
        if options.token.0.is_some() && is_in_the_clear(&url) {
            context.printer.warn(format!(
                "the token goes to {url} in the clear, for everybody on the way to read: https:// hides it"
            ));
        }
        let said = Said {
            // Over gRPC an endpoint's servers speak the same protocol as over REST.
            protocol: how.protocol.map(Into::into).or(protocol.filter(|_| !how.raw)),
            model: how.model.clone().or(model),
            signature: how.signature.clone(),
            grpc: how.grpc,
            plain: how.raw,
        };
        let found = context.handle()?.block_on(discover(&url, &said, &options));
        let (plan, base) = found.map_err(|error| explained(error.into(), &options))?;
        Ok(Self { plan, base, options })
    }

    /// An error with what to do about it, where that is known of this server alone.
    pub(super) fn explained(&self, error: CliError) -> CliError {
        explained(error, &self.options)
    }

    /// Gets ready to ask.
    pub(super) fn connect(&self, context: &Context) -> Result<Caller, CliError> {
        let caller = Caller::connect(&self.plan, &self.base, &self.options);
        let caller = context.handle()?.block_on(caller)?;
        let model = &self.plan.model_name;
        let protocol = protocol_name(&self.plan);
        context.printer.detail(format!("{} is asked: {protocol}, model {model}", caller.place()));
        Ok(caller)
    }
}

fn protocol_name(plan: &ServerPlan) -> String {
    let name = serde_json::to_value(plan.protocol).ok();
    name.as_ref().and_then(|name| name.as_str()).unwrap_or_default().to_owned()
}

/// What is known of who is meant before anything is asked.
struct Known {
    url: String,
    protocol: Option<Protocol>,
    model: Option<String>,
    /// Which certificate its server has, where the URL and the system don't say it.
    trust: Option<Trust>,
}

/// The URL that is meant: as it is, or that of an endpoint of this machine.
fn known(context: &Context, target: &str) -> Result<Known, CliError> {
    if target.contains("://") {
        place_is_said(context, target)?;
        return Ok(Known { url: target.to_owned(), protocol: None, model: None, trust: None });
    }
    if let Some((host, rest)) = target.split_once(':')
        && rest.starts_with(|c: char| c.is_ascii_digit())
    {
        let message = format!("`{target}` is neither an endpoint's name nor a URL");
        return Err(CliError::new(ErrorKind::Usage, message)
            .hint(format!("a URL begins with its scheme: http://{host}:{rest}")));
    }
    let endpoint = context.endpoint(Some(target))?;
    let Some(live) = &endpoint.live else {
        let message = format!("the endpoint `{target}` does not serve");
        return Err(CliError::new(ErrorKind::Unreachable, message)
            .hint(format!("see how it is: mlctl status {}", endpoint.run.record.id))
            .hint("begin it again: mlctl serve"));
    };
    // Containers of Vertex AI have no route by which they could be found out.
    let route = live.predict_route.as_deref().filter(|_| live.protocol == Some(Protocol::Vertex));
    // In a cluster others may write there: what is no path could lead a caller's token to another host.
    let route = route.filter(|route| route.starts_with('/'));
    let runtime = context.runtime(&endpoint.run.record.runtime)?;
    let is_local = runtime.name() == LOCAL;
    let is_encrypted = endpoint.document.tls.is_some();
    let scheme = if is_encrypted { "https" } else { "http" };
    let trust = if is_local {
        // Only what lies on this machine says truly which certificate that is.
        live.certificate.as_ref().and_then(|pem| Trust::of_pem(pem.as_bytes()).ok())
    } else {
        is_encrypted.then(|| Trust::named(names(&endpoint.document)))
    };
    let reached = match runtime.reach(&endpoint.paths.endpoint)? {
        Some(address) => format!("{scheme}://{address}"),
        None => live.url.clone(),
    };
    Ok(Known {
        url: format!("{reached}{}", route.unwrap_or_default()),
        protocol: live.protocol,
        model: Some(endpoint.document.model_name.clone()),
        trust,
    })
}

/// The certificates of a file.
fn trusted(file: &Path) -> Result<Trust, CliError> {
    let pem = read(file, DOCUMENT_LIMIT)?;
    Trust::of_pem(&pem).map_err(|reason| {
        CliError::new(ErrorKind::Usage, format!("--ca {}: {reason}", file.display()))
    })
}

/// The names that the certificate of an endpoint in a cluster may have: the host by which it is shown outside,
/// or those of its Service.
fn names(document: &EndpointDocument) -> Vec<String> {
    let host = match &document.expose {
        Expose::By(ExposeBy { ingress: Some(ingress), .. }) => Some(ingress.host.clone()),
        Expose::By(ExposeBy { gateway: Some(gateway), .. }) => gateway.host.clone(),
        Expose::By(_) | Expose::Simply(_) => None,
    };
    let name = &document.name;
    let namespace = document.runtime.rsplit_once('/').map(|(_, namespace)| namespace);
    let of_service = namespace.into_iter().flat_map(|namespace| {
        ["svc.cluster.local", "svc"].map(|zone| format!("{name}.{namespace}.{zone}"))
    });
    host.into_iter().chain(of_service).chain([name.clone()]).collect()
}

/// Says how somebody becomes trusted who is not.
fn explained(error: CliError, options: &CallOptions) -> CliError {
    if options.trust.is_none() || !error.message.contains("certificate") {
        return error;
    }
    // Host and port are not what is wrong.
    CliError { hints: Vec::new(), ..error }
        .hint("who signs its certificate must be trusted here: mlctl predict ... --ca ca.pem")
}

/// What lets requests in: of the variable that was named, or the usual one.
fn token(context: &Context, named: Option<&str>) -> Result<Token, CliError> {
    let value = context.env.get(named.unwrap_or(TOKEN)).map(|token| token.trim().to_owned());
    match (named, &value) {
        (Some(name), None) => {
            let message = format!("the variable {name}, which is to have the token, is not set");
            Err(CliError::new(ErrorKind::Usage, message))
        }
        _ => Ok(Token(value)),
    }
}

/// A token would go over a network without TLS.
fn is_in_the_clear(url: &str) -> bool {
    let rest = ["http://", "grpc://"].iter().find_map(|scheme| url.strip_prefix(scheme));
    let Some(rest) = rest else { return false };
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    let is_own = host == "localhost" || host == "[::1]" || host.starts_with("127.");
    !is_own
}

/// The headers that were given, and the revision's.
fn headers(given: &[String], revision: Option<&str>) -> Result<HeaderMap, CliError> {
    let wrong = |text: &str, reason: &str| {
        CliError::new(ErrorKind::Usage, format!("--header `{text}`: {reason}"))
            .hint("write it as 'name: value'")
    };
    let mut headers = HeaderMap::new();
    for text in given {
        let (name, value) = text.split_once(':').ok_or_else(|| wrong(text, "it has no colon"))?;
        let name = HeaderName::from_bytes(name.trim().as_bytes())
            .map_err(|_| wrong(text, "no header can have this name"))?;
        let value = HeaderValue::from_bytes(value.trim().as_bytes())
            .map_err(|_| wrong(text, "no header can have this value"))?;
        headers.append(name, value);
    }
    if let Some(revision) = revision {
        let value = HeaderValue::from_str(revision).map_err(|_| {
            CliError::new(
                ErrorKind::Usage,
                format!("--revision: no revision is called `{revision}`"),
            )
        })?;
        headers.insert(HeaderName::from_static(REVISION_HEADER), value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_stays_on_this_machine_or_is_hidden() {
        for url in [
            "http://127.0.0.1:1/x",
            "https://h",
            "grpcs://h:1",
            "http://[::1]:8",
            "http://localhost",
        ] {
            assert!(!is_in_the_clear(url), "{url}");
        }
        for url in ["http://h", "grpc://h:1", "http://localhost.evil:1", "http://10.0.0.1/v1"] {
            assert!(is_in_the_clear(url), "{url}");
        }
    }

    #[test]
    fn headers_are_checked() {
        let of = |text: &str| headers(&[text.to_owned()], Some("v2"));
        let headers = of("X-A:  b c ").unwrap();
        assert_eq!(
            (&headers["x-a"], &headers[REVISION_HEADER]),
            (&"b c".parse().unwrap(), &"v2".parse().unwrap())
        );
        for wrong in ["no colon", ": x", "a b: c", "a: b\nc: d"] {
            assert_eq!(of(wrong).unwrap_err().kind, ErrorKind::Usage, "{wrong}");
        }
    }
}
