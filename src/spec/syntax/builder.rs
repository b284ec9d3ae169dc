//! A tree of nodes out of the parser's events.

use std::collections::HashMap;

use granit_parser::{Event, Span, StructureStyle};

use super::code::Code;
use super::diagnostic::Diagnostic;
use super::keys::{Style, given_twice, key_of};
use super::node::{Entry, Key, Node, Scalar, Value};
use super::source::SourceSpan;

/// Most values of one document, those that aliases repeat included: an alias bomb ends here.
const MAX_NODES: usize = 50_000;
/// How deep lists and mappings may be nested.
pub(crate) const MAX_DEPTH: usize = 64;

/// What the caller does after an event.
pub(crate) enum Step {
    /// Reads the next event.
    Go,
    /// Takes the document that has ended; an empty one is `None`.
    Document(Option<Node>),
    /// Skips the rest of the document, which is beyond a limit.
    GiveUp,
}

enum Frame {
    List { span: SourceSpan, flow: bool, anchor: usize, items: Vec<Node> },
    Map { span: SourceSpan, flow: bool, anchor: usize, map: MapFrame },
}

#[derive(Default)]
struct MapFrame {
    entries: Vec<Entry>,
    seen: HashMap<String, SourceSpan>,
    merges: Vec<Node>,
    key: Option<(Key, Style)>,
}

/// Puts documents together, one after the other.
pub(crate) struct Builder {
    source: usize,
    stack: Vec<Frame>,
    root: Option<Node>,
    anchors: HashMap<usize, (Node, usize)>,
    nodes: usize,
    /// What is wrong with all documents so far.
    pub(crate) findings: Vec<Diagnostic>,
}

impl Builder {
    pub(crate) fn new(source: usize) -> Self {
        Self {
            source,
            stack: Vec::new(),
            root: None,
            anchors: HashMap::new(),
            nodes: 0,
            findings: Vec::new(),
        }
    }

    pub(crate) fn reset(&mut self) {
        self.stack.clear();
        self.root = None;
        self.anchors.clear();
        self.nodes = 0;
    }

    pub(crate) fn span(&self, span: Span, text: &str) -> SourceSpan {
        let range = span.byte_range().unwrap_or(0..0);
        let end = range.end.min(text.len());
        SourceSpan { source: self.source, start: range.start.min(end), end }
    }

    pub(crate) fn event(&mut self, event: Event<'_>, span: SourceSpan) -> Step {
        match event {
            Event::DocumentStart(..) => self.reset(),
            Event::DocumentEnd => return Step::Document(self.root.take().filter(not_empty)),
            Event::Scalar(text, style, anchor, tag) => {
                let mut plain = style == granit_parser::ScalarStyle::Plain;
                if let Some(tag) = &tag {
                    match tag.core_suffix() {
                        Some("str") => plain = false,
                        Some("int" | "float" | "bool" | "null") => {}
                        _ => self.refuse_tag(&tag.original(), span),
                    }
                }
                // The parser says `~` for a value that is not there.
                let missing = plain && span.start == span.end;
                let text = if missing { String::new() } else { text.into_owned() };
                let scalar = Scalar { text, plain };
                return self.add(Node { span, value: Value::Scalar(scalar) }, anchor, 1);
            }
            Event::SequenceStart(style, anchor, tag) => {
                if let Some(tag) = &tag
                    && tag.core_suffix() != Some("seq")
                {
                    self.refuse_tag(&tag.original(), span);
                }
                let flow = style == StructureStyle::Flow;
                return self.open(Frame::List { span, flow, anchor, items: Vec::new() });
            }
            Event::MappingStart(style, anchor, tag) => {
                if let Some(tag) = &tag
                    && tag.core_suffix() != Some("map")
                {
                    self.refuse_tag(&tag.original(), span);
                }
                let flow = style == StructureStyle::Flow;
                return self.open(Frame::Map { span, flow, anchor, map: MapFrame::default() });
            }
            Event::SequenceEnd | Event::MappingEnd => return self.close(span),
            Event::Alias(id) => {
                let Some((node, size)) = self.anchors.get(&id).cloned() else {
                    self.findings.push(
                        Diagnostic::error(
                            Code::AliasInItself,
                            "this alias stands inside its anchor",
                        )
                        .at(span, "would repeat for ever")
                        .help("write the value out"),
                    );
                    return self.add(Node::plain("", span), 0, 1);
                };
                return self.add(node, 0, size);
            }
            Event::UnresolvedAlias(name) => {
                self.findings.push(
                    Diagnostic::error(Code::UnknownAlias, format!("there is no anchor `&{name}`"))
                        .at(span, "an alias for a value that is not marked above")
                        .help(format!(
                            "mark the value with `&{name}` above; a text that starts with `*` \
                             needs quotes"
                        )),
                );
                return self.add(Node::plain("", span), 0, 1);
            }
            _ => {}
        }
        Step::Go
    }

