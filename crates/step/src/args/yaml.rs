//! YAML 1.1 to JSON, as `PyYAML`'s `safe_load` reads it.
//!
//! The syntax is the parser's; what words mean is [`super::yaml_scalar`]. Bounded in
//! depth and, for aliases that multiply, in size. What JSON can't say (keys that
//! are no texts, times, binary) is refused by name.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use serde_json::{Map, Value};

use super::yaml_scalar::{self, Plain};

/// How deep a document may be nested, as for JSON.
const DEPTH: usize = 128;
/// How many values a document may have once its aliases are followed.
const VALUES: usize = 100_000;
/// What the handle `!!` stands for.
const OWN_TAGS: &str = "tag:yaml.org,2002:";

/// The only document of the text; null if it is empty.
pub(super) fn load(text: &str) -> Result<Value, String> {
    let mut loader = Loader {
        parser: Parser::new_from_str(text),
        unended: (!text.ends_with('\n')).then(|| text.chars().count()),
        anchors: HashMap::new(),
        left: VALUES,
    };
    let mut document = None;
    loop {
        match loader.event()? {
            Event::StreamEnd => return Ok(document.unwrap_or_default()),
            Event::DocumentStart(_) if document.is_some() => {
                return Err("there is more than one document".to_owned());
            }
            Event::DocumentStart(_) => {
                let first = loader.event()?;
                document = Some(loader.node(first, DEPTH)?.into_value()?);
            }
            _ => {}
        }
    }
}

/// What a node is: a value, or the key that merges.
#[derive(Debug, Clone)]
enum Node {
    Value(Value),
    Merge,
}

impl Node {
    fn into_value(self) -> Result<Value, String> {
        match self {
            Self::Value(value) => Ok(value),
            Self::Merge => Err("`<<` means something as a key only: put it in quotes".to_owned()),
        }
    }
}

struct Loader<'a> {
    parser: Parser<'a, saphyr_parser::StrInput<'a>>,
    /// Where the text ends, if its last line does not.
    unended: Option<usize>,
    anchors: HashMap<usize, Value>,
    left: usize,
}

impl<'a> Loader<'a> {
    fn event(&mut self) -> Result<Event<'a>, String> {
        match self.parser.next_event() {
            None => Ok(Event::StreamEnd),
            Some(Ok((Event::Scalar(text, style, anchor, tag), span)))
                if is_block(style) && self.unended == Some(span.end.index()) =>
            {
                // `PyYAML` adds no end of line that isn't there.
                let text = text.strip_suffix('\n').unwrap_or(&text).to_owned();
                Ok(Event::Scalar(text.into(), style, anchor, tag))
            }
            Some(Ok((event, _))) => Ok(event),
            Some(Err(error)) => Err(error.to_string()),
        }
    }

    fn node(&mut self, event: Event<'a>, depth: usize) -> Result<Node, String> {
        let depth = depth.checked_sub(1).ok_or("it is nested too deeply")?;
        self.spend(1)?;
        let (anchor, node) = match event {
            Event::Alias(anchor) => return self.alias(anchor),
            Event::Scalar(text, style, anchor, tag) => {
                (anchor, scalar(&text, style, tag.as_deref())?)
            }
            Event::SequenceStart(anchor, tag) => {
                only(tag.as_deref(), "seq")?;
                (anchor, Node::Value(self.items(depth)?.into()))
            }
            Event::MappingStart(anchor, tag) => {
                only(tag.as_deref(), "map")?;
                (anchor, Node::Value(self.members(depth)?.into()))
            }
            other => return Err(format!("a value is missing before {other:?}")),
        };
        if let (true, Node::Value(value)) = (anchor > 0, &node) {
            self.anchors.insert(anchor, value.clone());
        }
        Ok(node)
    }

    fn alias(&mut self, anchor: usize) -> Result<Node, String> {
        let value =
            self.anchors.get(&anchor).ok_or("an alias stands inside what it names")?.clone();
        self.spend(size(&value))?;
        Ok(Node::Value(value))
    }

    fn spend(&mut self, values: usize) -> Result<(), String> {
        self.left = self.left.checked_sub(values).ok_or("it has too many values")?;
        Ok(())
    }

    fn items(&mut self, depth: usize) -> Result<Vec<Value>, String> {
        let mut items = Vec::new();
        loop {
            match self.event()? {
                Event::SequenceEnd => return Ok(items),
                event => items.push(self.node(event, depth)?.into_value()?),
            }
        }
    }

    fn members(&mut self, depth: usize) -> Result<Map<String, Value>, String> {
        let (mut merged, mut members) = (Map::new(), Map::new());
        loop {
            let key = match self.event()? {
                Event::MappingEnd => break,
                event => self.node(event, depth)?,
            };
            let event = self.event()?;
            let value = self.node(event, depth)?.into_value()?;
            match key {
                Node::Merge => merge(&mut merged, value)?,
                Node::Value(Value::String(key)) => {
                    members.insert(key, value);
                }
                Node::Value(key) => {
                    return Err(format!("the key {key} is no text: put it in quotes"));
                }
            }
        }
        merged.extend(members);
        Ok(merged)
    }
}

fn is_block(style: ScalarStyle) -> bool {
    matches!(style, ScalarStyle::Literal | ScalarStyle::Folded)
}

/// Of several mappings, the first that has a key counts.
fn merge(merged: &mut Map<String, Value>, value: Value) -> Result<(), String> {
    match value {
        Value::Object(members) => merged.extend(members),
        Value::Array(mappings) => {
            for mapping in mappings.into_iter().rev() {
                let Value::Object(members) = mapping else {
                    return Err("`<<` takes mappings".to_owned());
                };
                merged.extend(members);
            }
        }
        _ => return Err("`<<` takes a mapping, or a list of them".to_owned()),
    }
    Ok(())
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Node, String> {
    match tag {
        Some(tag) if is_unspecific(tag) => plain(text),
        Some(tag) => yaml_scalar::tagged(own_tag(tag)?, text).map(Node::Value),
        None if style == ScalarStyle::Plain => plain(text),
        None => Ok(Node::Value(text.into())),
    }
}

fn plain(text: &str) -> Result<Node, String> {
    match yaml_scalar::plain(text)? {
        Plain::Value(value) => Ok(Node::Value(value)),
        Plain::Merge => Ok(Node::Merge),
    }
}

/// A lone `!`: as if the word were plain, says `PyYAML`.
fn is_unspecific(tag: &Tag) -> bool {
    matches!((tag.handle.as_str(), tag.suffix.as_str()), ("!", "") | ("", "!"))
}

/// A collection has no other tag than its own.
fn only(tag: Option<&Tag>, name: &str) -> Result<(), String> {
    match tag.map(own_tag).transpose()? {
        Some(tag) if tag != name => Err(format!("the tag `!!{tag}` has no JSON")),
        _ => Ok(()),
    }
}

fn own_tag(tag: &Tag) -> Result<&str, String> {
    match (tag.handle.as_str(), tag.suffix.strip_prefix(OWN_TAGS)) {
        (OWN_TAGS, _) => Ok(&tag.suffix),
        ("", Some(name)) => Ok(name),
        (handle, _) => Err(format!("the tag `{handle}{}` is not known", tag.suffix)),
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Object(members) => 1 + members.values().map(size).sum::<usize>(),
        _ => 1,
    }
}
