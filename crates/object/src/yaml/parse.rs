//! Tokens into events, by libyaml's grammar.

use super::YamlError;
use super::scan::{Mark, Scanner, Style, Token};
use std::borrow::Cow;

/// One step through a text.
#[derive(Clone, Debug, PartialEq)]
pub enum Event<'a> {
    /// The end of the text.
    StreamEnd,
    /// A document begins, with `---` or without.
    DocumentStart,
    /// A document ends, with `...` or without.
    DocumentEnd,
    /// `*name`; what the name stands for is for the reader to remember.
    Alias(&'a str),
    /// The text after unfolding and escapes (empty when nothing is written), how it is written, and what
    /// stands before it.
    Scalar(Cow<'a, str>, Style, Properties<'a>),
    /// A list begins.
    SequenceStart {
        /// Whether it is written in brackets.
        flow: bool,
        /// What stands before it.
        properties: Properties<'a>,
    },
    /// The list ends.
    SequenceEnd,
    /// A map begins; its keys and values follow in turn.
    MappingStart {
        /// Whether it is written in braces.
        flow: bool,
        /// What stands before it.
        properties: Properties<'a>,
    },
    /// The map ends.
    MappingEnd,
}

/// Anchor and tag of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Properties<'a> {
    /// `&name`, without the sign.
    pub anchor: Option<&'a str>,
    /// The tag in full, such as `tag:yaml.org,2002:int` for `!!int`; `!` for the lone sign.
    pub tag: Option<Cow<'a, str>>,
}

/// What the grammar expects next.
#[derive(Clone, Copy, Debug)]
enum State {
    DocumentStart {
        first: bool,
    },
    DocumentContent,
    DocumentEnd,
    BlockNode,
    BlockSequence,
    IndentlessSequence,
    BlockKey,
    BlockValue,
    FlowSequence {
        first: bool,
    },
    /// `[key: value]`
    PairKey,
    PairValue,
    PairEnd,
    FlowKey {
        first: bool,
    },
    FlowValue,
    FlowEmptyValue,
    End,
}

/// Reads a text event by event.
///
/// It keeps to the grammar; what scalars, aliases and merge keys mean, and how deep a reader goes, is
/// the reader's own business.
pub struct Parser<'a> {
    scanner: Scanner<'a>,
    state: State,
    /// Where to go on after the node at hand.
    states: Vec<State>,
    /// Handle and prefix.
    tags: Vec<(&'a str, Cow<'a, str>)>,
}

type Step<'a> = Result<(Event<'a>, Mark), YamlError>;

const CORE: &str = "tag:yaml.org,2002:";

impl<'a> Parser<'a> {
    /// At the beginning of the text.
    ///
    /// # Errors
    /// When the text holds a control character, which YAML does not allow.
    pub fn new(text: &'a str) -> Result<Self, YamlError> {
        Ok(Self {
            scanner: Scanner::new(text)?,
            state: State::DocumentStart { first: true },
            states: Vec::new(),
            tags: Vec::new(),
        })
    }

    /// The next event and where it begins; at the end of the text [`Event::StreamEnd`] again and again.
    ///
    /// # Errors
    /// When the text breaks a rule of YAML.
    #[expect(clippy::should_implement_trait, reason = "an iterator would end, and hide the errors")]
    pub fn next(&mut self) -> Result<(Event<'a>, Mark), YamlError> {
        match self.state {
            State::DocumentStart { first } => self.document_start(first),
            State::DocumentContent => self.document_content(),
            State::DocumentEnd => self.document_end(),
            State::BlockNode => self.node(true, false),
            State::BlockSequence => self.block_sequence(),
            State::IndentlessSequence => self.indentless_sequence(),
            State::BlockKey => self.block_key(),
            State::BlockValue => self.block_value(),
            State::FlowSequence { first } => self.flow_sequence(first),
            State::PairKey => self.pair_key(),
            State::PairValue => self.pair_value(),
            State::PairEnd => {
                let mark = self.mark()?;
                self.state = State::FlowSequence { first: false };
                Ok((Event::MappingEnd, mark))
            }
            State::FlowKey { first } => self.flow_key(first),
            State::FlowValue => self.flow_value(),
            State::FlowEmptyValue => {
                self.state = State::FlowKey { first: false };
                self.empty()
            }
            State::End => Ok((Event::StreamEnd, Mark::default())),
        }
    }

