//! How the container of a launcher starts the processes of a job.

use super::flags::{Flags, UnknownFlag, flags};
use super::launcher::Launcher;
use super::script::{Word, commands};
use crate::spec::foreign::common::fields::Findings;
use crate::spec::foreign::common::scalars::items;
use crate::spec::syntax::Node;

/// What a launcher's container runs.
pub(super) struct Start<'a> {
    /// The program that starts the processes.
    pub(super) launcher: Launcher,
    /// What its flags say.
    pub(super) flags: Flags,
    /// The word with the launcher in it.
    pub(super) at: &'a Node,
    /// The container's words, with what stands around the launcher.
    pub(super) words: Vec<&'a Node>,
    /// Where the launcher and its flags are.
    pub(super) form: Form,
}

/// Where in a command a launcher and its flags are.
pub(super) enum Form {
    /// They are the first words.
    Words,
    /// They are a part of a script, from one byte to another, which is this word of the command.
    Script {
        /// The word that is the script.
        word: usize,
        /// Where the launcher begins in it.
        start: usize,
        /// Where the program begins that it starts.
        end: usize,
    },
}

/// Why it isn't known what a container starts.
pub(super) struct Unread<'a> {
    /// The word that tells so; nothing where there is none.
    pub(super) at: Option<&'a Node>,
    /// What is not known.
    pub(super) why: String,
}

impl Start<'_> {
    /// Says that each worker runs all of a script around the launcher, of which some is meant to run once.
    pub(super) fn tell_of_script(&self, findings: &mut Findings) {
        let name = self.launcher.name();
        let message =
            format!("all of the script runs in each worker, not what {name} starts alone");
        let help = "what must be done once, do where `MLCTL_REPLICA` is worker-0";
        findings.instead(self.at, message, help);
    }

    /// What sets the variables of the launcher's flags before a command of a script: what the shell makes of a
    /// variable's value, it makes here too. Nothing where there are none.
    pub(super) fn variables_of_script(&self) -> String {
        let pair = |(name, value): &(String, String)| format!("{name}={value} ");
        let pairs: String = self.flags.variables.iter().map(pair).collect();
        if pairs.is_empty() { pairs } else { format!("env {pairs}") }
    }

    /// Names the flags that mean nothing where no launcher reaches other machines.
    pub(super) fn tell_of_flags(&self, findings: &mut Findings) {
        if !self.flags.left.is_empty() {
            let (left, name) = (self.flags.left.join(", "), self.launcher.name());
            let message = format!("left out of the flags of {name}: {left}");
            let help = "each worker starts its own processes, without ssh and MPI";
            findings.instead(self.at, message, help);
        }
    }
}

/// Reads the command of a launcher's container.
pub(super) fn start(container: &Node) -> Result<Start<'_>, Unread<'_>> {
    let list = |name: &str| container.get(name).map(items).unwrap_or_default();
    let all = list("command").iter().chain(list("args"));
    let words: Vec<&Node> = all.filter(|word| word.as_text().is_some()).collect();
    let texts: Vec<&str> = words.iter().filter_map(|word| word.as_text()).collect();
    if let Some(launcher) = Launcher::of(&texts) {
        let behind: Vec<(&str, &str)> = texts.iter().skip(1).map(|text| (*text, *text)).collect();
        let flags = flags(launcher, &behind).map_err(|flag| unknown(words[0], launcher, &flag))?;
        if !launcher.is_torchrun() && behind.len() <= flags.count {
            return Err(nothing(words[0], texts[0]));
        }
        return Ok(Start { launcher, flags, at: words[0], words, form: Form::Words });
    }
    let Some(word) = script(&texts) else {
        return Err(Unread { at: words.first().copied(), why: NO_LAUNCHER.to_owned() });
    };
    in_script(words, word, texts[word])
}

const NO_LAUNCHER: &str = "which processes are started is not said";

