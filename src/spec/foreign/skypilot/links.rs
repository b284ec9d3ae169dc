//! Paths outside of the working folder, which a script finds because set-up links them.

use crate::spec::foreign::common::shell::quoted;

/// Where what is linked lies in the working folder.
pub(super) const FOLDER: &str = ".skypilot";

/// The folder that is kept in the `output`, as a word for a shell.
const OUTPUT: &str = "\"${AIP_CHECKPOINT_DIR%/}\"";

/// The function that makes one link. A link into a run of mlctl's is replaced, since one before may have made it, or a
/// replica of the same machine just now; whatever else is there is somebody's.
const LINK: &str = "\
own() {
  case \"$(readlink \"$1\")\" in
    */runs/*/.skypilot/*|*/runs/*/checkpoints|/mlctl/*) return 0 ;;
  esac
  return 1
}
link() {
  [ \"$1\" -ef \"$2\" ] && return
  if own \"$2\"; then rm -f \"$2\"; fi
  if [ ! -e \"$2\" ] && [ ! -L \"$2\" ] || own \"$2\"; then
    mkdir -p \"$(dirname \"$2\")\"
    if ln -sn \"$1\" \"$2\" 2>/dev/null || own \"$2\"; then return; fi
  fi
  echo \"$2 is there already\" >&2
  return 1
}
";

/// Links that set-up makes, each from what it leads to.
#[derive(Default)]
pub(super) struct Links {
    pairs: Vec<(String, String)>,
}

impl Links {
    pub(super) fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// A link to something in the working folder.
    pub(super) fn add_data(&mut self, data: &str, target: &str) {
        self.pairs.push((format!("\"$PWD\"/{}", quoted(data)), as_word(target)));
    }

    /// A link to the folder that is kept in the `output`.
    pub(super) fn add_output(&mut self, target: &str) {
        self.pairs.push((OUTPUT.to_owned(), as_word(target)));
    }

    /// The part of a script for `sh` that makes them.
    pub(super) fn script(&self) -> String {
        let mut script = LINK.to_owned();
        for (from, to) in &self.pairs {
            // It is otherwise made when the command starts.
            if from == OUTPUT {
                script.push_str("mkdir -p ");
                script.push_str(OUTPUT);
                script.push('\n');
            }
            script.extend(["link ", from, " ", to, "\n"]);
        }
        script
    }
}

/// A path as a word for a shell; `~` is the user's home.
fn as_word(path: &str) -> String {
    match path.strip_prefix("~/") {
        Some(rest) => format!("\"$HOME\"/{}", quoted(rest)),
        None => quoted(path),
    }
}
