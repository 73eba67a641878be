#![allow(clippy::unwrap_used)]
use super::*;
use crate::protocol::event::{HeartbeatAck, OtomoStatus, OtomoStatusUpdate, Ready};

fn update() -> Frame {
    Frame::new(&Event::from(OtomoStatusUpdate {
        user_id: "otomo-1".parse().unwrap(),
        status: OtomoStatus::Online,
        timestamp: 1,
        version: 7,
    }))
}

fn text(frame: &Frame, stamp: Stamp) -> serde_json::Value {
    let mut bytes = BytesMut::new();
    frame.write(stamp, WireFormat::WebSocket, &mut bytes);
    assert_eq!(bytes[0], 0x81, "one whole text frame");
    let payload = if bytes[1] < 126 {
        &bytes[2..]
    } else {
        &bytes[4..]
    };
    serde_json::from_slice(payload).unwrap()
}

#[test]
fn everybody_shares_the_same_bytes() {
    let frame = update();
    let first = frame.shared(WireFormat::WebSocket);
    assert_eq!(
        first.as_ptr(),
        frame.clone().shared(WireFormat::WebSocket).as_ptr()
    );
}

#[test]
fn a_place_to_resume_from_is_the_id_of_durable_events_and_of_ready() {
    let written = |frame: &Frame, stamp| {
        let mut bytes = BytesMut::new();
        frame.write(stamp, WireFormat::NamedEvent, &mut bytes);
        String::from_utf8(bytes.to_vec()).unwrap()
    };
    let ready = Frame::new(&Event::from(Ready { seq: 4 }));
    let expected = "event: ready\nid: 4\ndata: {\"type\":\"ready\",\"seq\":4}\n\n";
    assert_eq!(written(&ready, Stamp::None), expected);
    let durable = written(&update(), Stamp::Durable { seq: 5, prev: 3 });
    assert!(durable.contains("\nid: 5\n"), "{durable}");
    assert!(!written(&update(), Stamp::Version).contains("\nid:"));
}

#[test]
fn what_differs_is_a_tail() {
    assert_eq!(text(&update(), Stamp::Version)["v"], 7);
    assert!(text(&update(), Stamp::None).get("v").is_none());
    let stamped = text(&update(), Stamp::Durable { seq: 5, prev: 3 });
    assert_eq!((&stamped["seq"], &stamped["prev"]), (&5.into(), &3.into()));
    assert_eq!(stamped["userId"], "otomo-1");
}

#[test]
fn whoever_gets_it_the_event_itself_is_encoded_once() {
    let event = update();
    for seq in 1..=256 {
        let frame = event.clone();
        let told = text(&frame, Stamp::Durable { seq, prev: seq - 1 });
        assert_eq!(told["seq"], seq);
        assert_eq!(frame.json().as_ptr(), event.json().as_ptr());
    }
}

#[test]
fn an_answer_carries_the_name_its_asker_gave_it() {
    let id: RequestId = serde_json::from_str(r#""a\"b""#).unwrap();
    let frame = Frame::answer(&Event::from(HeartbeatAck { timestamp: 2 }), Some(&id));
    assert_eq!(text(&frame, Stamp::None)["requestId"], "a\"b");
}
