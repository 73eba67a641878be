//! What an operation of the document is made of.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::refusals;
use crate::protocol::error_code::ErrorCode;

/// What a handler's types, and who wrote the endpoint, say of it.
#[derive(Default)]
pub struct Operation {
    /// Parameters, but for those of the path.
    parameters: Vec<Value>,
    /// The schemas of the path's variables, in their order.
    variables: Vec<Value>,
    body: Option<Value>,
    answers: BTreeMap<u16, Value>,
    /// By status.
    refusals: BTreeMap<u16, Vec<ErrorCode>>,
}

impl Operation {
    /// A parameter of the query.
    pub(super) fn query(&mut self, name: &str, required: bool, schema: Value) {
        self.parameter("query", name, required, schema);
    }

    /// A header.
    pub fn header(&mut self, name: &str, required: bool, schema: Value) {
        self.parameter("header", name, required, schema);
    }

    /// What is said about the schema is said about the parameter, where people look for it.
    fn parameter(&mut self, place: &str, name: &str, required: bool, mut schema: Value) {
        let description = schema
            .as_object_mut()
            .and_then(|it| it.remove("description"));
        let mut parameter =
            json!({"in": place, "name": name, "required": required, "schema": schema});
        if let (Some(parameter), Some(description)) = (parameter.as_object_mut(), description) {
            parameter.insert("description".to_owned(), description);
        }
        self.parameters.push(parameter);
    }

    /// The schemas of the path's variables.
    pub(super) fn variables(&mut self, schemas: Vec<Value>) {
        self.variables = schemas;
    }

    /// A JSON body.
    pub(super) fn body(&mut self, schema: Value) {
        let content = json!({"application/json": {"schema": schema}});
        self.body = Some(json!({"required": true, "content": content}));
    }

    /// An answer without content.
    pub(super) fn answer_nothing(&mut self, status: u16, description: &str) {
        self.answers
            .insert(status, json!({"description": description}));
    }

    /// An answer with content of a type.
    pub fn answer(&mut self, status: u16, description: &str, content_type: &str, schema: Value) {
        let content = json!({content_type: {"schema": schema}});
        let answer = json!({"description": description, "content": content});
        self.answers.insert(status, answer);
    }

    /// Errors that may come.
    pub fn refuse(&mut self, codes: impl IntoIterator<Item = ErrorCode>) {
        for code in codes {
            let same_status = self.refusals.entry(code.http_status()).or_default();
            if !same_status.contains(&code) {
                same_status.push(code);
            }
        }
    }

    /// Everything that comes after an operation's name. `path` is the whole path.
    ///
    /// # Panics
    /// If the path has other variables than the handler takes.
    pub(super) fn into_json(self, path: &str) -> Map<String, Value> {
        let names = variables(path);
        assert_eq!(names.len(), self.variables.len(), "the variables of {path}");
        let variables = names.into_iter().zip(self.variables);
        let mut parameters: Vec<Value> = variables
            .map(|(name, schema)| json!({"in": "path", "name": name, "required": true, "schema": schema}))
            .collect();
        parameters.extend(self.parameters);
        let answers = self.answers.into_iter();
        let refusals = self.refusals.into_iter();
        let refusals = refusals.map(|(status, codes)| (status, refusals::response(&codes)));
        let responses: BTreeMap<String, Value> = answers
            .chain(refusals)
            .map(|(status, response)| (status.to_string(), response))
            .collect();
        let parameters = (!parameters.is_empty()).then(|| parameters.into());
        let parts = [
            ("parameters", parameters),
            ("requestBody", self.body),
            ("responses", Some(json!(responses))),
        ];
        let named = |(name, part): (&str, Option<Value>)| Some((name.to_owned(), part?));
        parts.into_iter().filter_map(named).collect()
    }
}

/// The names in braces.
fn variables(path: &str) -> Vec<&str> {
    let parts = path.split('/');
    parts
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .collect()
}
