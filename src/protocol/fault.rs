//! What a client is told when a command cannot be done.

use serde_json::{Map, Value};

use super::error_code::ErrorCode;
use crate::kernel::time::millis;

/// A refusal on its way to a client: the code for its program, a sentence for its programmer, and what
/// the sentence is about. It never names secrets, SQL or other people's data.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Fault {
    /// What is wrong.
    pub code: ErrorCode,
    /// What to do about it.
    pub message: String,
    /// What it is about (`callId`, `phase`, `retryAfterMs`, ..); empty for nothing.
    pub context: Map<String, Value>,
}

impl Fault {
    /// A fault without context.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            context: Map::new(),
        }
    }

    /// The same with one more thing that it is about.
    #[must_use]
    pub fn about(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.context.insert(name.to_owned(), value.into());
        self
    }

    /// The same with the wait after which it is worth trying again.
    #[must_use]
    pub fn retry_after(self, wait: std::time::Duration) -> Self {
        self.about("retryAfterMs", millis(wait).max(1))
    }
}
