//! The sockets as an AsyncAPI 3.0 document: `web/schemas/asyncapi.json`, `GET /asyncapi.json`, `otomo schema asyncapi`. The
//! messages are those of [`messages`]; here is what carries them.
//!
//! It is written from the server's side, as AsyncAPI has it: the server receives commands and sends events.

mod channels;
mod operations;
mod security;
mod words;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::messages::{self, COMMAND, EVENT};
use crate::protocol::{command::Command, described::Described, event::Event};

/// The document as it is published.
pub fn document() -> String {
    let document = json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Otomo",
            "version": env!("CARGO_PKG_VERSION"),
            "description": words::description(),
            "license": { "name": env!("CARGO_PKG_LICENSE") },
        },
        "defaultContentType": "application/json",
        "servers": channels::servers(),
        "channels": channels::channels(),
        "operations": operations::operations(),
        "components": {
            "messages": all_messages(),
            "schemas": schemas(),
            "securitySchemes": security::schemes(),
        },
    });
    format!("{document:#}\n")
}

/// A reference to a part of the document.
fn reference(path: &str) -> Value {
    json!({ "$ref": format!("#/{path}") })
}

/// A part of the document with one more keyword.
fn with(part: Value, keyword: &str, value: Value) -> Value {
    match part {
        Value::Object(mut keywords) => {
            keywords.insert(keyword.to_owned(), value);
            Value::Object(keywords)
        }
        other => other,
    }
}

/// The names of all commands, as messages have them here.
fn command_names() -> impl Iterator<Item = String> {
    Command::NAMES.iter().map(|name| format!("{COMMAND}{name}"))
}

/// The names of all events, as messages have them here.
fn event_names() -> impl Iterator<Item = String> {
    Event::SPECS
        .iter()
        .map(|spec| format!("{EVENT}{}", spec.name))
}

fn all_messages() -> BTreeMap<String, Value> {
    let commands = Command::DESCRIBED
        .iter()
        .map(|described| message(COMMAND, described, "command"));
    let events = Event::DESCRIBED
        .iter()
        .zip(Event::SPECS)
        .map(|(described, spec)| message(EVENT, described, spec.topic.as_str()));
    commands.chain(events).collect()
}

fn message(direction: &str, described: &Described, tag: &str) -> (String, Value) {
    let name = format!("{direction}{}", described.name);
    let message = json!({
        "name": described.name,
        "title": described.name,
        "summary": described.description(),
        "tags": [{ "name": tag }],
        "payload": reference(&format!("components/schemas/{name}")),
    });
    (name, message)
}

/// The schemas of all messages, where AsyncAPI has them.
fn schemas() -> Map<String, Value> {
    let mut document = messages::schema();
    relocate(&mut document);
    match document.get_mut("$defs").map(Value::take) {
        Some(Value::Object(schemas)) => schemas,
        _ => Map::new(),
    }
}

fn relocate(schema: &mut Value) {
    match schema {
        Value::Object(keywords) => {
            if let Some(Value::String(target)) = keywords.get_mut("$ref") {
                *target = target.replace("#/$defs/", "#/components/schemas/");
            }
            keywords.values_mut().for_each(relocate);
        }
        Value::Array(schemas) => schemas.iter_mut().for_each(relocate),
        _ => {}
    }
}
