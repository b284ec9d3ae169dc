//! What an export is asked for, as words of the command line.

use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::work::export::{Io, Quantization, Target};

impl ValueEnum for Target {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Tflite, Self::Tfjs, Self::Onnx]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Self::Tflite => "LiteRT (TensorFlow Lite), for phones and devices",
            Self::Tfjs => "TensorFlow.js, for browsers and Node",
            Self::Onnx => "ONNX, for other runtimes",
        };
        Some(PossibleValue::new(self.as_str()).help(help))
    }
}

impl ValueEnum for Quantization {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::None, Self::Dynamic, Self::Float16, Self::Int8, Self::Uint8, Self::Uint16]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Self::None => "Weights as they are",
            Self::Dynamic => "Weights in 8 bits, computed in floats (tflite)",
            Self::Float16 => "Weights in 16 bits (tflite, tfjs)",
            Self::Int8 => "Weights and activations in 8 bits, needs --representative (tflite)",
            Self::Uint8 => "Weights in 8 bits (tfjs)",
            Self::Uint16 => "Weights in 16 bits (tfjs)",
        };
        Some(PossibleValue::new(self.as_str()).help(help))
    }
}

impl ValueEnum for Io {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Int8, Self::Float]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Self::Int8 => "Integers of 8 bits, with scale and zero point",
            Self::Float => "Floats, as the original",
        };
        Some(PossibleValue::new(self.as_str()).help(help))
    }
}
