//! The types of REST for TypeScript (`web/client/types/rest_api.d.ts`, `otomo schema typescript-rest`), written from the OpenAPI
//! document as the types of messages are from their schemas.

use serde_json::{Map, Value};

use super::gives::JSON;
use crate::protocol::schema::typescript;

const HEAD: &str = "\
// The REST of Otomo. Written by `otomo schema typescript-rest` from its OpenAPI document (web/schemas/openapi.json): do not edit.
";

/// How an operation is found by a path in which ids are filled in.
const LOOKUP: &str = "
/** Whether a part of a path may stand in a place of a described one: whatever is no name in braces for a variable. */
type Fits<Part extends string, Place extends string> = Place extends `{${string}}`
  ? Part extends '' | `{${string}}` ? false : true
  : Part extends Place ? true : false;

type Leads<Path extends string, Described extends string> = Described extends `${infer Place}/${infer Places}`
  ? Path extends `${infer Part}/${infer Parts}`
    ? Fits<Part, Place> extends true ? Leads<Parts, Places> : false
    : false
  : Path extends `${string}/${string}` ? false : Fits<Path, Described>;

/** Which described path a path is, as it stands in the document or filled in. */
type DescribedPath<Method extends keyof Operations, Path extends string> = Path extends keyof Operations[Method]
  ? Path
  : {
      [Described in keyof Operations[Method]]: Leads<Path, Described & string> extends true ? Described : never;
    }[keyof Operations[Method]];

/** What a path takes and gives that is in no document, or is only known as a string. */
export interface AnyOperation {
  query: any;
  body: any;
  answer: any;
}

/** The operation that a path leads to, as it is written in code: `/api/me`, `/api/calls/${id}`. */
export type Operation<Method extends keyof Operations, Path extends string> = Path extends string
  ? [DescribedPath<Method, Path>] extends [never] ? AnyOperation : Operations[Method][DescribedPath<Method, Path>]
  : never;
";

/// The file. `openapi` is the document.
pub fn document(openapi: &Value) -> String {
    let mut file = HEAD.to_owned();
    typescript::heading(&mut file, "What bodies and answers consist of");
    for (name, schema) in fields_of(openapi, &["components", "schemas"]) {
        file.push_str(&typescript::declaration(name, schema));
    }
    typescript::heading(&mut file, "Operations");
    let about =
        "Every operation that answers in JSON, or with nothing, by its method and its path.";
    file.push_str(&format!(
        "\n{}export interface Operations {{\n",
        typescript::comment(about, "")
    ));
    for method in ["get", "post", "put", "delete"] {
        let operations = fields_of(openapi, &["paths"]);
        let operations = operations.filter_map(|(path, of_path)| entry(path, of_path.get(method)?));
        file.push_str(&format!(
            "  {method}: {{\n{}  }};\n",
            operations.collect::<String>()
        ));
    }
    file.push_str("}\n");
    file.push_str(LOOKUP);
    file
}

/// An operation as a field; `None` for one that answers with something else.
fn entry(path: &str, operation: &Value) -> Option<String> {
    let answers = fields_of(operation, &["responses"]);
    let answers = answers.filter(|(status, _)| status.starts_with('2'));
    let answers: Option<Vec<String>> = answers.map(|(_, answer)| type_of_answer(answer)).collect();
    let mut answers = answers?;
    answers.dedup();
    let body = at(operation, &["requestBody", "content", JSON, "schema"]);
    let body = body.map_or_else(|| "undefined".to_owned(), typescript::type_of);
    let about = typescript::comment(typescript::text(operation, "summary"), "    ");
    let name = typescript::field_name(path);
    let (query, answer) = (query(operation), answers.join(" | "));
    Some(format!(
        "{about}    {name}: {{ query: {query}; body: {body}; answer: {answer} }};\n"
    ))
}

fn type_of_answer(answer: &Value) -> Option<String> {
    match answer.get("content") {
        None => Some("null".to_owned()),
        Some(content) => at(content, &[JSON, "schema"]).map(typescript::type_of),
    }
}

/// What may be asked for beside the path.
fn query(operation: &Value) -> String {
    let parameters = operation.get("parameters").and_then(Value::as_array);
    let parameters = parameters.into_iter().flatten();
    let parameters = parameters.filter(|parameter| typescript::text(parameter, "in") == "query");
    let fields: Vec<String> = parameters.map(parameter).collect();
    if fields.is_empty() {
        return "Record<string, never>".to_owned();
    }
    format!("{{ {} }}", fields.join("; "))
}

fn parameter(parameter: &Value) -> String {
    let name = typescript::field_name(typescript::text(parameter, "name"));
    let required = parameter.get("required").and_then(Value::as_bool);
    let mark = if required == Some(true) { "" } else { "?" };
    let kind = parameter
        .get("schema")
        .map(typescript::type_of)
        .unwrap_or_default();
    format!("{name}{mark}: {kind}")
}

/// What is at a place in the document.
fn at<'a>(whole: &'a Value, place: &[&str]) -> Option<&'a Value> {
    place.iter().try_fold(whole, |part, name| part.get(name))
}

fn fields_of<'a>(whole: &'a Value, place: &[&str]) -> impl Iterator<Item = (&'a str, &'a Value)> {
    let fields = at(whole, place).and_then(Value::as_object);
    let fields = fields.into_iter().flat_map(Map::iter);
    fields.map(|(name, value)| (name.as_str(), value))
}
