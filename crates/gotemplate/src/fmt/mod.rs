//! Go's `fmt`: `Sprint`, `Sprintf`, `Sprintln`.

use crate::value::Value;

/// Text that is nearly always UTF-8.
#[derive(Debug)]
pub enum Output {
    /// It is.
    Text(String),
    /// It is not.
    Raw(Vec<u8>),
}

impl Output {
    /// As text, with replacement characters where it is none.
    pub fn to_string_lossy(&self) -> std::borrow::Cow<'_, str> {
        match self {
            Self::Text(s) => s.as_str().into(),
            Self::Raw(b) => String::from_utf8_lossy(b),
        }
    }
}

/// `fmt.Sprintf`.
pub fn sprintf(_format: &str, _args: &[Value]) -> Output {
    Output::Text(String::new())
}

/// `fmt.Sprint`: blanks between operands when neither is a string.
pub fn sprint(_args: &[Value]) -> Output {
    Output::Text(String::new())
}

/// The text of `%v`, as `fmt.Sprint(value)` gives it.
pub fn display(_value: &Value) -> Output {
    Output::Text(String::new())
}
