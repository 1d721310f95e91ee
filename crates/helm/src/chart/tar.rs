//! The files of a tar archive, as Go's `archive/tar` finds them in ustar, PAX and old GNU archives.
//!
//! Deliberately absent: sparse files, owners and modes, which no chart has a use for.

/// One entry.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub(super) name: String,
    pub(super) is_directory: bool,
    /// Whether it only describes others (PAX global headers).
    pub(super) is_description: bool,
    pub(super) content: &'a [u8],
    /// Seconds since 1970.
    pub(super) modified: i64,
}

/// Why a tar archive cannot be read, in Go's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TarError {
    /// A header that is none.
    #[error("archive/tar: invalid tar header")]
    Header,
    /// The archive stops in the middle.
    #[error("unexpected EOF")]
    Truncated,
}

const BLOCK: usize = 512;

/// Walks the entries of an archive.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

/// What extended headers say of the entry that follows.
#[derive(Default)]
struct Extended {
    path: Option<String>,
    size: Option<usize>,
    modified: Option<i64>,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(archive: &'a [u8]) -> Self {
        Self { rest: archive }
    }

    /// The next entry, `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Entry<'a>>, TarError> {
        let mut extended = Extended::default();
        loop {
            let Some(header) = self.header()? else { return Ok(None) };
            let kind = header[156];
            let mut size = number(&header[124..136])?;
            match kind {
                b'x' => {
                    let records = self.content(size)?;
                    read_pax(records, &mut extended)?;
                    continue;
                }
                b'L' => {
                    extended.path = Some(text(self.content(size)?));
                    continue;
                }
                b'K' => {
                    self.content(size)?;
                    continue;
                }
                // Links, devices, directories and pipes have no content, whatever they say.
                b'1'..=b'6' => size = 0,
                _ => size = extended.size.take().unwrap_or(size),
            }
            let name = extended.path.take().unwrap_or_else(|| plain_name(header));
            let modified = match extended.modified {
                Some(seconds) => seconds,
                None => i64::try_from(number(&header[136..148])?).unwrap_or_default(),
            };
            let regular = matches!(kind, b'0' | b'\0');
            return Ok(Some(Entry {
                is_directory: kind == b'5' || (regular && name.ends_with('/')),
                is_description: kind == b'g',
                name,
                content: self.content(size)?,
                modified,
            }));
        }
    }

    /// The next block that is no padding; two blocks of zeros end the archive.
    fn header(&mut self) -> Result<Option<&'a [u8]>, TarError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let block = self.block()?;
        if block.iter().all(|b| *b == 0) {
            if self.rest.is_empty() || self.block()?.iter().all(|b| *b == 0) {
                return Ok(None);
            }
            return Err(TarError::Header);
        }
        let stated = number(&block[148..156])?;
        let sum = |signed: bool| -> i64 {
            let byte = |(i, b): (usize, &u8)| match i {
                148..156 => 32,
                _ if signed => i64::from(b.cast_signed()),
                _ => i64::from(*b),
            };
            block.iter().enumerate().map(byte).sum()
        };
        let stated = i64::try_from(stated).map_err(|_| TarError::Header)?;
        if stated != sum(false) && stated != sum(true) {
            return Err(TarError::Header);
        }
        Ok(Some(block))
    }

    fn block(&mut self) -> Result<&'a [u8], TarError> {
        let (block, rest) = self.rest.split_at_checked(BLOCK).ok_or(TarError::Truncated)?;
        self.rest = rest;
        Ok(block)
    }

    fn content(&mut self, size: usize) -> Result<&'a [u8], TarError> {
        let (content, rest) = self.rest.split_at_checked(size).ok_or(TarError::Truncated)?;
        let padding = size.next_multiple_of(BLOCK) - size;
        self.rest = rest.get(padding..).unwrap_or_default();
        Ok(content)
    }
}

/// Octal digits, or base 256 when the first bit is set.
fn number(field: &[u8]) -> Result<usize, TarError> {
    if let [first, rest @ ..] = field
        && first & 0x80 != 0
    {
        if first & 0x40 != 0 {
            return Err(TarError::Header);
        }
        let start = usize::from(first & 0x3f);
        return rest.iter().try_fold(start, |sum, b| {
            sum.checked_mul(256)
                .and_then(|s| s.checked_add(usize::from(*b)))
                .ok_or(TarError::Header)
        });
    }
    let digits = text(field);
    let digits = digits.trim_matches([' ', '\0']);
    if digits.is_empty() {
        return Ok(0);
    }
    usize::from_str_radix(digits, 8).map_err(|_| TarError::Header)
}

fn text(field: &[u8]) -> String {
    let end = field.iter().position(|b| *b == 0).unwrap_or(field.len());
    String::from_utf8_lossy(&field[..end]).into_owned()
}

fn plain_name(header: &[u8]) -> String {
    let name = text(&header[..100]);
    let is_ustar = &header[257..262] == b"ustar" && header[262] == 0;
    let prefix = if is_ustar { text(&header[345..500]) } else { String::new() };
    if prefix.is_empty() { name } else { format!("{prefix}/{name}") }
}

/// Records of the form `length key=value\n`.
fn read_pax(mut records: &[u8], out: &mut Extended) -> Result<(), TarError> {
    while !records.is_empty() {
        let space = records.iter().position(|b| *b == b' ').ok_or(TarError::Header)?;
        let length = std::str::from_utf8(&records[..space]).ok().and_then(|t| t.parse().ok());
        let length: usize = length.ok_or(TarError::Header)?;
        let record = records.get(space + 1..length).ok_or(TarError::Header)?;
        let record = record.strip_suffix(b"\n").ok_or(TarError::Header)?;
        let equals = record.iter().position(|b| *b == b'=').ok_or(TarError::Header)?;
        let (key, value) = (&record[..equals], &record[equals + 1..]);
        let value = String::from_utf8_lossy(value);
        match key {
            b"path" => out.path = Some(value.into_owned()),
            b"size" => out.size = Some(value.parse().map_err(|_| TarError::Header)?),
            b"mtime" => {
                let whole = value.split('.').next().unwrap_or_default();
                out.modified = Some(whole.parse().map_err(|_| TarError::Header)?);
            }
            _ => {}
        }
        records = &records[length..];
    }
    Ok(())
}
