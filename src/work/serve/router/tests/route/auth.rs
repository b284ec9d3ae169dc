//! Who is let in.

use super::headers;
use crate::TokenHash;
use crate::route::{Refusal, admit};

#[test]
fn one_of_the_tokens_is_enough() {
    let tokens = [TokenHash::of(b"one"), TokenHash::of(b"two")];
    for value in ["Bearer one", "bearer two", "BEARER  two "] {
        assert_eq!(admit(&tokens, &headers(&[("authorization", value)])), Ok(()), "{value}");
    }
    for value in ["Bearer on", "Bearer onee", "Bearer one two", "Bearer ONE"] {
        let refused = admit(&tokens, &headers(&[("authorization", value)]));
        assert_eq!(refused, Err(Refusal::BadToken), "{value}");
    }
    for value in ["", "one", "Bearer", "Bearer ", "Basic one", "Bearerone"] {
        let refused = admit(&tokens, &headers(&[("authorization", value)]));
        assert_eq!(refused, Err(Refusal::NoToken), "{value}");
    }
    assert_eq!(admit(&tokens, &headers(&[])), Err(Refusal::NoToken));
    let twice = headers(&[("authorization", "Bearer one"), ("authorization", "Bearer two")]);
    assert_eq!(admit(&tokens, &twice), Err(Refusal::BadToken));
}

#[test]
fn without_tokens_everybody_is_let_in() {
    assert_eq!(admit(&[], &headers(&[])), Ok(()));
    assert_eq!(admit(&[], &headers(&[("authorization", "Basic x")])), Ok(()));
}
