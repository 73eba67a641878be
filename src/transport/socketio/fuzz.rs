//! Whatever a client of Socket.IO sends.

use std::sync::LazyLock;

use actix_http::RequestHead;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::BytesMut;
use serde_json::{Value, value::RawValue};
use tokio::sync::oneshot;

use super::{
    auth::Auth,
    fault::Fault,
    packet::{Decoder, Packet},
    packet_log::PacketLog,
    polling::{PACKETS_MAX, PAYLOAD_MAX, Polling},
    query::{self, Transport},
    registry::{PollingEndpoint, Posted, Sid},
    requests::Requests,
};
use crate::{
    kernel::{
        config::{SocketIoConfig, Sources, load},
        fuzz::assert_plain,
    },
    protocol::{
        frame::{Frame, Published, Stamp, WireFormat},
        socket_io::{RESERVED, ROOM_EVENT, SEPARATOR},
        spec::{Kind, Priority, Topic},
    },
};

/// Small, so that short inputs reach the limits.
static CONFIG: LazyLock<SocketIoConfig> = LazyLock::new(|| {
    let sources = Sources::default()
        .with("socketio.max_attachments", "2")
        .with("socketio.max_attachment_bytes", "1KiB");
    load(&sources).expect("a configuration of ours").socketio
});

/// The payload of a post. Its packets are the text between the separators; an attachment is the same as text and as bytes; a
/// command that we write as an event is the same command; what a client says of itself is read, or refused in plain words; packets
/// that are said to a client that polls come in their order.
pub(crate) fn packets(bytes: &[u8]) {
    let Ok(payload) = std::str::from_utf8(bytes) else {
        return;
    };
    let packets = packets_of(payload);
    let separator = char::from(SEPARATOR).to_string();
    assert_eq!(packets.join(&separator), payload);
    assert!(packets.iter().all(|packet| !packet.contains(&separator)));
    decode_all(&packets);
    assert_polled_in_order(&packets);
}

/// As a request with this payload is read.
fn packets_of(payload: &str) -> Vec<String> {
    let (endpoint, receiver) = PollingEndpoint::new();
    let mut requests = Requests::new(endpoint, receiver);
    let (done, mut answered) = oneshot::channel();
    requests.posted(payload.into(), done);
    let mut packets = Vec::new();
    while let Some(packet) = requests.next_packet() {
        packets.push(packet.to_string());
    }
    assert_eq!(answered.try_recv(), Ok(Posted::Taken));
    packets
}

/// Reads one packet after another until one ends the session.
fn decode_all(packets: &[String]) {
    let (mut polls, mut socket) = (Decoder::default(), Decoder::default());
    for packet in packets {
        let heard = polls.text(packet, &CONFIG);
        let attachment = packet.strip_prefix('b').map(|text| STANDARD.decode(text));
        let on_socket = match attachment {
            Some(Ok(bytes)) => socket.binary(bytes.into(), &CONFIG),
            _ => socket.text(packet, &CONFIG),
        };
        match (heard, on_socket) {
            (Ok(heard), Ok(on_socket)) => {
                assert_eq!(heard, on_socket);
                match heard {
                    Packet::Command(json, _) => assert_comes_again(&json),
                    Packet::Connect(_, said) => introduce(said.as_deref().unwrap_or("{}")),
                    _ => {}
                }
            }
            (Err(fault), Err(on_socket)) => {
                assert_eq!(fault.to_string(), on_socket.to_string());
                return assert_goodbye(&fault);
            }
            differing => panic!("{packet}: {differing:?}"),
        }
    }
}

fn assert_goodbye(fault: &Fault) {
    let (code, reason) = fault.goodbye();
    assert!((1000..5000).contains(&code.number()));
    assert!(!reason.is_empty() && reason.len() <= 123, "{reason}");
}

/// What a client says of itself.
fn introduce(said: &str) {
    let auth = Auth::read(said).and_then(|auth| auth.topics().map(|_| auth));
    match (auth, serde_json::from_str::<Value>(said)) {
        (Err(told), _) => assert_plain(&told, said.as_bytes()),
        (Ok(auth), Ok(value)) => {
            assert_eq!(auth.token.as_deref(), value["token"].as_str(), "{value}");
            assert_eq!(auth.last_seq, value["lastSeq"].as_u64(), "{value}");
        }
        // Numbers beyond every double may be in fields that nobody reads.
        (Ok(_), Err(_)) => {}
    }
}

