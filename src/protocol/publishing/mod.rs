//! What backends may publish: the names that an event may have, and schemas for those types that clients know from source
//! document 003 (`known`). `violation` is where an event does not fit them.
//!
//! The schemas are made from the structs of events, so what is checked, what is documented (`web/schemas/events.json`,
//! `GET /schemas/events.json`, `otomo schema events`) and what we send ourselves cannot differ. They tell how an event looks at
//! a client; a backend may leave out what the server knows itself, and [`complete`] fills that in. What an app adds to the
//! fields is passed on.

mod known;
mod violation;

use std::{collections::BTreeMap, sync::LazyLock};

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::{Map, Value, json};

use self::known::{KNOWN, Known};
pub use self::violation::Violation;
use super::{event::Event, socket_io};
use crate::kernel::{ids::EventId, time::Timestamp, type_name};

/// Names that mean something else to an `EventSource`: what it reports itself, or hears without a name.
const RESERVED_BY_EVENT_SOURCES: [&str; 3] = ["message", "open", "server_error"];

/// Fields that the server writes into durable events, and that clients count on.
const FIELDS_OF_DELIVERY: [&str; 2] = ["seq", "prev"];

/// Compiled once, at the first event.
static VALIDATORS: LazyLock<BTreeMap<&'static str, Validator>> = LazyLock::new(|| {
    let compiled = KNOWN.iter().filter_map(|known| {
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            .with_pattern_options(PatternOptions::regex())
            .build(&known.schema());
        Some((known.name, validator.ok()?))
    });
    compiled.collect()
});

/// What a name means as the `type` of an event from a backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Publishable {
    /// A type that clients know: its schema holds.
    Known,
    /// A type of the app's own: its data may be anything.
    Custom,
    /// A type that only the server speaks of, or a word that a client's library needs for itself.
    Reserved,
    /// Not the name of a type.
    Malformed,
}

/// What a backend may do with a name.
pub fn publishable(name: &str) -> Publishable {
    if find(name).is_some() {
        Publishable::Known
    } else if Event::known_spec(name).is_some() || is_reserved_by_clients(name) {
        Publishable::Reserved
    } else if !type_name::is_fit(name) {
        Publishable::Malformed
    } else {
        Publishable::Custom
    }
}

/// Whether a name means something else to the libraries of clients: to Socket.IO's, or to an `EventSource`.
pub fn is_reserved_by_clients(name: &str) -> bool {
    socket_io::RESERVED.contains(&name) || RESERVED_BY_EVENT_SOURCES.contains(&name)
}

/// Checks an event of a backend, having filled in what it may leave out: `timestamp` (from `now`), the `id` of a notification
/// (from `id`), and objects for the app's own data. Events of the app's own types stay as they are; of them only the names
/// are checked that delivery needs for itself. `data` may hold the `type` too. It is to be `complete` before it is kept or
/// told to anybody.
///
/// # Errors
/// The first fault, with its path: `type`, `data.current_sp`, `data.metadata.items[2]`.
pub fn complete(
    name: &str,
    data: &mut Map<String, Value>,
    now: Timestamp,
    id: EventId,
) -> Result<(), Violation> {
    match publishable(name) {
        Publishable::Known | Publishable::Custom => {}
        Publishable::Reserved => return Err(Violation::reserved_name()),
        Publishable::Malformed => return Err(Violation::malformed_name()),
    }
    if data.get("type").is_some_and(|inner| inner != name) {
        return Err(Violation::other_type());
    }
    let mut theirs = FIELDS_OF_DELIVERY.into_iter();
    if let Some(field) = theirs.find(|field| data.contains_key(*field)) {
        return Err(Violation::field_of_delivery(field));
    }
    let Some(known) = find(name) else {
        return Ok(());
    };
    known.fill_in(data, now, id);
    // A schema that is not to be had lets nothing pass.
    let validator = VALIDATORS.get(name).ok_or_else(Violation::uncheckable)?;
    let whole = Value::Object(std::mem::take(data));
    let checked = validator.validate(&whole);
    let checked = checked.map_err(|error| Violation::of(&error));
    if let Value::Object(whole) = whole {
        *data = whole;
    }
    checked
}

/// All schemas in one document: `$defs` has one for each type, and an event of these types fits exactly one of them.
pub fn document() -> String {
    let named = |known: &Known| (known.name.to_owned(), known.published_schema());
    let types: Map<String, Value> = KNOWN.iter().map(named).collect();
    let one_of: Vec<Value> = KNOWN
        .iter()
        .map(|known| json!({ "$ref": format!("#/$defs/{}", known.name) }))
        .collect();
    let document = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "OtomoEvent",
        "description": "The events that a backend publishes (POST /api/server/events) and clients get, by their type. Durable ones \
                        come with seq and prev. Further fields are passed on. Types of the app's own are not listed here.",
        "oneOf": one_of,
        "$defs": types,
    });
    format!("{document:#}\n")
}

fn find(name: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.name == name)
}

#[cfg(test)]
mod tests;
