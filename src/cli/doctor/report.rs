//! What was found, and how it is told.

use std::{collections::BTreeSet, fmt, io, io::Write};

use serde::Serialize;
use serde_json::json;

use crate::kernel::logging;

/// Whether something is as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    /// It is.
    Ok,
    /// It was not, and is now.
    Mended,
    /// A server runs, and somebody should know.
    Warning,
    /// It has failed, and whoever runs it has decided to live with that.
    Known,
    /// A server does not start with it, or does not do what it is for.
    Failed,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Finding {
    about: &'static str,
    verdict: Verdict,
    found: String,
    /// What to do about it, or what was done, unless what was found says so itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    todo: Option<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.verdict {
            Verdict::Ok => "ok",
            Verdict::Mended => "mended",
            Verdict::Warning => "warning",
            Verdict::Known => "known",
            Verdict::Failed => "failed",
        };
        write!(f, "{verdict:<8} {:<12} {}", self.about, self.found)?;
        match &self.todo {
            Some(todo) => write!(f, ": {todo}"),
            None => Ok(()),
        }
    }
}

/// Takes what is found. A line is told as soon as it is there; JSON when all is.
pub(super) struct Report<W> {
    out: W,
    json: bool,
    /// What somebody has decided to live with, as it is told where nobody has.
    known: BTreeSet<String>,
    findings: Vec<Finding>,
    /// The first line that could not be told.
    untold: Option<io::Error>,
}

impl<W: Write> Report<W> {
    pub(super) fn new(out: W, json: bool) -> Self {
        Self {
            out,
            json,
            known: BTreeSet::new(),
            findings: Vec::new(),
            untold: None,
        }
    }

    /// Takes these lines for known: each as it is told of what has failed.
    pub(super) fn knowing(mut self, lines: &str) -> Self {
        let lines = lines.lines().map(|line| line.trim_end().to_owned());
        self.known.extend(lines);
        self
    }

    /// It is as it should be.
    pub(super) fn ok(&mut self, about: &'static str, found: impl Into<String>) {
        self.take(about, Verdict::Ok, found.into(), None);
    }

    /// It was not as it should be, and this was done about it.
    pub(super) fn mended(
        &mut self,
        about: &'static str,
        found: impl Into<String>,
        done: impl Into<String>,
    ) {
        self.take(about, Verdict::Mended, found.into(), Some(done.into()));
    }

    /// Whether it is for programs.
    pub(super) fn is_json(&self) -> bool {
        self.json
    }

    /// It must be put right, in words that say how.
    pub(super) fn plain_failure(&mut self, about: &'static str, found: impl Into<String>) {
        self.take(about, Verdict::Failed, found.into(), None);
    }

    /// Somebody should know, in words that say what to do.
    pub(super) fn plain_warning(&mut self, about: &'static str, found: impl Into<String>) {
        self.take(about, Verdict::Warning, found.into(), None);
    }

    /// Somebody should know, and do this.
    pub(super) fn warning(
        &mut self,
        about: &'static str,
        found: impl Into<String>,
        todo: impl Into<String>,
    ) {
        self.take(about, Verdict::Warning, found.into(), Some(todo.into()));
    }

    /// It must be put right, in this way.
    pub(super) fn failed(
        &mut self,
        about: &'static str,
        found: impl Into<String>,
        todo: impl Into<String>,
    ) {
        self.take(about, Verdict::Failed, found.into(), Some(todo.into()));
    }

    fn take(&mut self, about: &'static str, verdict: Verdict, found: String, todo: Option<String>) {
        let mut finding = Finding {
            about,
            verdict,
            found: one_line(&found),
            todo: todo.as_deref().map(one_line),
        };
        if self.known.contains(finding.to_string().trim_end()) {
            finding.verdict = Verdict::Known;
        }
        if !self.json && self.untold.is_none() {
            self.untold = writeln!(self.out, "{finding}").err();
        }
        self.findings.push(finding);
    }

    /// How many things must be put right, once all is told.
    ///
    /// # Errors
    /// If it cannot be told.
    pub(super) fn end(mut self) -> io::Result<usize> {
        if let Some(error) = self.untold {
            return Err(error);
        }
        let failed = self.findings.iter();
        let failed = failed.filter(|it| it.verdict == Verdict::Failed).count();
        if self.json {
            let report = json!({"ok": failed == 0, "findings": self.findings});
            writeln!(self.out, "{report:#}")?;
        }
        Ok(failed)
    }
}

/// One line for each thing: what others say, like a server that is no Redis, may have several. What would turn a line around, as
/// the id of a user may have it, is written out.
fn one_line(text: &str) -> String {
    let lines = text.split(char::is_control).map(str::trim);
    let said: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    logging::written_out(&said.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_found_and_whatever_is_to_be_done_is_one_line() {
        for json in [false, true] {
            let mut out = Vec::new();
            let mut report = Report::new(&mut out, json);
            let odd = "taro\u{202e}nimda\r\nok       forged\u{1b}[2K \u{2028}x";
            report.failed("rule", odd, odd);
            assert_eq!(report.end().unwrap(), 1);
            let told = String::from_utf8(out).unwrap();
            let lines = if json { 11 } else { 1 };
            assert_eq!(told.lines().count(), lines, "{told}");
            let steers =
                |c: char| c != '\n' && logging::written_out(&c.to_string()).len() > c.len_utf8();
            assert!(!told.contains(steers), "{told:?}");
        }
    }
}
