//! The `format` keyword, which drafts before 2019-09 enforce.

/// A format that is checked. Others are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Date,
    DateTime,
    Duration,
    Email,
    Hostname,
    Ipv4,
    Ipv6,
    JsonPointer,
    Regex,
    SemVer,
    Time,
    Uri,
    Iri,
    UriReference,
    IriReference,
    Uuid,
}

use Format::{
    Date, DateTime, Duration, Email, Hostname, Ipv4, Ipv6, Iri, IriReference, JsonPointer, Regex,
    SemVer, Time, Uri, UriReference, Uuid,
};

const ALL: [(&str, Format); 16] = [
    ("date", Date),
    ("date-time", DateTime),
    ("duration", Duration),
    ("email", Email),
    ("hostname", Hostname),
    ("ipv4", Ipv4),
    ("ipv6", Ipv6),
    ("json-pointer", JsonPointer),
    ("regex", Regex),
    ("semver", SemVer),
    ("time", Time),
    ("uri", Uri),
    ("iri", Iri),
    ("uri-reference", UriReference),
    ("iri-reference", IriReference),
    ("uuid", Uuid),
];

type Check = Result<(), String>;

fn fail(text: impl Into<String>) -> Check {
    Err(text.into())
}

impl Format {
    pub(super) fn parse(name: &str) -> Option<Self> {
        ALL.iter().find(|(n, _)| *n == name).map(|(_, f)| *f)
    }

    pub(super) fn name(self) -> &'static str {
        ALL.iter().find(|(_, f)| *f == self).map_or("", |(n, _)| n)
    }

    /// Why `text` is not of this format.
    pub(super) fn check(self, text: &str) -> Check {
        match self {
            Date => date(text),
            DateTime => date_time(text),
            Duration => duration(text),
            Email => email(text),
            Hostname => hostname(text),
            Ipv4 => ipv4(text),
            Ipv6 => ipv6(text),
            JsonPointer => json_pointer(text),
            Regex => match regex::Regex::new(text) {
                Ok(_) => Ok(()),
                Err(_) => fail("error parsing regexp"),
            },
            SemVer => match semver::Version::parse_strict(text) {
                Ok(_) => Ok(()),
                Err(_) => fail("versionCore must have 3 numbers separated by dot"),
            },
            Time => time(text),
            Uri | Iri => uri(text, true),
            UriReference | IriReference if text.contains('\\') => fail("contains \\"),
            UriReference | IriReference => uri(text, false),
            Uuid => uuid(text),
        }
    }
}

fn json_pointer(text: &str) -> Check {
    if text.is_empty() {
        return Ok(());
    }
    if !text.starts_with('/') {
        return fail("not starting with /");
    }
    let mut tildes = text.split('~').skip(1);
    if tildes.any(|after| !after.starts_with(['0', '1'])) {
        return fail("~ must be followed by 0 or 1");
    }
    Ok(())
}

fn uuid(text: &str) -> Check {
    const SIZES: [usize; 5] = [8, 4, 4, 4, 12];
    let groups: Vec<&str> = text.split('-').collect();
    if groups.len() != SIZES.len() {
        return fail("must have 5 elements");
    }
    for (i, (group, size)) in groups.iter().zip(SIZES).enumerate() {
        if group.len() != size {
            return fail(format!("element {} must be {size} characters long", i + 1));
        }
        if let Some(c) = group.chars().find(|c| !c.is_ascii_hexdigit()) {
            return fail(format!("non-hex character {c:?}"));
        }
    }
    Ok(())
}

fn duration(text: &str) -> Check {
    let Some(rest) = text.strip_prefix('P') else { return fail("must start with P") };
    if rest.is_empty() {
        return fail("nothing after P");
    }
    if let Some(weeks) = rest.strip_suffix('W') {
        return match weeks {
            "" => fail("no number in week"),
            w if w.bytes().all(|b| b.is_ascii_digit()) => Ok(()),
            _ => fail("invalid week"),
        };
    }
    for (i, mut part) in rest.split('T').enumerate() {
        if i > 0 && part.is_empty() {
            return fail("no time elements");
        }
        let Some(all) = ["YMD", "HMS"].get(i) else { return fail("more than one T") };
        let mut units = *all;
        while !part.is_empty() {
            let digits = part.bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 {
                return fail("missing number");
            }
            let Some(unit) = part[digits..].chars().next() else { return fail("missing unit") };
            let Some(at) = units.find(unit) else {
                let known = all.contains(unit);
                return fail(if known {
                    format!("unit {unit:?} out of order")
                } else {
                    format!("invalid unit {unit:?}")
                });
            };
            units = &units[at + 1..];
            part = &part[digits + unit.len_utf8()..];
        }
    }
    Ok(())
}

