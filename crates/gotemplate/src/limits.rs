//! Bounds of one execution, so that hostile templates end with a clear error.

use crate::builtin::Reflected;
use crate::value::Value;
use std::collections::HashMap;
use std::rc::Rc;

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
    /// Bytes of all texts, lists and maps that functions make, whether they live on or not.
    pub memory: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 10_000, output: 256 << 20, work: 500_000_000, memory: 2 << 30 }
    }
}

/// What an execution and those inside it share: what is left of the [`Limits`], and memory to be used again.
pub(crate) struct Budget {
    /// The variables of all running templates, frame after frame.
    pub(crate) variables: Vec<Option<Reflected>>,
    /// Emptied argument lists.
    pub(crate) spare: Vec<Vec<Value>>,
    /// The same for built-in functions.
    pub(crate) spare_reflected: Vec<Vec<Reflected>>,
    limits: Limits,
    pub(crate) depth: u32,
    output: u64,
    work: u64,
    memory: u64,
    entered: HashMap<Box<str>, u32>,
}

impl Budget {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            variables: Vec::new(),
            spare: Vec::new(),
            spare_reflected: Vec::new(),
            limits,
            depth: 0,
            output: limits.output,
            work: limits.work,
            memory: limits.memory,
            entered: HashMap::new(),
        }
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

    /// Takes what a function made from the memory that is left. False when there is not so much.
    #[must_use]
    pub(crate) fn made(&mut self, value: &Value) -> bool {
        let bytes = made(value);
        let enough = bytes <= self.memory;
        self.memory = self.memory.saturating_sub(bytes);
        enough
    }

    pub(crate) fn memory_exceeded(&self) -> String {
        format!("exceeded the memory limit of {} bytes", self.limits.memory)
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

/// The size of a value that nobody else holds: one that was just made.
fn made(value: &Value) -> u64 {
    let size = match value {
        Value::String(text) => text.len(),
        Value::Raw(bytes) | Value::Bytes(bytes) => bytes.len(),
        Value::List(list) if Rc::strong_count(list) == 1 => list.len() * size_of::<Value>(),
        Value::Map(map) if Rc::strong_count(map) == 1 => map.len() * 2 * size_of::<Value>(),
        _ => 0,
    };
    size as u64
}
