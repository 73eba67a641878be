//! What we print is read as what we meant.

use bytes::BytesMut;
use otomo::protocol::{
    event_stream,
    frame::{Frame, Published, Stamp, WireFormat},
    spec::{Kind, Priority, Topic},
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};

use super::{Event, Parser};
use crate::tally;

/// Streams that are tried.
const STREAMS: u32 = 512;

/// An event that is to be printed.
#[derive(Debug, Clone)]
struct Meant {
    name: String,
    seq: Option<u64>,
    data: Value,
    /// The whole object as its backend wrote it, with spaces and line ends where JSON has them.
    json: String,
}

/// Any text, with more of what could end a line, a field or a stream than chance would bring.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<char>().prop_map(String::from),
        "[ -~]{0,8}",
        prop::sample::select(vec![
            "\n",
            "\r",
            "\r\n",
            "\0",
            "\u{feff}",
            "\u{2028}",
            "\u{2029}",
            "\u{85}",
            "\u{1e}",
            ":",
            "data: x\n\n",
            "id: 1\n",
            "\n\nevent: forged\ndata: {}\n\n",
            "お",
            "\u{10ffff}",
            "\\",
            "\"",
        ])
        .prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn meant() -> impl Strategy<Value = Meant> {
    // Names of our own, and such as a backend may give (`kernel::type_name`).
    let name = prop_oneof![
        Just("error".to_owned()),
        Just("new-message".to_owned()),
        "[A-Za-z0-9_.:-]{1,64}"
    ];
    let space = prop::sample::select(vec!["", " ", "\n", "\r", "\r\n", "\t", "\n\n", "\r\r"]);
    let data = prop::collection::btree_map(text(), text(), 0..4);
    let seq = prop::option::of(1..u64::MAX);
    (name, seq, data, space).prop_map(|(name, seq, data, space)| {
        let data = json!(data);
        let (kind, body) = (json!(name), data.to_string());
        let json = format!(
            "{{{space}\"type\"{space}:{space}{kind},{space}\"data\":{space}{body}{space}}}"
        );
        Meant {
            name,
            seq,
            data,
            json,
        }
    })
}

fn print(event: &Meant, format: WireFormat, out: &mut BytesMut) {
    let published = Published {
        name: &event.name,
        topic: Topic::Rooms,
        kind: Kind::Durable,
        priority: Priority::Normal,
        key: None,
    };
    let stamp = event
        .seq
        .map_or(Stamp::None, |seq| Stamp::Durable { seq, prev: seq - 1 });
    Frame::published(&published, event.json.clone()).write(stamp, format, out);
}

/// The name by which a listener hears it.
fn heard_as(event: &Meant, format: WireFormat) -> &str {
    match (format, &*event.name) {
        (WireFormat::UnnamedEvent, _) => "message",
        // `error` is the connection's own.
        (_, "error") => "server_error",
        (_, name) => name,
    }
}

fn is_as_meant(heard: &Event, event: &Meant, format: WireFormat, last: &str) {
    assert_eq!(heard.name, heard_as(event, format));
    assert_eq!(heard.last_id, last);
    let data: Value = serde_json::from_str(&heard.data).expect("data is JSON");
    assert_eq!(data["type"], event.name);
    assert_eq!(data["data"], event.data);
    assert_eq!(data["seq"].as_u64(), event.seq);
}

#[test]
fn whatever_the_text_a_stream_is_read_as_it_was_meant() {
    let streams = (
        prop::collection::vec(meant(), 1..6),
        1..40_usize,
        any::<bool>(),
    );
    let mut runner = TestRunner::new(Config {
        cases: STREAMS,
        // The failing values are printed; a file of seeds would be read by nobody.
        failure_persistence: None,
        ..Config::default()
    });
    let passed = runner.run(&streams, |(events, chunk, named)| {
        let format = if named {
            WireFormat::NamedEvent
        } else {
            WireFormat::UnnamedEvent
        };
        let mut out = BytesMut::from(event_stream::retry(1_234).as_bytes());
        for event in &events {
            out.extend_from_slice(event_stream::HEARTBEAT);
            print(event, format, &mut out);
        }
        let mut parser = Parser::default();
        let heard: Vec<Event> = out
            .chunks(chunk)
            .flat_map(|bytes| parser.read(bytes))
            .collect();
        assert_eq!(
            heard.len(),
            events.len(),
            "{:?}",
            String::from_utf8_lossy(&out)
        );
        let mut last = String::new();
        for (heard, event) in heard.iter().zip(&events) {
            last = event.seq.map_or(last, |seq| seq.to_string());
            is_as_meant(heard, event, format, &last);
        }
        assert_eq!((parser.retry, parser.comments), (Some(1_234), events.len()));
        Ok(())
    });
    passed.unwrap_or_else(|failure| panic!("{failure}"));
    tally::passed(
        "HTML 9.2.5: streams of any text, printed and read",
        STREAMS as usize,
    );
}
