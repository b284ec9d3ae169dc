//! What is asked of an export, and what can't be.

use std::collections::BTreeSet;
use std::fmt;

/// What a model becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// LiteRT (TensorFlow Lite), for phones and devices
    Tflite,
    /// TensorFlow.js, for browsers and Node
    Tfjs,
    /// ONNX, for other runtimes
    Onnx,
}

/// How weights are made smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quantization {
    /// As they are
    None,
    /// Weights in 8 bits, computed in floats (tflite)
    Dynamic,
    /// Weights in 16 bits (tflite, tfjs)
    Float16,
    /// Weights and activations in 8 bits, needs --representative (tflite)
    Int8,
    /// Weights in 8 bits (tfjs)
    Uint8,
    /// Weights in 16 bits (tfjs)
    Uint16,
}

/// What a model in 8 bits takes and gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Io {
    /// Integers of 8 bits, with scale and zero point
    #[default]
    Int8,
    /// Floats, as the original
    Float,
}

/// An export as it is asked for.
#[derive(Clone, Debug, Default)]
pub struct ExportRequest {
    /// What the person calls the model.
    pub model: String,
    /// What it becomes, in order.
    pub targets: Vec<Target>,
    /// How it is made smaller; empty for as it is.
    pub quantize: Vec<Quantization>,
    /// Whether there are representative rows.
    pub has_representative: bool,
    /// Whether there are rows to evaluate by.
    pub has_evaluation: bool,
    /// The field of those rows with the label.
    pub label: Option<String>,
    /// Below this accuracy the run fails.
    pub min_accuracy: Option<f64>,
    /// What a model in 8 bits takes and gives, where the person says it.
    pub io: Option<Io>,
    /// Whether operators of TensorFlow may be left in a model of TensorFlow Lite.
    pub select_tf_ops: bool,
    /// The signature; `None` for the usual one.
    pub signature: Option<String>,
    /// The tags of a SavedModel's graph; empty for the only one, or that of servers.
    pub tags: Vec<String>,
    /// Whether a site is made that runs it in a browser.
    pub pwa: bool,
    /// What the site is called; `None` for the model's name.
    pub title: Option<String>,
}

/// A request that contradicts itself: what is wrong, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongRequest {
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub hint: String,
}

impl Target {
    /// Its name, as the exporter takes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tflite => "tflite",
            Self::Tfjs => "tfjs",
            Self::Onnx => "onnx",
        }
    }

    /// Whether it can have weights like that.
    pub fn knows(self, quantization: Quantization) -> bool {
        use Quantization as Q;
        match self {
            Self::Tflite => {
                matches!(quantization, Q::None | Q::Dynamic | Q::Float16 | Q::Int8)
            }
            Self::Tfjs => matches!(quantization, Q::None | Q::Float16 | Q::Uint8 | Q::Uint16),
            Self::Onnx => quantization == Q::None,
        }
    }
}

impl Quantization {
    /// Its name, as the exporter takes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Dynamic => "dynamic",
            Self::Float16 => "float16",
            Self::Int8 => "int8",
            Self::Uint8 => "uint8",
            Self::Uint16 => "uint16",
        }
    }
}