fn ipv4(text: &str) -> Check {
    let groups: Vec<&str> = text.split('.').collect();
    if groups.len() != 4 {
        return fail("expected four decimals");
    }
    for group in groups {
        if group.len() > 1 && group.starts_with('0') {
            return fail("leading zeros");
        }
        match group.parse::<i64>() {
            Ok(0..=255) => {}
            Ok(_) => return fail("decimal must be between 0 and 255"),
            Err(_) => {
                let group = crate::gotext::quoted(group);
                return fail(format!("strconv.Atoi: parsing {group}: invalid syntax"));
            }
        }
    }
    Ok(())
}

fn ipv6(text: &str) -> Check {
    if !text.contains(':') {
        return fail("missing colon");
    }
    match text.parse::<std::net::Ipv6Addr>() {
        Ok(_) => Ok(()),
        Err(_) if text.contains('%') => fail("zone id is not a part of ipv6 address"),
        Err(_) => fail(format!("ParseAddr({}): unable to parse IP", crate::gotext::quoted(text))),
    }
}

fn hostname(text: &str) -> Check {
    let text = text.strip_suffix('.').unwrap_or(text);
    if text.len() > 253 {
        return fail("more than 253 characters long");
    }
    for label in text.split('.') {
        if label.is_empty() || label.len() > 63 {
            return fail("label must be 1 to 63 characters long");
        }
        if label.starts_with('-') {
            return fail("label starts with hyphen");
        }
        if label.ends_with('-') {
            return fail("label ends with hyphen");
        }
        if let Some(c) = label.chars().find(|c| !c.is_ascii_alphanumeric() && *c != '-') {
            return fail(format!("invalid character {c:?}"));
        }
    }
    Ok(())
}

fn email(text: &str) -> Check {
    if text.len() > 254 {
        return fail("more than 255 characters long");
    }
    let Some((local, domain)) = text.rsplit_once('@') else { return fail("missing @") };
    if local.len() > 64 {
        return fail("local part more than 64 characters long");
    }
    if local.len() > 1 && local.starts_with('"') && local.ends_with('"') {
        if local[1..local.len() - 1].contains(['\\', '"']) {
            return fail("backslash and quote are not allowed within quoted local part");
        }
    } else {
        if local.starts_with('.') {
            return fail("starts with dot");
        }
        if local.ends_with('.') {
            return fail("ends with dot");
        }
        if local.contains("..") {
            return fail("consecutive dots");
        }
        let fits = |c: &char| c.is_ascii_alphanumeric() || ".!#$%&'*+-/=?^_`{|}~".contains(*c);
        if let Some(c) = local.chars().find(|c| !fits(c)) {
            return fail(format!("invalid character {c:?}"));
        }
    }
    let inner = domain.strip_prefix('[').and_then(|d| d.strip_suffix(']'));
    match inner {
        Some(address) => match address.strip_prefix("IPv6:") {
            Some(v6) => ipv6(v6).map_err(|e| format!("invalid ipv6 address: {e}")),
            None => ipv4(address).map_err(|e| format!("invalid ipv4 address: {e}")),
        },
        None => hostname(domain).map_err(|e| format!("invalid domain: {e}")),
    }
}

