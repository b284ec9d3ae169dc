//! What is decided about a request.

mod auth;
mod balance;
mod choice;
mod ejection;
mod headers;
mod outcome;
mod refusal;
mod target;
mod vertex;

use http::{HeaderMap, HeaderName, HeaderValue};

/// Headers by name and value, in their order.
fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    }
    headers
}

/// The same, back.
fn pairs(headers: &HeaderMap) -> Vec<(&str, &str)> {
    let mut pairs: Vec<(&str, &str)> =
        headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    pairs.sort_unstable();
    pairs
}
