//! A JSON Schema as a type: as much of JSON Schema as our own schemas use.

use serde_json::Value;

use super::{named, properties, text};

/// The longest line of a comment, in characters.
const WIDTH: usize = 110;

/// A comment that editors show, at some indentation.
pub(super) fn comment(words: &str, indent: &str) -> String {
    let words = words.replace("*/", "*\u{200b}/");
    if words.is_empty() {
        return String::new();
    }
    let one_line = format!("{indent}/** {words} */\n");
    if one_line.chars().count() <= WIDTH {
        return one_line;
    }
    let mut lines = vec![format!("{indent} *")];
    for word in words.split_whitespace() {
        let fits = |line: &String| line.chars().count() + word.chars().count() < WIDTH;
        match lines.last_mut().filter(|line| fits(line)) {
            Some(line) => line.extend([" ", word]),
            None => lines.push(format!("{indent} * {word}")),
        }
    }
    format!("{indent}/**\n{}\n{indent} */\n", lines.join("\n"))
}

/// The name of a field, in quotes where it is no identifier.
pub(super) fn field_name(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if name.bytes().all(plain) {
        name.to_owned()
    } else {
        format!("'{name}'")
    }
}

/// An object with named fields: those that are always there first, in the order of their declaration.
pub(super) fn interface(name: &str, schema: &Value) -> String {
    let mut properties = properties(schema);
    let mut fields = String::new();
    let required = schema.get("required").and_then(Value::as_array);
    let required = required.into_iter().flatten().filter_map(Value::as_str);
    for name in required {
        if let Some(property) = properties.remove(name) {
            fields.push_str(&field(name, "", &property));
        }
    }
    for (name, property) in &properties {
        fields.push_str(&field(name, "?", property));
    }
    if schema.get("additionalProperties") == Some(&Value::Bool(true)) {
        fields.push_str(&comment("What the app adds.", "  "));
        fields.push_str("  [field: string]: unknown;\n");
    }
    format!("export interface {name} {{\n{fields}}}\n")
}

fn field(name: &str, optional: &str, property: &Value) -> String {
    let about = comment(text(property, "description"), "  ");
    format!(
        "{about}  {}{optional}: {};\n",
        field_name(name),
        of(property)
    )
}

/// Anything else by a name. Of words each has its comment.
pub(super) fn alias(name: &str, schema: &Value) -> String {
    let words = schema.get("oneOf").and_then(Value::as_array);
    let Some(words) = words else {
        return format!("export type {name} = {};\n", of(schema));
    };
    let words = words.iter().map(|word| {
        let about = comment(text(word, "description"), "  ");
        format!("\n{about}  | {}", of(word))
    });
    format!("export type {name} ={};\n", words.collect::<String>())
}

/// The type of a value.
fn of(schema: &Value) -> String {
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        return named(target.trim_start_matches("#/$defs/"));
    }
    if let Some(value) = schema.get("const") {
        return literal(value);
    }
    if let Some(Value::Array(values)) = schema.get("enum") {
        return union(values.iter().map(literal));
    }
    let several = schema.get("anyOf").or_else(|| schema.get("oneOf"));
    if let Some(Value::Array(schemas)) = several {
        return union(schemas.iter().map(of));
    }
    match schema.get("type") {
        Some(Value::String(kind)) => of_kind(kind, schema),
        Some(Value::Array(kinds)) => {
            let kinds = kinds.iter().filter_map(Value::as_str);
            union(kinds.map(|kind| of_kind(kind, schema)))
        }
        _ => "unknown".to_owned(),
    }
}

fn of_kind(kind: &str, schema: &Value) -> String {
    match kind {
        "integer" | "number" => "number".to_owned(),
        "array" => format!(
            "Array<{}>",
            schema.get("items").map_or("unknown".to_owned(), of)
        ),
        "object" => format!("{{ [key: string]: {} }}", of_values(schema)),
        // `string`, `boolean` and `null` are the same here.
        same => same.to_owned(),
    }
}

/// What an object has whose keys are not known.
fn of_values(schema: &Value) -> String {
    let by_pattern = schema.get("patternProperties").and_then(Value::as_object);
    let by_pattern = by_pattern.and_then(|patterns| patterns.values().next());
    let values = by_pattern.or_else(|| schema.get("additionalProperties"));
    values.map_or("unknown".to_owned(), of)
}

fn union(types: impl Iterator<Item = String>) -> String {
    let mut union: Vec<String> = Vec::new();
    for each in types {
        if !union.contains(&each) {
            union.push(each);
        }
    }
    union.join(" | ")
}

fn literal(value: &Value) -> String {
    match value {
        Value::String(text) => format!("'{text}'"),
        other => other.to_string(),
    }
}
