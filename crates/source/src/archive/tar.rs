//! Reading tar: ustar, pax paths and sizes, GNU's long names.

use super::ArchiveError;
use std::io::Read;

const BLOCK: usize = 512;
/// The longest name or pax header that is read.
const LONGEST_NAME: u64 = 1 << 16;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Directory,
    /// Links, devices and whatever else there is.
    Other,
}

pub(super) struct Header {
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) kind: Kind,
}

pub(super) struct Reader<R> {
    from: R,
    position: u64,
    /// Bytes of the current entry, padding included, that nobody has read.
    left: u64,
    size: u64,
}

impl<R: Read> Reader<R> {
    pub(super) fn new(from: R) -> Self {
        Self { from, position: 0, left: 0, size: 0 }
    }

    /// Where the next byte comes from.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// The next entry; its content follows.
    pub(super) fn next(&mut self) -> Result<Option<Header>, ArchiveError> {
        let mut name = None;
        let mut size = None;
        loop {
            self.skip()?;
            let Some(block) = self.block()? else { return Ok(None) };
            if block.iter().all(|b| *b == 0) {
                return Ok(None);
            }
            check(&block)?;
            let told = number(&block[124..136])?;
            match block[156] {
                b'L' => name = Some(text(&self.small(told)?)),
                b'x' => {
                    let records = self.small(told)?;
                    name = pax(&records, "path").or(name);
                    size = pax(&records, "size").and_then(|s| s.parse().ok()).or(size);
                }
                // Global headers and long link names say nothing about files.
                b'g' | b'K' => {
                    self.small(told)?;
                }
                kind => {
                    let size = size.unwrap_or(told);
                    let name = name.unwrap_or_else(|| short_name(&block));
                    let kind = match kind {
                        b'5' => Kind::Directory,
                        0 | b'0' | b'7' if name.ends_with('/') => Kind::Directory,
                        0 | b'0' | b'7' => Kind::File,
                        _ => Kind::Other,
                    };
                    // Links have no content, whatever their header says.
                    let size = if matches!(block[156], b'1'..=b'6') { 0 } else { size };
                    self.size = size;
                    self.left = padded(size)?;
                    return Ok(Some(Header { name, size, kind }));
                }
            }
        }
    }

    /// The content of the current entry.
    pub(super) fn content(&mut self, mut take: impl FnMut(&[u8])) -> Result<(), ArchiveError> {
        let mut buffer = [0; 1 << 14];
        let mut wanted = self.size;
        while wanted > 0 {
            let most = buffer.len().min(usize::try_from(wanted).unwrap_or(buffer.len()));
            self.exactly(most, &mut buffer)?;
            take(&buffer[..most]);
            wanted -= most as u64;
            self.left -= most as u64;
        }
        Ok(())
    }

    fn skip(&mut self) -> Result<(), ArchiveError> {
        let mut buffer = [0; 1 << 14];
        while self.left > 0 {
            let most = buffer.len().min(usize::try_from(self.left).unwrap_or(buffer.len()));
            self.exactly(most, &mut buffer)?;
            self.left -= most as u64;
        }
        Ok(())
    }

    fn small(&mut self, size: u64) -> Result<Vec<u8>, ArchiveError> {
        if size > LONGEST_NAME {
            return Err(ArchiveError::TooLarge(format!("a name of {size} bytes")));
        }
        self.size = size;
        self.left = padded(size)?;
        let mut bytes = Vec::new();
        self.content(|piece| bytes.extend_from_slice(piece))?;
        Ok(bytes)
    }

    fn block(&mut self) -> Result<Option<[u8; BLOCK]>, ArchiveError> {
        let mut block = [0; BLOCK];
        let mut filled = 0;
        while filled < BLOCK {
            match self.from.read(&mut block[filled..])? {
                0 if filled == 0 => return Ok(None),
                0 => return Err(ArchiveError::Broken("it ends in the middle".to_owned())),
                read => filled += read,
            }
        }
        self.position += BLOCK as u64;
        Ok(Some(block))
    }

    fn exactly(&mut self, length: usize, buffer: &mut [u8]) -> Result<(), ArchiveError> {
        self.from
            .read_exact(&mut buffer[..length])
            .map_err(|_| ArchiveError::Broken("it ends in the middle".to_owned()))?;
        self.position += length as u64;
        Ok(())
    }
}

fn padded(size: u64) -> Result<u64, ArchiveError> {
    size.checked_next_multiple_of(BLOCK as u64)
        .ok_or_else(|| ArchiveError::Broken("an entry without end".to_owned()))
}

fn check(block: &[u8; BLOCK]) -> Result<(), ArchiveError> {
    let stated = number(&block[148..156])?;
    let byte = |(at, b): (usize, &u8)| {
        if (148..156).contains(&at) { u64::from(b' ') } else { u64::from(*b) }
    };
    let sum: u64 = block.iter().enumerate().map(byte).sum();
    if sum == stated {
        return Ok(());
    }
    Err(ArchiveError::Broken("it is no tar".to_owned()))
}

/// Octal, or GNU's binary for what does not fit.
fn number(field: &[u8]) -> Result<u64, ArchiveError> {
    if field[0] & 0x80 != 0 {
        let wide = field[1..].iter().try_fold(u64::from(field[0] & 0x7f), |n, b| {
            n.checked_mul(256).map(|n| n | u64::from(*b))
        });
        return wide.ok_or_else(|| ArchiveError::Broken("a number too large".to_owned()));
    }
    let text = text(field);
    let text = text.trim();
    if text.is_empty() {
        return Ok(0);
    }
    u64::from_str_radix(text, 8)
        .map_err(|_| ArchiveError::Broken(format!("'{text}' is no octal number")))
}

fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

fn short_name(block: &[u8; BLOCK]) -> String {
    let name = text(&block[..100]);
    let prefix = if block[257..262] == *b"ustar" { text(&block[345..500]) } else { String::new() };
    if prefix.is_empty() { name } else { format!("{prefix}/{name}") }
}

/// One record of a pax header: `<length> <key>=<value>\n`.
fn pax(records: &[u8], key: &str) -> Option<String> {
    let mut rest = records;
    while !rest.is_empty() {
        let space = rest.iter().position(|b| *b == b' ')?;
        let length: usize = std::str::from_utf8(&rest[..space]).ok()?.parse().ok()?;
        let record = rest.get(space + 1..length.checked_sub(1)?)?;
        let equals = record.iter().position(|b| *b == b'=')?;
        if &record[..equals] == key.as_bytes() {
            return Some(String::from_utf8_lossy(&record[equals + 1..]).into_owned());
        }
        rest = rest.get(length..)?;
    }
    None
}
