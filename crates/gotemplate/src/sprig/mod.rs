//! Sprig's functions, version 3.3.
//!
//! Each module registers those of one subject. Deliberately absent: `env` and `expandenv`, which would read the
//! environment of the process (Helm takes them away, too).

pub(crate) mod args;
pub(crate) mod cast;
mod crypto;
mod dates;
pub(crate) mod defaults;
mod dicts;
mod encoding;
mod flow;
mod lists;
mod math;
mod paths;
mod random;
mod reflection;
mod regexp;
mod strings;
pub(crate) mod time;
pub(crate) mod time_value;
mod urls;
mod versions;

use crate::function::Functions;

/// Registers `TxtFuncMap`.
pub(crate) fn register(functions: &mut Functions) {
    for register in [
        strings::register,
        lists::register,
        dicts::register,
        defaults::register,
        math::register,
        dates::register,
        reflection::register,
        regexp::register,
        paths::register,
        urls::register,
        encoding::register,
        crypto::register,
        random::register,
        flow::register,
        crate::helm_functions::register_json,
        versions::register,
    ] {
        register(functions);
    }
}
