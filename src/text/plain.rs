//! Text of others made safe for a terminal.

/// One line of output without control characters and colours. Of a progress bar that wrote over
/// itself only the last state is left, as on a terminal.
pub fn plain(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let last = text.trim_end_matches('\r').rsplit('\r').next().unwrap_or_default();
    let text = anstream::adapter::strip_str(last).to_string();
    text.chars().map(|c| if c == '\t' { ' ' } else { c }).filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_moves_the_cursor() {
        assert_eq!(plain(b"10%\r50%\r\x1b[32m100%\x1b[0m\tok\r"), "100% ok");
        assert_eq!(plain(b"\x1b]0;title\x07a\x08b\xff"), "ab\u{fffd}");
    }
}
