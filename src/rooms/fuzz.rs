//! Whatever a backend publishes.

use serde_json::{Map, Value, value::RawValue};

use super::publication::{Draft, Publication, Target};
use crate::{
    kernel::{fuzz::assert_plain, time::Timestamp},
    protocol::spec::Priority,
};

/// Small, so that short inputs reach it.
const BYTES_MAX: usize = 1024;

/// The name of an event in the first line, its data behind that. It is refused with its place in plain words, or what clients
/// get is JSON with the type in it, and everything that the backend wrote.
pub(crate) fn publications(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let (name, data) = text.split_once('\n').unwrap_or((text, "{}"));
    for target in [
        Target::User("hana".parse().expect("an id")),
        Target::Room("game_7".parse().expect("an id")),
        Target::Everyone,
    ] {
        let Ok(data) = RawValue::from_string(data.to_owned()) else {
            return;
        };
        publish(target, name, data, bytes);
    }
}

fn publish(target: Target, name: &str, data: Box<RawValue>, sent: &[u8]) {
    let draft = Draft {
        target,
        name: name.to_owned(),
        data: data.clone(),
        kind: None,
        priority: Priority::Normal,
        key: None,
        ttl: None,
        repeat: None,
    };
    match Publication::check(draft, Timestamp::from_millis(1_706_604_120_000), BYTES_MAX) {
        Err(violation) => {
            assert!(!violation.path.is_empty());
            assert_plain(&violation.message, sent);
        }
        Ok(publication) => assert_carries(&publication, name, &data),
    }
}

fn assert_carries(publication: &Publication, name: &str, data: &RawValue) {
    let json = publication.json();
    assert!(json.len() <= BYTES_MAX, "{} bytes", json.len());
    let told: Map<String, Value> = serde_json::from_str(json).expect("what is told is an object");
    assert_eq!(told["type"], publication.wire_name(), "{json}");
    let written: Map<String, Value> = serde_json::from_str(data.get()).expect("it was read before");
    if publication.wire_name() != name {
        assert_eq!(told["event"], name);
        assert_eq!(told["data"], Value::Object(written), "{json}");
        return;
    }
    for (field, value) in &written {
        assert_eq!(told.get(field), Some(value), "{field} in {json}");
    }
}
