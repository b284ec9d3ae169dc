//! Reads what nvidia-smi writes.
//!
//! Source: `nvidia-smi --help-query-gpu` and `--help-query-compute-apps`. With
//! `--format=csv,noheader,nounits` memory is in MiB and utilisation in percent; what a GPU doesn't
//! have is `[N/A]`, `[Not Supported]` or the like.

use super::machine::{Gpu, GpuProcess, Slice};
use crate::hardware::accelerator::ACCELERATORS;

/// The arguments with which nvidia-smi lists GPUs, for [`gpus`].
pub const GPU_QUERY: [&str; 2] = [
    "--query-gpu=index,uuid,name,driver_version,memory.total,memory.used,utilization.gpu,\
     mig.mode.current",
    "--format=csv,noheader,nounits",
];

/// The arguments with which nvidia-smi lists processes, for [`apps`].
pub const APPS_QUERY: [&str; 2] =
    ["--query-compute-apps=gpu_uuid,pid,process_name,used_memory", "--format=csv,noheader,nounits"];

/// The GPUs, and the version of the driver where there is a GPU. Lines that can't be understood are left
/// out; `None` for a text that says neither which GPUs there are nor that there is none.
pub fn gpus(text: &str) -> Option<(Vec<Gpu>, Option<String>)> {
    let mut driver = None;
    let mut all = Vec::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        // Only a name could hold a comma of its own.
        let [index, uuid, name @ .., version, memory, used, busy, mig] = &fields[..] else {
            continue;
        };
        let Ok(index) = index.parse() else { continue };
        if !uuid.starts_with("GPU-") {
            continue;
        }
        driver.get_or_insert_with(|| (*version).to_owned());
        let name = name.join(", ");
        all.push(Gpu {
            index,
            uuid: (*uuid).to_owned(),
            kind: kind(&name),
            name,
            memory: mebibytes(memory),
            memory_used: mebibytes(used),
            utilization: busy.parse().ok(),
            mig: match *mig {
                "Enabled" => Some(true),
                "Disabled" => Some(false),
                _ => None,
            },
            ..Gpu::default()
        });
    }
    (!all.is_empty() || says_none(text)).then_some((all, driver))
}

/// nvidia-smi's words for a machine that has a driver and no GPU.
fn says_none(text: &str) -> bool {
    let text = text.trim();
    text.is_empty() || text.starts_with("No devices")
}

/// The processes, each with the UUID of its GPU, which under MIG is that of the whole GPU.
pub fn apps(text: &str) -> Vec<(String, GpuProcess)> {
    let lines = text.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        let [uuid, pid, name @ .., memory] = &fields[..] else { return None };
        let process =
            GpuProcess { pid: pid.parse().ok()?, name: name.join(", "), memory: mebibytes(memory) };
        Some(((*uuid).to_owned(), process))
    });
    lines.collect()
}

/// The slices that `nvidia-smi -L` lists, each with the UUID of its GPU: lines such as
/// `  MIG 1g.5gb      Device  0: (UUID: MIG-...)` below `GPU 0: NVIDIA A100 (UUID: GPU-...)`.
pub fn slices(text: &str) -> Vec<(String, Slice)> {
    let mut gpu = String::new();
    let mut all = Vec::new();
    for line in text.lines() {
        let Some((head, uuid)) = line.rsplit_once("(UUID: ") else { continue };
        let uuid = uuid.trim().trim_end_matches(')').to_owned();
        match head.trim_start().strip_prefix("MIG ") {
            Some(rest) => {
                let profile = rest.split_whitespace().next().unwrap_or_default().to_owned();
                all.push((gpu.clone(), Slice { profile, uuid, run: None }));
            }
            None => gpu = uuid,
        }
    }
    all
}

/// The CUDA version in the head of `nvidia-smi -q`: `CUDA Version : 12.4`; newer ones write
/// `CUDA UMD Version`.
pub fn cuda_version(text: &str) -> Option<String> {
    let line = text.lines().find(|line| line.starts_with("CUDA") && line.contains("Version"))?;
    let version = line.split_once(':')?.1.trim();
    version.starts_with(|c: char| c.is_ascii_digit()).then(|| version.to_owned())
}

