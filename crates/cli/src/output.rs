//! What a command prints: a table for people, JSON or YAML for programs.

use clap::ValueEnum;
use object::Value;
use std::fmt::Arguments;
use std::io::{ErrorKind, Write};

/// Prints a line, as `println!` does; a reader that went away (`windlass get | head`) is no failure.
macro_rules! say {
    () => { $crate::output::write_out(format_args!("\n")) };
    ($($text:tt)*) => { $crate::output::write_out(format_args!("{}\n", format_args!($($text)*))) };
}

/// Prints text that brings its own line ends.
macro_rules! say_raw {
    ($($text:tt)*) => { $crate::output::write_out(format_args!($($text)*)) };
}

/// Writes to the standard output. Whoever closed it wants no more; what cannot be written for another reason, such as
/// a full disk, ends the program with a message, for half an output must not look whole.
#[expect(clippy::exit, reason = "as `println!` panics, but in words")]
pub(crate) fn write_out(text: Arguments<'_>) {
    match std::io::stdout().lock().write_fmt(text) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            eprintln!("error: the standard output cannot be written: {error}");
            std::process::exit(1);
        }
        _ => {}
    }
}

/// The form of the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A table.
    #[default]
    Table,
    /// One JSON document.
    Json,
    /// One YAML document.
    Yaml,
}

/// Prints a value, as JSON when a table was wanted of something that has none.
pub(crate) fn print_value(value: &Value, format: Format) {
    match format {
        Format::Yaml => say_raw!("{}", object::to_yaml(value)),
        Format::Json | Format::Table => say!("{}", pretty(value)),
    }
}

fn pretty(value: &Value) -> String {
    // A `Value` always has a JSON form.
    String::from_utf8(object::to_json_pretty(value)).unwrap_or_default()
}

/// Prints rows under headers, aligned, without lines: what `kubectl` users are used to.
pub(crate) fn print_table(headers: &[&str], rows: Vec<Vec<String>>) {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_header(headers.iter().map(comfy_table::Cell::new));
    for row in rows {
        table.add_row(row);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 3));
    }
    for line in table.lines() {
        say!("{}", line.trim_end());
    }
}

/// A time span as `kubectl` prints ages: `12s`, `5m`, `3h12m`, `2d`.
pub(crate) fn age(timestamp: &str, now: jiff::Timestamp) -> String {
    let Ok(then) = timestamp.parse::<jiff::Timestamp>() else { return "<unknown>".to_owned() };
    let seconds = now.duration_since(then).as_secs().max(0);
    match seconds {
        0..120 => format!("{seconds}s"),
        120..600 if seconds % 60 != 0 => format!("{}m{}s", seconds / 60, seconds % 60),
        120..10_800 => format!("{}m", seconds / 60),
        10_800..28_800 if seconds / 60 % 60 != 0 => {
            format!("{}h{}m", seconds / 3600, seconds / 60 % 60)
        }
        10_800..172_800 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}
