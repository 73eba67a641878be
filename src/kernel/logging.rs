//! Logs: one line per event on standard error, `2026-11-22T12:36:08.123Z WARN  otomo::store message key=value`.
//!
//! A message is lower case, without a full stop, with its facts as `key=value` at the end and one name per thing
//! everywhere: `user=`, `call=`, `session=`, `node=`, `took_ms=`. Ids always; payloads, names and tokens never. A
//! failure is logged once, where it is handled, with its causes ([`chain`]).

use std::{
    env,
    error::Error,
    fmt,
    io::{self, Write},
    panic,
};

use env_logger::{Builder, Env};
use log::{LevelFilter, Record};

/// What is logged unless `RUST_LOG` says otherwise.
const DEFAULT_FILTER: &str = "info";

/// A library that calls every request that a stranger garbles an error of the server. What concerns us of a connection we log
/// ourselves, so it is heard only where `RUST_LOG` names it.
const LOUD: &str = "actix_http";

/// Starts logging for this process, filtered by `RUST_LOG`. Later calls change nothing.
pub fn init() {
    let logger = Builder::new()
        .filter_module(LOUD, LevelFilter::Off)
        .parse_env(Env::default().default_filter_or(DEFAULT_FILTER))
        .format(|out, record| {
            let time = out.timestamp_millis();
            write_line(out, &time, record)
        })
        .try_init();
    // Refused only if a logger is there already: a test that runs several servers in one process.
    drop(logger);
}

/// From now on a panic is logged, as one line. What Rust prints of it otherwise is several, and strangers can bring a library to
/// one. With `RUST_BACKTRACE` set, that follows.
pub fn log_panics() {
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |fault| {
        let at = fault.location().map(ToString::to_string);
        let cause = fault.payload_as_str().unwrap_or("unknown");
        log::error!(
            "a thread panicked at={} cause={cause}",
            at.unwrap_or_default()
        );
        if env::var_os("RUST_BACKTRACE").is_some() {
            print(fault);
        }
    }));
}

fn write_line(
    out: &mut impl Write,
    time: &dyn fmt::Display,
    record: &Record<'_>,
) -> io::Result<()> {
    let (level, target) = (record.level(), record.target());
    writeln!(out, "{time} {level:<5} {target} {}", OneLine(record.args()))
}

/// Text whose line ends, control characters and marks of direction are written out, so that nothing from outside can look like
/// a line of ours, steer a terminal, or be shown in another order than it is in.
struct OneLine<'a>(&'a fmt::Arguments<'a>);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::write(&mut Escaping(f), *self.0)
    }
}

/// A text of others as it may be shown in a terminal: written out as in the log.
pub fn written_out(text: &str) -> String {
    OneLine(&format_args!("{text}")).to_string()
}

struct Escaping<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl fmt::Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some((plain, control)) = split_at_steering(rest) {
            self.0.write_str(plain)?;
            write!(self.0, "{}", control.escape_default())?;
            rest = rest
                .get(plain.len() + control.len_utf8()..)
                .unwrap_or_default();
        }
        self.0.write_str(rest)
    }
}

fn split_at_steering(text: &str) -> Option<(&str, char)> {
    let (at, steering) = text.char_indices().find(|(_, c)| steers(*c))?;
    Some((text.get(..at)?, steering))
}

/// Whether a character is not shown itself but changes how others are: controls, Unicode's own ends of lines and paragraphs, and
/// what turns the direction of a text (Unicode Standard Annex 9, section 2).
fn steers(c: char) -> bool {
    let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns || matches!(c, '\u{2028}' | '\u{2029}')
}

/// An error with all of its causes, outermost first: `cannot open the store: unable to open database file`. Our
/// errors do not repeat their source in their own text, so nothing is said twice.
pub fn chain(error: &dyn Error) -> impl fmt::Display {
    Chain(error)
}

struct Chain<'a>(&'a dyn Error);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use log::Level;

    use super::*;

    fn line(level: Level, message: fmt::Arguments<'_>) -> String {
        let mut out = Vec::new();
        let record = Record::builder()
            .level(level)
            .target("otomo::store")
            .args(message)
            .build();
        write_line(&mut out, &"2026-11-22T12:36:08.123Z", &record).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_line_has_time_level_target_and_message() {
        assert_eq!(
            line(Level::Warn, format_args!("commit was slow took_ms={}", 120)),
            "2026-11-22T12:36:08.123Z WARN  otomo::store commit was slow took_ms=120\n"
        );
    }

    #[test]
    fn nothing_from_outside_begins_a_line_or_steers_a_terminal() {
        let user = "a\n2026-11-22T12:36:08.123Z ERROR otomo おともはん\x1b[2J\r\0";
        let line = line(Level::Info, format_args!("refused user={user}"));
        assert_eq!(line.matches('\n').count(), 1);
        assert!(
            line.ends_with(
                "user=a\\n2026-11-22T12:36:08.123Z ERROR otomo おともはん\\u{1b}[2J\\r\\u{0}\n"
            ),
            "{line}"
        );
    }

    #[test]
    fn what_a_stranger_writes_is_shown_in_the_order_in_which_it_is() {
        let user = "taro\u{2028}ERROR otomo\u{202e}nimda\u{2066}x\u{2069} おともはん";
        let line = line(Level::Info, format_args!("refused user={user}"));
        assert!(
            line.ends_with(
                "user=taro\\u{2028}ERROR otomo\\u{202e}nimda\\u{2066}x\\u{2069} おともはん\n"
            ),
            "{line}"
        );
    }

    #[test]
    fn a_chain_tells_every_cause() {
        #[derive(Debug, thiserror::Error)]
        #[error("cannot read the key")]
        struct Outer(#[source] io::Error);

        let error = Outer(io::Error::other("no such file"));
        assert_eq!(
            chain(&error).to_string(),
            "cannot read the key: no such file"
        );
        assert_eq!(chain(&io::Error::other("alone")).to_string(), "alone");
    }
}
