//! Text that is cheap to clone whatever its length.

use compact_str::CompactString;
use std::ops::Deref;
use std::rc::Rc;

/// A piece of UTF-8 text: up to 24 bytes in place, longer ones shared.
#[derive(Clone)]
pub struct Text(Repr);

#[derive(Clone)]
enum Repr {
    Short(CompactString),
    Long(Rc<String>),
}

const IN_PLACE: usize = 24;

impl Text {
    /// The text.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Short(s) => s,
            Repr::Long(s) => s,
        }
    }
}

impl Default for Text {
    fn default() -> Self {
        Self(Repr::Short(CompactString::const_new("")))
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self
    }
}

impl From<&str> for Text {
    fn from(s: &str) -> Self {
        if s.len() <= IN_PLACE {
            Self(Repr::Short(CompactString::new(s)))
        } else {
            Self(Repr::Long(Rc::new(s.to_owned())))
        }
    }
}

impl From<String> for Text {
    fn from(s: String) -> Self {
        if s.len() <= IN_PLACE {
            Self(Repr::Short(CompactString::new(&s)))
        } else {
            Self(Repr::Long(Rc::new(s)))
        }
    }
}

impl From<CompactString> for Text {
    fn from(s: CompactString) -> Self {
        if s.len() <= IN_PLACE { Self(Repr::Short(s)) } else { Self(Repr::Long(Rc::new(s.into()))) }
    }
}

impl From<&CompactString> for Text {
    fn from(s: &CompactString) -> Self {
        s.as_str().into()
    }
}

impl From<char> for Text {
    fn from(c: char) -> Self {
        Self::from(&*c.encode_utf8(&mut [0; 4]))
    }
}

impl From<std::borrow::Cow<'_, str>> for Text {
    fn from(s: std::borrow::Cow<'_, str>) -> Self {
        match s {
            std::borrow::Cow::Borrowed(s) => s.into(),
            std::borrow::Cow::Owned(s) => s.into(),
        }
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Text {}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.as_str().fmt(f)
    }
}

impl std::fmt::Display for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self)
    }
}
