//! From JSON values to the elements of one tensor, without a tree between.

use std::fmt;

use bytes::Bytes;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::elements::Elements;
use super::half::{BF16, FP16};
use super::tensor::Datatype;
use crate::text::base64;

/// The elements of values that have the same shape, and that shape. The error says which value doesn't
/// fit the type, or the others.
pub(in crate::work::protocol) fn fill(
    name: &str,
    datatype: Datatype,
    values: &[&str],
) -> Result<(Vec<u64>, Elements), String> {
    let mut elements = match datatype {
        Datatype::Bytes => Elements::Bytes(Vec::new()),
        _ => Elements::Fixed(Vec::new()),
    };
    let mut common: Option<Vec<u64>> = None;
    for value in values {
        let mut shape = Shape::default();
        let mut wrong = None;
        let fill = Fill {
            datatype,
            depth: 0,
            shape: &mut shape,
            elements: &mut elements,
            wrong: &mut wrong,
        };
        let mut json = serde_json::Deserializer::from_str(value);
        if let Err(error) = fill.deserialize(&mut json) {
            return Err(format!("`{name}`: {}", wrong.unwrap_or_else(|| error.to_string())));
        }
        let shape: Vec<u64> = shape.lengths.into_iter().map(Option::unwrap_or_default).collect();
        match &common {
            None => common = Some(shape),
            Some(common) if *common == shape => {}
            Some(common) => {
                return Err(format!(
                    "`{name}` has the shape {shape:?}, and others of its batch {common:?}"
                ));
            }
        }
    }
    Ok((common.unwrap_or_default(), elements))
}

/// The lengths of the lists that were met, from the outside.
#[derive(Default)]
struct Shape {
    /// Those of lists that have not ended yet are not known.
    lengths: Vec<Option<u64>>,
    /// How deep the elements are.
    depth: Option<usize>,
}

struct Fill<'a> {
    datatype: Datatype,
    depth: usize,
    shape: &'a mut Shape,
    elements: &'a mut Elements,
    /// In words of its own: an error of serde_json adds a line and a column.
    wrong: &'a mut Option<String>,
}

impl Fill<'_> {
    fn fail<E: Error>(self, message: String) -> E {
        *self.wrong = Some(message);
        E::custom("a value that doesn't fit")
    }

    fn ragged<E: Error>(self) -> E {
        self.fail("its lists have different lengths".into())
    }

    /// An element that is `shown` for people.
    fn element<E: Error>(
        self,
        shown: impl fmt::Display,
        append: impl FnOnce(&mut Elements) -> Option<()>,
    ) -> Result<(), E> {
        if *self.shape.depth.get_or_insert(self.depth) != self.depth
            || self.shape.lengths.len() > self.depth
        {
            return Err(self.ragged());
        }
        if append(self.elements).is_none() {
            let message = format!("{shown} is no {:?}", self.datatype);
            return Err(self.fail(message));
        }
        Ok(())
    }

    fn integer<E: Error>(self, value: i128) -> Result<(), E> {
        let datatype = self.datatype;
        self.element(value, |elements| {
            let Elements::Fixed(out) = elements else { return None };
            macro_rules! number {
                ($type:ty) => {
                    out.extend(<$type>::try_from(value).ok()?.to_le_bytes())
                };
            }
            match datatype {
                Datatype::Uint8 => number!(u8),
                Datatype::Uint16 => number!(u16),
                Datatype::Uint32 => number!(u32),
                Datatype::Uint64 => number!(u64),
                Datatype::Int8 => number!(i8),
                Datatype::Int16 => number!(i16),
                Datatype::Int32 => number!(i32),
                Datatype::Int64 => number!(i64),
                _ => float(datatype, value as f64, out)?,
            }
            Some(())
        })
    }
}

fn float(datatype: Datatype, value: f64, out: &mut Vec<u8>) -> Option<()> {
    // Another number would get the prediction of infinity.
    let fits = |is_infinite: bool| (!is_infinite || value.is_infinite()).then_some(());
    match datatype {
        Datatype::Fp16 => {
            let bits = FP16.bits(value);
            fits(bits & 0x7fff == 0x7c00)?;
            out.extend(bits.to_le_bytes());
        }
        Datatype::Bf16 => {
            let bits = BF16.bits(value);
            fits(bits & 0x7fff == 0x7f80)?;
            out.extend(bits.to_le_bytes());
        }
        Datatype::Fp32 => {
            fits((value as f32).is_infinite())?;
            out.extend((value as f32).to_le_bytes());
        }
        Datatype::Fp64 => out.extend(value.to_le_bytes()),
        _ => return None,
    }
    Some(())
}

