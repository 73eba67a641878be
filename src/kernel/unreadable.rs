//! Why JSON cannot be read, in plain words. What serde says of it names types of this program and places in a text that nobody
//! sees; who has sent it wants to know which field it is, what it must be, and what it is. Forms are told by JSON's own names.
//!
//! A choice by a tag (`#[serde(tag = "..")]`) keeps no places: what is wrong inside it would be told of the whole. What people
//! send is read otherwise.

mod nesting;

use std::fmt;

use serde::{Deserialize, de::IgnoredAny};

use self::nesting::{DEPTH_MAX, is_too_deep};

/// The most characters of what was sent that are told back.
const SHOWN_MAX: usize = 64;

const ONE_OF_WORDS: &str = "must be one of the words that the documentation lists";

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
    if is_too_deep(json) {
        return Err(Unreadable {
            path: String::new(),
            message: format!("is nested deeper than {DEPTH_MAX} levels"),
        });
    }
    // The way to a fault costs time, and most of what comes has none.
    serde_json::from_slice(json).map_err(|error| located::<T>(json).unwrap_or((&error).into()))
}

/// What is wrong with a query, of which serde has said this: a whole sentence.
pub fn query(said: &str) -> String {
    if let Some((value, expected)) = said
        .strip_prefix("unknown variant ")
        .and_then(|said| said.split_once(", expected "))
    {
        return format!(
            "the query says {} where it must say {expected}",
            shown(value)
        );
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
    if let Err(error) = serde_json::from_slice::<IgnoredAny>(json) {
        // It says itself where; a field that is wrong before that place is not what is told.
        return Some((&error).into());
    }
    let mut text = serde_json::Deserializer::from_slice(json);
    let error = serde_path_to_error::deserialize::<_, T>(&mut text).err()?;
    let around = Some(error.path().to_string()).filter(|path| path != ".");
    let Unreadable { path, message } = if is_no_word(error.inner()) {
        Unreadable {
            path: String::new(),
            message: ONE_OF_WORDS.to_owned(),
        }
    } else {
        error.inner().into()
    };
    let path = match around {
        Some(around) if path.is_empty() => around,
        Some(around) => format!("{around}.{path}"),
        None => path,
    };
    Some(Unreadable { path, message })
}

/// Whether there is a list or a number in the place of a word, which serde_json takes for a fault of the text.
fn is_no_word(error: &serde_json::Error) -> bool {
    error.is_syntax() && error.to_string().starts_with("expected value")
}

/// What was said, without the line and the column: the field says where.
fn said(error: &str) -> &str {
    error.rfind(" at line ").map_or(error, |end| &error[..end])
}

/// As much of what was sent as is told back.
fn shown(sent: &str) -> String {
    sent.chars().take(SHOWN_MAX).collect()
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
            let name = found.trim_start_matches("field ").trim_matches('`');
            let name = shown(name);
            format!("has a field `{name}`, which means nothing here; allowed: {expected}")
        }
        ("unknown", _) => format!("must be {expected}"),
        _ => format!("must be {}", Wanted(expected)),
    };
    (None, message)
}

/// What readers of this program say themselves stands as it is: "must be ..", and after a colon "a user id must be ..".
fn own_words(said: &str) -> String {
    if said.starts_with("data did not match any variant") {
        return "has none of the forms that the documentation describes".to_owned();
    }
    if said.starts_with("must ") {
        return said.to_owned();
    }
    format!("cannot be used: {said}")
}

/// What serde wanted.
struct Wanted<'a>(&'a str);

impl fmt::Display for Wanted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last): (i128, i128) = match self.0 {
            "u8" => (0, u8::MAX.into()),
            "u16" => (0, u16::MAX.into()),
            "u32" => (0, u32::MAX.into()),
            "u64" | "usize" => (0, u64::MAX.into()),
            "i8" => (i8::MIN.into(), i8::MAX.into()),
            "i16" => (i16::MIN.into(), i16::MAX.into()),
            "i32" => (i32::MIN.into(), i32::MAX.into()),
            "i64" | "isize" => (i64::MIN.into(), i64::MAX.into()),
            _ => return f.write_str(self.form()),
        };
        write!(f, "a whole number from {first} to {last}")
    }
}

impl Wanted<'_> {
    fn form(&self) -> &str {
        match self.0 {
            "a string" | "a borrowed string" | "string" => "a string",
            "f32" | "f64" => "a number",
            it if it.starts_with("a sequence") || it.starts_with("tuple") => "an array",
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
        }
    }
}

/// What serde found. A text is not repeated: it may be long, or a secret.
struct Found<'a>(&'a str);

impl fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.0.split('`').nth(1);
        match (self.0.split(' ').next(), value) {
            (Some("integer" | "floating" | "boolean"), Some(value)) => f.write_str(value),
            (Some("string" | "character"), _) => f.write_str("a string"),
            (Some("sequence"), _) => f.write_str("an array"),
            (Some("map"), _) => f.write_str("an object"),
            (Some("null" | "unit"), _) => f.write_str("null"),
            (Some("number"), _) => f.write_str("a number"),
            _ => f.write_str("something else"),
        }
    }
}

#[cfg(test)]
mod tests;
