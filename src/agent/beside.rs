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
    let (run, env): (Vec<_>, Vec<_>) =
        sys::environ(pid)?.into_iter().partition(|(name, _)| name == sys::RUN_MARKER);
    beside.args(args).env_clear().envs(env);
    // A shell beside the command is not part of the run, which waits for none: it ends with its agent.
    beside.envs(run.into_iter().map(|(_, run)| (sys::BESIDE_MARKER, run)));
    if let Some(dir) = sys::working_dir(pid) {
        beside.env("PWD", &dir).current_dir(dir);
    }
    Some(beside)
}
