//! The wire format of protocol buffers.

/// Why bytes are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::rest) enum WireError {
    /// They end too early.
    #[error("unexpected end of the message")]
    End,
    /// A number is longer than 64 bits.
    #[error("integer overflow")]
    Overflow,
    /// A field has a type that there is not.
    #[error("illegal wireType {0}")]
    Type(u8),
}

/// The fields of a message, one after the other.
pub(super) struct Wire<'a>(pub(super) &'a [u8]);

/// One field.
pub(super) struct Field<'a> {
    pub(super) number: u32,
    pub(super) value: Value<'a>,
}

/// What a field holds.
#[derive(Clone, Copy)]
pub(super) enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

impl<'a> Wire<'a> {
    fn varint(&mut self) -> Result<u64, WireError> {
        let mut number = 0_u64;
        for shift in (0..70).step_by(7) {
            let (byte, rest) = self.0.split_first().ok_or(WireError::End)?;
            self.0 = rest;
            if shift == 63 && *byte > 1 {
                return Err(WireError::Overflow);
            }
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(WireError::Overflow)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], WireError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(WireError::End)?;
        self.0 = rest;
        Ok(taken)
    }

    fn fixed(&mut self, length: usize) -> Result<u64, WireError> {
        let bytes = self.take(length)?;
        Ok(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn field(&mut self) -> Result<Field<'a>, WireError> {
        let tag = self.varint()?;
        let value = match (tag & 7) as u8 {
            0 => Value::Number(self.varint()?),
            1 => Value::Number(self.fixed(8)?),
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| WireError::End)?;
                Value::Bytes(self.take(length)?)
            }
            5 => Value::Number(self.fixed(4)?),
            other => return Err(WireError::Type(other)),
        };
        let number = u32::try_from(tag >> 3).map_err(|_| WireError::Overflow)?;
        Ok(Field { number, value })
    }
}

impl<'a> Iterator for Wire<'a> {
    type Item = Result<Field<'a>, WireError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.0 = &[];
        }
        Some(field)
    }
}

/// A field of bytes: for tests.
#[cfg(test)]
pub(super) fn bytes(number: usize, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for mut number in [number << 3 | 2, content.len()] {
        while number >= 0x80 {
            out.push(number as u8 & 0x7f | 0x80);
            number >>= 7;
        }
        out.push(number as u8);
    }
    out.extend_from_slice(content);
    out
}
