//! Memory of the machine and of the control group, the kernel's count of out-of-memory kills, and
//! the number of cores.

use std::path::{Path, PathBuf};

/// Bytes that can be used without swapping, by the kernel's own estimate; `None` where it makes none.
pub fn available_memory() -> Option<u64> {
    meminfo(&fs_err::read_to_string("/proc/meminfo").ok()?, "MemAvailable:")
}

/// A number of `/proc/meminfo` in bytes.
fn meminfo(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let number: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(number * 1024)
}

/// Cores that this process may use, at least 1: a control group may allow fewer than there are.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// The control group of this process that limits and counts its memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemoryGroup {
    /// A group of the unified hierarchy (version 2).
    V2(PathBuf),
    /// A group of the memory controller's own hierarchy (version 1).
    V1(PathBuf),
    /// No group's files are visible; counts are then the whole machine's.
    None,
}

impl MemoryGroup {
    /// Finds the group of this process. In a container the path in `/proc/self/cgroup` may be the
    /// host's, which does not exist there: then the mount's root is the container's own group.
    pub fn find() -> Self {
        let text = fs_err::read_to_string("/proc/self/cgroup").unwrap_or_default();
        Self::find_in(&text, Path::new("/sys/fs/cgroup"))
    }

    fn find_in(text: &str, root: &Path) -> Self {
        for line in text.lines() {
            let mut parts = line.splitn(3, ':').skip(1);
            let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
            let below = path.trim_start_matches('/');
            let (mount, file) = if controllers.split(',').any(|name| name == "memory") {
                (root.join("memory"), "memory.oom_control")
            } else if controllers.is_empty() {
                (root.to_path_buf(), "memory.events")
            } else {
                continue;
            };
            for dir in [mount.join(below), mount.clone()] {
                if dir.join(file).exists() {
                    return if controllers.is_empty() { Self::V2(dir) } else { Self::V1(dir) };
                }
            }
        }
        Self::None
    }

    /// The kernel's count of out-of-memory kills: of the control group, else of the whole machine.
    pub fn oom_kills(&self) -> u64 {
        let (file, name) = match self {
            Self::V2(dir) => (dir.join("memory.events"), "oom_kill"),
            Self::V1(dir) => (dir.join("memory.oom_control"), "oom_kill"),
            Self::None => (PathBuf::from("/proc/vmstat"), "oom_kill"),
        };
        fs_err::read_to_string(file).ok().and_then(|text| counter(&text, name)).unwrap_or(0)
    }

    /// The group's memory limit in bytes; `None` where it is unlimited or can't be read.
    pub fn limit(&self) -> Option<u64> {
        let file = match self {
            Self::V2(dir) => dir.join("memory.max"),
            Self::V1(dir) => dir.join("memory.limit_in_bytes"),
            Self::None => return None,
        };
        let limit: u64 = fs_err::read_to_string(file).ok()?.trim().parse().ok()?;
        // Version 1 says "none" as a number near 2^63.
        (limit < 1 << 60).then_some(limit)
    }
}

/// The number behind a name in a file of lines `name number`.
fn counter(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read() {
        assert_eq!(
            meminfo("MemTotal: 9 kB\nMemAvailable:   12 kB\n", "MemAvailable:"),
            Some(12288)
        );
        assert!(available_memory().is_some_and(|bytes| bytes > 0));
        assert_eq!(counter("oom 3\noom_kill 2\noom_kill_disable 0\n", "oom_kill"), Some(2));
    }

    #[test]
    fn groups_of_both_versions_are_found() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path();
        assert_eq!(MemoryGroup::find_in("0::/a\n", path), MemoryGroup::None);
        fs_err::create_dir_all(path.join("memory/a")).unwrap();
        fs_err::write(path.join("memory/a/memory.oom_control"), "oom_kill 4\n").unwrap();
        fs_err::write(path.join("memory/a/memory.limit_in_bytes"), "9223372036854771712\n")
            .unwrap();
        let v1 = MemoryGroup::find_in("5:cpu:/x\n4:memory:/a\n0::/\n", path);
        assert_eq!(v1, MemoryGroup::V1(path.join("memory/a")));
        assert_eq!((v1.oom_kills(), v1.limit()), (4, None));
        fs_err::write(path.join("memory.events"), "low 0\noom_kill 7\n").unwrap();
        fs_err::write(path.join("memory.max"), "1024\n").unwrap();
        let v2 = MemoryGroup::find_in("0::/kubepods/pod1\n", path);
        assert_eq!((v2.oom_kills(), v2.limit()), (7, Some(1024)));
    }
}
