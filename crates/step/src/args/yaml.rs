//! Converts YAML 1.1 to JSON, as `PyYAML`'s `safe_load` reads it.
//!
//! The parser crate handles the syntax, and [`super::yaml_scalar`] the meaning of plain words. The
//! depth is limited, and so is the size after aliases are expanded. YAML that JSON cannot express
//! (keys that are not strings, times, binary) is an error that names it.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use serde_json::{Map, Value};

use super::yaml_scalar::{self, Plain};

/// How deep a document may be nested, as for JSON.
const DEPTH: usize = 128;
/// How many bytes a document may take once its aliases are followed: far more than a
/// request of SageMaker's may have, far less than a pod's memory.
const BYTES: usize = 8 << 20;
/// What a value takes beside its text, about: its place in a list or an object.
const VALUE_BYTES: usize = 64;
/// What the handle `!!` stands for.
const OWN_TAGS: &str = "tag:yaml.org,2002:";

/// The only document of the text; null if it is empty.
pub(super) fn load(text: &str) -> Result<Value, String> {
    let mut loader = Loader {
        parser: Parser::new_from_str(text),
        unended: (!text.ends_with('\n')).then(|| text.chars().count()),
        anchors: HashMap::new(),
        left: BYTES,
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
            Self::Merge => Err("`<<` has a meaning only as a key. Put it in quotes".to_owned()),
        }
    }
}

struct Loader<'a> {
    parser: Parser<'a, saphyr_parser::StrInput<'a>>,
    /// Where the text ends, if its last line does not.
    unended: Option<usize>,
    /// The values that have a name, and how many bytes each takes.
    anchors: HashMap<usize, (Value, usize)>,
    /// The bytes that may still be taken.
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
        self.spend(VALUE_BYTES)?;
        let (anchor, node) = match event {
            Event::Alias(anchor) => return self.alias(anchor),
            Event::Scalar(text, style, anchor, tag) => {
                self.spend(text.len())?;
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
            let bytes = bytes(value);
            self.spend(bytes)?;
            self.anchors.insert(anchor, (value.clone(), bytes));
        }
        Ok(node)
    }

    fn alias(&mut self, anchor: usize) -> Result<Node, String> {
        let named =
            self.anchors.get(&anchor).ok_or("an alias is inside the value that it refers to")?;
        // Before it is copied.
        self.left = left(self.left, named.1)?;
        Ok(Node::Value(named.0.clone()))
    }

    fn spend(&mut self, bytes: usize) -> Result<(), String> {
        self.left = left(self.left, bytes)?;
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
                    return Err(format!("the key {key} is not a string. Put it in quotes"));
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
                    return Err("`<<` needs mappings".to_owned());
                };
                merged.extend(members);
            }
        }
        _ => return Err("`<<` needs a mapping or a list of mappings".to_owned()),
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
        Some(tag) if tag != name => Err(format!("the tag `!!{tag}` has no JSON equivalent")),
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

fn left(left: usize, bytes: usize) -> Result<usize, String> {
    left.checked_sub(bytes)
        .ok_or_else(|| format!("it expands to more than {} MiB: too many aliases", BYTES >> 20))
}

fn bytes(value: &Value) -> usize {
    let own = match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(bytes).sum(),
        Value::Object(members) => {
            members.iter().map(|(key, value)| VALUE_BYTES + key.len() + bytes(value)).sum()
        }
        _ => 0,
    };
    VALUE_BYTES + own
}
