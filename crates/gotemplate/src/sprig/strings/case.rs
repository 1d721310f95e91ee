//! `camelcase`, `snakecase` and `kebabcase`, as huandu/xstrings 1.5 makes them.

use super::letters::{is_letter, is_number, is_punctuation, is_upper, to_lower, to_upper};

fn is_connector(c: char) -> bool {
    c == '-' || c == '_' || c.is_whitespace()
}

/// Words run together, each with a capital. Connectors at the ends stay, and one of several in a row goes.
pub(super) fn pascal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    let mut current = None;
    for c in chars.by_ref() {
        if !is_connector(c) {
            current = Some((to_upper(c), is_upper(c)));
            break;
        }
        out.push(c);
    }
    let Some((mut current, mut shouting)) = current else {
        // A text of connectors alone has its last one twice, as in the original.
        out.extend(text.chars().next_back());
        return out;
    };
    for next in chars {
        let before = std::mem::replace(&mut current, next);
        if is_connector(next) && is_connector(before) {
            out.push(before);
        } else if is_connector(before) {
            shouting = is_upper(next);
            current = to_upper(next);
        } else {
            if shouting {
                if is_upper(next) {
                    current = to_lower(next);
                } else {
                    shouting = false;
                }
            }
            out.push(before);
        }
    }
    out.push(current);
    out
}

/// What a run of characters is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    None,
    Number,
    Upper,
    Alphabet,
    Connector,
    Punctuation,
    Other,
}

/// Words in small letters with a connector between them.
pub(super) fn joined_by(text: &str, connector: char) -> String {
    let mut joiner = Joiner { rest: text, connector, out: String::with_capacity(text.len() + 8) };
    let (mut kind, mut word) = joiner.next();
    while !joiner.rest.is_empty() {
        if kind != Word::Connector {
            joiner.lower(kind, word);
        }
        let (previous, last) = (kind, word);
        (kind, word) = joiner.next();
        match previous {
            Word::Number => {
                (kind, word) = joiner.run(kind, word);
                if !matches!(kind, Word::None | Word::Punctuation | Word::Connector) {
                    joiner.out.push(connector);
                }
            }
            Word::Connector => joiner.lower(previous, last),
            Word::Punctuation => {}
            _ if kind != Word::Number => {
                if !matches!(kind, Word::Connector | Word::Punctuation) {
                    joiner.out.push(connector);
                }
            }
            _ => (kind, word) = joiner.number_after_letters(kind, word),
        }
    }
    joiner.lower(kind, word);
    joiner.out
}

struct Joiner<'a> {
    rest: &'a str,
    connector: char,
    out: String,
}

impl<'a> Joiner<'a> {
    /// Writes letters and numbers as long as they follow each other.
    fn run(&mut self, mut kind: Word, mut word: &'a str) -> (Word, &'a str) {
        while matches!(kind, Word::Alphabet | Word::Number) {
            self.lower(kind, word);
            (kind, word) = self.next();
        }
        (kind, word)
    }

    /// A number behind letters belongs to them (`bld4_floor`) unless small letters follow it (`http_2xx`).
    fn number_after_letters(&mut self, kind: Word, word: &'a str) -> (Word, &'a str) {
        if self.rest.is_empty() {
            return (kind, word);
        }
        let number = word;
        let (kind, word) = self.next();
        if kind != Word::Alphabet {
            self.lower(Word::Number, number);
            if !matches!(kind, Word::Connector | Word::Punctuation) {
                self.out.push(self.connector);
            }
            return (kind, word);
        }
        self.out.push(self.connector);
        self.lower(Word::Number, number);
        let (kind, word) = self.run(kind, word);
        if !matches!(kind, Word::None | Word::Connector | Word::Punctuation) {
            self.out.push(self.connector);
        }
        (kind, word)
    }

    fn lower(&mut self, kind: Word, word: &str) {
        if !matches!(kind, Word::Upper | Word::Connector) {
            self.out.push_str(word);
            return;
        }
        for c in word.chars() {
            self.out.push(if is_connector(c) {
                self.connector
            } else if is_upper(c) {
                to_lower(c)
            } else {
                c
            });
        }
    }

    /// Takes the next word.
    fn next(&mut self) -> (Word, &'a str) {
        let Some(first) = self.rest.chars().next() else { return (Word::None, "") };
        let (kind, length) = if is_connector(first) {
            (Word::Connector, self.while_is(is_connector))
        } else if is_punctuation(first) {
            (Word::Punctuation, self.while_is(is_punctuation))
        } else if is_upper(first) {
            (Word::Upper, self.upper(first.len_utf8()))
        } else if is_alphabet(first) {
            (Word::Alphabet, self.while_is(|c| is_alphabet(c) && !is_upper(c)))
        } else if is_number(first) {
            (Word::Number, self.while_is(is_number))
        } else {
            let plain =
                |c| !is_connector(c) && !is_alphabet(c) && !is_number(c) && !is_punctuation(c);
            (Word::Other, self.while_is(plain))
        };
        let (word, rest) = self.rest.split_at(length);
        self.rest = rest;
        (kind, word)
    }

    fn while_is(&self, is: impl Fn(char) -> bool) -> usize {
        self.rest.find(|c| !is(c)).unwrap_or(self.rest.len())
    }

    /// Length of a word that begins with a capital: `Word`, or `HTTP` of `HTTPServer`.
    fn upper(&self, first: usize) -> usize {
        let after = &self.rest[first..];
        match after.chars().next() {
            Some(second) if is_upper(second) => {
                let run = first + after.find(|c| !is_upper(c)).unwrap_or(after.len());
                match self.rest[run..].chars().next() {
                    Some(next) if is_alphabet(next) => {
                        let last = self.rest[..run].chars().next_back().map_or(0, char::len_utf8);
                        run - last
                    }
                    _ => run,
                }
            }
            Some(second) if is_alphabet(second) => {
                first + after.find(|c| !is_alphabet(c) || is_upper(c)).unwrap_or(after.len())
            }
            _ => first,
        }
    }
}

/// A letter that words are made of: not one of the CJK ideographs.
fn is_alphabet(c: char) -> bool {
    is_letter(c) && !matches!(u32::from(c), 0x4e00..=0x9fcc | 0x3400..=0x4d85 | 0x20000..=0x2b81d)
}
