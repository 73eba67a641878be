//! Why JSON cannot be read, in plain words. What serde says of it names types of this program and places in a text that nobody
//! sees; who has sent it wants to know which field it is, what it must be, and what it is.

use std::fmt;

use serde::{Deserialize, de::IgnoredAny};

/// The most characters of what was sent that are told back.
const SHOWN_MAX: usize = 64;

/// What is wrong with JSON, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Where: `offer.sdp`, `members[2]`; empty for the whole.
    pub path: String,
    /// What is wrong there: completes a sentence that begins with the path.
    pub message: String,
}

impl Unreadable {
    /// The whole sentence. `whole` is what is told to be wrong where it is no part of it.
    pub fn within(&self, whole: &str) -> String {
        let place = if self.path.is_empty() {
            whole
        } else {
            &self.path
        };
        format!("{place} {}", self.message)
    }
}

impl From<&serde_json::Error> for Unreadable {
    /// Without the place, but for a field that is missing.
    fn from(error: &serde_json::Error) -> Self {
        let (field, message) = match error.classify() {
            serde_json::error::Category::Data => in_words(said(&error.to_string())),
            serde_json::error::Category::Eof if error.column() == 0 && error.line() <= 1 => {
                (None, "is empty; send a JSON object".to_owned())
            }
            serde_json::error::Category::Eof => {
                let (line, column) = (error.line(), error.column());
                (
                    None,
                    format!("is not whole: it ends at line {line} column {column}"),
                )
            }
            _ => (None, format!("is not JSON: {error}")),
        };
        Self {
            path: field.unwrap_or_default(),
            message,
        }
    }
}

/// Reads JSON.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn read<'de, T: Deserialize<'de>>(json: &'de [u8]) -> Result<T, Unreadable> {
    // The way to a fault costs time, and most of what comes has none.
    serde_json::from_slice(json).map_err(|error| located::<T>(json).unwrap_or((&error).into()))
}

/// What is wrong with a query, of which serde has said this: a whole sentence.
pub fn query(said: &str) -> String {
    if let Some((value, expected)) = said
        .strip_prefix("unknown variant ")
        .and_then(|said| said.split_once(", expected "))
    {
        let value: String = value.chars().take(SHOWN_MAX).collect();
        return format!("the query says {value} where it must say {expected}");
    }
    match in_words(said) {
        (Some(field), message) => format!("{field} {message}, in the query"),
        _ if said.ends_with("found in string") || said.ends_with("from empty string") => {
            "the query has something else where a whole number belongs".to_owned()
        }
        _ if said.starts_with("provided string was not") => {
            "the query has something else where true or false belongs".to_owned()
        }
        (None, message) => format!("the query {message}"),
    }
}

/// The fault that reading this JSON has, with its place.
fn located<'de, T: Deserialize<'de>>(json: &'de [u8]) -> Option<Unreadable> {
    let mut text = serde_json::Deserializer::from_slice(json);
    let error = serde_path_to_error::deserialize::<_, T>(&mut text).err()?;
    let is_json = serde_json::from_slice::<IgnoredAny>(json).is_ok();
    if !is_json {
        // It says itself where.
        return Some(error.inner().into());
    }
    let around = Some(error.path().to_string()).filter(|path| path != ".");
    let Unreadable { path, message } = if error.inner().is_data() {
        error.inner().into()
    } else {
        // A list or a number in the place of a word, which serde_json takes for a fault of the text.
        Unreadable {
            path: String::new(),
            message: "must be one of the words that the documentation lists".to_owned(),
        }
    };
    let path = match around {
        Some(around) if path.is_empty() => around,
        Some(around) => format!("{around}.{path}"),
        None => path,
    };
    Some(Unreadable { path, message })
}

/// What was said, without the line and the column: the field says where.
fn said(error: &str) -> &str {
    error.rfind(" at line ").map_or(error, |end| &error[..end])
}

/// A field that is named, and what is wrong with it.
fn in_words(said: &str) -> (Option<String>, String) {
    let field = |name: &str| Some(name.trim_end_matches('`').to_owned());
    if let Some(name) = said.strip_prefix("missing field `") {
        return (field(name), "is missing".to_owned());
    }
    if let Some(name) = said.strip_prefix("duplicate field `") {
        return (field(name), "is there twice".to_owned());
    }
    let Some((found, expected)) = said.rsplit_once(", expected ") else {
        return (None, own_words(said));
    };
    let (kind, found) = found.split_once(' ').unwrap_or((found, ""));
    let message = match (kind, found.split_once(": ")) {
        ("invalid", Some(("type" | "value", found))) => {
            format!("must be {}, and is {}", Wanted(expected), Found(found))
        }
        ("unknown", _) if found.starts_with("field ") => {
            let name = found.trim_start_matches("field ");
            format!("has a field {name}, which means nothing here; allowed: {expected}")
        }
        ("unknown", _) => format!("must be {expected}"),
        _ => format!("must be {}", Wanted(expected)),
    };
    (None, message)
}

/// What readers of this program say themselves ("a user id must be ..") stands as it is, after a colon.
fn own_words(said: &str) -> String {
    if said.starts_with("data did not match any variant") {
        return "has none of the forms that the documentation describes".to_owned();
    }
    format!("cannot be used: {said}")
}

/// What serde wanted.
struct Wanted<'a>(&'a str);

