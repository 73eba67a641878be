//! What was found, and how it is told.

use std::fmt;

use serde::Serialize;

/// Whether something is as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    /// It is.
    Ok,
    /// A server runs, and somebody should know.
    Warning,
    /// A server does not start with it, or does not do what it is for.
    Failed,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    /// What it is about.
    pub(super) about: &'static str,
    /// How it is.
    pub(super) verdict: Verdict,
    /// What was found.
    pub(super) found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) todo: Option<String>,
}

/// What was found, in order.
#[derive(Debug, Default)]
pub(super) struct Report(pub(super) Vec<Finding>);

impl Report {
    /// It is as it should be.
    pub(super) fn ok(&mut self, about: &'static str, found: impl Into<String>) {
        self.0.push(Finding {
            about,
            verdict: Verdict::Ok,
            found: found.into(),
            todo: None,
        });
    }

    /// Somebody should know.
    pub(super) fn warning(
        &mut self,
        about: &'static str,
        found: impl Into<String>,
        todo: impl Into<String>,
    ) {
        self.0.push(Finding {
            about,
            verdict: Verdict::Warning,
            found: found.into(),
            todo: Some(todo.into()),
        });
    }

    /// It must be put right.
    pub(super) fn failed(
        &mut self,
        about: &'static str,
        found: impl Into<String>,
        todo: impl Into<String>,
    ) {
        self.0.push(Finding {
            about,
            verdict: Verdict::Failed,
            found: found.into(),
            todo: Some(todo.into()),
        });
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.verdict {
            Verdict::Ok => "ok",
            Verdict::Warning => "warning",
            Verdict::Failed => "failed",
        };
        write!(f, "{verdict:<8} {:<12} {}", self.about, self.found)?;
        match &self.todo {
            Some(todo) => write!(f, ": {todo}"),
            None => Ok(()),
        }
    }
}
