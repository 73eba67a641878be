//! The reader of the standard, step by step: sections 9.2.5 (what a stream is) and 9.2.6 (how it is interpreted).

/// What a page hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its `type`: the field `event`, or `message`.
    pub name: String,
    pub data: String,
    /// Its `lastEventId`.
    pub last_id: String,
}

/// What has been read of a stream.
#[derive(Debug, Default)]
pub struct Parser {
    /// Bytes of a line that has not ended.
    line: Vec<u8>,
    /// Whether the last byte was a CR: an LF behind it is part of the same line end.
    after_cr: bool,
    /// Whether a first line was read: a byte order mark in front of it is no part of it.
    begun: bool,
    name: String,
    data: String,
    id: String,
    /// How long a client waits before it comes back, in milliseconds.
    pub retry: Option<u64>,
    /// Lines that nobody hears.
    pub comments: usize,
}

impl Parser {
    /// Reads what has come, and gives the events that it has ended.
    pub fn read(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        for byte in bytes {
            let second = std::mem::replace(&mut self.after_cr, *byte == b'\r') && *byte == b'\n';
            match byte {
                b'\n' if second => {}
                b'\r' | b'\n' => events.extend(self.line_ends()),
                byte => self.line.push(*byte),
            }
        }
        events
    }

    fn line_ends(&mut self) -> Option<Event> {
        let line = std::mem::take(&mut self.line);
        let mut line = &*String::from_utf8_lossy(&line);
        if !std::mem::replace(&mut self.begun, true) {
            line = line.strip_prefix('\u{feff}').unwrap_or(line);
        }
        match line.split_once(':') {
            None if line.is_empty() => return self.dispatched(),
            Some(("", _)) => self.comments += 1,
            Some((field, value)) => self.take(field, value.strip_prefix(' ').unwrap_or(value)),
            None => self.take(line, ""),
        }
        None
    }

    fn take(&mut self, field: &str, value: &str) {
        match field {
            "event" => value.clone_into(&mut self.name),
            "data" => {
                self.data += value;
                self.data.push('\n');
            }
            "id" if !value.contains('\0') => value.clone_into(&mut self.id),
            "retry" if value.bytes().all(|byte| byte.is_ascii_digit()) => {
                self.retry = value.parse().ok().or(self.retry);
            }
            _ => {}
        }
    }

    fn dispatched(&mut self) -> Option<Event> {
        let (name, data) = (
            std::mem::take(&mut self.name),
            std::mem::take(&mut self.data),
        );
        let data = data.strip_suffix('\n')?;
        Some(Event {
            name: if name.is_empty() {
                "message".to_owned()
            } else {
                name
            },
            data: data.to_owned(),
            last_id: self.id.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, Parser};
    use crate::tally;

    /// Name, data and last id of an event.
    type Meant = (&'static str, &'static str, &'static str);

    /// The examples of section 9.2.6, and what its steps say beside them.
    const STREAMS: [(&str, &[Meant]); 20] = [
        (
            "data: YHOO\ndata: +2\ndata: 10\n\n",
            &[("message", "YHOO\n+2\n10", "")],
        ),
        (
            ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
            &[
                ("message", "first event", "1"),
                ("message", "second event", ""),
                ("message", " third event", ""),
            ],
        ),
        (
            "data\n\ndata\ndata\n\ndata:",
            &[("message", "", ""), ("message", "\n", "")],
        ),
        (
            "data:test\n\ndata: test\n\n",
            &[("message", "test", ""), ("message", "test", "")],
        ),
        (
            "event: add\ndata: 73\n\nevent: remove\ndata: 2\n\n",
            &[("add", "73", ""), ("remove", "2", "")],
        ),
        (
            "data: a\r\rdata: b\r\n\r\ndata: c\n\n",
            &[
                ("message", "a", ""),
                ("message", "b", ""),
                ("message", "c", ""),
            ],
        ),
        (
            "data: a\r\ndata: b\rdata: c\ndata: d\r\n\r\n",
            &[("message", "a\nb\nc\nd", "")],
        ),
        (
            "\u{feff}data: a\n\n\u{feff}data: b\n\n",
            &[("message", "a", "")],
        ),
        (
            "data: a\nid: 1\n\ndata: b\n\n",
            &[("message", "a", "1"), ("message", "b", "1")],
        ),
        ("id: 1\n\ndata: a\n\n", &[("message", "a", "1")]),
        ("data: a\nid: 1\u{0}2\n\n", &[("message", "a", "")]),
        ("event: x\n\ndata: a\n\n", &[("message", "a", "")]),
        ("event: x\nevent: y\ndata: a\n\n", &[("y", "a", "")]),
        ("event: x\nevent:\ndata: a\n\n", &[("message", "a", "")]),
        ("Data: a\ndata : b\n data: c\nunknown: d\n\n", &[]),
        ("data: a: b\n\n", &[("message", "a: b", "")]),
        ("data: a", &[]),
        ("data: a\n", &[]),
        (
            "data: \u{2028}お\u{85}\n\n",
            &[("message", "\u{2028}お\u{85}", "")],
        ),
        ("", &[]),
    ];

    /// Values of `retry`, and what they mean.
    const WAITS: [(&str, Option<u64>); 6] = [
        ("10", Some(10)),
        ("", None),
        ("1s", None),
        ("-1", None),
        ("1.5", None),
        (" 5", None),
    ];

    fn is_as_meant(read: &[Event], meant: &[Meant], stream: &str) {
        let read = read
            .iter()
            .map(|event| (&*event.name, &*event.data, &*event.last_id));
        assert_eq!(read.collect::<Vec<_>>(), meant, "{stream:?}");
    }

    /// A parser that is wrong proves nothing of a printer.
    #[test]
    fn a_stream_is_read_as_the_standard_has_it() {
        for (stream, meant) in STREAMS {
            is_as_meant(&Parser::default().read(stream.as_bytes()), meant, stream);
            let mut by_bytes = Parser::default();
            let read = stream.bytes().flat_map(|byte| by_bytes.read(&[byte]));
            is_as_meant(&read.collect::<Vec<_>>(), meant, stream);
        }
        for (value, meant) in WAITS {
            let mut parser = Parser::default();
            parser.read(format!("retry: {value}\n").as_bytes());
            assert_eq!(parser.retry, meant, "{value:?}");
        }
        tally::passed(
            "HTML 9.2.6: how a stream is read",
            STREAMS.len() + WAITS.len(),
        );
    }
}
