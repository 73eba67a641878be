//! Every message of the protocol as JSON Schema (draft 2020-12): `web/schemas/messages.json`, `GET /schemas/messages.json`,
//! `otomo schema messages`. AsyncAPI and the types of TypeScript are written from it.
//!
//! Commands are described as they are read, events as they are sent. Both stay open: what a client does not know it skips,
//! and so does the server.

use std::collections::BTreeMap;

use schemars::{generate::SchemaSettings, transform::RecursiveTransform};
use serde_json::{Value, json};

use super::{message, optional, plain};
use crate::protocol::{command::Command, described::Described, event::Event, spec::Spec};

/// What stands before the type of a command in the name of its schema.
pub(super) const COMMAND: &str = "command.";

/// What stands before the type of an event in the name of its schema.
pub(super) const EVENT: &str = "event.";

/// The schemas of one direction, and of what its messages refer to, by their names.
#[derive(Default)]
pub(super) struct Direction {
    /// One for each message.
    pub(super) messages: BTreeMap<String, Value>,
    /// What they share.
    pub(super) shared: BTreeMap<String, Value>,
}

impl Direction {
    /// Any of its messages.
    fn any(&self, description: &str) -> Value {
        let each: Vec<Value> = self.messages.keys().map(|name| reference(name)).collect();
        json!({ "description": description, "anyOf": each })
    }
}

/// Where the schema of this name is.
fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

/// The document as it is published.
pub fn document() -> String {
    format!("{:#}\n", schema())
}

/// The document: `$defs` has one schema for each command (`command.call_request`), for each event (`event.new-message`) and for
/// what they share, and the root takes any of the messages.
pub fn schema() -> Value {
    let (commands, events) = (commands(), events());
    let all_commands =
        "Everything a client may send, besides the actions that the app has named itself.";
    let all_events = "Everything a client may get, besides events of the app's own types.";
    let mut definitions = shared(&commands, &events);
    definitions.insert("OtomoCommand".to_owned(), commands.any(all_commands));
    definitions.insert("OtomoEvent".to_owned(), events.any(all_events));
    definitions.extend(commands.messages);
    definitions.extend(events.messages);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "OtomoMessage",
        "description": "Every message between a client and the server, by its type. Either side skips fields that it does not know.",
        "anyOf": [reference("OtomoCommand"), reference("OtomoEvent")],
        "$defs": definitions,
    })
}

/// What messages of either direction refer to. What clients say to each other comes as they wrote it.
pub(super) fn shared(commands: &Direction, events: &Direction) -> BTreeMap<String, Value> {
    let mut shared = events.shared.clone();
    shared.extend(commands.shared.clone());
    shared
}

/// The commands, as the server reads them.
pub(super) fn commands() -> Direction {
    let settings = settings(SchemaSettings::draft2020_12().for_deserialize());
    let mut generator = settings.into_generator();
    let message = |described| {
        let message = message::command(described, &mut generator);
        (format!("{COMMAND}{}", described.name), message)
    };
    let messages = Command::DESCRIBED.iter().map(message).collect();
    let shared = generator.take_definitions(true).into_iter().collect();
    Direction { messages, shared }
}

/// The events, as the server sends them.
pub(super) fn events() -> Direction {
    let settings = settings(SchemaSettings::draft2020_12().for_serialize());
    let mut generator = settings.into_generator();
    let message = |(described, spec): (&Described, &Spec)| {
        let message = message::event(described, spec, &mut generator);
        (format!("{EVENT}{}", described.name), message)
    };
    let messages = Event::DESCRIBED
        .iter()
        .zip(Event::SPECS)
        .map(message)
        .collect();
    let shared = generator.take_definitions(true).into_iter().collect();
    let mut events = Direction { messages, shared };
    for schema in events
        .messages
        .values_mut()
        .chain(events.shared.values_mut())
    {
        optional::omit_instead_of_null(schema);
    }
    events
}

fn settings(settings: SchemaSettings) -> SchemaSettings {
    settings
        .with(|settings| settings.meta_schema = None)
        .with_transform(RecursiveTransform(plain::unwrap_lines))
}
