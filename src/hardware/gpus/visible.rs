//! Which GPUs a value of `CUDA_VISIBLE_DEVICES` shows.
//!
//! CUDA's rule: a list of numbers, of UUIDs beginning with `GPU-` or of slices beginning with `MIG-`, each
//! UUID as far as it is unique. The first entry that names nothing hides itself and all behind it, one that
//! comes twice hides everything, and an empty value shows nothing. Sources: the CUDA programming guide,
//! "CUDA Environment Variables"; `_parse_visible_devices` and `_transform_uuid_to_ordinals` of
//! `torch/cuda/__init__.py`, which follow the driver. Containers have `NVIDIA_VISIBLE_DEVICES` beside it: that
//! is read before a container starts, and nvidia-smi lists only what it has let in.

use std::fmt;

use super::machine::Gpu;

/// Something that a command can be given: a GPU, or a slice of one that MIG has cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// The UUID by which `CUDA_VISIBLE_DEVICES` names it.
    pub uuid: String,
    /// What people call it, such as `NVIDIA L4` or `NVIDIA A100-SXM4-40GB MIG 1g.5gb`.
    pub name: String,
    /// The UUID of the GPU that it is, or is a slice of.
    pub gpu: String,
    /// It is a slice. A process can use no more than one.
    pub is_slice: bool,
}

impl Device {
    /// Whether it is of the type that a spec names, such as `nvidia-l4`, `nvidia` or
    /// `nvidia-mig-1g.5gb`.
    pub fn fits(&self, kind: &str) -> bool {
        let words = |text: &str| -> Vec<String> {
            text.to_ascii_lowercase()
                .split(|c: char| !c.is_ascii_alphanumeric())
                .filter(|word| !word.is_empty() && !matches!(*word, "nvidia" | "tesla" | "geforce"))
                .map(str::to_owned)
                .collect()
        };
        let name = words(&self.name);
        words(kind).iter().all(|word| name.iter().any(|part| part.starts_with(word.as_str())))
    }
}

/// Why an entry hides itself and what is behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unmatched {
    /// No GPU has this number.
    NoNumber(u32),
    /// No GPU, or no slice, has a UUID that begins so.
    NoUuid(String),
    /// Several have.
    Ambiguous(String),
    /// It names what an entry before it names.
    Twice(String),
    /// It is neither a number nor of the form of the first entry.
    NoName(String),
}

impl fmt::Display for Unmatched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoNumber(number) => write!(f, "there is no GPU {number}"),
            Self::NoUuid(entry) => write!(f, "there is no {entry}"),
            Self::Ambiguous(entry) => write!(f, "`{entry}` is the beginning of several UUIDs"),
            Self::Twice(entry) => write!(f, "`{entry}` names a GPU for the second time"),
            Self::NoName(entry) => write!(f, "`{entry}` names no GPU in such a list"),
        }
    }
}

/// What a value shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visible {
    /// In the value's order.
    pub devices: Vec<Device>,
    /// The entry that hides itself and all behind it, unless it says that this is meant, as `-1` does.
    pub unmatched: Option<Unmatched>,
}

/// Everything that commands can be given where nothing is hidden: under MIG the slices in place of
/// their GPU.
pub fn devices(gpus: &[Gpu]) -> Vec<Device> {
    gpus.iter().flat_map(devices_of).collect()
}

fn devices_of(gpu: &Gpu) -> Vec<Device> {
    if gpu.mig != Some(true) {
        return vec![Device {
            uuid: gpu.uuid.clone(),
            name: gpu.name.clone(),
            gpu: gpu.uuid.clone(),
            is_slice: false,
        }];
    }
    let slices = gpu.slices.iter().map(|slice| Device {
        uuid: slice.uuid.clone(),
        name: format!("{} MIG {}", gpu.name, slice.profile),
        gpu: gpu.uuid.clone(),
        is_slice: true,
    });
    slices.collect()
}

/// What a value shows of these GPUs, whose order is that of their numbers.
pub fn visible(value: &str, gpus: &[Gpu]) -> Visible {
    let mut seen = Visible::default();
    let by = By::of(value);
    for entry in value.split(',').map(str::trim) {
        let found = match by.find(entry, gpus) {
            Ok(Some(found)) => found,
            Ok(None) => break,
            Err(why) => {
                seen.unmatched = Some(why);
                break;
            }
        };
        if found.iter().any(|one| seen.devices.contains(one)) {
            let unmatched = Some(Unmatched::Twice(entry.to_owned()));
            return Visible { devices: Vec::new(), unmatched };
        }
        seen.devices.extend(found);
    }
    seen
}

/// How a list names its devices, which its first entry says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Number,
    Gpu,
    Slice,
}

impl By {
    fn of(value: &str) -> Self {
        match value.trim_start() {
            text if text.starts_with("GPU-") => Self::Gpu,
            text if text.starts_with("MIG-") => Self::Slice,
            _ => Self::Number,
        }
    }

