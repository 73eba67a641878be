//! The OpenAPI document: what is served is what the code says, and it reads well.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    api::Api,
    support::{Json, TestServer},
};

fn document() -> Json {
    serde_json::from_str(&otomo::app::openapi()).expect("a document in JSON")
}

/// Every operation, as `GET /api/me`, with what is said of it.
fn operations(document: &Json) -> Vec<(String, &Json)> {
    let paths = document["paths"].as_object().expect("paths");
    let operations = paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().expect("methods");
        let named = move |(method, operation)| (format!("{method} {path}"), operation);
        methods.iter().map(named)
    });
    operations.collect()
}

#[tokio::test]
async fn the_document_is_served_to_anybody() {
    let server = TestServer::start().await;
    let anybody = Api::stranger(&server);
    let served = anybody.get("/openapi.json").await;
    assert_eq!(served.header("content-type"), "application/json");
    assert_eq!(served.ok(), document());
}

#[test]
fn every_operation_has_a_name_for_programs_and_a_line_for_people() {
    let document = document();
    let operations = operations(&document);
    assert!(operations.len() >= 50, "{} operations", operations.len());
    let mut ids = BTreeSet::new();
    for (name, operation) in operations {
        let id = operation["operationId"].as_str().unwrap_or_default();
        let is_camel_case = id.starts_with(|first: char| first.is_ascii_lowercase())
            && id.chars().all(|c| c.is_ascii_alphanumeric());
        assert!(is_camel_case && ids.insert(id), "{name}: {id:?}");
        let summary = operation["summary"].as_str().unwrap_or_default();
        let is_one_line = (3..=80).contains(&summary.len()) && !summary.ends_with('.');
        assert!(is_one_line, "{name}: {summary:?}");
        assert_eq!(
            operation["tags"].as_array().map(Vec::len),
            Some(1),
            "{name}"
        );
    }
}

#[test]
fn descriptions_are_for_who_builds_an_app() {
    fn texts<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(fields) => {
                let described = fields.get("description").and_then(Value::as_str);
                found.extend(described);
                fields.values().for_each(|field| texts(field, found));
            }
            Value::Array(values) => values.iter().for_each(|value| texts(value, found)),
            _ => {}
        }
    }
    let document = document();
    let mut found = Vec::new();
    texts(&document, &mut found);
    for text in found {
        let of_the_code = text.contains("[`") || text.contains("::");
        assert!(!of_the_code, "a word of the code: {text}");
    }
}

/// It is described where the next page is told, and nowhere else.
#[test]
fn a_cursor_is_taken_where_one_is_given() {
    let document = document();
    for (name, operation) in operations(&document) {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let takes = parameters.into_iter().any(|it| it["name"] == "cursor");
        let answer = &operation["responses"]["200"]["content"]["application/json"]["schema"];
        let schema = answer["$ref"].as_str().unwrap_or_default();
        let schema = document
            .pointer(schema.trim_start_matches('#'))
            .unwrap_or(answer);
        let gives = schema["properties"]["nextCursor"].is_object();
        // The slow are one page of sessions.
        assert!(takes == gives || name == "get /admin/api/slow", "{name}");
    }
}
