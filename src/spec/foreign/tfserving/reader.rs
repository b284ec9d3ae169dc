//! The text form of protocol buffers as a tree of nodes: a message is a mapping, a field that is written
//! several times is a list.

use super::message::Message;
use super::system::OWN_FIELDS;
use super::tokens::{BadToken, Token, TokenKind, Tokens};
use crate::spec::syntax::{
    Code, Diagnostic, Entry, Key, Node, Parsed, SPEC_LIMIT, Scalar, Source, SourceSpan, Value,
};

/// Messages within messages; files of TensorFlow Serving have five.
const MAX_DEPTH: usize = 64;

/// Reads a text that is one of TensorFlow Serving's; `None` for every other text.
pub(in crate::spec::foreign) fn read(index: usize, source: &Source) -> Option<Parsed> {
    let text = &source.text;
    let is_short = u64::try_from(text.len()).is_ok_and(|length| length <= SPEC_LIMIT);
    if !is_short || !is_own(text) {
        return None;
    }
    let mut reader = Reader { source: index, tokens: Tokens::new(text), peeked: None, end: 0 };
    Some(match reader.message(None, 0) {
        Ok(entries) => {
            let span = SourceSpan { source: index, start: 0, end: text.trim_end().len() };
            let node = Node { span, value: Value::Map(entries) };
            Parsed { documents: vec![node], ..Parsed::default() }
        }
        Err(finding) => Parsed { findings: vec![*finding], broken: true, ..Parsed::default() },
    })
}

/// Begins with a field of TensorFlow Serving's whose value is a message in braces, as no YAML does that would
/// mean something here. What stands before it are fields that such files have, too.
fn is_own(text: &str) -> bool {
    let mut tokens = Tokens::new(text);
    let mut next = || tokens.next().ok().flatten().map(|token| token.kind);
    loop {
        let Some(TokenKind::Word(name)) = next() else { return false };
        let Some((_, is_message)) = OWN_FIELDS.iter().find(|(own, _)| *own == name) else {
            return false;
        };
        let mut value = next();
        if value == Some(TokenKind::Mark(':')) {
            value = next();
        }
        match value {
            Some(TokenKind::Mark('{' | '<')) => return *is_message,
            Some(TokenKind::Word(_) | TokenKind::Text(_)) if !is_message => {}
            _ => return false,
        }
    }
}

type Found<T> = Result<T, Box<Diagnostic>>;

struct Reader<'a> {
    source: usize,
    tokens: Tokens<'a>,
    peeked: Option<Token>,
    /// Where the last piece ends.
    end: usize,
}

