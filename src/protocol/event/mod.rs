//! What clients get. One struct per message, one table that says how each behaves.
//!
//! Field names are those of the source documents where these give them; `timestamp`, `connectedAt` and
//! the like are UNIX seconds.

mod calls;
mod chat;
mod friends;
mod game;
mod points;
mod presence;
mod rooms;
mod signaling;
mod system;

use schemars::JsonSchema;
use serde::Serialize;

pub use calls::{
    CallAccepted, CallCancelled, CallConnected, CallEnd, CallMissed, CallOutcome, CallParticipant,
    CallPeerReconnecting, CallPhase, CallRejected, CallRequestAck, CallSnapshot, CallTick,
    CallTickStatus, CancelReason, ConnectedMethod, EndReason, IncomingCall, LiveCall, OfCall,
    RecentCall, RejectReason,
};
pub use chat::{
    MessageRead, MessageReadAck, MessageSendAck, NewMessage, TypingStart, TypingStop,
    UnreadConversation, UnreadSnapshot, UserOffline, UserOnline,
};
pub use friends::{FriendStatus, FriendStatusChanged, FriendStatusSnapshot};
pub use game::{
    ActionAck, ActionResult, ChatMessage, GameEnded, GameError, GameStarted, JoinedGame, LeftGame,
    NarrativeUpdate, PlayerStatusUpdate, Pong, StateUpdate,
};
pub use points::{SpDailyRecovery, SpInsufficient, SpUpdate};
pub use presence::{
    OtomoEntry, OtomoStatus, OtomoStatusSetAck, OtomoStatusSnapshot, OtomoStatusUpdate,
};
pub use rooms::{RoomEvent, RoomJoinAck, RoomLeaveAck, RoomLeft, RoomLeftReason, RoomSnapshot};
pub use signaling::{
    IceCandidate, IceServer, SignalingRole, SignalingStart, WebrtcAnswer, WebrtcOffer,
};
pub use system::{
    Closing, Connected, Error, HeartbeatAck, HeartbeatSettings, Limits, Notification, Ready,
    Resync, ResyncReason, TokenExpiring, TokenRefreshAck, TypingSettings,
};

use super::{
    described::Described,
    spec::{Key, Kind, Spec, Topic},
};

/// The fields of an event, which belong to one type alone.
pub trait Body: Into<Event> {
    /// The `type`.
    const TYPE: &'static str;
}

/// Declares every event once: its variant and struct, its `type`, how it behaves, who listens.
macro_rules! events {
    ($($(#[doc = $doc:literal])* $variant:ident($body:ty) $name:literal $kind:ident $topic:ident,)*) => {
        /// Everything a client may get.
        #[derive(Debug, Clone, Serialize)]
        #[serde(tag = "type")]
        pub enum Event {
            $($(#[doc = $doc])* #[serde(rename = $name)] $variant($body),)*
        }

        impl Event {
            /// What delivery must know of every type.
            pub const SPECS: &'static [Spec] =
                &[$(Spec { name: $name, kind: Kind::$kind, topic: Topic::$topic },)*];

            /// How every type looks, in the order of [`Event::SPECS`].
            pub const DESCRIBED: &'static [Described] =
                &[$(Described::new::<$body>($name, &[$($doc),*]),)*];

            /// What delivery must know of this event's type.
            pub const fn spec(&self) -> Spec {
                match self {
                    $(Event::$variant(_) =>
                        Spec { name: $name, kind: Kind::$kind, topic: Topic::$topic },)*
                }
            }
        }

        $(impl From<$body> for Event {
            fn from(body: $body) -> Self {
                Event::$variant(body)
            }
        }

        impl Body for $body {
            const TYPE: &'static str = $name;
        })*
    };
}

/// An event whose struct other events share, so that only the variant tells them apart.
macro_rules! of_call {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Serialize, JsonSchema)]
        pub struct $name(
            /// The call that it is about.
            pub OfCall,
        );
    )*};
}

of_call! {
    /// A device of the otomo shows the ring.
    CallRinging
    /// The otomo's answer is stored.
    CallAcceptAck
    /// The otomo's refusal is stored.
    CallRejectAck
    /// The caller's cancel is stored.
    CallCancelAck
    /// The peer is back within its grace.
    CallPeerBack
    /// The end is stored.
    CallEndRequestAck
}

