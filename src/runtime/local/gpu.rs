//! GPUs of this machine, as nvidia-smi tells.

use std::path::Path;
use std::process::Command;

use super::ask::{ANSWER, ask};

/// A GPU of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Gpu {
    pub(crate) uuid: String,
    pub(crate) name: String,
}

/// All GPUs; empty without a driver.
pub(crate) fn list(nvidia_smi: &Path) -> Vec<Gpu> {
    let mut command = Command::new(nvidia_smi);
    command.args(["--query-gpu=uuid,name", "--format=csv,noheader,nounits"]);
    match ask(&mut command, ANSWER, &|| false) {
        Ok(answer) if answer.status.success() => parse(&answer.stdout),
        _ => Vec::new(),
    }
}

fn parse(text: &str) -> Vec<Gpu> {
    text.lines()
        .filter_map(|line| line.split_once(','))
        .map(|(uuid, name)| Gpu { uuid: uuid.trim().into(), name: name.trim().into() })
        .collect()
}

/// Whether a GPU is of the type that a spec names, such as `nvidia-l4` or `nvidia`.
pub(crate) fn fits(gpu: &Gpu, kind: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        text.to_ascii_lowercase()
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty() && !matches!(*word, "nvidia" | "tesla" | "geforce"))
            .map(str::to_owned)
            .collect()
    };
    let name = words(&gpu.name).join("-");
    words(kind).iter().all(|word| name.split('-').any(|part| part.starts_with(word.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_nvidia_smi_match_types() {
        let gpus = parse("GPU-1, NVIDIA L4\nGPU-2, NVIDIA A100-SXM4-80GB\nGPU-3, Tesla T4\n");
        assert_eq!(gpus[0], Gpu { uuid: "GPU-1".into(), name: "NVIDIA L4".into() });
        assert!(fits(&gpus[0], "nvidia-l4") && fits(&gpus[0], "nvidia"));
        assert!(fits(&gpus[1], "nvidia-a100") && !fits(&gpus[1], "nvidia-l4"));
        assert!(fits(&gpus[1], "nvidia-a100-80gb"));
        assert!(fits(&gpus[2], "nvidia-tesla-t4"));
    }
}
