//! What a simulated container does, read from its image and from an annotation.

use super::fields::text;
use jiff::SignedDuration;
use object::{Manifest as _, Value};

/// The annotation of a Pod (or Pod template) that scripts all its containers; it wins over image tags.
pub const SCRIPT: &str = "windlass.dev/simulate";

/// What a container does once its Pod is scheduled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Behaviour {
    /// Runs and becomes ready after this long.
    Serve(SignedDuration),
    /// Runs, and never becomes ready.
    Unready,
    /// Cannot be pulled.
    Missing,
    /// Runs for a moment, then exits with this code.
    Exit(i64),
}

/// How long `slow` takes to become ready.
const SLOW: SignedDuration = SignedDuration::from_secs(10);

/// The behaviour of one container of `pod`. `exits` says what a container does that nothing is said about:
/// run to its end (Pods that must not be restarted for ever) or serve.
pub(super) fn of(pod: &Value, container: &Value, exits: bool) -> Behaviour {
    let said = match pod.annotation(SCRIPT) {
        Some(script) => scripted(script.trim()),
        None => tagged(tag(text(container, ["image"]))),
    };
    said.unwrap_or(if exits { Behaviour::Exit(0) } else { Behaviour::Serve(SignedDuration::ZERO) })
}

/// The tag of an image reference, empty when there is none; a digest is no tag.
fn tag(image: &str) -> &str {
    let name = image.split_once('@').map_or(image, |(name, _)| name);
    let last = name.rsplit_once('/').map_or(name, |(_, last)| last);
    last.split_once(':').map_or("", |(_, tag)| tag)
}

fn tagged(tag: &str) -> Option<Behaviour> {
    let tag = tag.to_ascii_lowercase();
    let has = |word: &str| tag.contains(word);
    match () {
        () if has("missing") || has("notfound") => Some(Behaviour::Missing),
        () if has("unready") => Some(Behaviour::Unready),
        () if has("slow") => Some(Behaviour::Serve(SLOW)),
        () if has("fail") || has("crash") => Some(Behaviour::Exit(1)),
        () => tag.find("exit").and_then(|at| code(&tag[at + 4..])).map(Behaviour::Exit),
    }
}

/// The number a text begins with, when it is an exit code.
fn code(text: &str) -> Option<i64> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    text[..digits].parse().ok().filter(|code| (0..=255).contains(code))
}

/// `run`, `crash`, `missing`, `unready`, `slow`, `ready-after=90s`, `exit=3`.
fn scripted(script: &str) -> Option<Behaviour> {
    match script.split_once('=') {
        Some(("exit", number)) => {
            number.parse().ok().filter(|c| (0..=255).contains(c)).map(Behaviour::Exit)
        }
        Some(("ready-after", seconds)) => {
            let seconds: u32 = seconds.trim_end_matches('s').parse().ok()?;
            Some(Behaviour::Serve(SignedDuration::from_secs(i64::from(seconds))))
        }
        _ => match script {
            "run" => Some(Behaviour::Serve(SignedDuration::ZERO)),
            "crash" | "fail" => Some(Behaviour::Exit(1)),
            "missing" | "notfound" => Some(Behaviour::Missing),
            "unready" => Some(Behaviour::Unready),
            "slow" => Some(Behaviour::Serve(SLOW)),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use object::map;

    #[test]
    fn an_image_tag_says_what_happens() {
        let cases = [
            ("nginx", None),
            ("nginx:1.27", None),
            ("registry:5000/fail/nginx", None),
            ("registry:5000/app:v2-crash", Some(Behaviour::Exit(1))),
            ("app:FAIL", Some(Behaviour::Exit(1))),
            ("app:notfound@sha256:00", Some(Behaviour::Missing)),
            ("app:slow", Some(Behaviour::Serve(SLOW))),
            ("app:exit0", Some(Behaviour::Exit(0))),
            ("app:v1-exit42b", Some(Behaviour::Exit(42))),
            ("app:exit999", None),
            ("app:exit", None),
            ("app:unready", Some(Behaviour::Unready)),
        ];
        for (image, expected) in cases {
            assert_eq!(tagged(tag(image)), expected, "{image}");
        }
    }

    #[test]
    fn the_annotation_wins_over_the_tag() {
        let container = Value::from(map! {"image": "app:crash"});
        let mut pod = Value::map();
        assert_eq!(of(&pod, &container, false), Behaviour::Exit(1));
        pod.set_annotation(SCRIPT, "ready-after=90s");
        assert_eq!(of(&pod, &container, false), Behaviour::Serve(SignedDuration::from_secs(90)));
        pod.set_annotation(SCRIPT, "exit=7");
        assert_eq!(of(&pod, &container, false), Behaviour::Exit(7));
        pod.set_annotation(SCRIPT, "nonsense");
        assert_eq!(of(&pod, &container, true), Behaviour::Exit(0));
    }
}
