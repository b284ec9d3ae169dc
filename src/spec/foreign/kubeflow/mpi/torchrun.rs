//! Processes that torchrun starts in each worker, by its variables PET_*.

use super::launcher::Launcher;
use super::start::{Form, Start};
use crate::spec::foreign::common::fields::Findings;
use crate::spec::syntax::{Node, Scalar, Value};

/// The command of a worker in place of deepspeed's; nothing where the launcher's is torchrun's already.
pub(super) fn command(findings: &mut Findings, start: &Start<'_>) -> Option<Vec<Node>> {
    if start.launcher != Launcher::Deepspeed {
        return None;
    }
    let words = || start.words.iter().copied().cloned();
    start.tell_of_flags(findings);
    let message = "torchrun starts the processes in place of deepspeed".to_owned();
    let help =
        "`deepspeed.initialize` takes LOCAL_RANK, which torchrun sets; `--local_rank` is not given";
    findings.instead(start.at, message, help);
    let mut flags = Vec::new();
    if start.flags.is_module {
        flags.push("-m");
    }
    if start.flags.is_no_python {
        flags.push("--no-python");
    }
    let scalar = |text: String, at: &Node| Node {
        span: at.span,
        value: Value::Scalar(Scalar { text, plain: false }),
    };
    Some(match start.form {
        Form::Words => {
            let own = ["torchrun"].into_iter().chain(flags);
            let own = own.map(|word| scalar(word.to_owned(), start.at));
            own.chain(words().skip(start.flags.count + 1)).collect()
        }
        Form::Script { word, start: from, end } => {
            let script = start.words[word].as_text().unwrap_or_default();
            let starter = std::iter::once("torchrun").chain(flags).collect::<Vec<_>>().join(" ");
            let script = format!("{}{starter} {}", &script[..from], &script[end..]);
            let all = words().enumerate();
            all.map(|(at, one)| if at == word { scalar(script.clone(), &one) } else { one })
                .collect()
        }
    })
}
