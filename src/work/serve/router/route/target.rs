//! What a path asks for, as far as a router looks.

/// A path that says more than where on a server something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target<'a> {
    /// Nothing that concerns a router.
    Plain,
    /// TensorFlow Serving's `/v1/models/NAME/versions/N[/metadata|:VERB]`.
    Version {
        /// The name of the model.
        model: &'a str,
        /// Its version.
        version: u64,
        /// Whether the model's state is asked for, by a path that ends with the number.
        status: bool,
    },
    /// Vertex AI's `/v1/projects/P/locations/L/endpoints/NAME:VERB`.
    Endpoint {
        /// The part before `/endpoints`, which names of resources begin with:
        /// `projects/P/locations/L`.
        parent: &'a str,
        /// The endpoint's name.
        name: &'a str,
        /// Whether bodies are passed as they are: `rawPredict` and `streamRawPredict`, not
        /// `predict`.
        raw: bool,
    },
}

impl<'a> Target<'a> {
    /// What a path is. Calls of Vertex AI are only that if `post`. Texts are compared as they are
    /// written: names of models and endpoints need no percent-encoding.
    ///
    /// The paths are TensorFlow Serving's REST API (`http_rest_api_handler.cc`) and
    /// `PredictionService` of `google.cloud.aiplatform.v1` and `v1beta1`.
    pub(crate) fn of(path: &'a str, post: bool) -> Self {
        if let Some(rest) = path.strip_prefix("/v1/models/") {
            return version(rest).unwrap_or(Self::Plain);
        }
        if !post {
            return Self::Plain;
        }
        let rest = path.strip_prefix("/v1/").or_else(|| path.strip_prefix("/v1beta1/"));
        rest.and_then(endpoint).unwrap_or(Self::Plain)
    }
}

fn version(rest: &str) -> Option<Target<'_>> {
    let (model, rest) = rest.split_once("/versions/")?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (number, verb) = rest.split_at(end);
    if model.is_empty()
        || model.contains(['/', ':'])
        || !(verb.is_empty() || verb.starts_with([':', '/']))
    {
        return None;
    }
    let version = number.parse().ok()?;
    Some(Target::Version { model, version, status: verb.is_empty() || verb == "/" })
}

fn endpoint(rest: &str) -> Option<Target<'_>> {
    let (path, verb) = rest.rsplit_once(':')?;
    let raw = match verb {
        "predict" => false,
        "rawPredict" | "streamRawPredict" => true,
        _ => return None,
    };
    let mut parts = path.split('/');
    let fixed = (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let ("projects", project, "locations", location, "endpoints") = fixed else { return None };
    let name = parts.next()?;
    if parts.next().is_some() || project.is_empty() || location.is_empty() || name.is_empty() {
        return None;
    }
    let parent = &path[..path.len() - name.len() - "/endpoints/".len()];
    Some(Target::Endpoint { parent, name, raw })
}
