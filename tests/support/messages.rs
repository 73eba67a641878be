//! Messages held against their schemas (`web/schemas/messages.json`), more strictly than clients are asked to: a message has
//! no field that its schema does not list, so that none is forgotten there.

#[path = "closed.rs"]
pub(crate) mod closed;

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex},
};

use jsonschema::{PatternOptions, Validator};
use otomo::protocol::{
    command::Command,
    event::Event,
    publishing::{Publishable, publishable},
    schema::messages,
};
use serde_json::{Value, json};

use self::closed::close;

/// The document, with all objects closed that are not open to the app.
static SCHEMAS: LazyLock<Value> = LazyLock::new(|| {
    let mut schemas = messages::schema();
    close(&mut schemas["$defs"]);
    schemas
});

/// Each compiled at the first message of its type.
static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

fn validator(name: &str) -> Arc<Validator> {
    let mut validators = VALIDATORS.lock().expect("no panic");
    let validator = validators.entry(name.to_owned()).or_insert_with(|| {
        let schema = json!({ "$ref": format!("#/$defs/{name}"), "$defs": SCHEMAS["$defs"] });
        let validator = jsonschema::options()
            .should_validate_formats(true)
            .with_pattern_options(PatternOptions::regex())
            .build(&schema);
        Arc::new(validator.expect("a schema"))
    });
    Arc::clone(validator)
}

fn check(name: &str, message: &Value) -> Result<(), String> {
    let checked = validator(name).validate(message);
    checked.map_err(|error| {
        let (place, message) = (error.instance_path().to_string(), message.to_string());
        format!("{message} is not as {name} is described: at `{place}`, {error}")
    })
}

/// Whether an event is as its type is described; one of the app's own type may be anything.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check_event(event: &Value) -> Result<(), String> {
    match event["type"].as_str() {
        None => Err(format!("{event} has no type")),
        Some(name) if Event::known_spec(name).is_some() => {
            let mut said = event["events"].as_array().into_iter().flatten();
            said.try_for_each(check_event)?;
            check(&format!("event.{name}"), event)
        }
        Some(name) if publishable(name) == Publishable::Custom => Ok(()),
        Some(_) => Err(format!("{event} has a type that no event may have")),
    }
}

/// Whether a command is as its type is described.
///
/// # Errors
/// What is wrong with it.
#[allow(dead_code, reason = "for the tests of the protocol itself")]
pub(crate) fn check_command(command: &Value) -> Result<(), String> {
    match command["type"].as_str() {
        Some(name) if Command::NAMES.contains(&name) => check(&format!("command.{name}"), command),
        _ => Err(format!("{command} is no command")),
    }
}

/// Whether an event may be the answer to a command: the one that the table of commands names, or an error.
///
/// # Errors
/// If it may not.
#[allow(dead_code, reason = "not every suite hears answers")]
pub(crate) fn check_answer(command: &Value, answer: &Value) -> Result<(), String> {
    let name = command["type"].as_str().unwrap_or_default();
    let expected = match Command::NAMES.contains(&name) {
        true => Command::answer(name),
        // The app's own.
        false => Some("action_ack"),
    };
    match answer["type"].as_str() {
        Some("error") => Ok(()),
        come if come == expected => Ok(()),
        _ => Err(format!(
            "{command} was answered with {answer}, not with {expected:?}"
        )),
    }
}

/// Commands on their way that are to be answered, by what their sender calls them.
#[derive(Debug, Default)]
#[allow(dead_code, reason = "not every suite hears answers")]
pub(crate) struct Asked(HashMap<String, Vec<Value>>);

#[allow(dead_code, reason = "not every suite hears answers")]
impl Asked {
    /// A command was sent, if it is one.
    pub(crate) fn note(&mut self, text: &str) {
        let command: Value = serde_json::from_str(text).unwrap_or_default();
        if let Some(id) = command["requestId"].as_str() {
            self.0.entry(id.to_owned()).or_default().push(command);
        }
    }

    /// Whether an event may be the answer to the command that it is said to answer: one of them, where clients use an id again.
    ///
    /// # Errors
    /// If it may not.
    pub(crate) fn check(&self, event: &Value) -> Result<(), String> {
        let id = event["requestId"].as_str().unwrap_or_default();
        let commands = self.0.get(id).map_or(&[][..], Vec::as_slice);
        let mut verdicts = commands.iter().map(|it| check_answer(it, event));
        let Some(first) = verdicts.next() else {
            return Ok(());
        };
        verdicts.fold(first, Result::or)
    }
}