    /// What an entry names; `None` for one by which people say that the list ends there.
    fn find(self, entry: &str, gpus: &[Gpu]) -> Result<Option<Vec<Device>>, Unmatched> {
        let no_name = || Unmatched::NoName(entry.to_owned());
        match self {
            Self::Number => {
                if entry.is_empty() || entry.starts_with('-') || entry == "NoDevFiles" {
                    return Ok(None);
                }
                // As strtoul reads it: up to what is no digit.
                let digits = entry.trim_start_matches('+');
                let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
                let number: u32 = digits[..end].parse().map_err(|_| no_name())?;
                let gpu = gpus.iter().find(|gpu| gpu.index == number);
                gpu.map(|gpu| Some(devices_of(gpu))).ok_or(Unmatched::NoNumber(number))
            }
            Self::Gpu if !entry.starts_with("GPU-") => Err(no_name()),
            Self::Gpu => {
                let of = gpus.iter().filter(|gpu| gpu.uuid.starts_with(entry));
                only(entry, of.map(devices_of).collect()).map(Some)
            }
            Self::Slice if !entry.starts_with("MIG-") => Err(no_name()),
            Self::Slice => {
                let of = devices(gpus).into_iter().filter(|one| one.is_slice);
                let of = of.filter(|one| one.uuid.starts_with(entry));
                only(entry, of.map(|one| vec![one]).collect()).map(Some)
            }
        }
    }
}

fn only(entry: &str, mut found: Vec<Vec<Device>>) -> Result<Vec<Device>, Unmatched> {
    match (found.pop(), found.is_empty()) {
        (Some(one), true) => Ok(one),
        (Some(_), false) => Err(Unmatched::Ambiguous(entry.to_owned())),
        (None, _) => Err(Unmatched::NoUuid(entry.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::gpus::Slice;

    fn machine() -> Vec<Gpu> {
        let gpu = |index: u32, uuid: &str, name: &str| Gpu {
            index,
            uuid: uuid.into(),
            name: name.into(),
            ..Gpu::default()
        };
        let slice = |profile: &str, uuid: &str| Slice {
            profile: profile.into(),
            uuid: uuid.into(),
            run: None,
        };
        let mut cut = gpu(2, "GPU-cc", "NVIDIA A100-SXM4-40GB");
        cut.mig = Some(true);
        cut.slices = vec![slice("3g.20gb", "MIG-11"), slice("1g.5gb", "MIG-GPU-cc/2/0")];
        vec![gpu(0, "GPU-aa1", "NVIDIA L4"), gpu(1, "GPU-aa2", "NVIDIA L4"), cut]
    }

    fn shown(value: &str) -> (String, Option<String>) {
        let seen = visible(value, &machine());
        let uuids: Vec<String> = seen.devices.into_iter().map(|one| one.uuid).collect();
        (uuids.join(" "), seen.unmatched.map(|why| why.to_string()))
    }

    #[test]
    fn values_show_what_cuda_shows() {
        for (value, devices) in [
            ("0", "GPU-aa1"),
            ("1,0", "GPU-aa2 GPU-aa1"),
            (" 1 , 0 ", "GPU-aa2 GPU-aa1"),
            ("1gpu,0x", "GPU-aa2 GPU-aa1"),
            ("2", "MIG-11 MIG-GPU-cc/2/0"),
            ("GPU-aa2", "GPU-aa2"),
            ("GPU-c,GPU-aa1", "MIG-11 MIG-GPU-cc/2/0 GPU-aa1"),
            ("MIG-GPU-cc/2/0", "MIG-GPU-cc/2/0"),
            ("MIG-1", "MIG-11"),
            ("", ""),
            ("-1", ""),
            ("0,-1,1", "GPU-aa1"),
            ("NoDevFiles", ""),
        ] {
            assert_eq!(shown(value), (devices.to_owned(), None), "{value}");
        }
    }

    #[test]
    fn an_entry_that_names_nothing_hides_itself_and_all_behind_it() {
        for (value, devices, why) in [
            ("0,7,1", "GPU-aa1", "no GPU 7"),
            ("9", "", "no GPU 9"),
            ("GPU-aa1,GPU-x,GPU-aa2", "GPU-aa1", "no GPU-x"),
            ("GPU-aa", "", "several UUIDs"),
            ("MIG-x", "", "no MIG-x"),
            ("0,GPU-aa2", "GPU-aa1", "names no GPU in such a list"),
            ("GPU-aa1,1", "GPU-aa1", "names no GPU in such a list"),
            ("all", "", "`all` names no GPU"),
            ("1,0,1", "", "second time"),
        ] {
            let (seen, said) = shown(value);
            assert_eq!(seen, devices, "{value}");
            assert!(said.as_deref().is_some_and(|said| said.contains(why)), "{value}: {said:?}");
        }
    }

    #[test]
    fn names_of_nvidia_smi_match_types() {
        let all = devices(&machine());
        assert!(all[0].fits("nvidia-l4") && all[0].fits("nvidia") && !all[0].fits("nvidia-a100"));
        assert!(all[2].fits("nvidia-mig-3g.20gb") && !all[2].fits("nvidia-mig-1g.5gb"));
        let named = |name: &str| Device { name: name.into(), ..all[0].clone() };
        assert!(named("NVIDIA A100-SXM4-80GB").fits("nvidia-a100-80gb"));
        assert!(!named("NVIDIA A100-SXM4-80GB").fits("nvidia-l4"));
        assert!(named("Tesla T4").fits("nvidia-tesla-t4"));
    }
}
