//! Quantities of a spec: cores, bytes, durations. Each reads what Kubernetes or Vertex would write.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The text is not such a quantity; the message says what one looks like.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct QuantityError(String);

/// Cores, kept in thousandths: `2`, `0.5` or `500m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CpuQuantity {
    /// Thousandths of a core; never zero when it was read from a text.
    pub millis: u64,
}

/// Bytes: `4Gi`, `512M` or a plain number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize {
    /// Whole bytes; never zero when it was read from a text.
    pub bytes: u64,
}

/// A length of time: `90s`, `10m`, `1h30m`, `7d`, or Vertex's `3600s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

/// An amount of money: `20` or `12.50`, in the currency of the price file.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Amount(pub f64);

/// A part of a whole, from 0 to 100 percent: `1%` or `0.5%`. The sign is always written, because a
/// bare `1` may mean one percent or all of it.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Percent(f64);

impl Percent {
    /// As a part of one: `1%` is 0.01.
    pub fn fraction(self) -> f64 {
        self.0 / 100.0
    }

    /// The number before the sign: `1%` is 1.
    pub fn percent(self) -> f64 {
        self.0
    }
}

impl FromStr for Percent {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let bad =
            || QuantityError(format!("`{text}` is not a part in percent: write 1%, 0.5% or 100%"));
        let digits = text.strip_suffix('%').ok_or_else(bad)?;
        let plain = digits.chars().all(|c| c.is_ascii_digit() || c == '.');
        let number: f64 = digits.parse().map_err(|_| bad())?;
        if plain && (0.0..=100.0).contains(&number) { Ok(Self(number)) } else { Err(bad()) }
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0)
    }
}

impl FromStr for Amount {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let bad = || {
            QuantityError(format!(
                "`{text}` is not an amount of money: write 20 or 12.50, without a currency"
            ))
        };
        let plain = text.chars().all(|c| c.is_ascii_digit() || c == '.');
        let amount: f64 = text.parse().map_err(|_| bad())?;
        if plain && amount > 0.0 && amount.is_finite() { Ok(Self(amount)) } else { Err(bad()) }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl FromStr for CpuQuantity {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let bad = || {
            QuantityError(format!(
                "`{text}` is not a number of cores: write 2, 0.5 or 500m (thousandths)"
            ))
        };
        let millis = if let Some(millis) = text.strip_suffix('m') {
            millis.parse().map_err(|_| bad())?
        } else {
            let cores: f64 = text.parse().map_err(|_| bad())?;
            if !(0.001..=1e6).contains(&cores) {
                return Err(bad());
            }
            (cores * 1000.0).round() as u64
        };
        if millis == 0 { Err(bad()) } else { Ok(Self { millis }) }
    }
}

impl fmt::Display for CpuQuantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.millis.is_multiple_of(1000) {
            write!(f, "{}", self.millis / 1000)
        } else {
            write!(f, "{}m", self.millis)
        }
    }
}

const BYTE_UNITS: [(&str, u64); 11] = [
    ("Ki", 1 << 10),
    ("Mi", 1 << 20),
    ("Gi", 1 << 30),
    ("Ti", 1 << 40),
    ("Pi", 1 << 50),
    ("k", 1_000),
    ("K", 1_000),
    ("M", 1_000_000),
    ("G", 1_000_000_000),
    ("T", 1_000_000_000_000),
    ("", 1),
];

impl FromStr for ByteSize {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let bad = || {
            QuantityError(format!("`{text}` is not an amount of memory: write 4Gi, 512Mi or 2G"))
        };
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = &text[digits.len()..];
        let scale = BYTE_UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(bad)?.1;
        let number: f64 = digits.parse().map_err(|_| bad())?;
        let bytes = number * scale as f64;
        if number.is_finite() && bytes >= 1.0 && bytes < 2f64.powi(60) {
            Ok(Self { bytes: bytes.round() as u64 })
        } else {
            Err(bad())
        }
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The unit that leaves the smallest number; `512M` is no whole number of Mi.
        let exact = BYTE_UNITS
            .iter()
            .filter(|(unit, scale)| *unit != "K" && self.bytes.is_multiple_of(*scale))
            .max_by_key(|(_, scale)| *scale);
        match exact {
            Some((unit, scale)) if self.bytes > 0 => write!(f, "{}{unit}", self.bytes / scale),
            _ => write!(f, "{}", self.bytes),
        }
    }
}

