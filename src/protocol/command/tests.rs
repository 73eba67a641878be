#![allow(clippy::unwrap_used)]
use super::*;
use crate::kernel::ids::CallId;

fn refused(json: &str) -> Fault {
    decode(json.as_bytes()).unwrap_err().fault
}

#[test]
fn a_command_is_read_with_its_request_id_and_unknown_fields_are_ignored() {
    let id = "d4e8f139-5212-4e2e-8c30-aaaabbbbcccc";
    let json = format!(
        r#"{{"type":"call_request","toUserId":"otomo-1","callId":"{id}","requestId":"7","later":1}}"#
    );
    let inbound = decode(json.as_bytes()).unwrap();
    assert_eq!(inbound.request_id, Some(RequestId("7".into())));
    assert!(
        matches!(inbound.command, Command::CallRequest(call) if call.call_id.to_string() == id)
    );
}

#[test]
fn what_does_not_fit_is_answered_with_the_field_and_the_request_id() {
    assert_eq!(refused("{").code, ErrorCode::BadRequest);
    assert_eq!(refused("[]").code, ErrorCode::BadRequest);
    assert_eq!(refused(r#"{"no":"type"}"#).code, ErrorCode::BadRequest);
    assert_eq!(refused(r#"{"type":"fly"}"#).code, ErrorCode::UnknownType);
    assert!(
        refused(r#"{"type":"call_accept"}"#)
            .message
            .contains("callId")
    );
    let fault = decode(br#"{"type":"call_accept","requestId":"9"}"#).unwrap_err();
    assert_eq!(fault.request_id, Some(RequestId("9".into())));
    for json in [r#"{"requestId":"9"}"#, r#"{"type":7,"requestId":"9"}"#] {
        let fault = decode(json.as_bytes()).unwrap_err();
        assert_eq!(fault.request_id, Some(RequestId("9".into())), "{json}");
    }
}

#[test]
fn a_refusal_names_the_field_and_nothing_of_this_program() {
    let id = CallId::new();
    let offer =
        |offer: &str| format!(r#"{{"type":"webrtc_offer","callId":"{id}","offer":{offer}}}"#);
    for (json, told) in [
        (
            offer("null"),
            "webrtc_offer: offer must be an object, and is null",
        ),
        (
            offer(r#"{"type":"offer"}"#),
            "webrtc_offer: offer.sdp is missing",
        ),
        ("{}".to_owned(), "type is missing"),
        (
            format!(r#"{{"type":"heartbeat","requestId":"{}"}}"#, "x".repeat(65)),
            "requestId must be at most 64 bytes",
        ),
        (
            format!(r#"{{"type":"ice_candidate","callId":"{id}","candidate":7}}"#),
            "ice_candidate: candidate must be an object or null",
        ),
        (
            r#"{"type":"call_accept","callId":"zz"}"#.to_owned(),
            "call_accept: callId cannot be used: a call id must be a UUID, like 0198c0de-0000-7000-8000-000000000001",
        ),
    ] {
        assert_eq!(refused(&json).message, told);
    }
}

#[test]
fn only_an_object_is_a_command() {
    for json in [r#"["heartbeat",null]"#, "null", "7", r#""heartbeat""#, ""] {
        let fault = refused(json);
        assert_eq!(fault.code, ErrorCode::BadRequest, "{json}");
    }
    assert!(decode(b" \n{\"type\":\"heartbeat\"}").is_ok());
}

#[test]
fn deep_nesting_costs_an_error_and_no_stack() {
    let json = format!(
        r#"{{"type":"heartbeat","x":{}{},"requestId":"r-1"}}"#,
        "[".repeat(30_000),
        "]".repeat(30_000)
    );
    let fault = refused(&json);
    assert_eq!(fault.code, ErrorCode::BadRequest);
    assert_eq!(fault.message, "the message is nested deeper than 32 levels");
    let undecodable = decode(json.as_bytes()).unwrap_err();
    assert!(
        undecodable.request_id.is_some(),
        "the sender can tell which"
    );
}

#[test]
fn a_missing_candidate_is_a_fault_and_null_is_the_end() {
    let id = CallId::new();
    let end = format!(r#"{{"type":"ice_candidate","callId":"{id}","candidate":null}}"#);
    let inbound = decode(end.as_bytes()).unwrap();
    assert!(matches!(inbound.command, Command::IceCandidate(ice) if ice.candidate.0.is_none()));
    assert!(
        refused(&format!(r#"{{"type":"ice_candidate","callId":"{id}"}}"#))
            .message
            .contains("candidate")
    );
}

#[test]
fn a_candidate_that_is_neither_an_object_nor_null_is_refused() {
    let id = CallId::new();
    for candidate in [r#""candidate:1 1 udp""#, "5", "true", "[]"] {
        let json = format!(r#"{{"type":"ice_candidate","callId":"{id}","candidate":{candidate}}}"#);
        let fault = refused(&json);
        assert_eq!(fault.code, ErrorCode::BadRequest, "{candidate}");
        assert!(
            fault.message.contains("must be an object or null"),
            "{}",
            fault.message
        );
    }
}

#[test]
fn the_older_names_of_reject_reasons_are_understood() {
    for (name, meaning) in [
        ("manual_reject", StatedReject::ManualDecline),
        ("no_response", StatedReject::Timeout),
        ("away", StatedReject::Away),
    ] {
        let json = format!(
            r#"{{"type":"call_reject","callId":"{}","reason":"{name}"}}"#,
            CallId::new()
        );
        let inbound = decode(json.as_bytes()).unwrap();
        assert!(matches!(inbound.command, Command::CallReject(it) if it.reason == Some(meaning)));
    }
}

#[test]
fn a_token_is_not_printed_with_its_command() {
    let inbound = decode(br#"{"type":"init_connection","token":"hush"}"#).unwrap();
    assert!(!format!("{inbound:?}").contains("hush"));
}

#[test]
fn an_overlong_request_id_is_refused() {
    let json = format!(
        r#"{{"type":"heartbeat","requestId":"{}"}}"#,
        "x".repeat(REQUEST_ID_MAX_BYTES + 1)
    );
    assert_eq!(refused(&json).code, ErrorCode::BadRequest);
}

#[test]
fn a_whole_number_may_be_written_with_a_point() {
    let conversation = "0198c0de-0000-7000-8000-000000000001";
    let read = |seq: &str| {
        let json = format!(
            r#"{{"type":"message-read","conversationId":"{conversation}","messageSeq":{seq}}}"#
        );
        decode(json.as_bytes()).map(|inbound| inbound.command)
    };
    for five in ["5", "5.0"] {
        let command = read(five).unwrap();
        assert!(matches!(command, Command::MessageRead(read) if read.message_seq == 5));
    }
    for none in ["5.5", "-5.0", "null"] {
        assert_eq!(read(none).unwrap_err().fault.code, ErrorCode::BadRequest);
    }
    let until = decode(br#"{"type":"otomo_status_set","status":"break","until":1795351608.0}"#);
    let until = until.unwrap().command;
    assert!(matches!(until, Command::OtomoStatusSet(set) if set.until == Some(1_795_351_608)));
    for (fields, expected) in [("", None), (r#","lastSeq":7.0"#, Some(7))] {
        let json = format!(r#"{{"type":"init_connection","token":"t"{fields}}}"#);
        let command = decode(json.as_bytes()).unwrap().command;
        assert!(matches!(command, Command::InitConnection(init) if init.last_seq == expected));
    }
}
