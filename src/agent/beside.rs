//! A process beside a replica's command, in the same environment and folder.

use std::process::Command;

use crate::sys;

/// The program and arguments as a process beside the command that an agent runs just now; `None`
/// when it runs none.
pub fn beside(agent: i32, argv: &[String]) -> Option<Command> {
    // The first process with the run's mark is the command: guards don't carry it.
    let mut marked: Vec<_> = sys::descendants(agent, sys::Kin::All)
        .into_iter()
        .filter(|process| {
            sys::environ(process.pid)
                .is_some_and(|env| env.iter().any(|(name, _)| name == sys::RUN_MARKER))
        })
        .collect();
    marked.sort_by_key(|process| process.start);
    let pid = marked.first()?.pid;
    let (program, args) = argv.split_first()?;
    let mut beside = Command::new(program);
    beside.args(args).env_clear().envs(sys::environ(pid)?.into_iter().filter(|(name, _)| {
        // A shell beside the command is not part of the run: it may outlive it.
        name != sys::RUN_MARKER
    }));
    if let Some(dir) = sys::working_dir(pid) {
        beside.current_dir(dir);
    }
    Some(beside)
}
