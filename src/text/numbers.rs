//! Numbers as people read them.

/// A metric: four significant digits, no trailing zeros, and a power of ten where zeros would follow
/// the point: `0.9725`, `123456`, `1.2e-7`.
pub fn number(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let digits = 3 - value.abs().log10().floor() as i32;
    // Whole numbers are written out as far as people count them.
    if (-11..0).contains(&digits) {
        return format!("{value:.0}");
    }
    if !(0..=8).contains(&digits) {
        return scientific(value);
    }
    let text = format!("{value:.*}", digits as usize);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text }
}

/// Four significant digits and a power of ten: `1.2e-9`.
fn scientific(value: f64) -> String {
    let text = format!("{value:.3e}");
    match text.split_once('e') {
        Some((digits, power)) => {
            format!("{}e{power}", digits.trim_end_matches('0').trim_end_matches('.'))
        }
        None => text,
    }
}
/// A size in bytes with two or three digits and a binary unit: `812 MiB`, `1.5 GiB`.
pub fn bytes(bytes: u64) -> String {
    let mut value = bytes as f64;
    let mut units = ["B", "KiB", "MiB", "GiB", "TiB"].iter();
    let mut unit = units.next().unwrap_or(&"B");
    for next in units {
        if value < 1000.0 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    if value < 9.95 && *unit != "B" {
        format!("{value:.1} {unit}")
    } else {
        format!("{value:.0} {unit}")
    }
}