/// The query of a request. None begins a session that does not speak our version, and one for a session goes to no node but the
/// one that is written in it.
pub(crate) fn ask(query: &str) {
    let Ok(uri) = format!("/socket.io/?{query}").parse() else {
        return;
    };
    let mut head = RequestHead::default();
    head.uri = uri;
    for came_by in [Transport::Polling, Transport::WebSocket] {
        match query::read(&head, came_by) {
            Err(_refused) => {}
            Ok(None) => assert!(query.contains("EIO=") || query.contains('%'), "{query}"),
            Ok(Some(sid)) => {
                let Some(node) = Sid::node_in(&sid) else {
                    continue;
                };
                let random = sid.strip_prefix(node.as_str()).expect("it begins with it");
                assert!(random.len() == 33 && random.starts_with('.'), "{sid}");
                assert!(sid.bytes().all(|byte| byte.is_ascii_graphic()), "{sid}");
                assert!(!sid.contains(['/', '?', '#', '&', '%']), "{sid}");
            }
        }
    }
}

/// A command is JSON. If it is one with a name that an event may have, the event is the same command.
fn assert_comes_again(command: &[u8]) {
    let raw = serde_json::from_slice::<&RawValue>(command).expect("a command is JSON");
    // Half a surrogate pair and a number beyond every double are JSON, and no value.
    let Ok(value) = serde_json::from_str::<Value>(raw.get()) else {
        return;
    };
    let Some(name) = value.get("type").and_then(Value::as_str) else {
        assert!(!value.is_object(), "{value}");
        return;
    };
    if RESERVED.contains(&name) || name == ROOM_EVENT {
        return;
    }
    let packet = event(name, raw.get());
    let Ok(Packet::Command(again, None)) = Decoder::default().text(&packet, &CONFIG) else {
        panic!("{packet}");
    };
    assert_eq!(
        serde_json::from_slice::<Value>(&again).ok(),
        Some(value),
        "{packet}"
    );
}

/// The packet by which clients are told an event.
fn event(name: &str, json: &str) -> String {
    let published = Published {
        name,
        topic: Topic::Rooms,
        kind: Kind::Ephemeral,
        priority: Priority::Normal,
        key: None,
    };
    let mut out = BytesMut::new();
    Frame::published(&published, json.to_owned()).write(
        Stamp::None,
        WireFormat::SocketIoPacket,
        &mut out,
    );
    let payload = String::from_utf8(out.to_vec()).expect("packets are text");
    let packet = payload.strip_suffix(char::from(SEPARATOR));
    let packet = packet.expect("a separator is behind each").to_owned();
    assert!(!packet.contains(char::from(SEPARATOR)));
    packet
}

/// What is said to a client that polls comes whole and in its order, and no payload is more than every client takes.
fn assert_polled_in_order(packets: &[String]) {
    let said: Vec<&str> = packets.iter().map(String::as_str).collect();
    let said: Vec<&str> = said
        .into_iter()
        .filter(|packet| !packet.is_empty())
        .collect();
    let log = PacketLog::new(Sid::new(&"n".parse().expect("a name")));
    let mut polling = Polling::new();
    said.iter()
        .for_each(|packet| polling.say(packet.as_bytes()));
    let mut heard = Vec::new();
    while heard.len() < said.len() {
        let (poll, mut answered) = oneshot::channel();
        polling.polled(poll);
        polling.flush(None, &log);
        let payload = answered.try_recv().expect("something waits");
        let payload = String::from_utf8(payload.to_vec()).expect("payloads are text");
        let count = payload.split(char::from(SEPARATOR)).count();
        assert!(count <= PACKETS_MAX && (count == 1 || payload.len() <= PAYLOAD_MAX));
        heard.extend(payload.split(char::from(SEPARATOR)).map(str::to_owned));
    }
    assert_eq!(heard, said);
}
