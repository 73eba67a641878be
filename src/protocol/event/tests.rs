#![allow(clippy::unwrap_used)]
use super::*;
use crate::kernel::ids::{CallId, UserId};

fn user(id: &str) -> UserId {
    id.parse().unwrap()
}

#[test]
fn the_status_update_has_the_documents_fields_and_no_others() {
    let update = OtomoStatusUpdate {
        user_id: user("otomo-123"),
        status: OtomoStatus::Busy,
        timestamp: 1_706_605_100,
        version: 9,
    };
    let json = serde_json::to_string(&Event::from(update)).unwrap();
    let document = r#"{"type":"otomo_status_update","userId":"otomo-123","status":"busy","timestamp":1706605100}"#;
    assert_eq!(json, document);
}

#[test]
fn an_incoming_call_without_a_picture_says_null() {
    let ring = IncomingCall {
        call_id: CallId::new(),
        from_user_id: user("user-999"),
        from_user_name: "たろう".into(),
        from_user_avatar: None,
        timestamp: 1,
        expires_at: 31,
        remaining_ms: 30_000,
    };
    let json = serde_json::to_value(Event::from(ring)).unwrap();
    assert_eq!(json.get("fromUserAvatar"), Some(&serde_json::Value::Null));
    assert_eq!(json["type"], "incoming_call");
}

#[test]
fn no_two_events_share_a_type() {
    let mut names: Vec<_> = Event::SPECS.iter().map(|spec| spec.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Event::SPECS.len());
}
