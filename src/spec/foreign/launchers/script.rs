//! The commands of a script for a shell, as far as it takes to find the one that starts processes.

/// A word of a script.
#[derive(Debug, PartialEq)]
pub(super) struct Word {
    /// Where it starts in the script, in bytes.
    pub(super) start: usize,
    /// Where it ends.
    pub(super) end: usize,
    /// What it says without its quotes; what the shell would replace is as it is written.
    pub(super) text: String,
}

/// Words before the program of a command that run it, or only group it.
const BEFORE: [&str; 9] = ["exec", "time", "nohup", "then", "do", "else", "if", "!", "{"];

/// The commands of a script, each with its words from the program on. `None` where a quote or a text of its own
/// (`<<`) has no end, so that what is a command can't be told.
///
/// Source: the token recognition of the shell
/// (<https://pubs.opengroup.org/onlinepubs/9699919799/utilities/V3_chap02.html#tag_18_03>) and its
/// here-documents (`#tag_18_07_04` there), whose text holds no commands. What is in `$(...)`
/// is read as commands too, unless it is a name; nothing else is replaced.
pub(super) fn commands(script: &str) -> Option<Vec<Vec<Word>>> {
    let mut commands = Vec::new();
    let mut words: Vec<Word> = Vec::new();
    let mut word: Option<Word> = None;
    let mut texts: Vec<Text> = Vec::new();
    let mut rest = script.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        match c {
            '\\' => match rest.next() {
                // A line that goes on.
                Some((_, '\n')) | None => {}
                Some((_, '\r')) if rest.next_if(|(_, next)| *next == '\n').is_some() => {}
                Some((_, escaped)) => begun(&mut word, at).push(escaped),
            },
            '\'' => {
                let text = begun(&mut word, at);
                loop {
                    match rest.next()?.1 {
                        '\'' => break,
                        quoted => text.push(quoted),
                    }
                }
            }
            '"' => {
                let text = begun(&mut word, at);
                loop {
                    match rest.next()?.1 {
                        '"' => break,
                        '\\' => match rest.next()?.1 {
                            '\n' => {}
                            escaped @ ('"' | '\\' | '$' | '`') => text.push(escaped),
                            other => text.extend(['\\', other]),
                        },
                        quoted => text.push(quoted),
                    }
                }
            }
            '$' if variable(&script[at..]).is_some() => {
                let name = variable(&script[at..]).unwrap_or_default();
                begun(&mut word, at).push_str(name);
                for _ in 1..name.chars().count() {
                    rest.next();
                }
            }
            '#' if word.is_none() => while rest.next_if(|(_, next)| *next != '\n').is_some() {},
            ' ' | '\t' | '\r' => words.extend(word.take()),
            '<' if script[at..].starts_with("<<<") => {
                words.extend(word.take());
                rest.nth(1);
            }
            '<' if script[at..].starts_with("<<") => {
                words.extend(word.take());
                let (text, end) = Text::announced(script, at + 2)?;
                texts.push(text);
                while rest.next_if(|(next, _)| *next < end).is_some() {}
            }
            '\n' if !texts.is_empty() => {
                words.extend(word.take());
                commands.extend(from_program(std::mem::take(&mut words)));
                let mut end = at + 1;
                for text in texts.drain(..) {
                    end = text.end(script, end)?;
                }
                while rest.next_if(|(next, _)| *next < end).is_some() {}
            }
            '\n' | ';' | '&' | '|' | '(' | ')' | '<' | '>' | '`' => {
                words.extend(word.take());
                commands.extend(from_program(std::mem::take(&mut words)));
            }
            other => begun(&mut word, at).push(other),
        }
        if let Some(word) = &mut word {
            word.end = rest.peek().map_or(script.len(), |(next, _)| *next);
        }
    }
    words.extend(word);
    commands.extend(from_program(words));
    texts.is_empty().then_some(commands)
}

/// A text of the script's own that a line announces: it begins on the next one.
struct Text {
    /// The line that ends it.
    last: String,
    /// Tabs before its lines don't count.
    is_indented: bool,
}

