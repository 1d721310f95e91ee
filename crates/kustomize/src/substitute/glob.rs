//! Shell patterns, as Go's `path.Match` reads them but for the meaning of slashes.

/// The value without the shortest or longest beginning that matches.
pub(super) fn trim<'a>(value: &'a str, pattern: &str, longest: bool) -> &'a str {
    let ends = value.char_indices().map(|(i, _)| i).skip(1).chain([value.len()]);
    let mut found = None;
    let ends: Vec<usize> = ends.filter(|_| !value.is_empty()).collect();
    for &end in ends.iter().rev() {
        match glob(pattern.as_bytes(), &value.as_bytes()[..end]) {
            None => return value,
            Some(true) => {
                found = Some(end);
                if longest {
                    break;
                }
            }
            Some(false) => {}
        }
    }
    found.map_or(value, |end| &value[end..])
}

/// Go's `path.Match` without the meaning of slashes; `None` for a malformed pattern.
fn glob(mut pattern: &[u8], mut name: &[u8]) -> Option<bool> {
    'pattern: while !pattern.is_empty() {
        let stars = pattern.iter().take_while(|b| **b == b'*').count();
        let star = stars > 0;
        let (chunk, rest) = chunk(&pattern[stars..]);
        pattern = rest;
        if star && chunk.is_empty() {
            return Some(true);
        }
        if let Some(tail) = match_chunk(chunk, name)?
            && (tail.is_empty() || !pattern.is_empty())
        {
            name = tail;
            continue;
        }
        if star {
            for i in 0..name.len() {
                if let Some(tail) = match_chunk(chunk, &name[i + 1..])? {
                    if pattern.is_empty() && !tail.is_empty() {
                        continue;
                    }
                    name = tail;
                    continue 'pattern;
                }
            }
        }
        return Some(false);
    }
    Some(name.is_empty())
}

/// Up to the next star that is not inside brackets.
fn chunk(pattern: &[u8]) -> (&[u8], &[u8]) {
    let (mut inside, mut i) = (false, 0);
    while i < pattern.len() {
        match pattern[i] {
            b'\\' => i += usize::from(i + 1 < pattern.len()),
            b'[' => inside = true,
            b']' => inside = false,
            b'*' if !inside => break,
            _ => {}
        }
        i += 1;
    }
    pattern.split_at(i.min(pattern.len()))
}

fn decode(bytes: &[u8]) -> (u32, usize) {
    let head = &bytes[..bytes.len().min(4)];
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(e) => std::str::from_utf8(&head[..e.valid_up_to()]).unwrap_or_default(),
    };
    text.chars().next().map_or((0xfffd, 1), |c| (u32::from(c), c.len_utf8()))
}

/// What is left of the name when it begins with what the chunk matches; the outer `None` is a bad pattern.
fn match_chunk<'a>(mut chunk: &[u8], mut name: &'a [u8]) -> Option<Option<&'a [u8]>> {
    while let Some(&first) = chunk.first() {
        if name.is_empty() {
            return Some(None);
        }
        match first {
            b'[' => {
                let (c, n) = decode(name);
                name = &name[n..];
                chunk = &chunk[1..];
                let negated = chunk.first() == Some(&b'^');
                chunk = &chunk[usize::from(negated)..];
                let (mut matched, mut ranges) = (false, 0);
                loop {
                    if chunk.first() == Some(&b']') && ranges > 0 {
                        chunk = &chunk[1..];
                        break;
                    }
                    let (low, rest) = escaped(chunk)?;
                    chunk = rest;
                    let mut high = low;
                    if chunk[0] == b'-' {
                        (high, chunk) = escaped(&chunk[1..])?;
                    }
                    matched |= (low..=high).contains(&c);
                    ranges += 1;
                }
                if matched == negated {
                    return Some(None);
                }
            }
            b'?' => {
                name = &name[decode(name).1..];
                chunk = &chunk[1..];
            }
            mut literal => {
                if literal == b'\\' {
                    chunk = &chunk[1..];
                    literal = *chunk.first()?;
                }
                if literal != name[0] {
                    return Some(None);
                }
                name = &name[1..];
                chunk = &chunk[1..];
            }
        }
    }
    Some(Some(name))
}

/// A character of a bracket expression, and what follows it, which must not be nothing.
fn escaped(mut chunk: &[u8]) -> Option<(u32, &[u8])> {
    match chunk.first()? {
        b'-' | b']' => return None,
        b'\\' => chunk = &chunk[1..],
        _ => {}
    }
    if chunk.is_empty() {
        return None;
    }
    let (c, n) = decode(chunk);
    let rest = &chunk[n..];
    (!rest.is_empty()).then_some((c, rest))
}
