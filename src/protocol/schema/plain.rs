//! Schemas without what is only of their making: in what describes messages, and in what describes HTTP.

use schemars::Schema;
use serde_json::{Map, Value};

/// Documentation has lines for those who read the sources.
pub fn unwrap_lines(schema: &mut Schema) {
    if let Some(Value::String(description)) = schema.get_mut("description") {
        *description = description.replace('\n', " ");
    }
}

/// Takes `null` out of what a value may be: it is there or not. What the schema says beside the choice stands.
pub fn without_null(schema: &mut Map<String, Value>) {
    if let Some(kinds) = schema.get_mut("type") {
        if let Value::Array(several) = kinds {
            several.retain(|kind| kind != "null");
        }
        if let Some([kind]) = kinds.as_array().map(Vec::as_slice) {
            *kinds = kind.clone();
        }
    }
    let Some(Value::Array(any)) = schema.get_mut("anyOf") else {
        return;
    };
    any.retain(|schema| schema.get("type").is_none_or(|kind| kind != "null"));
    if let [Value::Object(only)] = any.as_slice() {
        let only = only.clone();
        schema.remove("anyOf");
        for (keyword, value) in only {
            schema.entry(keyword).or_insert(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_null_stays_as_it_is_said() {
        let cases = [
            (
                json!({"type": ["integer", "null"], "minimum": 1}),
                json!({"type": "integer", "minimum": 1}),
            ),
            (
                json!({"type": ["integer", "string", "null"]}),
                json!({"type": ["integer", "string"]}),
            ),
            (json!({"type": "string"}), json!({"type": "string"})),
            (
                json!({"anyOf": [{"description": "any", "type": "string"}, {"type": "null"}], "description": "this"}),
                json!({"description": "this", "type": "string"}),
            ),
            (
                json!({"anyOf": [{"$ref": "#/a"}, {"$ref": "#/b"}, {"type": "null"}]}),
                json!({"anyOf": [{"$ref": "#/a"}, {"$ref": "#/b"}]}),
            ),
        ];
        for (schema, expected) in cases {
            let mut fields = schema.as_object().unwrap().clone();
            without_null(&mut fields);
            assert_eq!(Value::Object(fields), expected);
        }
    }
}