events! {
    /// The first message of every session.
    Connected(Connected) "connected" Preamble System,
    /// Everybody's status at the start.
    OtomoStatusSnapshot(OtomoStatusSnapshot) "otomo_status_snapshot" Preamble Otomo,
    /// The user's live call and those that ended lately.
    CallSnapshot(CallSnapshot) "call_snapshot" Preamble Calls,
    /// The stream does not reach back to the client's `lastSeq`, or an event in it cannot be read.
    Resync(Resync) "resync" Preamble System,
    /// Snapshots and replay are done: what follows is live.
    Ready(Ready) "ready" Preamble System,
    /// The answer to `heartbeat`.
    HeartbeatAck(HeartbeatAck) "heartbeat_ack" Control System,
    /// The answer to `token_refresh`.
    TokenRefreshAck(TokenRefreshAck) "token_refresh_ack" Control System,
    /// The token runs out soon.
    TokenExpiring(TokenExpiring) "token_expiring" Control System,
    /// The connection is about to close, for clients that cannot see close codes.
    Closing(Closing) "closing" Control System,
    /// A command that was not done.
    Error(Error) "error" Control System,
    /// A message of the app to its user.
    Notification(Notification) "notification" Durable System,
    /// An otomo's status changed (source document 000, WS-S08).
    OtomoStatusUpdate(OtomoStatusUpdate) "otomo_status_update" State Otomo,
    /// The otomo's choice is stored.
    OtomoStatusSetAck(OtomoStatusSetAck) "otomo_status_set_ack" Control System,
    /// The request is stored.
    CallRequestAck(CallRequestAck) "call_request_ack" Control Calls,
    /// Somebody calls (source document 001, WS-S01).
    IncomingCall(IncomingCall) "incoming_call" Control Calls,
    /// The otomo's device shows the ring.
    CallRinging(CallRinging) "call_ringing" Control Calls,
    /// The answer to `call_accept`.
    CallAcceptAck(CallAcceptAck) "call_accept_ack" Control Calls,
    /// The otomo answered (source document 001, WS-S02).
    CallAccepted(CallAccepted) "call_accepted" Control Calls,
    /// The answer to `call_reject`.
    CallRejectAck(CallRejectAck) "call_reject_ack" Control Calls,
    /// The call will not happen (source document 001, WS-S03).
    CallRejected(CallRejected) "call_rejected" Control Calls,
    /// The answer to `call_cancel`.
    CallCancelAck(CallCancelAck) "call_cancel_ack" Control Calls,
    /// Stop ringing.
    CallCancelled(CallCancelled) "call_cancelled" Control Calls,
    /// Build the peer connection now.
    SignalingStart(SignalingStart) "signaling_start" Control Calls,
    /// The peer's offer.
    WebrtcOffer(WebrtcOffer) "webrtc_offer" Control Calls,
    /// The peer's answer.
    WebrtcAnswer(WebrtcAnswer) "webrtc_answer" Control Calls,
    /// A way to reach the peer.
    IceCandidate(IceCandidate) "ice_candidate" Control Calls,
    /// Media flows.
    CallConnected(CallConnected) "call_connected" Control Calls,
    /// The peer's device is away; the call ends at the deadline unless it returns.
    CallPeerReconnecting(CallPeerReconnecting) "call_peer_reconnecting" Control Calls,
    /// The peer's device is back.
    CallPeerBack(CallPeerBack) "call_peer_back" Control Calls,
    /// The call is over (source document 000, WS-S07).
    CallEnd(CallEnd) "call_end" Control Calls,
    /// The answer to `call_end_request`.
    CallEndRequestAck(CallEndRequestAck) "call_end_request_ack" Control Calls,
    /// Nobody answered; waits in the otomo's inbox.
    CallMissed(CallMissed) "call_missed" Durable Calls,
    /// How far the user has read: at the start, and again when a conversation begins or its members change.
    UnreadSnapshot(UnreadSnapshot) "unread_snapshot" Preamble Chat,
    /// Which friends and conversation partners are online: with every `unread_snapshot`, and when a friendship begins or ends.
    /// For those who listen to `chat` or `friends`.
    FriendStatusSnapshot(FriendStatusSnapshot) "friend_status_snapshot" Preamble System,
    /// A friend or conversation partner has come online or gone offline (source document 004).
    FriendStatusChanged(FriendStatusChanged) "friend_status_changed" State Friends,
    /// The message is stored.
    MessageSendAck(MessageSendAck) "message_send_ack" Control System,
    /// A message, also one from the user's own devices (source document 002).
    NewMessage(NewMessage) "new-message" Durable Chat,
    /// Somebody has seen messages (source document 002).
    MessageRead(MessageRead) "message-read" Durable Chat,
    /// The answer to `message-read`.
    MessageReadAck(MessageReadAck) "message_read_ack" Control System,
    /// Somebody is typing (source document 002).
    TypingStart(TypingStart) "typing-start" Ephemeral Chat,
    /// Somebody has stopped typing (source document 002).
    TypingStop(TypingStop) "typing-stop" Ephemeral Chat,
    /// A conversation partner has come online (source document 002).
    UserOnline(UserOnline) "user-online" State Chat,
    /// A conversation partner has gone offline (source document 002).
    UserOffline(UserOffline) "user-offline" State Chat,
    /// A minute of a metered call was charged.
    CallTick(CallTick) "call_tick" Control Calls,
    /// The balance has changed (source document 003).
    SpUpdate(SpUpdate) "sp_update" Durable Points,
    /// Something costs more than there is (source document 003).
    SpInsufficient(SpInsufficient) "sp_insufficient" Durable Points,
    /// The points of a new day (source document 003).
    SpDailyRecovery(SpDailyRecovery) "sp_daily_recovery" Durable Points,
    /// A game begins (source document 003).
    GameStarted(GameStarted) "game_started" Ephemeral Rooms,
    /// The story goes on (source document 003).
    NarrativeUpdate(NarrativeUpdate) "narrative_update" Ephemeral Rooms,
    /// What came of a player's action (source document 003).
    ActionResult(ActionResult) "action_result" Ephemeral Rooms,
    /// A change of the game's state (source document 003).
    StateUpdate(StateUpdate) "state_update" Ephemeral Rooms,
    /// How a player is (source document 003).
    PlayerStatusUpdate(PlayerStatusUpdate) "player_status_update" State Rooms,
    /// A game ends (source document 003).
    GameEnded(GameEnded) "game_ended" Ephemeral Rooms,
    /// Something went wrong in a game (source document 003).
    GameError(GameError) "game_error" Ephemeral Rooms,
    /// The answer to `join_game` (source document 003).
    JoinedGame(JoinedGame) "joined_game" Control System,
    /// The answer to `leave_game` (source document 003).
    LeftGame(LeftGame) "left_game" Control System,
    /// A player says something (source document 003).
    ChatMessage(ChatMessage) "chat_message" Ephemeral Rooms,
    /// The backend's answer to an action.
    ActionAck(ActionAck) "action_ack" Control System,
    /// The answer to `ping` (source document 003).
    Pong(Pong) "pong" Control System,
    /// The answer to `room_join`.
    RoomJoinAck(RoomJoinAck) "room_join_ack" Control System,
    /// The answer to `room_leave`.
    RoomLeaveAck(RoomLeaveAck) "room_leave_ack" Control System,
    /// The user may be in a room no more.
    RoomLeft(RoomLeft) "room_left" Control System,
    /// The states that hold in a room.
    RoomSnapshot(RoomSnapshot) "room_snapshot" Control System,
    /// An event of the app's own type in a room.
    RoomEvent(RoomEvent) "room_event" Ephemeral Rooms,
}

impl Event {
    /// What is known of a type of ours; `None` for those that backends name themselves.
    pub fn known_spec(name: &str) -> Option<Spec> {
        Event::SPECS.iter().copied().find(|spec| spec.name == name)
    }

    /// What a newer event replaces: the one before it with the same key.
    pub fn key(&self) -> Option<Key> {
        let (state, id) = match self {
            Event::OtomoStatusUpdate(update) => ("otomo_status", &update.user_id),
            // Coming and going are one state.
            Event::UserOnline(online) => ("user", &online.user_id),
            Event::UserOffline(offline) => ("user", &offline.user_id),
            Event::FriendStatusChanged(changed) => ("friend_status", &changed.user_id),
            _ => return None,
        };
        Some(Key {
            state,
            id: id.as_str().into(),
        })
    }
}

#[cfg(test)]
mod tests;