impl Io {
    /// Its name, as the exporter takes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Int8 => "int8",
            Self::Float => "float",
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Quantization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl ExportRequest {
    /// The request with each target and quantization once, or why it can't be meant.
    pub fn checked(mut self) -> Result<Self, WrongRequest> {
        fn once<T: Copy + Ord>(all: &mut Vec<T>) {
            let mut seen = BTreeSet::new();
            all.retain(|one| seen.insert(*one));
        }
        once(&mut self.targets);
        once(&mut self.quantize);
        let wrong = |message: String, hint: &str| Err(WrongRequest { message, hint: hint.into() });
        let has = |target| self.targets.contains(&target);
        for quantization in &self.quantize {
            if !self.targets.iter().any(|target| target.knows(*quantization)) {
                let targets: Vec<String> = self.targets.iter().map(Target::to_string).collect();
                let message =
                    format!("{} can't be quantized to {quantization}", targets.join(", "));
                let hint = "tflite knows none, dynamic, float16 and int8, tfjs none, uint8, uint16 and \
                            float16, and onnx none";
                return wrong(message, hint);
            }
        }
        let in_8_bits = self.quantize.contains(&Quantization::Int8);
        if in_8_bits && !self.has_representative {
            return wrong(
                "int8 needs rows that show which values the model sees".to_owned(),
                "give some hundred with --representative FILE (JSON Lines, CSV or TFRecord); dynamic \
                 and float16 need none",
            );
        }
        let unused = [
            ("--representative", self.has_representative && !in_8_bits, "--quantize int8 uses it"),
            ("--io", self.io.is_some() && !in_8_bits, "it is about --quantize int8"),
            (
                "--select-tf-ops",
                self.select_tf_ops && !has(Target::Tflite),
                "it is about --to tflite",
            ),
            ("--pwa", self.pwa && !has(Target::Tfjs), "add --to tfjs: its page runs that model"),
            (
                "--title",
                self.title.is_some() && !self.pwa,
                "it is what the page of --pwa is called",
            ),
            (
                "--label",
                self.label.is_some() && !self.has_evaluation,
                "name its rows: --evaluate FILE",
            ),
        ];
        if let Some((flag, _, hint)) = unused.into_iter().find(|(_, is_unused, _)| *is_unused) {
            return wrong(format!("{flag} is about nothing here"), hint);
        }
        match self.min_accuracy {
            Some(least) if !(0.0..=1.0).contains(&least) => wrong(
                format!("--min-accuracy {least} is no part of 1"),
                "write 0.95 for 95 % of the rows",
            ),
            Some(_) if self.label.is_none() => wrong(
                "--min-accuracy needs rows whose label is known".to_owned(),
                "add --evaluate FILE --label FIELD",
            ),
            _ => Ok(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(targets: &[Target], quantize: &[Quantization]) -> ExportRequest {
        let (targets, quantize) = (targets.to_vec(), quantize.to_vec());
        ExportRequest { targets, quantize, ..ExportRequest::default() }
    }

    #[test]
    fn what_is_said_twice_is_done_once() {
        let twice =
            request(&[Target::Tfjs, Target::Tflite, Target::Tfjs], &[Quantization::None; 2]);
        let checked = twice.checked().unwrap();
        assert_eq!(checked.targets, [Target::Tfjs, Target::Tflite]);
        assert_eq!(checked.quantize, [Quantization::None]);
    }

    #[test]
    fn a_flag_that_can_mean_nothing_is_refused_with_what_would_use_it() {
        let tflite = || request(&[Target::Tflite], &[]);
        let int8 = || request(&[Target::Tflite], &[Quantization::Int8]);
        let label = Some("label".to_owned());
        for (request, start) in [
            (request(&[Target::Tflite], &[Quantization::Uint8]), "tflite can't be quantized"),
            (request(&[Target::Onnx], &[Quantization::Float16]), "onnx can't be quantized"),
            (int8(), "int8 needs rows"),
            (ExportRequest { has_representative: true, ..tflite() }, "--representative is about"),
            (ExportRequest { io: Some(Io::Float), ..tflite() }, "--io is about"),
            (ExportRequest { pwa: true, ..tflite() }, "--pwa is about"),
            (ExportRequest { label: label.clone(), ..tflite() }, "--label is about"),
            (
                ExportRequest { has_evaluation: true, label, min_accuracy: Some(95.0), ..tflite() },
                "--min-accuracy 95 is no part",
            ),
            (
                ExportRequest { has_evaluation: true, min_accuracy: Some(0.9), ..tflite() },
                "--min-accuracy needs rows",
            ),
        ] {
            let wrong = request.checked().unwrap_err();
            assert!(wrong.message.starts_with(start), "{}", wrong.message);
            assert!(!wrong.hint.is_empty());
        }
        ExportRequest { has_representative: true, ..int8() }.checked().unwrap();
    }
}
