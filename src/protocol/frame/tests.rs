//! What is encoded once, and what is added per receiver.
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

fn packet(frame: &Frame, stamp: Stamp) -> String {
    let mut bytes = BytesMut::new();
    frame.write(stamp, WireFormat::SocketIoPacket, &mut bytes);
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    text.strip_suffix('\u{1e}').unwrap().to_owned()
}

fn told(frame: &Frame, stamp: Stamp) -> (String, serde_json::Value) {
    let packet = packet(frame, stamp);
    serde_json::from_str(packet.strip_prefix("42").unwrap()).unwrap()
}

#[test]
fn over_socket_io_an_event_has_the_name_of_its_type_and_repeats_it() {
    let (name, body) = told(&update(), Stamp::Durable { seq: 5, prev: 3 });
    assert_eq!(name, "otomo_status_update");
    assert_eq!(body["type"], "otomo_status_update");
    assert_eq!((&body["seq"], &body["prev"]), (&5.into(), &3.into()));
    let mut framed = BytesMut::new();
    update().write(Stamp::None, WireFormat::SocketIoFrame, &mut framed);
    assert_eq!((framed[0], &framed[2..4]), (0x81, &b"42"[..]));
}

#[test]
fn an_acknowledgement_has_its_number_and_the_answer_if_there_is_one() {
    let answer = Event::from(HeartbeatAck { timestamp: 2 });
    let id: RequestId = serde_json::from_str(r#""a""#).unwrap();
    let frame = Frame::acknowledgement(7, Some(&answer), Some(&id));
    let expected = r#"437[{"type":"heartbeat_ack","timestamp":2,"requestId":"a"}]"#;
    assert_eq!(packet(&frame, Stamp::None), expected);
    let empty = Frame::acknowledgement(0, None, None);
    assert_eq!(packet(&empty, Stamp::None), "430[]");
    assert!(empty.size() > 0, "what waits has a size");
}

fn in_room(json: &str) -> Frame {
    Frame::stored("room_event", Topic::Rooms, json.to_owned())
}

#[test]
fn an_event_of_a_room_is_heard_by_its_own_name() {
    let frame = in_room(
        r#"{"type":"room_event","room":"game_1","event":"dice","data":{"type":"x","sum":1.10}}"#,
    );
    let expected = r#"42["dice",{"room":"game_1","sum":1.10,"type":"dice","seq":2,"prev":1}]"#;
    assert_eq!(packet(&frame, Stamp::Durable { seq: 2, prev: 1 }), expected);
    let mut native = BytesMut::new();
    frame.write(Stamp::None, WireFormat::UnnamedEvent, &mut native);
    let native = String::from_utf8(native.to_vec()).unwrap();
    assert!(native.contains(r#""event":"dice""#), "{native}");
}

#[test]
fn data_that_is_no_object_is_put_into_one_and_a_name_that_clients_refuse_is_another() {
    let frame = in_room(r#"{"type":"room_event","room":"r","event":"disconnect","data":[1]}"#);
    let (name, body) = told(&frame, Stamp::None);
    assert_eq!(name, "server_disconnect");
    assert_eq!(
        body,
        serde_json::json!({"type": "disconnect", "room": "r", "data": [1]})
    );
}
