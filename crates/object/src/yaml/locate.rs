//! The line of a field, found by reading the text again: values carry no positions, because hardly any of
//! them is ever asked for.

use super::parse::{Event, Parser};
use super::scan::Style;

/// One step from a value down to a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathStep<'a> {
    /// The member of a map.
    Key(&'a str),
    /// The item of a list, counted from 0.
    Index(usize),
}

/// The line, counted from 1, of what `path` leads to in one document of `text`.
///
/// `document` counts the documents that hold something, as [`super::from_yaml`] returns them. The line is that
/// of the key for a map member, and of the item's content for a list item. `None` when there is no such
/// place in the text as it stands; aliases and merge keys are not followed.
pub fn locate(text: &str, document: usize, path: &[PathStep<'_>]) -> Option<usize> {
    let mut walk = Walk { parser: Parser::new(text).ok()? };
    let mut index = 0;
    loop {
        match walk.next()? {
            (Event::StreamEnd, _) => return None,
            (Event::DocumentStart, _) => {}
            _ => continue,
        }
        let (root, line) = walk.next()?;
        let empty = match &root {
            Event::Scalar(text, Style::Plain, properties) => match properties.tag.as_deref() {
                None => matches!(&**text, "" | "~" | "null" | "Null" | "NULL"),
                Some(tag) => tag == "tag:yaml.org,2002:null",
            },
            _ => false,
        };
        if empty {
            continue;
        }
        if index == document {
            return walk.find(root, line, path);
        }
        index += 1;
        walk.skip(&root)?;
    }
}

struct Walk<'a> {
    parser: Parser<'a>,
}

impl<'a> Walk<'a> {
    fn next(&mut self) -> Option<(Event<'a>, usize)> {
        let (event, mark) = self.parser.next().ok()?;
        Some((event, mark.line))
    }

    /// Passes over the rest of the node that began with `event`.
    fn skip(&mut self, event: &Event<'a>) -> Option<()> {
        let mut open = opens(event);
        while open > 0 {
            let (event, _) = self.next()?;
            open += opens(&event);
        }
        Some(())
    }

    fn find(
        &mut self,
        mut event: Event<'a>,
        mut line: usize,
        path: &[PathStep<'_>],
    ) -> Option<usize> {
        for step in path {
            (event, line) = match (step, &event) {
                (PathStep::Key(key), Event::MappingStart { .. }) => self.member(key)?,
                (PathStep::Index(index), Event::SequenceStart { .. }) => self.item(*index)?,
                _ => return None,
            };
        }
        Some(line)
    }

    fn member(&mut self, key: &str) -> Option<(Event<'a>, usize)> {
        loop {
            let (event, line) = self.next()?;
            if event == Event::MappingEnd {
                return None;
            }
            let found = matches!(&event, Event::Scalar(text, ..) if *text == key);
            self.skip(&event)?;
            let (value, _) = self.next()?;
            if found {
                return Some((value, line));
            }
            self.skip(&value)?;
        }
    }

    fn item(&mut self, index: usize) -> Option<(Event<'a>, usize)> {
        for _ in 0..index {
            let (event, _) = self.next()?;
            if event == Event::SequenceEnd {
                return None;
            }
            self.skip(&event)?;
        }
        self.next().filter(|(event, _)| *event != Event::SequenceEnd)
    }
}

fn opens(event: &Event<'_>) -> isize {
    match event {
        Event::SequenceStart { .. } | Event::MappingStart { .. } => 1,
        Event::SequenceEnd | Event::MappingEnd => -1,
        _ => 0,
    }
}