impl<'de> DeserializeSeed<'de> for Fill<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Fill<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("elements of a tensor")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let depth = self.depth;
        if self.shape.depth.is_some_and(|of_elements| depth >= of_elements) {
            return Err(self.ragged());
        }
        if self.shape.lengths.len() == depth {
            self.shape.lengths.push(None);
        }
        let mut count = 0;
        while seq
            .next_element_seed(Fill {
                datatype: self.datatype,
                depth: depth + 1,
                shape: &mut *self.shape,
                elements: &mut *self.elements,
                wrong: &mut *self.wrong,
            })?
            .is_some()
        {
            count += 1;
        }
        let known = *self.shape.lengths[depth].get_or_insert(count);
        if known == count { Ok(()) } else { Err(self.ragged()) }
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        let is_bool = self.datatype == Datatype::Bool;
        self.element(value, |elements| match elements {
            Elements::Fixed(out) if is_bool => {
                out.push(u8::from(value));
                Some(())
            }
            _ => None,
        })
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.integer(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.integer(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        let datatype = self.datatype;
        self.element(format_args!("{value:?}"), |elements| match elements {
            Elements::Fixed(out) => float(datatype, value, out),
            Elements::Bytes(_) => None,
        })
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.element(format_args!("{value:?}"), |elements| match elements {
            Elements::Bytes(out) => {
                out.push(Bytes::copy_from_slice(value.as_bytes()));
                Some(())
            }
            Elements::Fixed(_) => None,
        })
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.element("null", |_| None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut encoded = None;
        while let Some(name) = map.next_key::<String>()? {
            if name == "b64" && encoded.is_none() {
                encoded = Some(map.next_value::<serde_json::Value>()?);
            } else {
                map.next_value::<IgnoredAny>()?;
                return Err(self.fail("an object is neither a number, a string nor bytes".into()));
            }
        }
        let Some(text) = encoded.as_ref().and_then(serde_json::Value::as_str) else {
            return Err(self.fail("an object is neither a number, a string nor bytes".into()));
        };
        let Some(bytes) = base64::decode(text) else {
            return Err(self.fail("its `b64` is no Base64".into()));
        };
        self.element("a `b64`", |elements| match elements {
            Elements::Bytes(out) => {
                out.push(bytes.into());
                Some(())
            }
            Elements::Fixed(_) => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixed(datatype: Datatype, values: &[&str]) -> Result<(Vec<u64>, Vec<u8>), String> {
        let (shape, elements) = fill("x", datatype, values)?;
        Ok((shape, elements.raw()))
    }

    #[test]
    fn elements_are_little_endian_with_lengths_before_bytes() {
        let found = fixed(Datatype::Int16, &["[[1],[-2]]", "[[3],[4]]"]).unwrap();
        assert_eq!(found, (vec![2, 1], vec![1, 0, 0xfe, 0xff, 3, 0, 4, 0]));
        let found = fixed(Datatype::Fp32, &["1.5"]).unwrap();
        assert_eq!(found, (vec![], 1.5_f32.to_le_bytes().to_vec()));
        assert_eq!(fixed(Datatype::Fp16, &["1"]).unwrap().1, [0, 0x3c]);
        assert_eq!(fixed(Datatype::Bf16, &["1"]).unwrap().1, [0x80, 0x3f]);
        assert_eq!(fixed(Datatype::Bool, &["[true,false]"]).unwrap().1, [1, 0]);
        let most = u64::MAX.to_string();
        assert_eq!(fixed(Datatype::Uint64, &[&most]).unwrap().1, [0xff; 8]);
        let bytes = fixed(Datatype::Bytes, &[r#"["é",{"b64":"AP8="}]"#]).unwrap();
        assert_eq!(bytes, (vec![2], vec![2, 0, 0, 0, 0xc3, 0xa9, 2, 0, 0, 0, 0, 0xff]));
        assert_eq!(fixed(Datatype::Fp32, &["[[],[]]"]).unwrap(), (vec![2, 0], vec![]));
    }

    #[test]
    fn what_is_not_of_the_type_is_said() {
        for (datatype, value, words) in [
            (Datatype::Int32, "1.0", "`x`: 1.0 is no Int32"),
            (Datatype::Uint8, "[256]", "256 is no Uint8"),
            (Datatype::Uint8, "-1", "-1 is no Uint8"),
            (Datatype::Bool, "1", "1 is no Bool"),
            (Datatype::Fp32, "\"a\"", "\"a\" is no Fp32"),
            (Datatype::Fp32, "1e39", "is no Fp32"),
            (Datatype::Fp16, "70000", "is no Fp16"),
            (Datatype::Fp16, "-1e9", "is no Fp16"),
            (Datatype::Bf16, "3.4e38", "is no Bf16"),
            (Datatype::Fp32, "null", "null is no Fp32"),
            (Datatype::Bytes, "3", "3 is no Bytes"),
            (Datatype::Fp32, r#"{"b64":"AA=="}"#, "a `b64` is no Fp32"),
            (Datatype::Bytes, r#"{"b64":"?"}"#, "no Base64"),
            (Datatype::Bytes, r#"{"b64":"AA==","x":1}"#, "neither"),
            (Datatype::Bytes, "{}", "neither"),
        ] {
            let said = fixed(datatype, &[value]).unwrap_err();
            assert!(said.contains(words), "{value}: {said}");
        }
    }

    #[test]
    fn lists_of_different_lengths_are_no_tensor() {
        for value in ["[[1,2],[3]]", "[1,[2]]", "[[1],2]", "[[],[1]]", "[[],1]"] {
            let said = fixed(Datatype::Fp32, &[value]).unwrap_err();
            assert!(said.contains("different lengths"), "{value}: {said}");
        }
        let said = fixed(Datatype::Fp32, &["[1,2]", "[3]"]).unwrap_err();
        assert!(said.contains("[1]") && said.contains("[2]"), "{said}");
    }
}
