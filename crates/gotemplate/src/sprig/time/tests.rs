use super::*;

fn at(seconds: i64) -> Time {
    Time::from_unix(seconds, 0, Zone::Utc)
}

#[test]
fn layouts_format() {
    let time = Time::from_unix(1_700_000_003, 120_000_000, Zone::load("America/New_York").unwrap());
    for (layout, wanted) in [
        ("Mon Jan _2 15:04:05 2006", "Tue Nov 14 17:13:23 2023"),
        ("Monday, January 02 06 3:04:05PM MST", "Tuesday, November 14 23 5:13:23PM EST"),
        ("2006-01-02T15:04:05.999999999Z07:00", "2023-11-14T17:13:23.12-05:00"),
        (
            "02/1/2006 .000 ,999 __2 002 -0700 -07 Z0700",
            "14/11/2023 .120 ,12 318 318 -0500 -05 -0500",
        ),
        ("Month _2006 Janus", "Month _2023 Janus"),
        ("pm 03 4 5", "pm 05 13 23"),
    ] {
        assert_eq!(time.format(layout), wanted, "{layout}");
    }
    assert_eq!(at(0).to_string(), "1970-01-01 00:00:00 +0000 UTC");
    assert_eq!(Time::zero().to_string(), "0001-01-01 00:00:00 +0000 UTC");
}

#[test]
fn texts_are_parsed() {
    let parsed = |layout, text| Time::parse(layout, text).map(|t| t.to_string());
    assert_eq!(parsed("2006-01-02", "2020-02-29").unwrap(), "2020-02-29 00:00:00 +0000 UTC");
    assert_eq!(
        parsed("Jan _2 2006 3:04PM -07:00", "mar  5 2021 12:30AM +02:00").unwrap(),
        "2021-03-05 00:30:00 +0200 +0200"
    );
    assert_eq!(parsed("2006 002 MST", "2024 060 CET").unwrap(), "2024-02-29 00:00:00 +0000 CET");
    for (layout, text, wanted) in [
        ("2006-01-02", "2021-02-30", r#"parsing time "2021-02-30": day out of range"#),
        ("2006-01-02", "x", r#"parsing time "x" as "2006-01-02": cannot parse "x" as "2006""#),
        ("2006", "2021x", r#"parsing time "2021x": extra text: "x""#),
        ("15:04", "25:00", r#"parsing time "25:00": hour out of range"#),
        ("2006-01", "2021-13", r#"parsing time "2021-13": month out of range"#),
    ] {
        assert_eq!(parsed(layout, text).unwrap_err(), wanted);
    }
}

#[test]
fn durations_read_and_print() {
    for (text, wanted) in [
        ("1h2m3.5s", "1h2m3.5s"),
        ("90m", "1h30m0s"),
        ("-1.5us", "-1.5µs"),
        ("0", "0s"),
        ("2540400h10m10.000000000s", "2540400h10m10s"),
    ] {
        assert_eq!(Duration::parse(text).unwrap().to_string(), wanted);
    }
    assert_eq!(Duration::parse("1x").unwrap_err(), r#"time: unknown unit "x" in duration "1x""#);
    assert_eq!(Duration::parse("1").unwrap_err(), r#"time: missing unit in duration "1""#);
    assert_eq!(Duration::parse("").unwrap_err(), r#"time: invalid duration """#);
}

#[test]
fn calendars_agree_with_themselves() {
    for day in (-800_000..800_000).step_by(97) {
        let (year, month, date) = civil_from_days(day);
        assert_eq!(days_from_civil(year, month, date), day);
    }
    // Clocks skipped from 2 to 3 o'clock.
    let zone = Zone::load("Europe/Berlin").unwrap();
    let time = Time::from_civil([2024, 3, 31], [2, 30, 0], 0, zone);
    assert_eq!(time.format("15:04 MST"), "03:30 CEST");
}
