//! Bounds of one execution, so that hostile templates end with a clear error.

use std::collections::HashMap;

/// How much one execution may do, nested ones included.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How deep templates may call templates (`template`, `include`, `tpl`). Go stops at 100000; the stack grows on
    /// the heap as needed, at about a kilobyte or two per level.
    pub depth: u32,
    /// Bytes of output, those of nested executions counted again where they are printed.
    pub output: u64,
    /// Work in all: nodes executed, iterations, items and bytes functions make.
    pub work: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 10_000, output: 256 << 20, work: 2_000_000_000 }
    }
}

/// What is left of the [`Limits`].
pub(crate) struct Budget {
    limits: Limits,
    pub(crate) depth: u32,
    output: u64,
    work: u64,
    entered: HashMap<Box<str>, u32>,
}

impl Budget {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, depth: 0, output: limits.output, work: limits.work, entered: HashMap::new() }
    }

    pub(crate) const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Takes `units` from the work that is left. False when there is not so much.
    #[must_use]
    pub(crate) fn spend(&mut self, units: u64) -> bool {
        let enough = units <= self.work;
        self.work = self.work.saturating_sub(units);
        enough
    }

    pub(crate) fn work_exceeded(&self) -> String {
        format!("exceeded the work limit of {} steps", self.limits.work)
    }

    /// Takes `bytes` from the output that is left.
    pub(crate) fn write(&mut self, bytes: usize) -> Result<(), String> {
        match self.output.checked_sub(bytes as u64) {
            Some(left) => {
                self.output = left;
                Ok(())
            }
            None => {
                self.output = 0;
                Err(format!("exceeded the output limit of {} bytes", self.limits.output))
            }
        }
    }

    pub(crate) fn enter(&mut self, name: &str) -> u32 {
        match self.entered.get_mut(name) {
            Some(count) => {
                *count += 1;
                *count
            }
            None => {
                self.entered.insert(name.into(), 1);
                1
            }
        }
    }

    pub(crate) fn leave(&mut self, name: &str) {
        if let Some(count) = self.entered.get_mut(name) {
            *count = count.saturating_sub(1);
        }
    }
}
