//! What the URL of a server says by itself: a route belongs to one protocol.

use url::Url;

use crate::plan::Protocol;

/// A URL that somebody has given, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Given {
    /// What stands before the protocol's own routes, without a slash at its end.
    pub(super) base: String,
    /// The protocol that its path belongs to; `None` where it belongs to none.
    pub(super) protocol: Option<Protocol>,
    /// The model that the path names.
    pub(super) model: Option<String>,
    /// The version of it.
    pub(super) version: Option<String>,
    /// The path at which predictions are asked for, where it isn't the protocol's own.
    pub(super) route: Option<String>,
}

/// Routes of OpenAI's API that are asked with a POST.
const OPENAI: [&str; 4] =
    ["/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/responses"];

impl Given {
    /// Takes a URL apart. The error says what is wrong with it.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| error.to_string())?;
        if !matches!(url.scheme(), "http" | "https" | "grpc" | "grpcs") {
            let reason = "it begins with http://, https://, grpc:// or grpcs://";
            return Err(reason.to_owned());
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err("it names no host".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            let reason = "it has a user or a password, which would be shown wherever it is: put a \
                          token into a variable";
            return Err(reason.to_owned());
        }
        let origin = &url[..url::Position::BeforePath];
        let whole = url[url::Position::BeforePath..url::Position::AfterQuery].to_owned();
        let path = url.path().trim_end_matches('/');
        let plain = |before: &str| Self {
            base: format!("{origin}{before}"),
            protocol: None,
            model: None,
            version: None,
            route: None,
        };
        if let Some((before, named)) = path.split_once("/v2/models/") {
            let named = named.strip_suffix("/infer").unwrap_or(named);
            let (model, version) = versioned(named);
            return Ok(Self { protocol: Some(Protocol::V2Rest), model, version, ..plain(before) });
        }
        if let Some(before) = OPENAI.iter().find_map(|route| path.strip_suffix(route)) {
            let route = Some(whole[before.len()..].to_owned());
            return Ok(Self { protocol: Some(Protocol::Openai), route, ..plain(before) });
        }
        if let Some((before, named)) = path.split_once("/v1/models/") {
            let (named, verb) = match named.split_once(':') {
                Some((named, verb)) => (named, Some(verb)),
                None => (named, None),
            };
            let (model, version) = versioned(named);
            // Labels, and verbs beside `predict`, are in no plan.
            let own = verb.is_some_and(|verb| verb != "predict") || named.contains("/labels/");
            let route = own.then(|| whole[before.len()..].to_owned());
            let protocol = Some(Protocol::TensorflowRest);
            return Ok(Self { protocol, model, version, route, ..plain(before) });
        }
        if path.ends_with(":predict") || path.ends_with(":rawPredict") {
            let protocol = Some(Protocol::Vertex);
            return Ok(Self { protocol, route: Some(whole), ..plain("") });
        }
        if path.ends_with("/v2") {
            let before = path.strip_suffix("/v2").unwrap_or(path);
            return Ok(Self { protocol: Some(Protocol::V2Rest), ..plain(before) });
        }
        let before = path.strip_suffix("/v1").unwrap_or(path);
        Ok(Self { route: (!path.is_empty()).then_some(whole), ..plain(before) })
    }
}

/// `NAME`, `NAME/versions/N`.
fn versioned(named: &str) -> (Option<String>, Option<String>) {
    let text = |text: &str| Some(text.trim_matches('/').to_owned()).filter(|text| !text.is_empty());
    if let Some((name, _)) = named.split_once("/labels/") {
        return (text(name), None);
    }
    match named.split_once("/versions/") {
        Some((name, version)) => (text(name), text(version)),
        None => (text(named), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_says_its_protocol() {
        let of = |url: &str| {
            let given = Given::read(url).unwrap();
            let text = |text: Option<String>| text.unwrap_or_else(|| "-".into());
            format!(
                "{} {:?} {} {} {}",
                given.base,
                given.protocol,
                text(given.model),
                text(given.version),
                text(given.route)
            )
        };
        for (url, wanted) in [
            ("http://h:1", "http://h:1 None - - -"),
            ("http://h:1/", "http://h:1 None - - -"),
            ("http://h/v1/models/m:predict", "http://h Some(TensorflowRest) m - -"),
            ("http://h/a/v1/models/m/versions/3", "http://h/a Some(TensorflowRest) m 3 -"),
            (
                "http://h/v1/models/m/labels/x:predict",
                "http://h Some(TensorflowRest) m - /v1/models/m/labels/x:predict",
            ),
            (
                "http://h/v1/models/m:classify",
                "http://h Some(TensorflowRest) m - /v1/models/m:classify",
            ),
            ("http://h/v2/models/m/versions/2/infer", "http://h Some(V2Rest) m 2 -"),
            ("http://h/v1/chat/completions", "http://h Some(Openai) - - /v1/chat/completions"),
            (
                "https://h/v1/projects/p/locations/l/endpoints/e:predict?x=1",
                "https://h Some(Vertex) - - /v1/projects/p/locations/l/endpoints/e:predict?x=1",
            ),
            ("http://h/predict", "http://h/predict None - - /predict"),
            ("http://[::1]:8/v1/", "http://[::1]:8 None - - /v1/"),
            ("grpcs://h:2", "grpcs://h:2 None - - -"),
        ] {
            assert_eq!(of(url), wanted, "{url}");
        }
        for wrong in ["h:1", "ftp://h", "http://", "http://u:p@h/", "digits"] {
            assert!(Given::read(wrong).is_err(), "{wrong}");
        }
    }
}