impl FromStr for Span {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let bad =
            || QuantityError(format!("`{text}` is not a duration: write 90s, 10m, 1h30m or 7d"));
        let mut total = 0f64;
        // Each part by itself, because the sum of many days and a millisecond is not exact.
        let mut nanos = 0i128;
        let mut rest = text;
        if rest.is_empty() {
            return Err(bad());
        }
        while !rest.is_empty() {
            let split = rest.find(|c: char| c.is_ascii_alphabetic()).ok_or_else(bad)?;
            let (number, tail) = rest.split_at(split);
            let end = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
            let (unit, next) = tail.split_at(end);
            let number: f64 = number.parse().map_err(|_| bad())?;
            let scale = match unit {
                "ms" => 0.001,
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3600.0,
                "d" => 86400.0,
                _ => return Err(bad()),
            };
            total += number * scale;
            nanos += (number * scale * 1e9).round() as i128;
            rest = next;
        }
        if total.is_finite() && (0.0..=3.2e9).contains(&total) {
            let nanos = u64::try_from(nanos).map_err(|_| bad())?;
            Ok(Self(Duration::from_nanos(nanos)))
        } else {
            Err(bad())
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        if millis == 0 {
            return f.write_str("0s");
        }
        let units = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];
        let mut rest = millis;
        for (unit, scale) in units {
            if rest >= scale {
                write!(f, "{}{unit}", rest / scale)?;
                rest %= scale;
            }
        }
        Ok(())
    }
}

/// Reading and schema of a quantity that is written as a string, or as a plain number.
macro_rules! text_quantity {
    ($type:ty, $name:literal, $pattern:literal, $description:literal, $number:literal) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = match serde_json::Value::deserialize(deserializer)? {
                    serde_json::Value::String(text) => text,
                    serde_json::Value::Number(number) => number.to_string(),
                    other => other.to_string(),
                };
                text.parse().map_err(de::Error::custom)
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                let types: &[&str] = if $number { &["string", "number"] } else { &["string"] };
                json_schema!({
                    "type": types,
                    "pattern": $pattern,
                    "description": $description,
                    "x-mlctl-quantity": $name,
                })
            }
        }
    };
}

impl Serialize for CpuQuantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // As people write it: `cpu: 2`, not `cpu: "2"`.
        if self.millis.is_multiple_of(1000) {
            serializer.serialize_u64(self.millis / 1000)
        } else {
            serializer.collect_str(self)
        }
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0)
    }
}

impl Serialize for ByteSize {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

text_quantity!(CpuQuantity, "Cpu", r"^([0-9]+m|[0-9]*\.?[0-9]+)$", "Cores: 2, 0.5 or 500m.", true);
text_quantity!(
    ByteSize,
    "Memory",
    r"^[0-9]*\.?[0-9]+([KMGTP]i|[kKMGT])?$",
    "Bytes: 4Gi, 512Mi or 2G.",
    true
);
text_quantity!(
    Span,
    "Duration",
    r"^([0-9]*\.?[0-9]+(ms|s|m|h|d))+$",
    "A duration: 90s, 10m, 1h30m or 7d.",
    false
);
text_quantity!(
    Amount,
    "Amount",
    r"^[0-9]*\.?[0-9]+$",
    "An amount of money: 20 or 12.50, in the currency of the price file.",
    true
);
text_quantity!(
    Percent,
    "Percent",
    r"^[0-9]*\.?[0-9]+%$",
    "A part in percent: 1%, 0.5% or 100%.",
    false
);
