use super::*;

fn nanos(text: &str) -> u128 {
    text.parse::<Duration>().unwrap().0.as_nanos()
}

#[test]
fn reads_what_go_reads() {
    for (text, expected) in [
        ("0", 0),
        ("0s", 0),
        ("1m", 60_000_000_000),
        ("1h30m", 5_400_000_000_000),
        ("1.5h", 5_400_000_000_000),
        ("5.242947327s", 5_242_947_327),
        ("174.521757ms", 174_521_757),
        (".5s", 500_000_000),
        ("1.s", 1_000_000_000),
        ("+2s", 2_000_000_000),
        ("1us", 1_000),
        ("00000000000000000000001s", 1_000_000_000),
        ("0.000000000000000000000000000001h", 0),
    ] {
        assert_eq!(nanos(text), expected, "{text}");
    }
    for text in ["", "1", "s", "1x", "-1s", ".s", "1 s", "1d", "99999999999999999999h", "3000000h"]
    {
        assert!(text.parse::<Duration>().is_err(), "{text}");
    }
}

#[test]
fn writes_what_go_writes() {
    for (nanos, expected) in [
        (0, "0s"),
        (60_000_000_000, "1m0s"),
        (600_000_000_000, "10m0s"),
        (3_600_000_000_000, "1h0m0s"),
        (570_000_000_000, "9m30s"),
        (5_034_653_551, "5.034653551s"),
        (190_933_409, "190.933409ms"),
        (1_500, "1.5µs"),
        (7, "7ns"),
        (2_000_000_000, "2s"),
        (90_000_500_000, "1m30.0005s"),
    ] {
        let d = Duration(std::time::Duration::from_nanos(nanos));
        assert_eq!(d.to_string(), expected);
        assert_eq!(expected.parse::<Duration>().unwrap(), d);
    }
}
