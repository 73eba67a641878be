//! What backends may publish: the schemas that front ends and backends share, and what is refused because of them.

use otomo::{
    kernel::{ids::EventId, time::Timestamp},
    protocol::{
        error_code::ErrorCode,
        event::{Event, Notification},
        fault::Fault,
        publishing::{self, Publishable, Violation, publishable},
    },
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::rooms;

/// What backends may publish of what clients know.
const KNOWN: [&str; 11] = [
    "game_started",
    "narrative_update",
    "action_result",
    "state_update",
    "player_status_update",
    "game_ended",
    "game_error",
    "sp_update",
    "sp_insufficient",
    "sp_daily_recovery",
    "notification",
];

/// An example of each: the ones that the server itself would send.
fn examples() -> Vec<(&'static str, Map<String, Value>)> {
    let notification = Notification {
        id: EventId::new(),
        title: Some("お知らせ".to_owned()),
        message: "メンテナンスのお知らせ".to_owned(),
        category: "news".to_owned(),
        data: Map::new(),
        timestamp: 1_706_605_100,
    };
    let events = rooms::points().into_iter().chain(rooms::games());
    let events = events.chain([Event::from(notification)]);
    let examples: Vec<_> = events
        .filter(|event| publishable(event.spec().name) == Publishable::Known)
        .map(|event| (event.spec().name, object(json!(event))))
        .collect();
    assert_eq!(examples.len(), KNOWN.len(), "one for each");
    examples
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().expect("an object").clone()
}

fn complete(name: &str, data: &mut Map<String, Value>) -> Result<(), Violation> {
    let now = Timestamp::from_millis(1_706_605_100_250);
    publishing::complete(name, data, now, EventId::new())
}

/// The path of what is wrong.
#[track_caller]
fn fault(name: &str, data: Value) -> String {
    let refused = complete(name, &mut object(data.clone()));
    refused.expect_err(&format!("{name} {data} passed")).path
}

#[test]
fn an_event_as_a_client_gets_it_fits_the_document_and_its_own_type_alone() {
    let document: Value = serde_json::from_str(&publishing::document()).expect("JSON");
    let options = jsonschema::options().should_validate_formats(true);
    let all = options.build(&document).expect("a schema");
    for (name, example) in examples() {
        let event = Value::Object(example);
        if let Err(error) = all.validate(&event) {
            panic!("{name}: {error}");
        }
        for other in KNOWN {
            let of_other = options.build(&document["$defs"][other]).expect("a schema");
            assert_eq!(
                of_other.is_valid(&event),
                name == other,
                "{name} as {other}"
            );
        }
    }
}

#[test]
fn what_the_server_would_send_may_be_published() {
    for (name, example) in examples() {
        let mut data = example.clone();
        assert_eq!(complete(name, &mut data), Ok(()), "{name}");
        assert_eq!(data, example, "{name}: nothing was missing");
    }
}

/// Values of all kinds, in and out of bounds.
fn values() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(i64::MIN),
        json!(i64::MAX),
        json!(i64::MAX as u64 + 1),
        json!(1e30),
        json!(-1e30),
        json!(0.5),
        json!(""),
        json!("taro"),
        json!("two words"),
        json!("a\u{7}b"),
        json!("x".repeat(128)),
        json!("x".repeat(129)),
        json!("2024-01-30T08:58:20.250Z"),
        json!("2024-01-30T17:58:20+09:00"),
        json!("2024-01-30T08:58:20"),
        json!("2024-13-30T08:58:20Z"),
        json!("0190c1a0-0000-7000-8000-00000000c001"),
        json!([]),
        json!({}),
        json!({"a": [1]}),
    ]
}

/// Goal: the schemas take what the structs take, and nothing else; so no client gets what the types do not allow.
/// Method: every field of every example is left out and replaced by values of all kinds; both must judge alike.
#[test]
fn a_schema_takes_what_its_struct_takes() {
    macro_rules! reads {
        ($($name:literal $body:ident,)*) => {
            |name: &str, data: &Map<String, Value>| match name {
                $($name => reads::<otomo::protocol::event::$body>(data),)*
                _ => panic!("{name} is not known here"),
            }
        };
    }
    let reads = reads! {
        "game_started" GameStarted,
        "narrative_update" NarrativeUpdate,
        "action_result" ActionResult,
        "state_update" StateUpdate,
        "player_status_update" PlayerStatusUpdate,
        "game_ended" GameEnded,
        "game_error" GameError,
        "sp_update" SpUpdate,
        "sp_insufficient" SpInsufficient,
        "sp_daily_recovery" SpDailyRecovery,
        "notification" Notification,
    };
    let mut judged = 0;
    for (name, example) in examples() {
        for field in example.keys().filter(|field| *field != "type") {
            for value in &values() {
                let mut data = example.clone();
                data.insert(field.clone(), value.clone());
                let (read, shown) = (reads(name, &data), format!("{name} {field} {value}"));
                let checked = complete(name, &mut data);
                assert_eq!(checked.is_ok(), read, "{shown}: {checked:?}");
                if let Err(violation) = checked {
                    assert_eq!(violation.path, format!("data.{field}"), "{shown}");
                }
                judged += 1;
            }
            let mut data = example.clone();
            data.remove(field);
            if let Err(violation) = complete(name, &mut data) {
                assert_eq!(violation.path, format!("data.{field}"), "{name}");
                assert_eq!(violation.message, "is missing", "{name}");
            }
        }
    }
    assert!(judged > 900, "{judged}");
}

