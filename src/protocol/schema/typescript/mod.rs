//! The types of TypeScript (`web/client/types/protocol.d.ts`, `otomo schema typescript`), written from the JSON Schemas of
//! [`messages`](super::messages). The parts of it are public for those of REST, which are written from the OpenAPI document.
//!
//! Why not a second derive that reads the Rust types: it would read serde's attributes in its own way, and what tests hold
//! against the wire are the schemas.

mod types;

use std::fmt::Write as _;

use serde_json::Value;

use self::types::{alias, interface};
pub use self::types::{comment, field_name, type_of};
use super::{
    message::pascal_case,
    messages::{COMMAND, EVENT, commands, events, shared},
};

const HEAD: &str = "\
// The messages of Otomo's protocol. Written by `otomo schema typescript` from the server's own types: do not edit.
";

/// What a name of a schema is called here.
fn named(schema: &str) -> String {
    schema.strip_prefix(COMMAND).map_or_else(
        || schema.to_owned(),
        |command| format!("{}Fields", pascal_case(command)),
    )
}

/// The file.
pub fn document() -> String {
    let (commands, events) = (commands(), events());
    let mut file = HEAD.to_owned();
    heading(&mut file, "What messages consist of");
    for (name, schema) in &shared(&commands, &events) {
        file.push_str(&declaration(name, schema));
    }
    heading(&mut file, "Events: what a client gets");
    for schema in events.messages.values() {
        file.push_str(&declaration(text(schema, "title"), schema));
    }
    let entries = events.messages.iter().map(|(name, schema)| {
        let name = name.strip_prefix(EVENT).unwrap_or(name);
        (name, schema, text(schema, "title").to_owned())
    });
    let about = "Every event by its `type`. Events of the app's own types come beside these.";
    file.push_str(&map("EventMap", about, entries));
    heading(&mut file, "Commands: what a client sends");
    for (name, schema) in &commands.messages {
        file.push_str(&declaration(&named(name), &without_envelope(schema)));
    }
    let entries = commands.messages.iter().map(|(name, schema)| {
        let answer = schema.get("x-answer").and_then(Value::as_str);
        let answer = answer.and_then(|answer| events.messages.get(&format!("{EVENT}{answer}")));
        let answer = answer.map_or("void", |event| text(event, "title"));
        let taken = format!("{{ fields: {}; answer: {answer} }}", named(name));
        (name.strip_prefix(COMMAND).unwrap_or(name), schema, taken)
    });
    let about = "Every command by its `type`: its fields, and the event that answers it, if it is answered at all. One that is \
                 refused is answered with a `ServerError`.";
    file.push_str(&map("CommandMap", about, entries));
    file.push_str(UNIONS);
    file
}

const UNIONS: &str = "
export type EventType = keyof EventMap;

export type CommandType = keyof CommandMap;

/** Everything a client may get, besides events of the app's own types. */
export type OtomoEvent = EventMap[EventType];

/** Everything a client may send, besides the actions that the app has named itself. */
export type OtomoCommand = {
  [Type in CommandType]: { type: Type; requestId?: RequestId } & CommandMap[Type]['fields'];
}[CommandType];
";

/// A line between the parts of a file.
pub fn heading(file: &mut String, words: &str) {
    // Into a String nothing fails.
    let _ = write!(file, "\n// ---- {words} ----\n");
}

/// A schema by its name, with what is said of it.
pub fn declaration(name: &str, schema: &Value) -> String {
    let body = if schema.get("properties").is_some() {
        interface(name, schema)
    } else {
        alias(name, schema)
    };
    format!("\n{}{body}", comment(text(schema, "description"), ""))
}

/// An interface whose fields are types of messages.
fn map<'a>(
    name: &str,
    about: &str,
    entries: impl Iterator<Item = (&'a str, &'a Value, String)>,
) -> String {
    let fields = entries.map(|(name, schema, taken)| {
        let about = comment(text(schema, "description"), "  ");
        format!("{about}  {}: {taken};\n", field_name(name))
    });
    let fields: String = fields.collect();
    format!(
        "\n{}export interface {name} {{\n{fields}}}\n",
        comment(about, "")
    )
}

/// The fields of a command alone.
fn without_envelope(command: &Value) -> Value {
    let mut command = command.clone();
    let properties = command.get_mut("properties").and_then(Value::as_object_mut);
    if let Some(properties) = properties {
        properties.retain(|name, _| !["type", "requestId"].contains(&name.as_str()));
    }
    command
}

/// What a keyword says that is a text; nothing where there is none.
pub fn text<'a>(schema: &'a Value, keyword: &str) -> &'a str {
    let text = schema.get(keyword).and_then(Value::as_str);
    text.unwrap_or_default()
}
