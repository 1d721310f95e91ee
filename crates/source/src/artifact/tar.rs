//! Tar headers (POSIX ustar, with a pax record for names that do not fit), everything variable zeroed.

use std::io::{self, Write};

const BLOCK: usize = 512;

/// A directory entry, mode 0750.
pub(super) fn directory(out: &mut impl Write, path: &str) -> io::Result<()> {
    entry(out, &format!("{path}/"), b'5', 0o750, 0)
}

/// A file with its content, mode 0600 or 0700.
pub(super) fn file(
    out: &mut impl Write,
    path: &str,
    executable: bool,
    content: &[u8],
) -> io::Result<()> {
    entry(out, path, b'0', if executable { 0o700 } else { 0o600 }, content.len() as u64)?;
    out.write_all(content)?;
    pad(out, content.len())
}

/// The two empty blocks at the end.
pub(super) fn end(out: &mut impl Write) -> io::Result<()> {
    out.write_all(&[0; 2 * BLOCK])
}

fn pad(out: &mut impl Write, length: usize) -> io::Result<()> {
    let over = length % BLOCK;
    if over > 0 {
        out.write_all(&[0; BLOCK][over..])?;
    }
    Ok(())
}

fn entry(out: &mut impl Write, name: &str, kind: u8, mode: u32, size: u64) -> io::Result<()> {
    let fits = name.is_ascii() && size < 1 << 33;
    match split(name).filter(|_| fits) {
        Some((prefix, name)) => out.write_all(&header(prefix, name, kind, mode, size)),
        None => {
            let mut records = record("path", name);
            if size >= 1 << 33 {
                records.push_str(&record("size", &size.to_string()));
            }
            out.write_all(&header("", "pax", b'x', 0o600, records.len() as u64))?;
            out.write_all(records.as_bytes())?;
            pad(out, records.len())?;
            // For readers that know no pax: the beginning of the name.
            let short: String = name.chars().filter(char::is_ascii).take(99).collect();
            out.write_all(&header("", &short, kind, mode, size))
        }
    }
}

/// The name as prefix and name, if it fits into the fields of a header.
fn split(name: &str) -> Option<(&str, &str)> {
    if name.len() <= 100 {
        return Some(("", name));
    }
    // The slash between the two is not stored; a directory's name may end with one.
    let from = name.len().checked_sub(101)?;
    let at = name
        .as_bytes()
        .iter()
        .enumerate()
        .skip(from)
        .find(|(at, b)| **b == b'/' && at + 1 < name.len())?
        .0;
    (at <= 155 && at > 0).then(|| (&name[..at], &name[at + 1..]))
}

/// One pax record: its own length in decimal comes first.
fn record(key: &str, value: &str) -> String {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + rest.to_string().len();
    if rest + length.to_string().len() != length {
        length = rest + length.to_string().len();
    }
    format!("{length} {key}={value}\n")
}

fn header(prefix: &str, name: &str, kind: u8, mode: u32, size: u64) -> [u8; BLOCK] {
    let mut block = [0_u8; BLOCK];
    let mut put = |at: usize, text: &[u8]| block[at..at + text.len()].copy_from_slice(text);
    put(0, name.as_bytes());
    put(100, format!("{mode:07o}").as_bytes());
    put(108, b"0000000");
    put(116, b"0000000");
    put(124, format!("{:011o}", size & ((1 << 33) - 1)).as_bytes());
    put(136, b"00000000000");
    put(148, b"        ");
    put(156, &[kind]);
    put(257, b"ustar\x0000");
    put(345, prefix.as_bytes());
    let sum: u32 = block.iter().map(|b| u32::from(*b)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}
