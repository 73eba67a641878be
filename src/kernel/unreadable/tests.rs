#![allow(clippy::unwrap_used)]
use serde::de::{DeserializeOwned, Error as _};

use super::*;
use crate::kernel::{
    ids::{SessionId, UserId},
    whole::whole_if_any,
};

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
    #[serde(default, deserialize_with = "whole_if_any")]
    spoons: Option<u16>,
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
        (r#"{"cups":7}"#, "cups must be an array, and is 7"),
        (r#"{"cups":[{}]}"#, "cups[0].sugar is missing"),
        (
            r#"{"cups":[{"sugar":-1}]}"#,
            "cups[0].sugar must be a whole number from 0 to 4294967295, and is -1",
        ),
        (
            r#"{"cups":[{"sugar":"hush, expected u32"}]}"#,
            "cups[0].sugar must be a whole number from 0 to 4294967295, and is a string",
        ),
        (
            r#"{"cups":[{"sugar":5000000000}]}"#,
            "cups[0].sugar must be a whole number from 0 to 4294967295, and is 5000000000",
        ),
        (
            r#"{"cups":[{"sugar":1,"spoons":70000.0}]}"#,
            "cups[0].spoons must be a whole number from 0 to 65535, and is 70000.0",
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
fn of_a_field_that_means_nothing_no_more_is_told_back_than_is_read() {
    let name = "é".repeat(10_000);
    let told = told::<Meal>(&format!(r#"{{"kind":"soup","hot":true,"{name}":1}}"#));
    let shown = "é".repeat(SHOWN_MAX);
    assert!(told.contains(&format!("a field `{shown}`,")), "{told}");
}

#[test]
fn what_a_reader_says_of_its_own_field_is_told_once() {
    let must = Unreadable::from(&serde_json::Error::custom("must be short"));
    assert_eq!(must.within("name"), "name must be short");
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
    // Also where something else is wrong before that.
    for (json, told_so) in [
        (
            r#"{"cups":7"#,
            "the body is not whole: it ends at line 1 column 9",
        ),
        (
            r#"{"cups":7,}"#,
            "the body is not JSON: key must be a string at line 1 column 11",
        ),
    ] {
        let told = told::<Tea>(json);
        assert!(told.starts_with(told_so), "{json}: {told}");
    }
    let told = told::<Tea>("{\n  cups: 1\n}");
    assert!(told.starts_with("the body is not JSON: "), "{told}");
    assert!(told.ends_with("at line 2 column 3"), "{told}");
}

/// JSON by its grammar, which cannot be read all the same (RFC 8259, sections 6 and 8.2).
#[test]
fn half_a_character_and_a_number_beyond_all_are_told_as_what_they_are() {
    let half = told::<Tea>(r#"{"cups":[],"guest":"\ud800"}"#);
    assert!(half.starts_with("guest is not JSON: "), "{half}");
    let beyond = told::<Tea>(r#"{"cups":[{"sugar":1e999}]}"#);
    assert!(
        beyond.starts_with("cups[0].sugar is not JSON: number out of range"),
        "{beyond}"
    );
}