fn date(text: &str) -> Check {
    let bad = || {
        let text = crate::gotext::quoted(text);
        format!("parsing time {text} as \"2006-01-02\": cannot parse {text} as \"2006\"")
    };
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return Err(bad()) };
    let sizes = year.len() == 4 && month.len() == 2 && day.len() == 2;
    let numbers: Option<Vec<u32>> = parts.iter().map(|p| p.parse().ok()).collect();
    match numbers.as_deref() {
        Some([year, month, day]) if sizes => {
            let leap =
                year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
            let days = match month {
                4 | 6 | 9 | 11 => 30,
                2 => 28 + u32::from(leap),
                1..=12 => 31,
                _ => return fail(format!("parsing time {text:?}: month out of range")),
            };
            if (1..=days).contains(day) {
                Ok(())
            } else {
                fail(format!("parsing time {text:?}: day out of range"))
            }
        }
        _ => Err(bad()),
    }
}

fn date_time(text: &str) -> Check {
    if text.len() < 20 {
        return fail("less than 20 characters long");
    }
    if !matches!(text.as_bytes()[10], b't' | b'T') {
        return fail("11th character must be t or T");
    }
    match (text.get(..10), text.get(11..)) {
        (Some(day), Some(clock)) => {
            date(day).map_err(|e| format!("invalid date element: {e}"))?;
            time(clock).map_err(|e| format!("invalid time element: {e}"))
        }
        _ => fail("invalid date element"),
    }
}

fn time(text: &str) -> Check {
    if text.len() < 9 {
        return fail("less than 9 characters long");
    }
    let bytes = text.as_bytes();
    if bytes[2] != b':' || bytes[5] != b':' {
        return fail("missing colon in correct place");
    }
    let two = |at: usize| text.get(at..at + 2).and_then(|t| t.parse::<i32>().ok());
    let (Some(hours), Some(minutes), Some(seconds)) = (two(0), two(3), two(6)) else {
        return fail("invalid hour/min/sec");
    };
    if hours > 23 || minutes > 59 || seconds > 60 {
        return fail("hour/min/sec out of range");
    }
    let mut rest = text.get(8..).unwrap_or_default();
    if let Some(fraction) = rest.strip_prefix('.') {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return fail("no digits in second fraction");
        }
        rest = &fraction[digits..];
    }
    let mut of_day = hours * 60 + minutes;
    if rest != "z" && rest != "Z" {
        if rest.len() != 6 {
            return fail("offset must be 6 characters long");
        }
        let sign = match rest.as_bytes()[0] {
            b'+' => -1,
            b'-' => 1,
            _ => return fail("offset must begin with plus/minus"),
        };
        if rest.as_bytes()[3] != b':' {
            return fail("missing colon in offset in correct place");
        }
        let two = |at: usize| rest.get(at..at + 2).and_then(|t| t.parse::<i32>().ok());
        let (Some(hours), Some(minutes)) = (two(1), two(4)) else {
            return fail("invalid hour/min in offset");
        };
        if hours > 23 || minutes > 59 {
            return fail("hour/min in offset out of range");
        }
        of_day = (of_day + sign * (hours * 60 + minutes)).rem_euclid(24 * 60);
    }
    if seconds == 60 && of_day != 23 * 60 + 59 {
        return fail("invalid leap second");
    }
    Ok(())
}

/// Near to what Go's `net/url` accepts: no control characters, a host without blanks, percent signs with two digits.
fn uri(text: &str, absolute: bool) -> Check {
    let bad = |why: &str| {
        let text = crate::gotext::quoted(text);
        Err(format!("parse {text}: {why}"))
    };
    if text.chars().any(|c| c.is_ascii_control()) {
        return bad("net/url: invalid control character in URL");
    }
    let scheme = text.split_once(':').map(|(scheme, _)| scheme).filter(|s| {
        s.starts_with(|c: char| c.is_ascii_alphabetic())
            && s.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    });
    if text.starts_with(':') {
        return bad("missing protocol scheme");
    }
    if scheme.is_none() && text.split('/').next().is_some_and(|first| first.contains(':')) {
        return bad("first path segment in URL cannot contain colon");
    }
    let rest = scheme.map_or(text, |s| &text[s.len() + 1..]);
    if let Some(authority) = rest.strip_prefix("//") {
        let host = authority.split(['/', '?', '#']).next().unwrap_or_default();
        if let Some(c) = host.chars().find(|c| " \"<>\\^`{|}".contains(*c)) {
            return bad(&format!("invalid character \"{c}\" in host name"));
        }
    }
    if absolute && scheme.is_none() {
        return fail("relative url");
    }
    Ok(())
}
