//! Hooks: objects that are applied at certain moments instead of with the others.

use super::Head;

/// Which moments.
pub const HOOK_ANNOTATION: &str = "helm.sh/hook";
/// A whole number; hooks with smaller ones run first.
pub const HOOK_WEIGHT_ANNOTATION: &str = "helm.sh/hook-weight";
/// When the hook's object is deleted.
pub const HOOK_DELETE_ANNOTATION: &str = "helm.sh/hook-delete-policy";
/// When the hook's log is printed.
pub const HOOK_OUTPUT_LOG_ANNOTATION: &str = "helm.sh/hook-output-log-policy";

/// A moment at which hooks run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HookEvent {
    /// Before anything is installed.
    PreInstall,
    /// After everything is installed.
    PostInstall,
    /// Before anything is deleted.
    PreDelete,
    /// After everything is deleted.
    PostDelete,
    /// Before anything is upgraded.
    PreUpgrade,
    /// After everything is upgraded.
    PostUpgrade,
    /// Before anything is rolled back.
    PreRollback,
    /// After everything is rolled back.
    PostRollback,
    /// When the release is tested.
    Test,
}

impl HookEvent {
    const ALL: [Self; 9] = [
        Self::PreInstall,
        Self::PostInstall,
        Self::PreDelete,
        Self::PostDelete,
        Self::PreUpgrade,
        Self::PostUpgrade,
        Self::PreRollback,
        Self::PostRollback,
        Self::Test,
    ];

    /// As the annotation says it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PreInstall => "pre-install",
            Self::PostInstall => "post-install",
            Self::PreDelete => "pre-delete",
            Self::PostDelete => "post-delete",
            Self::PreUpgrade => "pre-upgrade",
            Self::PostUpgrade => "post-upgrade",
            Self::PreRollback => "pre-rollback",
            Self::PostRollback => "post-rollback",
            Self::Test => "test",
        }
    }

    /// The event of that name; `test-success` is Helm 2's name for `test`.
    pub fn parse(name: &str) -> Option<Self> {
        if name == "test-success" {
            return Some(Self::Test);
        }
        Self::ALL.into_iter().find(|e| e.name() == name)
    }

    /// The events of an annotation. One unknown event makes Helm leave the whole object out.
    pub(super) fn parse_all(annotation: &str) -> Option<Vec<Self>> {
        words(annotation).map(|w| Self::parse(&w)).collect()
    }
}

/// The words of an annotation with commas.
fn words(annotation: &str) -> impl Iterator<Item = String> {
    annotation.split(',').map(|w| w.trim().to_lowercase())
}

/// A hook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hook {
    /// `metadata.name`.
    pub name: String,
    /// `kind`.
    pub kind: String,
    /// The file it comes from.
    pub path: String,
    /// Its text.
    pub manifest: String,
    /// When it runs.
    pub events: Vec<HookEvent>,
    /// Its place among the hooks of the same event.
    pub weight: i64,
    /// `hook-succeeded`, `hook-failed`, `before-hook-creation`; other words are kept as they are. None counts as
    /// `before-hook-creation` when hooks run.
    pub delete_policies: Vec<String>,
    /// `hook-succeeded`, `hook-failed`; other words are kept as they are.
    pub output_log_policies: Vec<String>,
}

impl Hook {
    pub(super) fn new(path: &str, text: &str, head: &Head, events: Vec<HookEvent>) -> Self {
        let policies = |annotation: &str| match head.annotations.get(annotation) {
            Some(policies) => words(policies).collect(),
            None => Vec::new(),
        };
        let weight = head.annotations.get(HOOK_WEIGHT_ANNOTATION);
        Self {
            name: head.name.clone(),
            kind: head.kind.clone(),
            path: path.to_owned(),
            manifest: text.to_owned(),
            events,
            weight: weight.and_then(|w| w.parse().ok()).unwrap_or_default(),
            delete_policies: policies(HOOK_DELETE_ANNOTATION),
            output_log_policies: policies(HOOK_OUTPUT_LOG_ANNOTATION),
        }
    }

    /// Whether it is a test.
    pub fn is_test(&self) -> bool {
        self.events.contains(&HookEvent::Test)
    }
}

/// The hooks of one event in the order in which they run: by weight, then by name, those of equal rank as they stand
/// (`hookByWeight` of `pkg/action/hooks.go`).
pub fn execution_order(hooks: &[Hook], event: HookEvent) -> Vec<&Hook> {
    let mut due: Vec<&Hook> = hooks.iter().filter(|h| h.events.contains(&event)).collect();
    due.sort_by(|a, b| a.weight.cmp(&b.weight).then_with(|| a.name.cmp(&b.name)));
    due
}
