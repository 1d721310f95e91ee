//! The head of a manifest: `apiVersion`, `kind`, name and annotations.
//!
//! Helm parses every rendered document to its end, only to learn these. Here most documents are only walked through
//! event by event, which finds the same faults and makes no values; whatever is not plain (anchors, tags, numbers where
//! text is wanted, a fault) is read again in full.

use crate::decode::{self, Fields};
use object::events::{Event, Parser, Properties, Style};
use std::collections::BTreeMap;

/// The part of a manifest Helm looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// `apiVersion`.
    pub api_version: String,
    /// `kind`.
    pub kind: String,
    /// `metadata.name`.
    pub name: String,
    /// `metadata.annotations`.
    pub annotations: BTreeMap<String, String>,
}

impl Head {
    /// Reads the head of one document, and that it is YAML to its end.
    ///
    /// # Errors
    /// Go's text.
    pub(crate) fn read(document: &str) -> Result<Self, String> {
        match walk(document) {
            Some(head) => Ok(head),
            None => Self::read_in_full(document),
        }
    }

    pub(super) fn read_in_full(document: &str) -> Result<Self, String> {
        let value = decode::yaml(document.as_bytes())?;
        let mut head = Self::default();
        let mut fields = Fields::of(&value, "util", "SimpleHead");
        fields.text("apiVersion", &mut head.api_version);
        fields.text("kind", &mut head.kind);
        let metadata: Vec<_> = fields.values("metadata").collect();
        for value in metadata {
            let go_type = "struct { Name string \"json:\\\"name\\\"\"; Annotations map[string]string \
                           \"json:\\\"annotations\\\"\" }";
            let mut inner = fields.detached("metadata", value, go_type);
            inner.text("name", &mut head.name);
            let mut annotations = None;
            inner.text_map("annotations", &mut annotations);
            if let Some(annotations) = annotations {
                head.annotations.extend(annotations);
            }
            let error = inner.finish();
            fields.join(error);
        }
        fields.finish().map_or(Ok(head), Err)
    }
}

/// The fields that matter. Go takes them in any case, which is left to the full reading.
const FIELDS: [&str; 3] = ["apiVersion", "kind", "metadata"];
const METADATA_FIELDS: [&str; 2] = ["name", "annotations"];

/// Deeper documents are read in full, which has its own bound.
const MAX_DEPTH: usize = 60;

/// The head of a document that is plain, `None` of any other.
fn walk(document: &str) -> Option<Head> {
    let mut walk = Walk { parser: Parser::new(document).ok()?, head: Head::default() };
    walk.document()?;
    Some(walk.head)
}

struct Walk<'a> {
    parser: Parser<'a>,
    head: Head,
}

impl<'a> Walk<'a> {
    fn next(&mut self) -> Option<Event<'a>> {
        let (event, _) = self.parser.next().ok()?;
        let plain = |p: &Properties<'_>| p.anchor.is_none() && p.tag.is_none();
        match &event {
            Event::Alias(_) => None,
            Event::Scalar(text, style, properties) => (plain(properties)
                && (*style != Style::Plain || has_json_form(text)))
            .then_some(event),
            Event::SequenceStart { properties, .. } | Event::MappingStart { properties, .. } => {
                plain(properties).then_some(event)
            }
            _ => Some(event),
        }
    }

    fn document(&mut self) -> Option<()> {
        // An empty text has no document; that and what is no map are for the full reading.
        let Event::DocumentStart = self.next()? else { return None };
        let Event::MappingStart { .. } = self.next()? else { return None };
        while let Some(key) = self.key()? {
            match key.as_str() {
                "apiVersion" => self.head.api_version = self.text()?,
                "kind" => self.head.kind = self.text()?,
                "metadata" => self.metadata()?,
                other if FIELDS.iter().any(|f| f.eq_ignore_ascii_case(other)) => return None,
                _ => self.skip(0)?,
            }
        }
        self.next().map(|_| ())
    }

    fn metadata(&mut self) -> Option<()> {
        let Event::MappingStart { .. } = self.next()? else { return None };
        (self.head.name, self.head.annotations) = Default::default();
        while let Some(key) = self.key()? {
            match key.as_str() {
                "name" => self.head.name = self.text()?,
                "annotations" => self.annotations()?,
                other if METADATA_FIELDS.iter().any(|f| f.eq_ignore_ascii_case(other)) => {
                    return None;
                }
                _ => self.skip(0)?,
            }
        }
        Some(())
    }

    fn annotations(&mut self) -> Option<()> {
        let Event::MappingStart { .. } = self.next()? else { return None };
        // Of two fields with one name the later counts, all of it.
        self.head.annotations.clear();
        while let Some(key) = self.key()? {
            let value = self.text()?;
            self.head.annotations.insert(key, value);
        }
        Some(())
    }

    /// The next key of a map, `Some(None)` at its end.
    #[expect(clippy::option_option, reason = "not plain, the end, a key")]
    fn key(&mut self) -> Option<Option<String>> {
        match self.next()? {
            Event::MappingEnd => Some(None),
            Event::Scalar(text, style, _) if text != "<<" && is_text(&text, style) => {
                Some(Some(text.into_owned()))
            }
            _ => None,
        }
    }

    /// A scalar that is text beyond doubt.
    fn text(&mut self) -> Option<String> {
        match self.next()? {
            Event::Scalar(text, style, _) if is_text(&text, style) => Some(text.into_owned()),
            _ => None,
        }
    }

    /// Passes over one node.
    fn skip(&mut self, depth: usize) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        match self.next()? {
            Event::Scalar(..) => Some(()),
            Event::SequenceStart { .. } => loop {
                match self.next()? {
                    Event::SequenceEnd => return Some(()),
                    event => self.rest(event, depth + 1)?,
                }
            },
            event => self.rest(event, depth),
        }
    }

    /// Passes over a node whose first event was taken.
    fn rest(&mut self, event: Event<'a>, depth: usize) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        match event {
            Event::Scalar(..) => Some(()),
            Event::SequenceStart { .. } => loop {
                match self.next()? {
                    Event::SequenceEnd => return Some(()),
                    event => self.rest(event, depth + 1)?,
                }
            },
            Event::MappingStart { .. } => loop {
                match self.next()? {
                    Event::MappingEnd => return Some(()),
                    // A key that is no scalar, and a merge, are for the full reading.
                    Event::Scalar(key, _, _) if key != "<<" => self.skip(depth + 1)?,
                    _ => return None,
                }
            },
            _ => None,
        }
    }
}

/// Infinity and not-a-number, which JSON cannot say.
fn has_json_form(plain: &str) -> bool {
    let number = plain.trim_start_matches(['+', '-']);
    !(number.starts_with('.')
        && [".inf", ".nan"].iter().any(|word| number.eq_ignore_ascii_case(word)))
}

/// Whether a scalar is text whoever reads it: quoted, or plain with a letter first and no word of YAML's.
fn is_text(text: &str, style: Style) -> bool {
    if style != Style::Plain {
        return true;
    }
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic());
    const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    starts && (text.len() > 5 || !WORDS.iter().any(|w| text.eq_ignore_ascii_case(w)))
}
