//! The schemas of all messages: what they take, and that what we publish of them holds together.

use otomo::protocol::schema::messages::schema as published;
use serde_json::{Value, json};

use super::{GOLDEN, messages};

/// The messages of the golden file: whether each is a command, and what it says.
fn golden() -> Vec<(bool, Value)> {
    let golden = std::fs::read_to_string(GOLDEN).expect("the golden file is there");
    let message = |line: &str| {
        let (direction, json) = line.split_at(4);
        let message = serde_json::from_str(json).expect("JSON");
        (direction == "in  ", message)
    };
    golden.lines().map(message).collect()
}

fn check(is_command: bool, message: &Value) -> Result<(), String> {
    if is_command {
        messages::check_command(message)
    } else {
        messages::check_event(&stamped(message))
    }
}

/// An event as a connection is sent it: durable ones have their place.
fn stamped(event: &Value) -> Value {
    let mut event = event.clone();
    if matches!(
        event["type"].as_str(),
        Some("new-message" | "message-read" | "call_missed")
    ) {
        event["seq"] = 42.into();
        event["prev"] = 41.into();
    }
    event
}

#[test]
fn every_golden_message_is_as_its_type_is_described() {
    for (is_command, message) in golden() {
        check(is_command, &message).unwrap_or_else(|fault| panic!("{fault}"));
    }
}

/// Goal: the schemas would notice a message that is not as it should be.
/// Method: every field of every message is replaced by what it cannot be, and each has a field more.
#[test]
fn a_message_with_a_wrong_field_is_not() {
    let wrong = json!([[{ "no": "field is a list of lists" }]]);
    let mut judged = 0;
    for (is_command, message) in golden() {
        let fields: Vec<String> = message
            .as_object()
            .expect("an object")
            .keys()
            .cloned()
            .collect();
        let of_type = if is_command { "command." } else { "event." };
        let of_type = format!("{of_type}{}", message["type"].as_str().expect("a type"));
        let schema = &published()["$defs"][of_type];
        for field in fields {
            let described = &schema["properties"][&field];
            let free = ["type", "const", "$ref", "anyOf"]
                .iter()
                .all(|it| described.get(it).is_none());
            let mut message = message.clone();
            message[&field] = wrong.clone();
            let refused = check(is_command, &message).is_err();
            assert_eq!(refused, !free, "{message}");
            judged += 1;
        }
        let mut message = message;
        message["forgotten"] = 1.into();
        let open = schema.get("additionalProperties").is_some();
        assert_eq!(check(is_command, &message).is_err(), !open, "{message}");
    }
    assert!(judged > 300, "{judged}");
}

#[test]
fn whatever_a_schema_refers_to_is_there() {
    fn walk(schema: &Value, definitions: &Value, found: &mut usize) {
        match schema {
            Value::Object(keywords) => {
                if let Some(target) = keywords.get("$ref").and_then(Value::as_str) {
                    let name = target
                        .strip_prefix("#/$defs/")
                        .expect("within the document");
                    assert!(definitions.get(name).is_some(), "{target}");
                    *found += 1;
                }
                keywords
                    .values()
                    .for_each(|it| walk(it, definitions, found));
            }
            Value::Array(schemas) => schemas.iter().for_each(|it| walk(it, definitions, found)),
            _ => {}
        }
    }
    let (schema, mut found) = (published(), 0);
    walk(&schema, &schema["$defs"], &mut found);
    assert!(found > 200, "{found}");
    jsonschema::validator_for(&schema).expect("a schema");
}
