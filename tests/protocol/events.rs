//! What clients get.

use super::rooms;
use otomo::{
    kernel::{
        identity::Role,
        ids::{CallId, ConversationId, EventId, SessionId, UserId},
    },
    protocol::{
        command::{Candidate, ChosenStatus, Description},
        error_code::ErrorCode,
        event::*,
        fault::Fault,
    },
};

pub(crate) fn call() -> CallId {
    "d4e8f139-5212-4e2e-8c30-aaaabbbbcccc"
        .parse()
        .expect("a call id")
}

pub(crate) fn user(name: &str) -> UserId {
    name.parse().expect("a user id")
}

fn of_call() -> OfCall {
    OfCall { call_id: call() }
}

/// One example of every event, with every field that it can have.
pub(crate) fn examples() -> Vec<Event> {
    [
        connection(),
        answers(),
        presence(),
        snapshot(),
        ringing(),
        signalling(),
        talking(),
        chat(),
        partners(),
        rooms::points(),
        rooms::games(),
        rooms::rooms(),
    ]
    .concat()
}

fn connection() -> Vec<Event> {
    let session: SessionId = "0190c1a0-0000-7000-8000-000000000001"
        .parse()
        .expect("a session id");
    vec![
        Connected {
            session_id: session,
            user_id: user("user-999"),
            role: Role::User,
            node: "otomo-1".parse().expect("a node id"),
            seq: 41,
            resumed: true,
            heartbeat: HeartbeatSettings {
                interval_ms: 25_000,
                timeout_ms: 10_000,
            },
            limits: Limits {
                message_size: 65_536,
                commands_per_second: 50,
                burst: 100,
                calls_per_minute: 60,
                messages_per_minute: 120,
                ring_timeout_ms: 30_000,
                connect_timeout_ms: 20_000,
                loss_grace_ms: 10_000,
                action_timeout_ms: 5_000,
            },
            typing: TypingSettings {
                resend_ms: 4_000,
                expire_ms: 8_000,
            },
            timestamp: 1_706_604_000,
        }
        .into(),
        Resync {
            reason: ResyncReason::Retention,
            first_seq: 120,
            seq: 450,
        }
        .into(),
        Ready { seq: 42 }.into(),
    ]
}

fn answers() -> Vec<Event> {
    let event: EventId = "0190c1a0-0000-7000-8000-000000000002"
        .parse()
        .expect("an event id");
    let fault = Fault::new(
        ErrorCode::RateLimited,
        "too many commands; send fewer a second",
    )
    .about("retryAfterMs", 250);
    vec![
        HeartbeatAck {
            timestamp: 1_706_604_010,
        }
        .into(),
        TokenExpiring {
            expires_at: 1_706_604_060,
        }
        .into(),
        TokenRefreshAck {
            expires_at: 1_706_607_660,
        }
        .into(),
        Error {
            code: fault.code,
            message: fault.message,
            context: fault.context,
            timestamp: 1_706_604_011,
        }
        .into(),
        Closing {
            code: 4200,
            reason: "the server restarts; connect again".into(),
            reconnect: true,
            retry_after_ms: 420,
        }
        .into(),
        Notification {
            id: event,
            title: Some("お知らせ".into()),
            message: "明日の朝、メンテナンスがあります".into(),
            category: "maintenance".into(),
            data: serde_json::Map::from_iter([("url".to_owned(), "/news/1".into())]),
            timestamp: 1_706_604_012,
        }
        .into(),
    ]
}

fn presence() -> Vec<Event> {
    let entry = OtomoEntry {
        user_id: user("otomo-123"),
        status: OtomoStatus::Online,
        timestamp: 1_706_605_000,
        version: 8,
        name: Some("はな".into()),
        avatar: Some("/avatars/o123.jpg".into()),
    };
    vec![
        OtomoStatusSnapshot {
            otomos: vec![entry.clone()],
            more: true,
        }
        .into(),
        OtomoStatusSnapshot {
            otomos: vec![entry],
            more: false,
        }
        .into(),
        OtomoStatusUpdate {
            user_id: user("otomo-123"),
            status: OtomoStatus::Busy,
            timestamp: 1_706_605_100,
            version: 9,
        }
        .into(),
        OtomoStatusSetAck {
            status: ChosenStatus::Break,
            shown: OtomoStatus::Busy,
            until: Some(1_706_608_700),
        }
        .into(),
    ]
}

fn snapshot() -> Vec<Event> {
    let person = |id: &str, name: &str| CallParticipant {
        user_id: user(id),
        name: name.into(),
        avatar: None,
    };
    let live = LiveCall {
        call_id: call(),
        phase: CallPhase::Ringing,
        role: SignalingRole::Answerer,
        bound: false,
        caller: person("user-999", "たろう"),
        otomo: person("otomo-123", "はな"),
        timestamp: 1_706_604_120,
        expires_at: Some(1_706_604_150),
        remaining_ms: Some(21_500),
        connected_at: None,
        price_per_minute: std::num::NonZeroU32::new(120),
        total_charged_points: 0,
        ice_servers: Vec::new(),
    };
    let recent = RecentCall {
        call_id: call(),
        user_id: user("user-999"),
        otomo_id: user("otomo-123"),
        outcome: CallOutcome::Completed,
        reason: "user_end",
        ended_at: 1_706_604_000,
        duration_seconds: 312,
        total_charged_points: 600,
    };
    let (call, recent) = (Some(Box::new(live)), vec![recent]);
    vec![CallSnapshot { call, recent }.into()]
}

