//! A message as the tables of [`event`](super::event) and [`command`](super::command) describe it.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};

/// How a message looks and what it is for.
#[derive(Debug, Clone, Copy)]
pub struct Described {
    /// Its `type`.
    pub name: &'static str,
    /// The lines of its documentation.
    docs: &'static [&'static str],
    /// The name of its struct in the schemas.
    pub(in crate::protocol) title: fn() -> Cow<'static, str>,
    /// The schema of its fields; what they refer to is added to the generator's definitions.
    pub(in crate::protocol) fields: fn(&mut SchemaGenerator) -> Schema,
}

impl Described {
    /// A message whose fields are those of `T`.
    pub(in crate::protocol) const fn new<T: JsonSchema>(
        name: &'static str,
        docs: &'static [&'static str],
    ) -> Self {
        Self {
            name,
            docs,
            title: T::schema_name,
            fields: T::json_schema,
        }
    }

    /// Its documentation in one line.
    pub fn description(&self) -> String {
        let lines: Vec<&str> = self.docs.iter().map(|line| line.trim()).collect();
        lines.join(" ")
    }
}
