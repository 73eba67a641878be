//! What carries messages, and which.

use serde_json::{Map, Value, json};

use super::{command_names, event_names, reference, security, with};
use crate::protocol::{
    event::Event,
    schema::messages::EVENT,
    spec::{Topic, Topics},
};

/// The WebSocket.
pub(super) const WEBSOCKET: &str = "ws";
/// All events as an event stream.
pub(super) const STREAM: &str = "sse";
/// The chat as an event stream.
pub(super) const CHAT_STREAM: &str = "chatSse";
/// Commands of those who listen to a stream.
pub(super) const COMMANDS: &str = "commands";
/// Socket.IO.
pub(super) const SOCKET_IO: &str = "socketIo";

pub(super) fn servers() -> Value {
    json!({
        "sockets": {
            "host": "localhost:8080",
            "protocol": "ws",
            "description": "WebSocket and Socket.IO. `wss` where the server or a proxy before it speaks TLS.",
            "security": security::of_sockets(),
        },
        "http": {
            "host": "localhost:8080",
            "protocol": "http",
            "description": "Event streams, and commands by POST. `https` likewise.",
            "security": security::of_requests(),
        },
    })
}

pub(super) fn channels() -> Value {
    let both = || command_names().chain(event_names());
    let websocket = channel("/ws", "sockets", both(), ABOUT_WEBSOCKET);
    let binding = json!({ "ws": { "method": "GET", "query": parameters() } });
    json!({
        WEBSOCKET: with(websocket, "bindings", binding),
        STREAM: channel("/sse", "http", event_names(), ABOUT_STREAM),
        CHAT_STREAM: channel("/api/chat/sse", "http", chat_event_names(), ABOUT_CHAT_STREAM),
        COMMANDS: channel("/api/commands", "http", both(), ABOUT_COMMANDS),
        SOCKET_IO: channel("/socket.io/", "sockets", both(), ABOUT_SOCKET_IO),
    })
}

const ABOUT_WEBSOCKET: &str = "WebSocket: a text frame for each message, in both directions.";

const ABOUT_STREAM: &str = "\
Server-Sent Events. `data` is the whole message, `event` its type (`error` comes as `server_error`), and `id` the place in the \
stream of durable events. The same parameters as `/ws`; `Last-Event-ID` counts as `lastSeq`.";

const ABOUT_CHAT_STREAM: &str = "\
The same for the chat alone, with events that have no name, for `onmessage`. `customerId` narrows it to one person; \
`events=named` and `topics` change what it is.";

const ABOUT_COMMANDS: &str = "\
What a client of an event stream says: one command in a POST, as it would be sent in a frame. The response is its answer (200), \
empty where it has none (204), or the error with the status of its code.";

const ABOUT_SOCKET_IO: &str = "\
Socket.IO v4 (Engine.IO v4), by WebSocket and by polling. The name of an event is the message's `type`, which the payload \
repeats. With an acknowledgement callback the answer to a command, or its error, comes there. An event of the app's own type in \
a room comes by its own name instead of as `room_event`.";

/// A message by its name in a channel.
pub(super) fn message(channel: &str, name: &str) -> Value {
    reference(&format!("channels/{channel}/messages/{name}"))
}

/// What a stream of the chat carries.
pub(super) fn chat_event_names() -> impl Iterator<Item = String> {
    let topics = Topics::NONE.with(Topic::Chat);
    let heard = Event::SPECS
        .iter()
        .filter(move |spec| topics.contains(spec.topic));
    heard.map(|spec| format!("{EVENT}{}", spec.name))
}

fn channel(address: &str, server: &str, names: impl Iterator<Item = String>, about: &str) -> Value {
    let messages = names.map(|name| {
        let message = reference(&format!("components/messages/{name}"));
        (name, message)
    });
    json!({
        "address": address,
        "description": about,
        "servers": [reference(&format!("servers/{server}"))],
        "messages": messages.collect::<Map<_, _>>(),
    })
}

/// What a client may say in the address.
pub(super) fn parameters() -> Value {
    json!({
        "type": "object",
        "properties": {
            "token": { "type": "string", "description": "A JSON Web Token." },
            "device": {
                "type": "string",
                "description": "What this device is called over reconnects. Needed to come back into a call.",
            },
            "lastSeq": {
                "type": "integer",
                "minimum": 0,
                "description": "The last durable event that it has: what follows comes before anything new.",
            },
            "topics": {
                "type": "string",
                "description": "A comma list of `otomo`, `calls`, `chat`, `friends`, `rooms`, `points`; all of them without it.",
            },
            "v": { "const": "1", "description": "Status updates carry their version `v`." },
        },
    })
}
