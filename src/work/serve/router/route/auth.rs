//! Who is let in.

use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::Refusal;
use crate::TokenHash;

/// Whether a request has one of the tokens, if there are any. Each hash is compared in full,
/// whichever fits, so that the time tells nothing of them.
pub(crate) fn admit(tokens: &[TokenHash], headers: &HeaderMap) -> Result<(), Refusal> {
    if tokens.is_empty() {
        return Ok(());
    }
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(Refusal::NoToken)?.as_bytes();
    if values.next().is_some() {
        return Err(Refusal::BadToken);
    }
    let token = bearer(value).ok_or(Refusal::NoToken)?;
    let given = TokenHash::of(token);
    let found = tokens.iter().fold(false, |found, token| token.matches(&given) | found);
    if found { Ok(()) } else { Err(Refusal::BadToken) }
}

/// The token of `Bearer TOKEN` (RFC 6750, 2.1); schemes have no case (RFC 9110, 11.1).
fn bearer(value: &[u8]) -> Option<&[u8]> {
    const SCHEME: &[u8] = b"bearer ";
    let (scheme, token) = value.split_at_checked(SCHEME.len())?;
    let token = token.trim_ascii();
    (scheme.eq_ignore_ascii_case(SCHEME) && !token.is_empty()).then_some(token)
}
