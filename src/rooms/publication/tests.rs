use serde_json::json;

use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_706_605_100_250);

fn draft(target: Target, name: &str, data: &str) -> Draft {
    Draft {
        target,
        name: name.to_owned(),
        data: RawValue::from_string(data.to_owned()).unwrap(),
        kind: None,
        priority: Priority::Normal,
        key: None,
        ttl: None,
        repeat: None,
    }
}

fn taro() -> Target {
    Target::User("taro".parse().unwrap())
}

fn game() -> Target {
    Target::Room("game_7".parse().unwrap())
}

fn check(draft: Draft) -> Result<Publication, Violation> {
    Publication::check(draft, NOW, 1 << 16)
}

fn json(draft: Draft) -> Value {
    serde_json::from_str(check(draft).unwrap().json()).unwrap()
}

fn fault_at(draft: Draft) -> String {
    check(draft).unwrap_err().path
}

#[test]
fn a_client_gets_the_data_with_the_type_in_it() {
    let told = json(draft(taro(), "quest", r#"{"step": 1.50}"#));
    assert_eq!(told, json!({"type": "quest", "step": 1.5}));
    assert_eq!(
        json(draft(taro(), "quest", "{ }")),
        json!({"type": "quest"})
    );
    // The emitter of source document 003 has it in already.
    let told = json(draft(taro(), "quest", r#"{"step":1,"type":"quest"}"#));
    assert_eq!(told, json!({"type": "quest", "step": 1}));
}

#[test]
fn what_the_backend_wrote_is_passed_on_letter_by_letter() {
    let written = r#"{"big":12345678901234567890,"exact":1.500,"z":1,"a":2}"#;
    let told = check(draft(taro(), "quest", written)).unwrap();
    assert!(told.json().ends_with(&written[1..]), "{}", told.json());
}

#[test]
fn a_known_event_gets_its_time_if_it_has_none() {
    let told = json(draft(
        game(),
        "narrative_update",
        r#"{"narrative":"夜が明ける","narrative_type":"scene"}"#,
    ));
    assert_eq!(told["timestamp"], "2024-01-30T08:58:20.250Z");
    let own = r#"{"narrative":"","narrative_type":"x","timestamp":"2020-01-01T00:00:00Z"}"#;
    let told = json(draft(game(), "narrative_update", own));
    assert_eq!(told["timestamp"], "2020-01-01T00:00:00Z");
}

#[test]
fn an_event_of_the_apps_own_in_a_room_says_in_which() {
    let told = json(draft(game(), "boss_spawned", r#"{"hp":100}"#));
    let expected = json!({"type": "room_event", "room": "game_7", "event": "boss_spawned", "data": {"hp": 100}});
    assert_eq!(told, expected);
    let told = json(draft(
        game(),
        "game_started",
        r#"{"game_session_id":"7","initial_state":{}}"#,
    ));
    assert_eq!(told["type"], "game_started");
}

#[test]
fn a_users_own_room_is_the_user() {
    let own = draft(Target::Room("user_taro".parse().unwrap()), "quest", "{}");
    assert_eq!(check(own).unwrap().target, taro());
}

#[test]
fn a_fault_is_told_with_its_place() {
    assert_eq!(fault_at(draft(taro(), "connected", "{}")), "type");
    assert_eq!(fault_at(draft(taro(), "a b", "{}")), "type");
    assert_eq!(fault_at(draft(taro(), "quest", "[]")), "data");
    assert_eq!(
        fault_at(draft(taro(), "quest", r#"{"x":"\ud83d"}"#)),
        "data"
    );
    assert_eq!(
        fault_at(draft(taro(), "quest", r#"{"type":"other"}"#)),
        "data.type"
    );
    let wrong = r#"{"required_amount":"many","current_sp":1,"action":"a","message":"m"}"#;
    assert_eq!(
        fault_at(draft(taro(), "sp_insufficient", wrong)),
        "data.required_amount"
    );
    let everywhere = Target::Room("*".parse().unwrap());
    assert_eq!(fault_at(draft(everywhere, "quest", "{}")), "target.room");
    assert_eq!(
        fault_at(draft(Target::Users(Vec::new()), "quest", "{}")),
        "target.users"
    );
}

#[test]
fn a_state_has_a_key_and_a_durable_event_a_recipient() {
    let of = |kind, key: Option<&str>, target| Draft {
        kind: Some(kind),
        key: key.map(str::to_owned),
        ..draft(target, "quest", "{}")
    };
    assert_eq!(fault_at(of(Kind::State, None, taro())), "key");
    assert_eq!(fault_at(of(Kind::State, Some("a\nb"), taro())), "key");
    assert_eq!(fault_at(of(Kind::Durable, None, Target::Everyone)), "kind");
    assert!(check(of(Kind::State, Some("a b"), Target::Everyone)).is_ok());
    let player = draft(
        game(),
        "player_status_update",
        r#"{"user_id":"taro","status":"ready"}"#,
    );
    assert_eq!(check(player).unwrap().key.as_deref(), Some("taro"));
}

#[test]
fn a_message_that_no_client_might_send_is_too_large_for_them_too() {
    let large = format!(r#"{{"text":"{}"}}"#, "x".repeat(1 << 16));
    assert_eq!(fault_at(draft(taro(), "quest", &large)), "data");
}
