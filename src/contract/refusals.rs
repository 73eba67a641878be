//! Errors in the document: the one body that all have, and each code with its status.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{gives::JSON, schemas::Schemas};
use crate::protocol::{error_code::ErrorCode, fault::Fault};

/// The body of every answer that is an error.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Error")]
pub struct ErrorBody<'a> {
    error: Told<'a>,
}

/// What is wrong.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ErrorDetails")]
struct Told<'a> {
    code: ErrorCode,
    /// For the programmer: what to do about it. Programs act on the code.
    message: &'a str,
    /// What the error is about: `retryAfterMs`, `path`, `phase`, .. Which there are depends on the code.
    #[serde(skip_serializing_if = "Map::is_empty")]
    context: &'a Map<String, Value>,
}

impl<'a> From<&'a Fault> for ErrorBody<'a> {
    fn from(fault: &'a Fault) -> Self {
        let Fault {
            code,
            message,
            context,
        } = fault;
        let code = *code;
        Self {
            error: Told {
                code,
                message,
                context,
            },
        }
    }
}

/// Has the schema of errors in the document.
pub(super) fn describe(schemas: &mut Schemas) {
    schemas.outgoing::<ErrorBody<'_>>();
}

/// A response for each code of the catalogue.
pub(super) fn components() -> BTreeMap<&'static str, Value> {
    let each = ErrorCode::ALL.iter();
    each.map(|code| (code.as_str(), described(&[*code])))
        .collect()
}

/// The answer with the status that these codes have in common.
pub(super) fn response(codes: &[ErrorCode]) -> Value {
    match codes {
        [one] => json!({"$ref": format!("#/components/responses/{one}")}),
        several => described(several),
    }
}

fn described(codes: &[ErrorCode]) -> Value {
    let names: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
    let lines: Vec<String> = codes.iter().map(|code| line(*code)).collect();
    let narrowed = json!({"properties": {"error": {"properties": {"code": {"enum": names}}}}});
    let schema = json!({"allOf": [{"$ref": "#/components/schemas/Error"}, narrowed]});
    let status = codes.first().map(|code| code.http_status());
    json!({
        "description": lines.join("\n"),
        "headers": status.map_or_else(|| json!({}), headers),
        "content": {JSON: {"schema": schema}},
    })
}

fn line(code: ErrorCode) -> String {
    format!("`{code}`: {}", code.meaning())
}

/// What clients do not have to read the body for.
fn headers(status: u16) -> Value {
    let (name, description, schema) = match status {
        401 => (
            "WWW-Authenticate",
            "With `error=\"invalid_token\"` where the token has expired.",
            json!({"type": "string"}),
        ),
        429 | 503 => (
            "Retry-After",
            "Whole seconds after which it is worth trying again.",
            json!({"type": "integer", "minimum": 1}),
        ),
        _ => return json!({}),
    };
    json!({name: {"description": description, "schema": schema}})
}
