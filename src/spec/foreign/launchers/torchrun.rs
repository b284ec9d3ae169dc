//! Processes that torchrun starts in each worker, by its variables PET_*.

use super::launcher::Launcher;
use super::start::{Form, Start};
use crate::spec::foreign::common::fields::Findings;
use crate::spec::syntax::{Node, Scalar, Value};

/// The command of a worker in place of deepspeed's, or of mpirun's that starts processes of DeepSpeed; nothing where
/// the launcher's is torchrun's already.
pub(super) fn command(findings: &mut Findings, start: &Start<'_>) -> Option<Vec<Node>> {
    if start.launcher == Launcher::Torchrun {
        return None;
    }
    let words = || start.words.iter().copied().cloned();
    if matches!(start.form, Form::Script { .. }) {
        start.tell_of_script(findings);
    }
    start.tell_of_flags(findings);
    let name = start.launcher.name();
    let message = format!("torchrun starts the processes in place of {name}");
    let is_mpirun = start.launcher == Launcher::Mpirun;
    let help = if is_mpirun {
        "`deepspeed.init_distributed` takes RANK, WORLD_SIZE and LOCAL_RANK, which torchrun sets, where MPI would \
         set its own"
    } else {
        "`deepspeed.initialize` takes LOCAL_RANK, which torchrun sets; `--local_rank` is not given"
    };
    findings.instead(start.at, message, help);
    let mut own = vec!["torchrun"];
    if start.flags.is_module {
        own.push("-m");
    }
    // What mpirun starts is a whole command.
    if start.flags.is_no_python || is_mpirun {
        own.push("--no-python");
    }
    let scalar = |text: String, at: &Node| Node {
        span: at.span,
        value: Value::Scalar(Scalar { text, plain: false }),
    };
    Some(match start.form {
        Form::Words => {
            let own = own.into_iter().map(|word| scalar(word.to_owned(), start.at));
            own.chain(words().skip(start.flags.count + 1)).collect()
        }
        Form::Script { word, start: from, end } => {
            let script = start.words[word].as_text().unwrap_or_default();
            let (before, behind) = (&script[..from], &script[end..]);
            let script =
                format!("{before}{}{} {behind}", start.variables_of_script(), own.join(" "));
            let all = words().enumerate();
            all.map(|(at, one)| if at == word { scalar(script.clone(), &one) } else { one })
                .collect()
        }
    })
}
