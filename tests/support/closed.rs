//! Schemas that take no field that they do not list, so that none is forgotten there. Clients are asked to be less strict.

use serde_json::Value;

/// Closes all objects in a schema that list their fields and say nothing of others.
pub(crate) fn close(schema: &mut Value) {
    match schema {
        Value::Object(keywords) => {
            keywords.values_mut().for_each(close);
            // A list of fields has no such type, though a field of it may be called `properties`, or `type`.
            let is_object = keywords.get("type").is_some_and(|it| it == "object");
            if is_object && keywords.contains_key("properties") {
                let others = keywords.entry("additionalProperties");
                others.or_insert(false.into());
            }
        }
        Value::Array(schemas) => schemas.iter_mut().for_each(close),
        _ => {}
    }
}
