//! Base64 with the ordinary alphabet and padding.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Writes bytes as Base64 behind what is there.
pub(super) fn encode(bytes: &[u8], out: &mut Vec<u8>) {
    out.reserve(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let letter = ALPHABET[(bits >> (18 - 6 * at) & 63) as usize];
            out.push(if at <= group.len() { letter } else { b'=' });
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_vectors_of_the_standard() {
        let texts = ["", "f", "fo", "foo", "foob", "fooba", "foobar", "\u{ff}\u{3ff}"];
        let all = texts.map(|text| {
            let mut out = Vec::new();
            super::encode(text.as_bytes(), &mut out);
            String::from_utf8(out).unwrap()
        });
        let expected = ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy", "w7/Pvw=="];
        assert_eq!(all, expected);
    }
}
