//! What a client got, as JSON.

/// An event as it came over the wire.
pub type Json = serde_json::Value;

/// A field of an event, as text.
#[track_caller]
pub fn field<'a>(event: &'a Json, name: &str) -> &'a str {
    event[name]
        .as_str()
        .unwrap_or_else(|| panic!("no text `{name}` in {event}"))
}