    fn peek(&mut self) -> Result<&Token<'a>, YamlError> {
        self.scanner.peek().map(|(token, _)| token)
    }

    fn mark(&mut self) -> Result<Mark, YamlError> {
        self.scanner.peek().map(|(_, mark)| *mark)
    }

    fn is_next(&mut self, token: &Token<'static>) -> Result<bool, YamlError> {
        Ok(self.peek()? == token)
    }

    /// Takes the next token when it is this one.
    fn accept(&mut self, token: &Token<'static>) -> Result<bool, YamlError> {
        let found = self.is_next(token)?;
        if found {
            self.scanner.take()?;
        }
        Ok(found)
    }

    /// Ends a collection: takes its last token and goes on with what is around it.
    fn close(&mut self, event: Event<'a>) -> Step<'a> {
        let (_, mark) = self.scanner.take()?;
        self.pop();
        Ok((event, mark))
    }

    fn pop(&mut self) {
        self.state = self.states.pop().unwrap_or(State::End);
    }

    fn fail<T>(&mut self, message: &str) -> Result<T, YamlError> {
        Err(self.mark()?.error(message))
    }

    /// A node that is not there.
    fn empty(&mut self) -> Step<'a> {
        let mark = self.mark()?;
        Ok((Event::Scalar("".into(), Style::Plain, Properties::default()), mark))
    }

    fn document_start(&mut self, first: bool) -> Step<'a> {
        if !first {
            while self.accept(&Token::DocumentEnd)? {}
        }
        let mark = self.mark()?;
        let explicit = matches!(
            self.peek()?,
            Token::Version { .. } | Token::TagDirective { .. } | Token::DocumentStart
        );
        if self.is_next(&Token::StreamEnd)? {
            self.state = State::End;
            return Ok((Event::StreamEnd, mark));
        }
        self.states.push(State::DocumentEnd);
        if first && !explicit {
            self.directives()?;
            self.state = State::BlockNode;
            return Ok((Event::DocumentStart, mark));
        }
        self.directives()?;
        if !self.accept(&Token::DocumentStart)? {
            return self.fail("did not find expected <document start>");
        }
        self.state = State::DocumentContent;
        Ok((Event::DocumentStart, mark))
    }

    fn directives(&mut self) -> Result<(), YamlError> {
        self.tags.clear();
        let mut version_seen = false;
        while let Token::Version { .. } | Token::TagDirective { .. } = self.peek()? {
            let (token, mark) = self.scanner.take()?;
            match token {
                Token::Version { .. } if version_seen => {
                    return Err(mark.error("found duplicate %YAML directive"));
                }
                Token::Version { major, minor } => {
                    // Not even 1.2 is accepted, by neither version of go-yaml.
                    if (major, minor) != (1, 1) {
                        return Err(mark.error("found incompatible YAML document"));
                    }
                    version_seen = true;
                }
                Token::TagDirective { handle, prefix } => {
                    if self.tags.iter().any(|(known, _)| *known == handle) {
                        return Err(mark.error("found duplicate %TAG directive"));
                    }
                    self.tags.push((handle, prefix));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn document_content(&mut self) -> Step<'a> {
        match self.peek()? {
            Token::Version { .. }
            | Token::TagDirective { .. }
            | Token::DocumentStart
            | Token::DocumentEnd
            | Token::StreamEnd => {
                self.pop();
                self.empty()
            }
            _ => self.node(true, false),
        }
    }

    fn document_end(&mut self) -> Step<'a> {
        let mark = self.mark()?;
        self.accept(&Token::DocumentEnd)?;
        self.state = State::DocumentStart { first: false };
        Ok((Event::DocumentEnd, mark))
    }

    fn node(&mut self, block: bool, indentless: bool) -> Step<'a> {
        let mut mark = self.mark()?;
        if let Token::Alias(name) = *self.peek()? {
            self.scanner.take()?;
            self.pop();
            return Ok((Event::Alias(name), mark));
        }
        let properties = self.properties()?;
        if matches!(self.peek()?, Token::Scalar(..)) {
            let (token, at) = self.scanner.take()?;
            let Token::Scalar(text, style) = token else { return self.fail("expected a scalar") };
            self.pop();
            return Ok((Event::Scalar(text, style, properties), at));
        }
        // What a collection begins with stays for the state that reads its entries, but for the token that only
        // marks the indentation.
        let at = self.mark()?;
        let (state, event) = match self.peek()? {
            Token::BlockEntry if indentless => {
                (State::IndentlessSequence, Event::SequenceStart { flow: false, properties })
            }
            Token::FlowSequenceStart => {
                self.scanner.take()?;
                (
                    State::FlowSequence { first: true },
                    Event::SequenceStart { flow: true, properties },
                )
            }
            Token::FlowMappingStart => {
                self.scanner.take()?;
                (State::FlowKey { first: true }, Event::MappingStart { flow: true, properties })
            }
            Token::BlockSequenceStart if block => {
                self.scanner.take()?;
                (State::BlockSequence, Event::SequenceStart { flow: false, properties })
            }
            Token::BlockMappingStart if block => {
                self.scanner.take()?;
                (State::BlockKey, Event::MappingStart { flow: false, properties })
            }
            _ if properties != Properties::default() => {
                self.pop();
                return Ok((Event::Scalar("".into(), Style::Plain, properties), mark));
            }
            _ => return self.fail("did not find expected node content"),
        };
        mark = at;
        self.state = state;
        Ok((event, mark))
    }

    fn properties(&mut self) -> Result<Properties<'a>, YamlError> {
        let mut properties = Properties::default();
        for _ in 0..2 {
            match self.peek()? {
                Token::Anchor(name) if properties.anchor.is_none() => {
                    properties.anchor = Some(*name);
                }
                Token::Tag { .. } if properties.tag.is_none() => {
                    let (token, mark) = self.scanner.take()?;
                    if let Token::Tag { handle, suffix } = token {
                        properties.tag = Some(self.resolve(handle, suffix, mark)?);
                    }
                    continue;
                }
                _ => break,
            }
            self.scanner.take()?;
        }
        Ok(properties)
    }

    fn resolve(
        &self,
        handle: &str,
        suffix: Cow<'a, str>,
        mark: Mark,
    ) -> Result<Cow<'a, str>, YamlError> {
        let declared = self.tags.iter().find(|(known, _)| *known == handle);
        let prefix = match (declared, handle) {
            (_, "") => return Ok(suffix),
            (Some((_, prefix)), _) => prefix,
            (None, "!") => "!",
            (None, "!!") => CORE,
            _ => return Err(mark.error("found undefined tag handle")),
        };
        Ok(Cow::Owned(format!("{prefix}{suffix}")))
    }

    /// Reads a node after an indicator, or finds it missing because one of `ends` follows.
    fn node_or_empty(
        &mut self,
        next: State,
        ends: &[Token<'static>],
        block: bool,
        indentless: bool,
    ) -> Step<'a> {
        let token = self.peek()?;
        if ends.iter().any(|end| token == end) {
            self.state = next;
            return self.empty();
        }
        self.states.push(next);
        self.node(block, indentless)
    }

    fn block_sequence(&mut self) -> Step<'a> {
        if self.accept(&Token::BlockEntry)? {
            let ends = [Token::BlockEntry, Token::BlockEnd];
            return self.node_or_empty(State::BlockSequence, &ends, true, false);
        }
        if self.is_next(&Token::BlockEnd)? {
            return self.close(Event::SequenceEnd);
        }
        self.fail("did not find expected '-' indicator")
    }

    /// A list whose items stand in the column of the key it belongs to.
    fn indentless_sequence(&mut self) -> Step<'a> {
        if self.accept(&Token::BlockEntry)? {
            let ends = [Token::BlockEntry, Token::Key, Token::Value, Token::BlockEnd];
            return self.node_or_empty(State::IndentlessSequence, &ends, true, false);
        }
        let mark = self.mark()?;
        self.pop();
        Ok((Event::SequenceEnd, mark))
    }

    fn block_key(&mut self) -> Step<'a> {
        const ENDS: [Token<'static>; 3] = [Token::Key, Token::Value, Token::BlockEnd];
        if self.accept(&Token::Key)? {
            return self.node_or_empty(State::BlockValue, &ENDS, true, true);
        }
        if self.is_next(&Token::BlockEnd)? {
            return self.close(Event::MappingEnd);
        }
        self.fail("did not find expected key")
    }

    fn block_value(&mut self) -> Step<'a> {
        const ENDS: [Token<'static>; 3] = [Token::Key, Token::Value, Token::BlockEnd];
        if self.accept(&Token::Value)? {
            return self.node_or_empty(State::BlockKey, &ENDS, true, true);
        }
        self.state = State::BlockKey;
        self.empty()
    }

    fn flow_sequence(&mut self, first: bool) -> Step<'a> {
        if !self.is_next(&Token::FlowSequenceEnd)? {
            if !first && !self.accept(&Token::FlowEntry)? {
                return self.fail("did not find expected ',' or ']'");
            }
            if self.is_next(&Token::Key)? {
                let (_, mark) = self.scanner.take()?;
                self.state = State::PairKey;
                let properties = Properties::default();
                return Ok((Event::MappingStart { flow: true, properties }, mark));
            }
            if !self.is_next(&Token::FlowSequenceEnd)? {
                self.states.push(State::FlowSequence { first: false });
                return self.node(false, false);
            }
        }
        self.close(Event::SequenceEnd)
    }

    fn pair_key(&mut self) -> Step<'a> {
        match self.peek()? {
            Token::Value | Token::FlowEntry | Token::FlowSequenceEnd => {
                // libyaml swallows the token it looked at.
                self.scanner.take()?;
                self.state = State::PairValue;
                self.empty()
            }
            _ => {
                self.states.push(State::PairValue);
                self.node(false, false)
            }
        }
    }

    fn pair_value(&mut self) -> Step<'a> {
        if self.accept(&Token::Value)? {
            let ends = [Token::FlowEntry, Token::FlowSequenceEnd];
            return self.node_or_empty(State::PairEnd, &ends, false, false);
        }
        self.state = State::PairEnd;
        self.empty()
    }

    fn flow_key(&mut self, first: bool) -> Step<'a> {
        if !self.is_next(&Token::FlowMappingEnd)? {
            if !first && !self.accept(&Token::FlowEntry)? {
                return self.fail("did not find expected ',' or '}'");
            }
            if self.accept(&Token::Key)? {
                let ends = [Token::Value, Token::FlowEntry, Token::FlowMappingEnd];
                return self.node_or_empty(State::FlowValue, &ends, false, false);
            }
            if !self.is_next(&Token::FlowMappingEnd)? {
                self.states.push(State::FlowEmptyValue);
                return self.node(false, false);
            }
        }
        self.close(Event::MappingEnd)
    }

    fn flow_value(&mut self) -> Step<'a> {
        let next = State::FlowKey { first: false };
        if self.accept(&Token::Value)? {
            let ends = [Token::FlowEntry, Token::FlowMappingEnd];
            return self.node_or_empty(next, &ends, false, false);
        }
        self.state = next;
        self.empty()
    }
}