/// Bytes, from a number of MiB; `None` for what is no number.
fn mebibytes(text: &str) -> Option<u64> {
    text.parse::<u64>().ok().map(|mebibytes| mebibytes << 20)
}

/// The type of a product; `None` when it isn't known. The table has products as NVIDIA's labeller
/// of nodes writes them, with dashes.
fn kind(name: &str) -> Option<String> {
    let product = name.replace(' ', "-");
    let known = ACCELERATORS.iter().find(|known| known.products.contains(&product.as_str()));
    known.map(|known| known.name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gpus_are_read_with_what_they_lack() {
        let text = "0, GPU-a, NVIDIA A100-SXM4-40GB, 550.54.15, 40960, 1234, [N/A], Enabled\n\
                    1, GPU-b, NVIDIA L4, 550.54.15, 23034, 0, 35, [N/A]\n\
                    NVIDIA-SMI has failed\n";
        let (gpus, driver) = gpus(text).unwrap();
        assert_eq!(driver.as_deref(), Some("550.54.15"));
        assert_eq!(gpus.len(), 2);
        assert_eq!((gpus[0].kind.as_deref(), gpus[0].mig), (Some("nvidia-a100"), Some(true)));
        assert_eq!((gpus[0].memory_used, gpus[0].utilization), (Some(1234 << 20), None));
        assert_eq!((gpus[1].kind.as_deref(), gpus[1].mig), (Some("nvidia-l4"), None));
        assert_eq!(gpus[1].utilization, Some(35));
    }

    #[test]
    fn a_list_is_told_from_garbage() {
        let line = "0, GPU-a, NVIDIA L4, 550.54.15, 23034, 0, 35, [N/A]\n";
        let warned = format!("WARNING: infoROM is corrupted at gpu 0000:01:00.0\n{line}");
        assert_eq!(gpus(&warned).unwrap().0.len(), 1);
        assert_eq!(gpus("No devices were found\n"), Some((Vec::new(), None)));
        assert_eq!(gpus(""), Some((Vec::new(), None)));
        assert_eq!(gpus("\u{0}\u{1}??\nsegfault"), None);
        assert_eq!(gpus(&line.replace("GPU-a", "[GPU is lost]")), None);
    }

    #[test]
    fn processes_may_hide_themselves() {
        let text =
            "GPU-a, 1234, /usr/bin/python3, 1100\nGPU-b, 77, [Insufficient Permissions], [N/A]\n";
        let apps = apps(text);
        assert_eq!(apps[0].1.memory, Some(1100 << 20));
        assert_eq!(
            (apps[1].1.name.as_str(), apps[1].1.memory),
            ("[Insufficient Permissions]", None)
        );
    }

    #[test]
    fn slices_belong_to_the_gpu_above() {
        let text = "GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-a)\n\
                    \x20 MIG 3g.20gb     Device  0: (UUID: MIG-1)\n\
                    \x20 MIG 1g.5gb+me   Device  1: (UUID: MIG-GPU-a/9/0)\n\
                    GPU 1: NVIDIA L4 (UUID: GPU-b)\n";
        let slices = slices(text);
        assert_eq!(slices.len(), 2);
        assert_eq!((slices[0].0.as_str(), slices[0].1.profile.as_str()), ("GPU-a", "3g.20gb"));
        assert_eq!(slices[1].1.uuid, "MIG-GPU-a/9/0");
    }

    #[test]
    fn cuda_is_in_the_head() {
        let head = "\n==============NVSMI LOG==============\n\nTimestamp      : Thu Mar  7 2024\n\
                    Driver Version : 550.54.15\nCUDA Version   : 12.4\n\nAttached GPUs  : 1\n";
        assert_eq!(cuda_version(head).as_deref(), Some("12.4"));
        assert_eq!(cuda_version("CUDA Version : N/A\n"), None);
        assert_eq!(cuda_version("CUDA UMD Version : 13.1\n").as_deref(), Some("13.1"));
    }
}
