//! What stands between a launcher and the program that it starts.

use super::flag_tables::{DEEPSPEED, HOROVODRUN, MPIRUN, Meaning};
use super::launcher::Launcher;

/// What the flags of a launcher say.
#[derive(Default)]
pub(super) struct Flags {
    /// How many processes there are in all.
    pub(super) processes: Option<String>,
    /// How many there are in each worker.
    pub(super) per_worker: Option<String>,
    /// How many workers there are.
    pub(super) workers: Option<String>,
    /// Variables, each with its value as it is written.
    pub(super) variables: Vec<(String, String)>,
    /// The program is a module of Python.
    pub(super) is_module: bool,
    /// The program is none of Python.
    pub(super) is_no_python: bool,
    /// Flags that mean nothing here.
    pub(super) left: Vec<String>,
    /// How many words stand before the program.
    pub(super) count: usize,
}

/// A word between a launcher and its program that isn't known, or lacks its value.
pub(super) struct UnknownFlag(pub(super) String);

/// Reads the words behind a launcher, each as it is meant and as it is written. Torchrun has none that matter.
pub(super) fn flags(launcher: Launcher, words: &[(&str, &str)]) -> Result<Flags, UnknownFlag> {
    let table = match launcher {
        Launcher::Mpirun => MPIRUN,
        Launcher::Horovodrun => HOROVODRUN,
        Launcher::Deepspeed => DEEPSPEED,
        Launcher::Torchrun => return Ok(Flags::default()),
    };
    let mut flags = Flags::default();
    let mut at = 0;
    while let Some((text, written)) = words.get(at).filter(|(text, _)| text.starts_with('-')) {
        let unknown = || UnknownFlag((*text).to_owned());
        at += 1;
        let name = text.trim_start_matches('-');
        let (name, mut joined) = match (name.split_once('='), written.split_once('=')) {
            (Some((name, _)), Some((_, value))) => (name, Some(value)),
            _ => (name, None),
        };
        let known = table.iter().find(|(names, _)| names.contains(&name));
        let meaning = known.map(|(_, meaning)| *meaning).ok_or_else(unknown)?;
        let mut value = || {
            joined.take().map(str::to_owned).or_else(|| {
                at += 1;
                words.get(at - 1).map(|(_, written)| (*written).to_owned())
            })
        };
        match meaning {
            Meaning::Processes => flags.processes = Some(value().ok_or_else(unknown)?),
            Meaning::PerWorker => flags.per_worker = Some(value().ok_or_else(unknown)?),
            Meaning::Workers => flags.workers = Some(value().ok_or_else(unknown)?),
            Meaning::Variable => {
                let given = value().ok_or_else(unknown)?;
                if let Some((name, value)) = given.split_once('=') {
                    flags.variables.push((name.to_owned(), value.to_owned()));
                }
            }
            Meaning::Pair => {
                let name = value().ok_or_else(unknown)?;
                flags.variables.push((name, value().ok_or_else(unknown)?));
            }
            Meaning::Value(name) => {
                flags.variables.push((name.to_owned(), value().ok_or_else(unknown)?));
            }
            Meaning::Mebibytes(name) => {
                let given = value().and_then(|text| text.parse::<u64>().ok());
                let bytes =
                    given.and_then(|count| count.checked_mul(1 << 20)).ok_or_else(unknown)?;
                flags.variables.push((name.to_owned(), bytes.to_string()));
            }
            Meaning::Set(name, value) => flags.variables.push((name.to_owned(), value.to_owned())),
            Meaning::Module => flags.is_module = true,
            Meaning::NoPython => flags.is_no_python = true,
            Meaning::Left(count) => {
                for _ in 0..count {
                    value().ok_or_else(unknown)?;
                }
                if !flags.left.iter().any(|known| known == text) {
                    flags.left.push((*text).to_owned());
                }
            }
        }
    }
    flags.count = at;
    // With MPI another program stands behind it, which other processes run.
    if launcher == Launcher::Mpirun && words[at..].iter().any(|(text, _)| *text == ":") {
        return Err(UnknownFlag(":".to_owned()));
    }
    Ok(flags)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(launcher: Launcher, text: &str) -> Result<Flags, UnknownFlag> {
        let words: Vec<(&str, &str)> = text.split(' ').map(|word| (word, word)).collect();
        flags(launcher, &words)
    }

    #[test]
    fn flags_end_where_the_program_begins() {
        let text = "-np 4 --allow-run-as-root -mca btl ^openib -x A=b=c -x PATH -bind-to none python -np 3";
        let flags = read(Launcher::Mpirun, text).ok().unwrap();
        assert_eq!(flags.processes.as_deref(), Some("4"));
        assert_eq!(flags.variables, [("A".to_owned(), "b=c".to_owned())]);
        assert_eq!(flags.left, ["--allow-run-as-root", "-mca", "-bind-to"]);
        assert_eq!(text.split(' ').nth(flags.count), Some("python"));
        let text = "--num-proc=2 --fusion-threshold-mb 32 --autotune python x.py";
        let flags = read(Launcher::Horovodrun, text).ok().unwrap();
        assert_eq!(flags.processes.as_deref(), Some("2"));
        let bytes = ("HOROVOD_FUSION_THRESHOLD".to_owned(), "33554432".to_owned());
        assert_eq!(flags.variables, [bytes, ("HOROVOD_AUTOTUNE".to_owned(), "1".to_owned())]);
    }

    #[test]
    fn unknown_flags_are_named() {
        for (launcher, text, name) in [
            (Launcher::Mpirun, "-np 2 -wdir /x python", "-wdir"),
            (Launcher::Mpirun, "-np", "-np"),
            (Launcher::Mpirun, "-np 1 python a.py : -np 2 python b.py", ":"),
            (Launcher::Deepspeed, "--include a:0 train.py", "--include"),
            (Launcher::Horovodrun, "--config-file=x python", "--config-file=x"),
        ] {
            assert_eq!(
                read(launcher, text).err().map(|UnknownFlag(name)| name).as_deref(),
                Some(name)
            );
        }
    }
}