fn reads<T: DeserializeOwned>(data: &Map<String, Value>) -> bool {
    serde_json::from_value::<T>(Value::Object(data.clone())).is_ok()
}

#[test]
fn what_the_server_knows_itself_may_be_left_out_and_is_filled_in() {
    let mut note = object(json!({"message": "やあ", "category": "news"}));
    assert_eq!(complete("notification", &mut note), Ok(()));
    assert!(
        note["id"].is_string() && note["timestamp"] == 1_706_605_100 && note["data"] == json!({})
    );
    let mut update = object(json!({"update": {"turn": 2}}));
    assert_eq!(complete("state_update", &mut update), Ok(()));
    assert_eq!(update["timestamp"], "2024-01-30T08:58:20.250Z");
    let mut recovery = object(json!({"total_amount": 30, "balance_after": 100}));
    assert_eq!(complete("sp_daily_recovery", &mut recovery), Ok(()));
    let points = json!({"current_sp": 70, "amount_changed": -30, "transaction_type": "action", "description": "",
        "balance_before": 100, "balance_after": 70});
    let mut points = object(points);
    assert_eq!(complete("sp_update", &mut points), Ok(()));
    assert_eq!(points["metadata"], json!({}));
    // What is there stays, right or wrong.
    assert_eq!(
        fault("state_update", json!({"update": 1, "timestamp": null})),
        "data.timestamp"
    );
}

#[test]
fn a_fault_is_told_with_its_path_and_without_what_was_sent() {
    let long = "x".repeat(10_000);
    let balance = json!({"required_amount": 80, "current_sp": long, "action": "a", "message": "m"});
    let mut data = object(balance);
    let violation = complete("sp_insufficient", &mut data).expect_err("a text is no number");
    assert_eq!(
        violation.to_string(),
        "data.current_sp must be of the type integer"
    );
    assert_eq!(data["current_sp"], long, "the data is left as it was sent");
    let fault = Fault::from(violation.within("events[3]"));
    assert_eq!(fault.code, ErrorCode::EventInvalid);
    assert_eq!(fault.context["path"], "events[3].data.current_sp");
    for (field, value, message) in [
        (
            "timestamp",
            json!("yesterday"),
            "must be a time like 2026-11-22T12:36:08Z",
        ),
        (
            "user_id",
            json!("two words"),
            r"must match ^[^\s\x00-\x1f\x7f-\x9f]+$",
        ),
        ("user_id", json!(""), "must not be empty"),
        ("status", json!(7), "must be of the type string"),
    ] {
        let mut data = object(json!({"user_id": "taro", "status": "ready"}));
        data.insert(field.to_owned(), value);
        let violation = complete("player_status_update", &mut data).expect_err("it is wrong");
        assert_eq!(violation.message, message, "{field}");
    }
}

#[test]
fn a_name_is_known_free_or_taken() {
    for name in KNOWN {
        assert_eq!(publishable(name), Publishable::Known, "{name}");
    }
    for spec in Event::SPECS {
        let expected = if KNOWN.contains(&spec.name) {
            Publishable::Known
        } else {
            Publishable::Reserved
        };
        assert_eq!(publishable(spec.name), expected, "{}", spec.name);
    }
    let socket_io = [
        "connect",
        "connect_error",
        "disconnect",
        "disconnecting",
        "newListener",
        "removeListener",
    ];
    for name in socket_io
        .into_iter()
        .chain(["error", "message", "open", "server_error"])
    {
        assert_eq!(publishable(name), Publishable::Reserved, "{name}");
    }
    for name in [
        "boss_spawned",
        "shop:sale",
        "v2.move",
        "A",
        "7",
        &"x".repeat(64),
    ] {
        assert_eq!(publishable(name), Publishable::Custom, "{name}");
    }
    for name in ["", "two words", "a\nb", "技", "a/b", "*", &"x".repeat(65)] {
        assert_eq!(publishable(name), Publishable::Malformed, "{name:?}");
        assert_eq!(fault(name, json!({})), "type");
    }
    assert_eq!(fault("call_end", json!({})), "type");
}

#[test]
fn an_event_of_the_apps_own_type_is_left_as_it_is() {
    let boss = object(json!({"hp": 100, "timestamp": "soon", "id": null}));
    let mut data = boss.clone();
    assert_eq!(complete("boss_spawned", &mut data), Ok(()));
    assert_eq!(data, boss);
    assert_eq!(
        fault("boss_spawned", json!({"type": "sp_update"})),
        "data.type"
    );
    for (field, name) in [("seq", "boss_spawned"), ("prev", "state_update")] {
        assert_eq!(
            fault(name, json!({field: 7, "update": 1})),
            format!("data.{field}")
        );
    }
}
