//! A JSON Schema as a type: as much of JSON Schema as our own schemas use.

use serde_json::Value;

use super::{named, text};

/// The longest line of a comment, in characters.
const WIDTH: usize = 110;

/// A comment that editors show, at some indentation.
pub fn comment(words: &str, indent: &str) -> String {
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
pub fn field_name(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if name.bytes().all(plain) {
        name.to_owned()
    } else {
        quoted(name)
    }
}

/// The fields of an object: name, `?` where it may be missing, schema. Those that are always there first, in the order of their
/// declaration.
fn fields(schema: &Value) -> Vec<(&str, &str, &Value)> {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return Vec::new();
    };
    let required = schema.get("required").and_then(Value::as_array);
    let required = required.into_iter().flatten().filter_map(Value::as_str);
    let required: Vec<&str> = required.collect();
    let always = required.iter();
    let always = always.filter_map(|name| Some((*name, "", properties.get(*name)?)));
    let others = properties.iter();
    let others = others.filter(|(name, _)| !required.contains(&name.as_str()));
    let others = others.map(|(name, property)| (name.as_str(), "?", property));
    always.chain(others).collect()
}

/// An object with named fields.
pub(super) fn interface(name: &str, schema: &Value) -> String {
    let mut lines = String::new();
    for (name, mark, property) in fields(schema) {
        let about = comment(text(property, "description"), "  ");
        let (name, kind) = (field_name(name), type_of(property));
        lines.push_str(&format!("{about}  {name}{mark}: {kind};\n"));
    }
    if schema.get("additionalProperties") == Some(&Value::Bool(true)) {
        lines.push_str(&comment("Further fields.", "  "));
        lines.push_str("  [field: string]: unknown;\n");
    }
    format!("export interface {name} {{\n{lines}}}\n")
}

/// Anything else by a name. Of words each has its comment.
pub(super) fn alias(name: &str, schema: &Value) -> String {
    let words = schema.get("oneOf").and_then(Value::as_array);
    let Some(words) = words else {
        return format!("export type {name} = {};\n", type_of(schema));
    };
    let words = words.iter().map(|word| {
        let about = comment(text(word, "description"), "  ");
        format!("\n{about}  | {}", type_of(word))
    });
    format!("export type {name} ={};\n", words.collect::<String>())
}

/// The type of a value.
pub fn type_of(schema: &Value) -> String {
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        let name = target
            .rsplit_once('/')
            .map_or(target, |(_place, name)| name);
        return named(name);
    }
    if let Some(value) = schema.get("const") {
        return literal(value);
    }
    if let Some(Value::Array(values)) = schema.get("enum") {
        return union(values.iter().map(literal));
    }
    let several = schema.get("anyOf").or_else(|| schema.get("oneOf"));
    if let Some(Value::Array(schemas)) = several {
        return union(schemas.iter().map(type_of));
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
            schema.get("items").map_or("unknown".to_owned(), type_of)
        ),
        "object" if schema.get("properties").is_some() => {
            let fields = fields(schema).into_iter();
            let fields = fields.map(|(name, mark, property)| {
                format!("{}{mark}: {}", field_name(name), type_of(property))
            });
            format!("{{ {} }}", fields.collect::<Vec<_>>().join("; "))
        }
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
    values.map_or("unknown".to_owned(), type_of)
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
        Value::String(text) => quoted(text),
        other => other.to_string(),
    }
}

/// A text, with whatever is in it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_of_a_schema_is_one_text_of_typescript() {
        let schema = json!({"enum": ["plain", "it's", r"back\slash"]});
        assert_eq!(type_of(&schema), r"'plain' | 'it\'s' | 'back\\slash'");
        assert_eq!(field_name("x-it's"), r"'x-it\'s'");
    }
}
