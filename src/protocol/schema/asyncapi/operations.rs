//! Who says what when: an operation for each command, with its answer, and one for the events of each channel.

use serde_json::{Map, Value, json};

use super::{
    channels::{
        CHAT_STREAM, COMMANDS, SOCKET_IO, STREAM, WEBSOCKET, chat_event_names, message, parameters,
    },
    command_names, event_names, reference, with,
};
use crate::protocol::{
    command::Command,
    described::Described,
    event::{Body as _, Error},
    schema::{
        message::pascal_case,
        messages::{COMMAND, EVENT},
    },
};

pub(super) fn operations() -> Map<String, Value> {
    let commands = Command::DESCRIBED.iter().map(command);
    let events = sent(WEBSOCKET, event_names(), "All that concerns the user.");
    let streamed = sent(STREAM, event_names(), "The same as an event stream.");
    let chat = sent(CHAT_STREAM, chat_event_names(), "The chat as one.");
    let socket_io = sent(SOCKET_IO, event_names(), "The same by Socket.IO.");
    let others = [
        ("webSocketEvents", events),
        ("streamEvents", gotten(streamed)),
        ("chatStreamEvents", gotten(chat)),
        ("socketIoEvents", socket_io),
        (
            "socketIoCommand",
            received(SOCKET_IO, "A command by Socket.IO."),
        ),
        (
            "postCommand",
            posted(received(COMMANDS, "A command by POST.")),
        ),
    ];
    let others = others.map(|(name, operation)| (name.to_owned(), operation));
    commands.chain(others).collect()
}

/// A command on the WebSocket: what a client of any other transport says and is answered is the same.
fn command(described: &Described) -> (String, Value) {
    let answer = Command::answer(described.name).into_iter();
    let operation = json!({
        "action": "receive",
        "channel": channel(WEBSOCKET),
        "summary": described.description(),
        "messages": [message(WEBSOCKET, &format!("{COMMAND}{}", described.name))],
        "reply": reply(WEBSOCKET, answer.chain([Error::TYPE])),
    });
    (camel_case(described.name), operation)
}

fn reply<'a>(carrier: &str, answers: impl Iterator<Item = &'a str>) -> Value {
    let answers = answers.map(|name| message(carrier, &format!("{EVENT}{name}")));
    json!({ "channel": channel(carrier), "messages": answers.collect::<Vec<_>>() })
}

fn received(carrier: &str, summary: &str) -> Value {
    let answers = Command::NAMES
        .iter()
        .filter_map(|name| Command::answer(name));
    json!({
        "action": "receive",
        "channel": channel(carrier),
        "summary": summary,
        "messages": command_names().map(|name| message(carrier, &name)).collect::<Vec<_>>(),
        "reply": reply(carrier, answers.chain([Error::TYPE])),
    })
}

/// The request that is a command.
fn posted(operation: Value) -> Value {
    let query = json!({
        "type": "object",
        "description": "The stream whose client says it: one of the two.",
        "properties": {
            "session": { "type": "string", "format": "uuid", "description": "`sessionId` of its `connected`." },
            "device": { "type": "string", "description": "The device of the stream." },
        },
    });
    let binding = json!({ "http": { "method": "POST", "query": query } });
    with(operation, "bindings", binding)
}

fn sent(carrier: &str, names: impl Iterator<Item = String>, summary: &str) -> Value {
    json!({
        "action": "send",
        "channel": channel(carrier),
        "summary": summary,
        "messages": names.map(|name| message(carrier, &name)).collect::<Vec<_>>(),
    })
}

/// The request that is answered with a stream.
fn gotten(operation: Value) -> Value {
    let binding = json!({ "http": { "method": "GET", "query": parameters() } });
    with(operation, "bindings", binding)
}

fn channel(name: &str) -> Value {
    reference(&format!("channels/{name}"))
}

/// `call_request` is `callRequest`.
fn camel_case(name: &str) -> String {
    let pascal = pascal_case(name);
    let (first, rest) = pascal.split_at_checked(1).unwrap_or((&pascal, ""));
    first.to_lowercase() + rest
}
