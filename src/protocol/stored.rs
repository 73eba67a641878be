//! Events that were stored as they go out. They are never encoded again, so a text that is no event must not go out.

use serde::{Deserialize, de::IgnoredAny};

/// Whether a text is an event to which a place in a stream can be added: an object that says at least its type.
pub fn is_event(body: &str) -> bool {
    #[derive(Deserialize)]
    struct Typed {
        #[serde(rename = "type")]
        _type: IgnoredAny,
    }
    body.starts_with('{') && body.ends_with('}') && serde_json::from_str::<Typed>(body).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_object_with_a_type_can_be_sent_again() {
        for event in [
            r#"{"type":"new-message"}"#,
            r#"{"a":{"b":[1e999]},"type":"score"}"#,
        ] {
            assert!(is_event(event), "{event}");
        }
        for broken in [
            "",
            "{{",
            "{}",
            "[]",
            "null",
            r#"["type"]"#,
            r#"{"type":"new-message""#,
            r#"{"type":"new-message"}}"#,
            "{\"type\":\"new-message\"}\n",
            "\u{fffd}{\"type\":\"new-message\"}",
        ] {
            assert!(!is_event(broken), "{broken}");
        }
    }
}
