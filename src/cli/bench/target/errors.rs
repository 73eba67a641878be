//! What a server of our own logs: passed on, and its errors counted.

use std::{
    io::{self, BufRead as _, BufReader, Read, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

/// The level that counts, as the log has it behind the time of a line.
const ERROR: &str = "ERROR";

/// How many errors were logged.
#[derive(Debug, Clone, Default)]
pub(super) struct Errors(Arc<AtomicU64>);

impl Errors {
    pub(super) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Passes lines on to standard error for as long as they come, in a thread of its own.
    pub(super) fn listen(&self, log: impl Read + Send + 'static) {
        let errors = self.clone();
        thread::spawn(move || errors.pass_on(log, &mut io::stderr()));
    }

    fn pass_on(&self, log: impl Read, to: &mut impl Write) {
        for line in BufReader::new(log).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line);
            if line.split_whitespace().nth(1) == Some(ERROR) {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
            // Nobody reads it: it is counted all the same.
            let _ = writeln!(to, "{line}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_counted_and_all_is_passed_on() {
        let log = "2026-11-26T18:11:10Z ERROR otomo::calls it failed cause=ERROR\n\
                   2026-11-26T18:11:10Z WARN  otomo::calls no ERROR\nERROR alone\n";
        let (errors, mut passed) = (Errors::default(), Vec::new());
        errors.pass_on(log.as_bytes(), &mut passed);
        assert_eq!(errors.count(), 1);
        assert_eq!(passed, log.as_bytes());
    }
}
