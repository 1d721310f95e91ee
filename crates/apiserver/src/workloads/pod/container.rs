//! One container: from waiting to running to ready, or to its end and into the back-off.

use super::super::Settings;
use super::super::behaviour::{self, Behaviour};
use super::super::fields::{count, flag, set, stamp, text};
use super::{Note, Reference};
use jiff::{SignedDuration, Timestamp};
use object::{Manifest as _, Value, map};

/// The back-off of the first restart, in seconds; it doubles with each up to the longest.
const FIRST_BACK_OFF: i64 = 10;
const LONGEST_BACK_OFF: i64 = 300;
/// Restarts whose back-off is told in an Event; later ones show in the status only.
const TOLD_RESTARTS: i64 = 2;

/// What a container's next state depends on.
pub(super) struct Moment<'a> {
    pub(super) pod: &'a Value,
    pub(super) settings: &'a Settings,
    pub(super) missing: Option<&'a Reference>,
    pub(super) now: Timestamp,
}

/// What happens next to a container.
pub(super) enum Next {
    /// Nothing.
    Settled,
    /// It gets this status, so long after the Pod's states last changed.
    In(SignedDuration, To),
}

pub(super) struct To {
    pub(super) status: Value,
    pub(super) note: Note,
}

/// Whether the containers after this init container may start: it has ended well, or is a sidecar that runs.
pub(super) fn lets_pass(spec: &Value, status: &Value) -> bool {
    let sidecar = text(spec, ["restartPolicy"]) == "Always";
    let ended = status.at(["state", "terminated"]).is_some_and(|t| count(t, ["exitCode"]) == 0);
    ended || sidecar && flag(status, ["ready"])
}