impl Reader<'_> {
    fn span(&self, at: &std::ops::Range<usize>) -> SourceSpan {
        SourceSpan { source: self.source, start: at.start, end: at.end }
    }

    #[expect(clippy::unnecessary_box_returns, reason = "the errors of results are small")]
    fn error(&self, at: &std::ops::Range<usize>, message: impl Into<String>) -> Box<Diagnostic> {
        Box::new(Diagnostic::error(Code::Syntax, message).at(self.span(at), ""))
    }

    #[expect(clippy::unnecessary_box_returns, reason = "the errors of results are small")]
    fn bad(&self, bad: &BadToken) -> Box<Diagnostic> {
        self.error(&bad.at, bad.why)
    }

    fn peek(&mut self) -> Found<Option<&Token>> {
        if self.peeked.is_none() {
            self.peeked = self.tokens.next().map_err(|bad| self.bad(&bad))?;
        }
        Ok(self.peeked.as_ref())
    }

    fn next(&mut self) -> Found<Option<Token>> {
        self.peek()?;
        let token = self.peeked.take();
        if let Some(token) = &token {
            self.end = token.at.end;
        }
        Ok(token)
    }

    /// Takes a mark where it comes next.
    fn take(&mut self, mark: char) -> Found<bool> {
        let is_next = self.peek()?.is_some_and(|token| token.kind == TokenKind::Mark(mark));
        if is_next {
            self.next()?;
        }
        Ok(is_next)
    }

    /// The fields up to the end, or to the mark that closes the message which `open` begins.
    fn message(&mut self, open: Option<&Token>, depth: usize) -> Found<Vec<Entry>> {
        if let Some(open) = open.filter(|_| depth > MAX_DEPTH) {
            let at = self.span(&open.at);
            let finding = Diagnostic::error(Code::TooDeep, "messages are nested too deeply");
            return Err(Box::new(finding.at(at, "")));
        }
        let close = match open.map(|open| &open.kind) {
            Some(TokenKind::Mark('<')) => Some('>'),
            Some(_) => Some('}'),
            None => None,
        };
        let mut message = Message::default();
        loop {
            let Some(token) = self.next()? else {
                return match open {
                    None => Ok(message.entries),
                    Some(open) => Err(self.error(&open.at, "what begins here is not closed")),
                };
            };
            let key = match token.kind {
                TokenKind::Mark(mark) if Some(mark) == close => return Ok(message.entries),
                TokenKind::Mark(',' | ';') if !message.entries.is_empty() => continue,
                TokenKind::Word(name) => Key { text: name, span: self.span(&token.at) },
                TokenKind::Mark('[') => self.extension(&token)?,
                TokenKind::Mark(mark) => {
                    let message = format!("`{mark}` stands where a field should begin");
                    return Err(self.error(&token.at, message));
                }
                TokenKind::Text(_) => {
                    return Err(self.error(&token.at, "a text stands where a field should begin"));
                }
            };
            let has_colon = self.take(':')?;
            let value = self.value(&key, has_colon, depth)?;
            message.add(key, value);
        }
    }

    /// The name of an extension or of a type in brackets: `[type.googleapis.com/x.Y]`.
    fn extension(&mut self, open: &Token) -> Found<Key> {
        let mut name = String::from("[");
        loop {
            let token = self.next()?;
            match token.map(|token| token.kind) {
                Some(TokenKind::Word(word)) => name += &word,
                Some(TokenKind::Mark('/')) => name.push('/'),
                Some(TokenKind::Mark(']')) => break,
                _ => return Err(self.error(&open.at, "this is no name of a type in brackets")),
            }
        }
        name.push(']');
        Ok(Key { text: name, span: self.span(&(open.at.start..self.end)) })
    }

    fn value(&mut self, key: &Key, has_colon: bool, depth: usize) -> Found<Node> {
        let Some(token) = self.next()? else {
            let at = key.span.start..key.span.end;
            return Err(self.error(&at, format!("`{}` has no value", key.text)));
        };
        let start = token.at.start;
        let value = match &token.kind {
            TokenKind::Mark('{' | '<') => Value::Map(self.message(Some(&token), depth + 1)?),
            TokenKind::Mark('[') if has_colon => Value::List(self.list(&token, key, depth + 1)?),
            TokenKind::Word(word) if has_colon => {
                Value::Scalar(Scalar { text: word.clone(), plain: true })
            }
            TokenKind::Text(text) if has_colon => {
                let mut text = text.clone();
                // Texts one behind the other are one.
                while let Some(Token { kind: TokenKind::Text(_), .. }) = self.peek()? {
                    if let Some(Token { kind: TokenKind::Text(more), .. }) = self.next()? {
                        text += &more;
                    }
                }
                Value::Scalar(Scalar { text, plain: false })
            }
            TokenKind::Word(_) | TokenKind::Text(_) => {
                let message = format!("a colon is missing behind `{}`", key.text);
                return Err(self.error(&(key.span.start..token.at.end), message));
            }
            TokenKind::Mark(mark) => {
                let message = format!("`{mark}` stands where the value of `{}` should", key.text);
                return Err(self.error(&token.at, message));
            }
        };
        Ok(Node { span: self.span(&(start..self.end)), value })
    }

    fn list(&mut self, open: &Token, key: &Key, depth: usize) -> Found<Vec<Node>> {
        let mut list = Vec::new();
        while !self.take(']')? {
            if !list.is_empty() && !self.take(',')? {
                return Err(self.error(&open.at, "the list that begins here is not closed"));
            }
            if depth > MAX_DEPTH {
                return Err(self.error(&open.at, "lists are nested too deeply"));
            }
            list.push(self.value(key, true, depth)?);
        }
        Ok(list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<Parsed> {
        read(0, &Source::new("models.config", text))
    }

    #[track_caller]
    fn json(text: &str) -> String {
        let parsed = parsed(text).expect("one of TensorFlow Serving's");
        assert!(parsed.findings.is_empty(), "{:?}", parsed.findings);
        parsed.documents[0].to_json().to_string()
    }

    #[test]
    fn every_way_to_write_the_same() {
        let wanted =
            r#"{"model_config_list":{"config":[{"name":"a"},{"name":"bc","versions":[1,2]}]}}"#;
        for text in [
            "model_config_list { config { name: 'a' } config { name: 'b' \"c\" versions: 1 versions: 2 } }",
            "model_config_list: {config: [{name: \"a\"}, {name: 'bc'; versions: [1, 2]}],};\r\n",
            "\u{feff}# x\nmodel_config_list < config < name:'a' >, config: <name:'bc', versions: [1], \
             versions: 2> > # end",
        ] {
            assert_eq!(json(text), wanted, "{text}");
        }
        assert_eq!(
            json("max_batch_size { value: 0x10 } pad_variable_length_inputs: true"),
            r#"{"max_batch_size":{"value":16},"pad_variable_length_inputs":true}"#
        );
        assert_eq!(
            json("allowed_batch_sizes: 8\nallowed_batch_sizes: 16\nmax_batch_size { value: 16 }"),
            r#"{"allowed_batch_sizes":[8,16],"max_batch_size":{"value":16}}"#
        );
        let any = "custom_model_config { [type.googleapis.com/a.B] { x: -1 } }";
        assert!(json(any).contains("[type.googleapis.com/a.B]"));
    }

    #[test]
    fn other_texts_are_not_taken() {
        for text in [
            "",
            "name: a\n",
            "model_config_list:\n  config:\n  - name: a\n",
            "model_config_list: [{config: {name: a}}]",
            "{\"model_config_list\": []}",
            "max_batch_size: 8\n",
            "model_config_list = {",
            "name: \"llama2\"\nbackend: \"python\"\ninput [ { name: \"a\" } ]",
            "kind: Endpoint\nmodel_config_list: {}\n",
        ] {
            assert!(parsed(text).is_none(), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_at_its_place() {
        for (text, at) in [
            ("model_config_list {\n config {\n  name 'a'\n }\n}", "name 'a'"),
            ("model_config_list {\n config {\n  name: 'a'\n}", "{"),
            ("model_config_list {\n config {\n  name: 'a\n }\n}", "'a"),
            ("model_config_list {}\n}", "}"),
            ("model_config_list { config { versions: [1 2] } }", "["),
            ("model_config_list { config { name: } }", "}"),
            ("model_config_list { config { name = 'a' } }", "="),
            ("model_config_list { , config {} }", ","),
            ("model_config_list { config >", ">"),
            ("model_config_list { config", "config"),
            ("model_config_list { [a b", "["),
        ] {
            let parsed = parsed(text).expect(text);
            assert!(parsed.broken && parsed.documents.is_empty());
            let span = parsed.findings[0].span();
            assert_eq!(&text[span.start..span.end], at, "{text}");
        }
        for deep in ["a {", "a: ["] {
            let deep = "model_config_list {".to_owned() + &deep.repeat(1000);
            assert!(parsed(&deep).expect("read").broken);
        }
    }
}