impl Text {
    /// What stands behind `<<`, from this byte on, and where that ends; `None` where nothing does.
    fn announced(script: &str, from: usize) -> Option<(Self, usize)> {
        let behind = &script[from..];
        let is_indented = behind.starts_with('-');
        let behind = behind.strip_prefix('-').unwrap_or(behind).trim_start_matches([' ', '\t']);
        let start = script.len() - behind.len();
        let is_end = |c: char| c.is_ascii_whitespace() || "<>|&;()".contains(c);
        let length = behind.find(is_end).unwrap_or(behind.len());
        let last: String =
            behind[..length].chars().filter(|c| !matches!(c, '\'' | '"' | '\\')).collect();
        (!last.is_empty()).then_some((Self { last, is_indented }, start + length))
    }

    /// Where it ends whose first line begins at this byte.
    fn end(&self, script: &str, from: usize) -> Option<usize> {
        let mut end = from;
        for line in script.get(from..)?.split_inclusive('\n') {
            end += line.len();
            let line = line.trim_end_matches(['\n', '\r']);
            let line = if self.is_indented { line.trim_start_matches('\t') } else { line };
            if line == self.last {
                return Some(end);
            }
        }
        None
    }
}

/// `$(NAME)` at the start of a text, which Kubernetes replaces before a shell sees it.
fn variable(text: &str) -> Option<&str> {
    let end = text.find(')')?;
    let name = text.strip_prefix("$(")?.get(..end.checked_sub(2)?)?;
    let is_name = !name.is_empty() && name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric());
    is_name.then(|| &text[..=end])
}

/// The text of the word that is being read.
fn begun(word: &mut Option<Word>, at: usize) -> &mut String {
    &mut word.get_or_insert_with(|| Word { start: at, end: at, text: String::new() }).text
}

/// A command without what stands before its program; `None` where it has none.
fn from_program(words: Vec<Word>) -> Option<Vec<Word>> {
    let is_before = |word: &Word| {
        let name = word.text.split_once('=').map(|(name, _)| name);
        BEFORE.contains(&word.text.as_str())
            || name.is_some_and(|name| {
                !name.is_empty() && name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
            })
    };
    let command: Vec<Word> = words.into_iter().skip_while(is_before).collect();
    (!command.is_empty()).then_some(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(script: &str) -> Option<Vec<Vec<String>>> {
        let all = commands(script)?;
        Some(all.into_iter().map(|words| words.into_iter().map(|w| w.text).collect()).collect())
    }

    #[test]
    fn commands_are_found() {
        let script = "set -e # not mpirun\ncd \"/a b\" && A=1 exec mpirun -np 2 \\\n  -x 'B=c d' py\\ thon x.py > log | tee b\n";
        let expected: Vec<Vec<&str>> = vec![
            vec!["set", "-e"],
            vec!["cd", "/a b"],
            vec!["mpirun", "-np", "2", "-x", "B=c d", "py thon", "x.py"],
            vec!["log"],
            vec!["tee", "b"],
        ];
        assert_eq!(texts(script).unwrap(), expected);
        assert!(
            texts("if true; then mpirun x; fi")
                .unwrap()
                .contains(&vec!["mpirun".to_owned(), "x".to_owned()])
        );
    }

    #[test]
    fn places_are_those_of_the_script() {
        let script = "cd /ä; mpirun 'a b'\t--c=\"d\"";
        let words = commands(script).unwrap().pop().unwrap();
        let written: Vec<&str> = words.iter().map(|word| &script[word.start..word.end]).collect();
        assert_eq!(written, ["mpirun", "'a b'", "--c=\"d\""]);
    }

    #[test]
    fn texts_of_a_script_are_no_commands() {
        let script = "read -r -d '' A << EOM\nmpirun 'it\nEOM\ncat <<-\"E\" <<F >x; b <<<'c'\n\tit's\n\tE\nF\nmpirun y";
        let expected: Vec<Vec<&str>> = vec![
            vec!["read", "-r", "-d", "", "A"],
            vec!["cat"],
            vec!["x"],
            vec!["b", "c"],
            vec!["mpirun", "y"],
        ];
        assert_eq!(texts(script).unwrap(), expected);
        let words = commands(script).unwrap().pop().unwrap();
        assert_eq!(&script[words[0].start..words[0].end], "mpirun");
    }

    #[test]
    fn what_cannot_be_read_is_not_guessed() {
        assert_eq!(texts("cat <<E\nmpirun\nF"), None);
        assert_eq!(texts("cat <<E"), None);
        assert_eq!(texts("cat <<"), None);
        assert_eq!(texts("echo 'mpirun"), None);
        assert_eq!(texts("echo \"mpirun\\"), None);
    }
}
