//! The types of bodies and parameters as JSON Schemas (draft 2020-12, which OpenAPI 3.1 uses).

use schemars::{
    JsonSchema, Schema, SchemaGenerator,
    generate::SchemaSettings,
    transform::{RecursiveTransform, Transform as _},
};
use serde_json::{Map, Value};

use crate::protocol::schema::plain::{unwrap_lines, without_null};

/// Where the document keeps them.
const PLACE: &str = "/components/schemas";

/// The schemas of a document. What is read and what is written may differ for one type: what is missing may be filled in
/// when it is read, and is there when it is written.
pub struct Schemas {
    incoming: SchemaGenerator,
    outgoing: SchemaGenerator,
}

impl Schemas {
    pub(super) fn new() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.meta_schema = None;
            settings.definitions_path = PLACE.into();
            settings.untagged_enum_variant_titles = false;
        });
        Self {
            incoming: settings.clone().for_deserialize().into_generator(),
            outgoing: settings.for_serialize().into_generator(),
        }
    }

    /// The schema of what is sent to us.
    pub fn incoming<T: JsonSchema>(&mut self) -> Value {
        plain(self.incoming.subschema_for::<T>())
    }

    /// The schema of what we answer with.
    pub fn outgoing<T: JsonSchema>(&mut self) -> Value {
        plain(self.outgoing.subschema_for::<T>())
    }

    /// The fields of a query: name, whether it must be there, schema.
    pub(super) fn fields<T: JsonSchema>(&mut self) -> Vec<(String, bool, Value)> {
        let schema = plain(T::json_schema(&mut self.incoming));
        let required = schema.get("required").and_then(Value::as_array);
        let is_required =
            |name: &str| required.is_some_and(|names| names.iter().any(|it| it == name));
        let Some(Value::Object(fields)) = schema.get("properties").cloned() else {
            return Vec::new();
        };
        let field = |(name, schema): (String, Value)| {
            let required = is_required(&name);
            (name, required, said_or_not(schema))
        };
        fields.into_iter().map(field).collect()
    }

    /// The variables of a path: those of a tuple, or one.
    pub(super) fn variables<T: JsonSchema>(&mut self) -> Vec<Value> {
        let mut schema = self.incoming::<T>();
        match schema.get_mut("prefixItems").map(Value::take) {
            Some(Value::Array(several)) => several,
            _ => vec![schema],
        }
    }

    /// All that have names.
    ///
    /// # Panics
    /// If two types have one name. Give one of them another: `#[schemars(rename = "..")]`.
    pub(super) fn into_components(mut self) -> Map<String, Value> {
        let mut components = self.outgoing.take_definitions(true);
        for (name, schema) in self.incoming.take_definitions(true) {
            let written = components.insert(name.clone(), schema.clone());
            assert!(
                written.is_none_or(|written| written == schema),
                "{name} is read and written in different forms: use two types"
            );
        }
        for (name, schema) in &mut components {
            assert!(
                !name.ends_with(|last: char| last.is_ascii_digit()),
                "another type has the name of {name}: rename one of them"
            );
            *schema = plain(Schema::try_from(schema.take()).unwrap_or_default());
        }
        components
    }
}

/// A schema with what its formats mean said in words that every reader of JSON Schema knows.
fn plain(mut schema: Schema) -> Value {
    RecursiveTransform(bound).transform(&mut schema);
    RecursiveTransform(unwrap_lines).transform(&mut schema);
    schema.to_value()
}

/// To JSON Schema a format of a number is a remark.
fn bound(schema: &mut Schema) {
    let format = schema.get("format").and_then(Value::as_str);
    let (least, most): (Value, Value) = match format {
        Some("int32") => (i32::MIN.into(), i32::MAX.into()),
        Some("int64") => (i64::MIN.into(), i64::MAX.into()),
        Some("uint32") => (0.into(), u32::MAX.into()),
        Some("uint64" | "uint") => (0.into(), u64::MAX.into()),
        _ => return,
    };
    for (bound, value) in [("minimum", least), ("maximum", most)] {
        if schema.get(bound).is_none() {
            schema.insert(bound.to_owned(), value);
        }
    }
}

/// In a query a value is there or not; there is no `null`, and nothing that stands for one.
fn said_or_not(mut schema: Value) -> Value {
    if let Value::Object(fields) = &mut schema {
        without_null(fields);
        fields.remove("default");
    }
    schema
}