    fn refuse_tag(&mut self, tag: &str, span: SourceSpan) {
        self.findings.push(
            Diagnostic::error(Code::UnknownTag, format!("the tag `{tag}` means nothing here"))
                .at(span, "")
                .help("leave the tag out; a text that starts with `!` needs quotes"),
        );
    }

    fn open(&mut self, frame: Frame) -> Step {
        if self.stack.len() >= MAX_DEPTH {
            let (Frame::List { span, .. } | Frame::Map { span, .. }) = frame;
            self.findings.push(
                Diagnostic::error(
                    Code::TooDeep,
                    format!("more than {MAX_DEPTH} levels of nesting"),
                )
                .at(span, ""),
            );
            return Step::GiveUp;
        }
        self.nodes += 1;
        self.stack.push(frame);
        Step::Go
    }

    fn close(&mut self, end: SourceSpan) -> Step {
        let Some(frame) = self.stack.pop() else { return Step::Go };
        let (node, anchor) = match frame {
            Frame::List { span, flow, anchor, items } => {
                let last = items.last().map(|item| item.span);
                let span = whole(span, flow, end, last);
                (Node { span, value: Value::List(items) }, anchor)
            }
            Frame::Map { span, flow, anchor, map } => {
                let last = map.entries.last().map(|e| e.key.span.to(e.value.span));
                let span = whole(span, flow, end, last);
                (Node { span, value: Value::Map(self.merged(map)) }, anchor)
            }
        };
        let size = if anchor == 0 { 1 } else { count(&node) };
        self.keep(node, anchor, size)
    }

    /// Counts new nodes against the limit, then puts the node where it belongs.
    fn add(&mut self, node: Node, anchor: usize, size: usize) -> Step {
        self.nodes += size;
        if self.nodes > MAX_NODES {
            self.findings.push(
                Diagnostic::error(Code::TooManyValues, format!("more than {MAX_NODES} values"))
                    .at(node.span, "the limit is passed here")
                    .help("aliases count as often as they are used: write less of them"),
            );
            return Step::GiveUp;
        }
        self.keep(node, anchor, size)
    }

    fn keep(&mut self, node: Node, anchor: usize, size: usize) -> Step {
        if anchor != 0 {
            self.anchors.insert(anchor, (node.clone(), size));
        }
        match self.stack.last_mut() {
            None => self.root = Some(node),
            Some(Frame::List { items, .. }) => items.push(node),
            Some(Frame::Map { map, .. }) => match map.key.take() {
                None => map.key = Some(key_of(node, &mut self.findings)),
                Some((key, Style::Plain)) if key.text == "<<" => map.merges.push(node),
                Some((key, style)) => {
                    if let Some(first) = map.seen.get(&key.text) {
                        if style != Style::NoText {
                            self.findings.push(given_twice(&key, *first));
                        }
                    } else {
                        map.seen.insert(key.text.clone(), key.span);
                        map.entries.push(Entry { key, value: node });
                    }
                }
            },
        }
        Step::Go
    }

    /// Entries of `<<: *base` (a mapping or a list of them) fill in what the mapping doesn't say.
    fn merged(&mut self, map: MapFrame) -> Vec<Entry> {
        let MapFrame { mut entries, mut seen, merges, .. } = map;
        for merge in merges {
            let span = merge.span;
            let bases = match merge.value {
                Value::List(items) => items,
                value => vec![Node { span, value }],
            };
            for base in bases {
                let Value::Map(more) = base.value else {
                    self.findings.push(
                        Diagnostic::error(Code::BadMerge, "`<<` takes a mapping or a list of them")
                            .at(base.span, "not a mapping")
                            .help("write `<<: *name` where `&name` marks a mapping"),
                    );
                    continue;
                };
                for entry in more {
                    if !seen.contains_key(&entry.key.text) {
                        seen.insert(entry.key.text.clone(), entry.key.span);
                        entries.push(entry);
                    }
                }
            }
        }
        entries
    }
}

/// A block collection ends with its last child: the parser's own end is the next token's start.
fn whole(start: SourceSpan, flow: bool, end: SourceSpan, last: Option<SourceSpan>) -> SourceSpan {
    match last {
        Some(last) if !flow => start.to(last),
        _ => start.to(end),
    }
}

fn count(node: &Node) -> usize {
    1 + match &node.value {
        Value::Scalar(_) => 0,
        Value::List(items) => items.iter().map(count).sum(),
        Value::Map(entries) => entries.iter().map(|entry| 1 + count(&entry.value)).sum(),
    }
}

fn not_empty(node: &Node) -> bool {
    !node.is_null()
}