/// The same for a script.
fn in_script<'a>(words: Vec<&'a Node>, word: usize, text: &str) -> Result<Start<'a>, Unread<'a>> {
    let at = words[word];
    let unread = |why: &str| Unread { at: Some(at), why: why.to_owned() };
    let all = commands(text)
        .ok_or_else(|| unread("a quote or a text (`<<`) of the script has no end"))?;
    let of = |command: &Vec<Word>| {
        let texts: Vec<&str> = command.iter().map(|word| word.text.as_str()).collect();
        Launcher::of(&texts)
    };
    let mut found = all.iter().filter_map(|command| Some((of(command)?, command)));
    let (launcher, command) = found.next().ok_or_else(|| unread(NO_LAUNCHER))?;
    if found.next().is_some() {
        return Err(unread("the script starts processes at several places"));
    }
    if words.len() > word + 1 {
        return Err(unread("words stand behind the script"));
    }
    let written = |word: &Word| &text[word.start..word.end];
    let behind: Vec<(&str, &str)> =
        command.iter().skip(1).map(|word| (word.text.as_str(), written(word))).collect();
    let flags = flags(launcher, &behind).map_err(|flag| unknown(at, launcher, &flag))?;
    let end = match command.get(flags.count + 1) {
        Some(program) => program.start,
        None if launcher.is_torchrun() => text.len(),
        None => return Err(nothing(at, &command[0].text)),
    };
    let form = Form::Script { word, start: command[0].start, end };
    Ok(Start { launcher, flags, at, words, form })
}

/// The word of a command that is a script of a shell.
fn script(texts: &[&str]) -> Option<usize> {
    let program = texts.first()?.rsplit('/').next()?;
    if !matches!(program, "sh" | "bash" | "dash" | "ash" | "zsh") {
        return None;
    }
    let is_option = |text: &&&str| text.starts_with('-');
    let options = texts.iter().skip(1).take_while(is_option).count();
    let is_command = |text: &&str| !text.starts_with("--") && text.contains('c');
    let at = options + 1;
    (texts[1..at].iter().any(is_command) && at < texts.len()).then_some(at)
}

fn unknown<'a>(at: &'a Node, launcher: Launcher, flag: &UnknownFlag) -> Unread<'a> {
    Unread { at: Some(at), why: format!("`{}` of {} is not read", flag.0, launcher.name()) }
}

fn nothing<'a>(at: &'a Node, launcher: &str) -> Unread<'a> {
    Unread { at: Some(at), why: format!("{launcher} is not told what to start") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::syntax::parse;

    fn read(text: &str) -> Result<(Launcher, String), String> {
        let node = parse(0, text).documents.remove(0);
        let start = start(&node).map_err(|unread| unread.why)?;
        let replaced = match start.form {
            Form::Words => String::new(),
            Form::Script { word, start: from, end } => {
                start.words[word].as_text().unwrap()[from..end].to_owned()
            }
        };
        Ok((start.launcher, replaced))
    }

    #[test]
    fn launchers_are_found() {
        let words = "{command: [/usr/bin/mpirun], args: [-np, '2', python, a.py]}";
        assert_eq!(read(words), Ok((Launcher::Mpirun, String::new())));
        let script =
            "{command: [bash, -ec], args: ['cd /x; horovodrun -np 2 python a.py | tee b']}";
        assert_eq!(read(script), Ok((Launcher::Horovodrun, "horovodrun -np 2 ".to_owned())));
        let module = "{command: [python3, -m, torch.distributed.run, a.py]}";
        assert_eq!(read(module), Ok((Launcher::Torchrun, String::new())));
    }

    #[test]
    fn others_are_told_apart() {
        for (text, why) in [
            ("{command: [./run.sh]}", NO_LAUNCHER),
            ("{}", NO_LAUNCHER),
            (
                "{command: [sh, -c, mpirun a; mpirun b]}",
                "the script starts processes at several places",
            ),
            ("{command: [sh, -c, mpirun a, b]}", "words stand behind the script"),
            ("{command: [mpirun, -np, '2']}", "mpirun is not told what to start"),
            ("{command: [mpirun, -wdir, /x, a]}", "`-wdir` of mpirun is not read"),
        ] {
            assert_eq!(read(text), Err(why.to_owned()), "{text}");
        }
    }
}
