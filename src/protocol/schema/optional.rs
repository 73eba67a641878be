//! Fields that an event may lack.

use serde_json::{Map, Value};

use super::plain::without_null;

/// What serde leaves out where there is nothing is never sent as `null`, which a schema that is made from an `Option` allows.
/// Objects that apps may extend are theirs, and stay as they are.
pub(super) fn omit_instead_of_null(schema: &mut Value) {
    match schema {
        Value::Object(schema) => {
            if !schema.contains_key("additionalProperties") {
                omit_in_object(schema);
            }
            schema.values_mut().for_each(omit_instead_of_null);
        }
        Value::Array(schemas) => schemas.iter_mut().for_each(omit_instead_of_null),
        _ => {}
    }
}

fn omit_in_object(schema: &mut Map<String, Value>) {
    let required = schema.get("required").cloned().unwrap_or_default();
    let is_required = |field: &str| {
        let mut names = required.as_array().into_iter().flatten();
        names.any(|name| name == field)
    };
    let Some(Value::Object(properties)) = schema.get_mut("properties") else {
        return;
    };
    for (_, property) in properties.iter_mut().filter(|(name, _)| !is_required(name)) {
        if let Value::Object(property) = property {
            without_null(property);
        }
    }
}
