//! The types that clients know and backends may publish, with what the server fills in.

use schemars::{JsonSchema, Schema, generate::SchemaSettings, transform::RecursiveTransform};
use serde_json::{Map, Value, json};

use crate::{
    kernel::{ids::EventId, iso::Iso, time::Timestamp},
    protocol::event::{
        ActionResult, GameEnded, GameError, GameStarted, NarrativeUpdate, Notification,
        PlayerStatusUpdate, SpDailyRecovery, SpInsufficient, SpUpdate, StateUpdate,
    },
};

/// A type that backends may publish.
pub(super) struct Known {
    /// Its name.
    pub(super) name: &'static str,
    /// The schema of its struct.
    of_struct: fn() -> Schema,
    /// What the server fills in where it is missing.
    filled: &'static [(&'static str, Filled)],
    /// What only the server knows of its own events: others need not have it.
    optional: &'static [&'static str],
}

/// What a field is filled with.
#[derive(Clone, Copy)]
enum Filled {
    /// The time, in ISO 8601.
    Iso,
    /// The time, in UNIX seconds.
    Seconds,
    /// A new id.
    Id,
    /// An object without fields.
    Empty,
}

/// The times of source document 003.
const ISO: &[(&str, Filled)] = &[("timestamp", Filled::Iso)];

/// All of them.
pub(super) const KNOWN: &[Known] = &[
    Known::new::<GameStarted>("game_started", ISO),
    Known::new::<NarrativeUpdate>("narrative_update", ISO),
    Known::new::<ActionResult>("action_result", ISO),
    Known::new::<StateUpdate>("state_update", ISO),
    Known::new::<PlayerStatusUpdate>("player_status_update", ISO),
    Known::new::<GameEnded>("game_ended", ISO),
    Known::new::<GameError>("game_error", ISO),
    Known::new::<SpUpdate>(
        "sp_update",
        &[("timestamp", Filled::Iso), ("metadata", Filled::Empty)],
    ),
    Known::new::<SpInsufficient>("sp_insufficient", ISO),
    // Not of the document: a backend that counts points itself may have no such day.
    Known::new::<SpDailyRecovery>("sp_daily_recovery", ISO).with_optional(&["date"]),
    Known::new::<Notification>(
        "notification",
        &[
            ("id", Filled::Id),
            ("timestamp", Filled::Seconds),
            ("data", Filled::Empty),
        ],
    ),
];

impl Known {
    const fn new<T: JsonSchema>(
        name: &'static str,
        filled: &'static [(&'static str, Filled)],
    ) -> Self {
        Self {
            name,
            of_struct: of_struct::<T>,
            filled,
            optional: &[],
        }
    }

    /// Says which fields others need not have.
    const fn with_optional(self, optional: &'static [&'static str]) -> Self {
        Self { optional, ..self }
    }

    /// Fills in what is missing.
    pub(super) fn fill_in(&self, data: &mut Map<String, Value>, now: Timestamp, id: EventId) {
        for (field, filled) in self.filled {
            let entry = data.entry(*field);
            entry.or_insert_with(|| match filled {
                Filled::Iso => json!(Iso(now)),
                Filled::Seconds => json!(now.unix_seconds()),
                Filled::Id => json!(id),
                Filled::Empty => json!({}),
            });
        }
    }

    /// The schema of what `data` holds once it is complete.
    pub(super) fn schema(&self) -> Value {
        let mut schema = (self.of_struct)().to_value();
        if let Some(Value::Array(required)) = schema.get_mut("required") {
            required.retain(|field| !self.optional.iter().any(|optional| field == optional));
        }
        schema
    }

    /// The schema of the event as clients get it.
    pub(super) fn published_schema(&self) -> Value {
        let mut schema = self.schema();
        if let Some(Value::Array(required)) = schema.get_mut("required") {
            required.insert(0, "type".into());
        }
        let Some(Value::Object(properties)) = schema.get_mut("properties") else {
            return schema;
        };
        for (field, _) in self.filled {
            if let Some(Value::String(description)) = properties
                .get_mut(*field)
                .and_then(|field| field.get_mut("description"))
            {
                description.push_str(" Where a backend leaves it out, the server fills it in.");
            }
        }
        properties.insert("type".to_owned(), json!({ "const": self.name }));
        schema
    }
}

/// The schema of a struct as it is sent, in one piece.
fn of_struct<T: JsonSchema>() -> Schema {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let settings = settings.with(|settings| {
        settings.meta_schema = None;
        settings.inline_subschemas = true;
    });
    settings
        .with_transform(RecursiveTransform(bound_integers))
        .into_generator()
        .into_root_schema_for::<T>()
}

/// To JSON Schema a format of a number is a remark; a balance beyond 64 bits is no balance.
fn bound_integers(schema: &mut Schema) {
    if schema.get("format").is_some_and(|format| format == "int64") {
        schema.insert("minimum".to_owned(), i64::MIN.into());
        schema.insert("maximum".to_owned(), i64::MAX.into());
    }
}
