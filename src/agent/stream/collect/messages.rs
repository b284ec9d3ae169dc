//! TensorBoard's events, with the fields that are read here
//! (<https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/util/event.proto>, and
//! `summary.proto` and `tensor.proto` in `tensorflow/core/framework`).

use bytes::Bytes;
use prost::Message;

#[derive(Clone, PartialEq, Message)]
pub(super) struct Event {
    #[prost(int64, tag = "2")]
    pub(super) step: i64,
    #[prost(message, optional, tag = "5")]
    pub(super) summary: Option<Summary>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Summary {
    #[prost(message, repeated, tag = "1")]
    pub(super) value: Vec<SummaryValue>,
}

/// `Summary.Value`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct SummaryValue {
    #[prost(string, tag = "1")]
    pub(super) tag: String,
    /// A scalar of TensorFlow 1, and of PyTorch.
    #[prost(float, optional, tag = "2")]
    pub(super) simple_value: Option<f32>,
    /// A scalar of TensorFlow 2, and other things.
    #[prost(message, optional, boxed, tag = "8")]
    pub(super) tensor: Option<Box<TensorProto>>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct TensorProto {
    #[prost(int32, tag = "1")]
    pub(super) dtype: i32,
    #[prost(message, optional, tag = "2")]
    pub(super) tensor_shape: Option<TensorShapeProto>,
    #[prost(bytes = "bytes", tag = "4")]
    pub(super) tensor_content: Bytes,
    #[prost(float, repeated, tag = "5")]
    pub(super) float_val: Vec<f32>,
    #[prost(double, repeated, tag = "6")]
    pub(super) double_val: Vec<f64>,
    /// Patterns of 16 bits.
    #[prost(int32, repeated, tag = "13")]
    pub(super) half_val: Vec<i32>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct TensorShapeProto {
    #[prost(message, repeated, tag = "2")]
    pub(super) dim: Vec<Dim>,
    #[prost(bool, tag = "3")]
    pub(super) unknown_rank: bool,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Dim {
    #[prost(int64, tag = "1")]
    pub(super) size: i64,
}

/// Numbers of `DataType`.
const FLOAT: i32 = 1;
const DOUBLE: i32 = 2;
const HALF: i32 = 19;

impl SummaryValue {
    /// The number, if this is a scalar.
    pub(super) fn scalar(&self) -> Option<f64> {
        self.simple_value.map(f64::from).or_else(|| self.tensor.as_ref()?.scalar())
    }
}

impl TensorProto {
    fn scalar(&self) -> Option<f64> {
        let shape = self.tensor_shape.clone().unwrap_or_default();
        if shape.unknown_rank || shape.dim.iter().any(|dim| dim.size != 1) {
            return None;
        }
        let content = &self.tensor_content[..];
        match self.dtype {
            FLOAT => match self.float_val[..] {
                [value] => Some(value.into()),
                _ => content.try_into().ok().map(f32::from_le_bytes).map(f64::from),
            },
            DOUBLE => match self.double_val[..] {
                [value] => Some(value),
                _ => content.try_into().ok().map(f64::from_le_bytes),
            },
            HALF => match self.half_val[..] {
                [bits] => u16::try_from(bits).ok().map(half),
                _ => content.try_into().ok().map(u16::from_le_bytes).map(half),
            },
            _ => None,
        }
    }
}

/// The number of 16 bits by IEEE 754.
fn half(bits: u16) -> f64 {
    let fraction = f64::from(bits & 0x3ff) / 1024.0;
    let size = match bits >> 10 & 0x1f {
        0 => fraction * 2f64.powi(-14),
        0x1f if fraction == 0.0 => f64::INFINITY,
        0x1f => f64::NAN,
        exponent => (1.0 + fraction) * 2f64.powi(i32::from(exponent) - 15),
    };
    if bits >> 15 == 1 { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tensor_of_one_number_is_a_scalar() {
        let one = |dtype| TensorProto { dtype, ..TensorProto::default() };
        let shape = |sizes: &[i64]| {
            let dim = sizes.iter().map(|size| Dim { size: *size }).collect();
            Some(TensorShapeProto { dim, unknown_rank: false })
        };
        for (tensor, wanted) in [
            (TensorProto { float_val: vec![0.5], ..one(FLOAT) }, Some(0.5)),
            (
                TensorProto { double_val: vec![0.1], tensor_shape: shape(&[1, 1]), ..one(DOUBLE) },
                Some(0.1),
            ),
            (TensorProto { half_val: vec![0x3800], ..one(HALF) }, Some(0.5)),
            (
                TensorProto { tensor_content: 0.25f32.to_le_bytes().to_vec().into(), ..one(FLOAT) },
                Some(0.25),
            ),
            (
                TensorProto { tensor_content: 0.1f64.to_le_bytes().to_vec().into(), ..one(DOUBLE) },
                Some(0.1),
            ),
            (
                TensorProto { tensor_content: Bytes::from_static(&[0, 0xc0]), ..one(HALF) },
                Some(-2.0),
            ),
            (TensorProto { tensor_content: Bytes::from_static(&[0; 8]), ..one(FLOAT) }, None),
            (TensorProto { float_val: vec![0.5], tensor_shape: shape(&[3]), ..one(FLOAT) }, None),
            (TensorProto { half_val: vec![-1], ..one(HALF) }, None),
            (one(FLOAT), None),
            (one(7), None),
        ] {
            assert_eq!(tensor.scalar(), wanted, "{tensor:?}");
        }
        assert_eq!((half(0x0001), half(0x7bff)), (2f64.powi(-24), 65504.0));
        assert!(half(0x7c00).is_infinite() && half(0x7c01).is_nan());
    }
}