impl Moment<'_> {
    pub(super) fn next(&self, spec: &Value, status: &Value, init: bool) -> Next {
        let sidecar = init && text(spec, ["restartPolicy"]) == "Always";
        let behaviour = self.behaviour(spec, init, sidecar);
        let state = |name| status.at(["state", name]).filter(|s| !s.is_null());
        if state("terminated").is_some() {
            return Next::Settled;
        }
        if state("running").is_some() {
            return self.running(spec, status, behaviour, init && !sidecar);
        }
        match state("waiting").map_or("", |w| text(w, ["reason"])) {
            "ErrImagePull" => {
                let message = format!("Back-off pulling image {:?}", text(spec, ["image"]));
                self.waiting(status, self.settings.back_off_pull, "ImagePullBackOff", &message)
            }
            "ImagePullBackOff" => Next::Settled,
            "CrashLoopBackOff" => {
                let restarts = count(status, ["restartCount"]);
                let delay = SignedDuration::from_secs(back_off(restarts));
                let mut started = self.started(status, Behaviour::Unready);
                set(&mut started, ["restartCount"], restarts + 1);
                Next::In(delay, To { status: started, note: None })
            }
            _ => self.starting(spec, status, behaviour, init && !sidecar),
        }
    }

    fn behaviour(&self, spec: &Value, init: bool, sidecar: bool) -> Behaviour {
        if sidecar {
            return Behaviour::Serve(SignedDuration::ZERO);
        }
        if init {
            // The script of the Pod is about its main containers.
            return match behaviour::of(&Value::Null, spec, true) {
                Behaviour::Serve(_) | Behaviour::Unready => Behaviour::Exit(0),
                other => other,
            };
        }
        let exits = matches!(text(self.pod, ["spec", "restartPolicy"]), "Never" | "OnFailure");
        behaviour::of(self.pod, spec, exits)
    }

    fn starting(&self, spec: &Value, status: &Value, behaviour: Behaviour, init: bool) -> Next {
        let image = text(spec, ["image"]);
        if let Some(missing) = self.missing {
            return self.blocked(status, missing);
        }
        if behaviour == Behaviour::Missing {
            let message = format!("failed to pull image {image:?}: not found (simulated)");
            let mut next = self.waiting(status, self.settings.start, "ErrImagePull", &message);
            if let Next::In(_, to) = &mut next {
                to.note = Some(("Warning", "Failed", message));
            }
            return next;
        }
        if init && behaviour == Behaviour::Exit(0) {
            // An init container that ends well is not worth a write of its own.
            let mut ended = self.started(status, behaviour);
            let terminated = self.ended(&ended, 0);
            set(&mut ended, ["state"], map! {"terminated": terminated});
            set(&mut ended, ["ready"], true);
            set(&mut ended, ["started"], false);
            return Next::In(self.settings.start, To { status: ended, note: None });
        }
        let message = format!("Started container {} (simulated)", text(spec, ["name"]));
        let note = Some(("Normal", "Started", message));
        Next::In(self.settings.start, To { status: self.started(status, behaviour), note })
    }

    /// A container that cannot start for want of a ConfigMap or Secret.
    fn blocked(&self, status: &Value, missing: &Reference) -> Next {
        let message = missing.message();
        let told = text(status, ["state", "waiting", "message"]) == message;
        if told {
            return Next::Settled;
        }
        let reason =
            if missing.mounted { "ContainerCreating" } else { "CreateContainerConfigError" };
        let mut next = self.waiting(status, self.settings.start, reason, &message);
        if let Next::In(_, to) = &mut next {
            to.note =
                Some(("Warning", if missing.mounted { "FailedMount" } else { "Failed" }, message));
        }
        next
    }

    fn running(&self, spec: &Value, status: &Value, behaviour: Behaviour, init: bool) -> Next {
        match behaviour {
            Behaviour::Serve(_) if flag(status, ["ready"]) => Next::Settled,
            Behaviour::Serve(delay) => {
                let mut ready = status.clone();
                set(&mut ready, ["ready"], true);
                Next::In(delay, To { status: ready, note: None })
            }
            Behaviour::Unready | Behaviour::Missing => Next::Settled,
            Behaviour::Exit(code) => {
                let to = self.exited(spec, status, code, init);
                Next::In(self.settings.run, to)
            }
        }
    }

    /// The end of a container, or its back-off when its Pod restarts it.
    fn exited(&self, spec: &Value, status: &Value, code: i64, init: bool) -> To {
        let restarts = match text(self.pod, ["spec", "restartPolicy"]) {
            "Never" => false,
            "OnFailure" => code != 0,
            _ => code != 0 || !init,
        };
        let terminated = self.ended(status, code);
        let mut ended = status.clone();
        set(&mut ended, ["ready"], init && code == 0);
        set(&mut ended, ["started"], false);
        if !restarts {
            set(&mut ended, ["state"], map! {"terminated": terminated});
            return To { status: ended, note: None };
        }
        let restarts = count(status, ["restartCount"]);
        let message = format!(
            "back-off {} restarting failed container={} pod={}_{}({})",
            go_duration(back_off(restarts)),
            text(spec, ["name"]),
            self.pod.name(),
            self.pod.namespace(),
            self.pod.meta("uid").unwrap_or_default(),
        );
        set(&mut ended, ["lastState"], map! {"terminated": terminated});
        let note = (restarts < TOLD_RESTARTS).then(|| {
            let what = format!(
                "Back-off restarting failed container {} in pod {} (simulated: exit code {code})",
                text(spec, ["name"]),
                self.pod.name(),
            );
            ("Warning", "BackOff", what)
        });
        let waiting = map! {"reason": "CrashLoopBackOff", "message": message};
        set(&mut ended, ["state"], map! {"waiting": waiting});
        To { status: ended, note }
    }

    fn ended(&self, status: &Value, code: i64) -> Value {
        let started = match text(status, ["state", "running", "startedAt"]) {
            "" => stamp(self.now),
            at => at.into(),
        };
        map! {
            "containerID": text(status, ["containerID"]),
            "exitCode": code,
            "reason": if code == 0 { "Completed" } else { "Error" },
            "startedAt": started,
            "finishedAt": stamp(self.now),
        }
        .into()
    }

    fn started(&self, status: &Value, behaviour: Behaviour) -> Value {
        let mut started = status.clone();
        let uid = self.pod.meta("uid").unwrap_or_default();
        let id = format!("simulated://{uid}/{}", text(status, ["name"]));
        set(&mut started, ["containerID"], id);
        set(&mut started, ["imageID"], format!("simulated://{}", text(status, ["image"])));
        set(&mut started, ["started"], true);
        set(&mut started, ["ready"], behaviour == Behaviour::Serve(SignedDuration::ZERO));
        set(&mut started, ["state"], map! {"running": map! {"startedAt": stamp(self.now)}});
        started
    }

    fn waiting(&self, status: &Value, delay: SignedDuration, reason: &str, message: &str) -> Next {
        let mut waiting = status.clone();
        let state = map! {"waiting": map! {"reason": reason, "message": message}};
        set(&mut waiting, ["state"], state);
        Next::In(delay, To { status: waiting, note: None })
    }
}

/// Seconds before restart number `restarts`.
fn back_off(restarts: i64) -> i64 {
    let doublings = u32::try_from(restarts.clamp(0, 10)).unwrap_or_default();
    (FIRST_BACK_OFF << doublings).min(LONGEST_BACK_OFF)
}

/// Seconds as Go prints a duration.
fn go_duration(seconds: i64) -> String {
    match (seconds / 60, seconds % 60) {
        (0, s) => format!("{s}s"),
        (m, s) => format!("{m}m{s}s"),
    }
}
