//! What suites have in common.

#[path = "../server/support/dice.rs"]
#[allow(
    dead_code,
    reason = "shared with the tests of sockets, which use all of it"
)]
mod dice;

pub use self::dice::Dice;

/// What is told and said.
pub type Json = serde_json::Value;

/// A field that is a text.
pub fn field<'a>(json: &'a Json, name: &str) -> &'a str {
    let text = json[name].as_str();
    text.unwrap_or_else(|| panic!("no text `{name}` in {json}"))
}