impl fmt::Display for Wanted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            "a string" | "a borrowed string" | "string" => "a text",
            "a boolean" => "true or false",
            "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number of 0 or more",
            "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
            "f32" | "f64" => "a number",
            it if it.starts_with("a sequence") || it.starts_with("tuple") => "a list",
            it if it.starts_with("struct ")
                || it.starts_with("internally tagged enum")
                || it.starts_with("adjacently tagged enum")
                || it == "a map" =>
            {
                "an object"
            }
            it if it.starts_with("enum ")
                || it.starts_with("string or map")
                || it.starts_with("variant") =>
            {
                "one of the words that the documentation lists"
            }
            it => it,
        })
    }
}

/// What serde found. A text is not repeated: it may be long, or a secret.
struct Found<'a>(&'a str);

impl fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.0.split('`').nth(1);
        match (self.0.split(' ').next(), value) {
            (Some("integer" | "floating" | "boolean"), Some(value)) => f.write_str(value),
            (Some("string" | "character"), _) => f.write_str("a text"),
            (Some("sequence"), _) => f.write_str("a list"),
            (Some("map"), _) => f.write_str("an object"),
            (Some("null" | "unit"), _) => f.write_str("null"),
            (Some("number"), _) => f.write_str("a number"),
            _ => f.write_str("something else"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde::de::DeserializeOwned;

    use super::*;
    use crate::kernel::ids::{SessionId, UserId};

    #[derive(Debug, Deserialize)]
    #[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    enum Meal {
        Soup { hot: bool },
        Tea(Tea),
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read")]
    struct Tea {
        cups: Vec<Cup>,
        session: Option<SessionId>,
        guest: Option<UserId>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read")]
    struct Cup {
        sugar: u32,
        taste: Option<Taste>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Taste {
        Bitter,
        Sweet,
    }

    fn told<T: DeserializeOwned + fmt::Debug>(json: &str) -> String {
        read::<T>(json.as_bytes()).unwrap_err().within("the body")
    }

    #[test]
    fn what_is_wrong_is_told_by_its_field_and_without_names_of_this_program() {
        for (json, told_so) in [
            ("", "the body is empty; send a JSON object"),
            ("null", "the body must be an object, and is null"),
            ("{}", "cups is missing"),
            (r#"{"cups":7}"#, "cups must be a list, and is 7"),
            (r#"{"cups":[{}]}"#, "cups[0].sugar is missing"),
            (
                r#"{"cups":[{"sugar":-1}]}"#,
                "cups[0].sugar must be a whole number of 0 or more, and is -1",
            ),
            (
                r#"{"cups":[{"sugar":"hush, expected u32"}]}"#,
                "cups[0].sugar must be a whole number of 0 or more, and is a text",
            ),
            (
                r#"{"cups":[{"sugar":1,"sugar":2}]}"#,
                "cups[0].sugar is there twice",
            ),
            (
                r#"{"cups":[{"sugar":1,"taste":"x"}]}"#,
                "cups[0].taste must be `bitter` or `sweet`",
            ),
            (
                r#"{"cups":[{"sugar":1,"taste":[]}]}"#,
                "cups[0].taste must be one of the words that the documentation lists",
            ),
            (
                r#"{"cups":[],"session":"zz"}"#,
                "session cannot be used: a session id must be a UUID, like 0198c0de-0000-7000-8000-000000000001",
            ),
            (
                r#"{"cups":[],"session":7}"#,
                "session must be a UUID, like 0198c0de-0000-7000-8000-000000000001, and is 7",
            ),
            (
                r#"{"cups":[],"guest":""}"#,
                "guest cannot be used: a user id must be 1 to 128 bytes without spaces or control characters",
            ),
        ] {
            assert_eq!(told::<Tea>(json), told_so, "{json}");
        }
    }

    #[test]
    fn a_choice_of_forms_is_told_as_an_object() {
        for (json, told_so) in [
            ("null", "the body must be an object, and is null"),
            ("{}", "kind is missing"),
            (r#"{"kind":"cake"}"#, "kind must be `soup` or `tea`"),
            (r#"{"kind":"soup"}"#, "hot is missing"),
            (
                r#"{"kind":"soup","hot":"very"}"#,
                "the body must be true or false, and is a text",
            ),
        ] {
            assert_eq!(told::<Meal>(json), told_so, "{json}");
        }
        let told = told::<Meal>(r#"{"kind":"soup","hot":true,"salt":1}"#);
        assert_eq!(
            told,
            "the body has a field `salt`, which means nothing here; allowed: `hot`"
        );
    }

    #[test]
    fn what_is_wrong_with_a_query_is_told_without_names_of_this_program() {
        for (said, told_so) in [
            ("missing field `key`", "key is missing, in the query"),
            (
                "unknown variant `dry`, expected `bitter` or `sweet`",
                "the query says `dry` where it must say `bitter` or `sweet`",
            ),
            (
                "invalid digit found in string",
                "the query has something else where a whole number belongs",
            ),
            (
                "provided string was not `true` or `false`",
                "the query has something else where true or false belongs",
            ),
            (
                "limit must be 1 to 200",
                "the query cannot be used: limit must be 1 to 200",
            ),
        ] {
            assert_eq!(query(said), told_so);
        }
    }

    #[test]
    fn what_is_no_json_is_told_with_its_place() {
        let half = told::<Tea>(r#"{"cups":["#);
        assert_eq!(half, "the body is not whole: it ends at line 1 column 9");
        let told = told::<Tea>("{\n  cups: 1\n}");
        assert!(told.starts_with("the body is not JSON: "), "{told}");
        assert!(told.ends_with("at line 2 column 3"), "{told}");
    }
}
