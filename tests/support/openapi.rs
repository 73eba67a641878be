//! Every answer over HTTP is held against the OpenAPI document: its operation is there, its status is described for it, its body
//! fits the schema and has no field that the schema does not name. What was accepted must fit too. The query of a request is not
//! looked at.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::{Value, json};

use super::messages::closed::close;

/// Under these the document is whole: whatever is not in it is not there.
const DESCRIBED: [&str; 5] = ["/api", "/admin/api", "/health", "/metrics", "/sse"];

/// The document, as the code has it.
static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let document = otomo::app::openapi();
    serde_json::from_str(&document).expect("a document in JSON")
});

/// The schemas by name, closed to fields that they do not name.
static CLOSED: LazyLock<Value> = LazyLock::new(|| {
    let mut schemas = DOCUMENT["components"]["schemas"].clone();
    close(&mut schemas);
    schemas
});

/// Compiled schemas, by where they are in the document.
static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// One request and its answer.
pub struct Exchange<'a> {
    /// The method.
    pub method: &'a str,
    /// The path, without the query.
    pub path: &'a str,
    /// What was sent, if it is known.
    pub sent: Option<&'a [u8]>,
    /// The status.
    pub status: u16,
    /// The type of the answer's body.
    pub content_type: &'a str,
    /// The answer's body.
    pub body: &'a str,
}

/// Fails if the exchange is not as the document says.
#[track_caller]
pub fn check(exchange: &Exchange<'_>) {
    if let Err(fault) = fault(exchange) {
        let Exchange {
            method,
            path,
            status,
            body,
            ..
        } = exchange;
        panic!("{method} {path} -> {status} is not as openapi.json says: {fault}\n{body}");
    }
}

fn fault(exchange: &Exchange<'_>) -> Result<(), String> {
    let described = DESCRIBED.iter().any(|place| {
        let below = exchange.path.strip_prefix(place);
        below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
    });
    // A preflight is the browser's own affair.
    if !described || exchange.method == "OPTIONS" {
        return Ok(());
    }
    let Some((path, methods)) = operations(exchange.path) else {
        return unless_refused(exchange, &[401, 403, 404]);
    };
    // What can be read can be asked for without its body.
    let head = exchange.method == "HEAD";
    let method = if head {
        "get".to_owned()
    } else {
        exchange.method.to_lowercase()
    };
    let operation = &methods[&method];
    if operation.is_null() {
        return unless_refused(exchange, &[401, 403, 405]);
    }
    let status = exchange.status.to_string();
    let answer = resolved(&operation["responses"][&status]);
    if answer.is_null() {
        return Err("the status is not described".to_owned());
    }
    let place = format!("{method} {path} {status}");
    match answer["content"].as_object() {
        None if exchange.body.is_empty() => Ok(()),
        None => Err("there should be no body".to_owned()),
        Some(_) if head => Ok(()),
        Some(content) => {
            let kind = content
                .iter()
                .find(|(kind, _)| *kind == exchange.content_type);
            let (kind, of_kind) = kind.ok_or("the type of the body is not described")?;
            match kind.as_str() {
                "application/json" => fits(
                    &place,
                    &of_kind["schema"],
                    &CLOSED,
                    exchange.body.as_bytes(),
                ),
                _ => Ok(()),
            }
        }
    }?;
    let accepted = (200..300).contains(&exchange.status);
    let body = &operation["requestBody"]["content"]["application/json"]["schema"];
    match exchange.sent.filter(|_| accepted && !body.is_null()) {
        None => Ok(()),
        Some(sent) => {
            let open = &DOCUMENT["components"]["schemas"];
            let place = format!("{method} {path} sent");
            fits(&place, body, open, sent).map_err(|fault| format!("it was accepted, but {fault}"))
        }
    }
}

/// The path of the document that is taken for a path, and its methods: words before variables.
fn operations(path: &str) -> Option<(&'static str, &'static Value)> {
    let paths = DOCUMENT["paths"].as_object().expect("paths");
    let fitting = paths.iter().filter(|(template, _)| is_of(path, template));
    let fewest_variables = fitting.min_by_key(|(template, _)| template.matches('{').count());
    fewest_variables.map(|(template, methods)| (template.as_str(), methods))
}

fn is_of(path: &str, template: &str) -> bool {
    let (parts, pattern) = (path.split('/'), template.split('/'));
    let fits = |(part, pattern): (&str, &str)| {
        part == pattern || (pattern.starts_with('{') && !part.is_empty())
    };
    parts.clone().count() == pattern.clone().count() && parts.zip(pattern).all(fits)
}

/// What is not in the document must be refused, in the one shape.
fn unless_refused(exchange: &Exchange<'_>, statuses: &[u16]) -> Result<(), String> {
    if !statuses.contains(&exchange.status) {
        return Err("the document has no such operation".to_owned());
    }
    if exchange.method == "HEAD" {
        return Ok(());
    }
    let error = json!({"$ref": "#/components/schemas/Error"});
    fits("error", &error, &CLOSED, exchange.body.as_bytes())
}

fn resolved(response: &'static Value) -> &'static Value {
    match response["$ref"].as_str() {
        Some(place) => DOCUMENT
            .pointer(place.trim_start_matches('#'))
            .expect("a response"),
        None => response,
    }
}

fn fits(place: &str, schema: &Value, schemas: &Value, body: &[u8]) -> Result<(), String> {
    let body: Value = serde_json::from_slice(body).map_err(|fault| format!("no JSON: {fault}"))?;
    let validator = validator(place, schema, schemas);
    let faults: Vec<String> = validator
        .iter_errors(&body)
        .map(|fault| format!("{} {fault}", fault.instance_path()))
        .collect();
    match faults.is_empty() {
        true => Ok(()),
        false => Err(faults.join("; ")),
    }
}

fn validator(place: &str, schema: &Value, schemas: &Value) -> Arc<Validator> {
    let mut validators = VALIDATORS.lock().unwrap_or_else(PoisonError::into_inner);
    let validator = validators.entry(place.to_owned()).or_insert_with(|| {
        let whole = json!({"components": {"schemas": schemas}, "allOf": [schema]});
        let options = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            .with_pattern_options(PatternOptions::regex());
        Arc::new(options.build(&whole).expect("a schema"))
    });
    Arc::clone(validator)
}