fn ringing() -> Vec<Event> {
    vec![
        CallRequestAck {
            call_id: call(),
            status: CallPhase::Ended,
            outcome: Some(CallOutcome::Missed),
            reason: Some("timeout"),
            joined_call_id: None,
        }
        .into(),
        IncomingCall {
            call_id: call(),
            from_user_id: user("user-999"),
            from_user_name: "たろう".into(),
            from_user_avatar: Some("/avatars/u1.jpg".into()),
            timestamp: 1_706_604_120,
            expires_at: 1_706_604_150,
            remaining_ms: 30_000,
        }
        .into(),
        CallRinging(of_call()).into(),
        CallAcceptAck(of_call()).into(),
        CallAccepted {
            call_id: call(),
            timestamp: 1_706_604_130,
        }
        .into(),
        CallRejectAck(of_call()).into(),
        CallRejected {
            call_id: call(),
            reason: RejectReason::ManualDecline,
            timestamp: 1_706_604_131,
        }
        .into(),
        CallCancelAck(of_call()).into(),
        CallCancelled {
            call_id: call(),
            reason: CancelReason::AnsweredElsewhere,
            timestamp: 1_706_604_132,
        }
        .into(),
        CallMissed {
            call_id: call(),
            from_user_id: user("user-999"),
            from_user_name: "たろう".into(),
            timestamp: 1_706_604_120,
        }
        .into(),
    ]
}

fn signalling() -> Vec<Event> {
    let description = |kind: &str| Description {
        kind: kind.into(),
        sdp: "v=0…".into(),
    };
    let turn = IceServer {
        urls: vec!["turn:turn.example.com:3478?transport=udp".into()],
        username: Some("1706647320:user-999".into()),
        credential: Some("cmFuZG9t".into()),
    };
    vec![
        SignalingStart {
            call_id: call(),
            role: SignalingRole::Offerer,
            ice_servers: vec![turn],
        }
        .into(),
        WebrtcOffer {
            call_id: call(),
            from_user_id: user("user-999"),
            offer: description("offer"),
        }
        .into(),
        WebrtcAnswer {
            call_id: call(),
            from_user_id: user("otomo-123"),
            answer: description("answer"),
        }
        .into(),
        IceCandidate {
            call_id: call(),
            from_user_id: user("user-999"),
            candidate: Candidate(None),
        }
        .into(),
    ]
}

fn talking() -> Vec<Event> {
    vec![
        CallConnected {
            call_id: call(),
            user_id: user("user-999"),
            otomo_id: user("otomo-123"),
            connected_at: 1_706_604_135,
            method: ConnectedMethod::PeerReport,
        }
        .into(),
        CallPeerReconnecting {
            call_id: call(),
            deadline: 1_706_604_200,
        }
        .into(),
        CallPeerBack(of_call()).into(),
        CallEnd {
            call_id: call(),
            user_id: user("user-999"),
            otomo_id: user("otomo-123"),
            ended_at: 1_706_604_447,
            reason: EndReason::UserEnd,
            duration_seconds: 312,
            total_charged_points: 0,
        }
        .into(),
        CallEndRequestAck(of_call()).into(),
    ]
}

fn conversation() -> ConversationId {
    "0190c1a0-0000-7000-8000-00000000c001"
        .parse()
        .expect("a conversation id")
}

fn chat() -> Vec<Event> {
    let message = "0190c1a0-0000-7000-8000-00000000a001";
    let data = serde_json::value::to_raw_value(&serde_json::json!({"mood": "happy"}));
    vec![
        UnreadSnapshot {
            as_of_seq: 41,
            conversations: vec![UnreadConversation {
                conversation_id: conversation(),
                last_seq: 12,
                read_seq: 9,
                unread: 3,
            }],
        }
        .into(),
        MessageSendAck {
            client_message_id: "m-1".parse().expect("a client message id"),
            message_id: message.parse().expect("a message id"),
            conversation_id: conversation(),
            message_seq: 13,
            created_at: 1_706_604_500,
        }
        .into(),
        NewMessage {
            message_id: message.parse().expect("a message id"),
            conversation_id: conversation(),
            message_seq: 13,
            sender_id: user("user-999"),
            body: "こんにちは".into(),
            data: data.ok(),
            client_message_id: "m-1".parse().expect("a client message id"),
            created_at: 1_706_604_500,
        }
        .into(),
        MessageRead {
            conversation_id: conversation(),
            message_seq: 13,
            user_id: user("otomo-123"),
            timestamp: 1_706_604_510,
        }
        .into(),
        MessageReadAck {
            conversation_id: conversation(),
            message_seq: 13,
        }
        .into(),
    ]
}

fn partners() -> Vec<Event> {
    vec![
        TypingStart {
            conversation_id: conversation(),
            user_id: user("user-999"),
            expires_in_ms: 8_000,
        }
        .into(),
        TypingStop {
            conversation_id: conversation(),
            user_id: user("user-999"),
        }
        .into(),
        UserOnline {
            user_id: user("otomo-123"),
            timestamp: 1_706_604_520,
        }
        .into(),
        UserOffline {
            user_id: user("otomo-123"),
            timestamp: 1_706_604_545,
            last_seen: 1_706_604_530,
        }
        .into(),
        FriendStatusSnapshot {
            statuses: [(user("otomo-123"), true), (user("user-7"), false)].into(),
            last_seen: [(user("user-7"), 1_706_600_000)].into(),
        }
        .into(),
        FriendStatusChanged {
            user_id: user("otomo-123"),
            status: FriendStatus::Online,
            timestamp: 1_706_604_520_125,
        }
        .into(),
    ]
}
