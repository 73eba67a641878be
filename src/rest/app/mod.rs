//! `/api`: what apps ask for their people.

mod calls;
mod conversations;
mod friends;
mod inbox;
mod me;
mod messages;
mod otomo;
mod points;
mod users;

use super::tags;
use crate::{
    contract::{Access, Area, Endpoint, delete, get, post, put},
    protocol::error_code::ErrorCode::{
        BadRequest, Conflict, ConversationNotFound, InvalidCallState, MessageEmpty,
        MessageTooLarge, NotFound, OtomoNotFound, RateLimited,
    },
};

pub(super) fn area() -> Area {
    Area::new("/api", Access::People)
        .with(&tags::ACCOUNT, account())
        .with(&tags::OTOMO, otomo())
        .with(&tags::CALLS, calls())
        .with(&tags::CHAT, conversations())
        .with(&tags::CHAT, messages())
        .with(&tags::FRIENDS, friends())
        .with(&tags::POINTS, points())
        .with(&tags::INBOX, inbox())
}

fn account() -> [Endpoint; 2] {
    [
        get("/me", "getMe", me::show, "Who you are"),
        post("/logout", "logOut", me::log_out, "Log out").details(
            "A clean leave, for a client that cannot say goodbye on its connection: it \
             is an event stream, or it broke. Open connections are closed with 1000. \
             The grace that an otomo's broken connection has ends at once.",
        ),
    ]
}

fn otomo() -> [Endpoint; 3] {
    [
        get(
            "/otomo",
            "listOtomo",
            otomo::list,
            "The otomo, those who can be called first",
        ),
        put(
            "/otomo/status",
            "setOtomoStatus",
            otomo::choose,
            "Go on break, or come back",
        )
        .details(
            "For an otomo themselves, or an admin who says whom they choose for \
             (`userId`). It shows once a live call is over.",
        )
        .refuses([OtomoNotFound]),
        get("/otomo/{id}", "getOtomo", otomo::show, "One otomo").refuses([OtomoNotFound]),
    ]
}

fn calls() -> [Endpoint; 4] {
    [
        get(
            "/calls",
            "listCalls",
            calls::list,
            "Your calls, the newest first",
        ),
        get("/calls/{id}", "getCall", calls::show, "One of your calls"),
        get(
            "/calls/{id}/ring",
            "getRing",
            calls::ring,
            "The ring of a call that rings for you",
        )
        .details(
            "The `incoming_call` as sockets get it, for a device that something else \
             has woken up, as a push message.",
        )
        .refuses([InvalidCallState]),
        get(
            "/ice-servers",
            "getIceServers",
            calls::ice_servers,
            "Servers for a peer connection",
        )
        .details(
            "For `new RTCPeerConnection({ iceServers })`. Credentials are good from now \
             on, for a short time.",
        ),
    ]
}

fn conversations() -> [Endpoint; 5] {
    [
        get(
            "/conversations",
            "listConversations",
            conversations::list,
            "Your conversations, those with the latest messages first",
        ),
        post(
            "/conversations",
            "beginConversation",
            conversations::begin,
            "Begin a conversation",
        )
        .details(
            "Of two people there is one, which this finds or begins. A group is a new \
             one each time, or one for each `Idempotency-Key`.",
        )
        .refuses([NotFound, RateLimited]),
        get(
            "/conversations/{id}",
            "getConversation",
            conversations::show,
            "One of your conversations",
        )
        .refuses([ConversationNotFound]),
        put(
            "/conversations/{id}/members/{user}",
            "addMember",
            conversations::add,
            "Add somebody to a group",
        )
        .details("Any member may.")
        .refuses([BadRequest, ConversationNotFound, Conflict, RateLimited]),
        delete(
            "/conversations/{id}/members/{user}",
            "removeMember",
            conversations::remove,
            "Leave a group, or take somebody out",
        )
        .details("Anybody may leave. The group's creator may take others out.")
        .refuses([ConversationNotFound, Conflict]),
    ]
}

fn messages() -> [Endpoint; 5] {
    [
        get(
            "/conversations/{id}/messages",
            "listMessages",
            messages::list,
            "A part of the history",
        )
        .details(
            "The latest messages; those that come after a `messageSeq`; or those that \
             came before one. The oldest comes first.",
        )
        .refuses([ConversationNotFound]),
        post(
            "/conversations/{id}/messages",
            "sendMessage",
            messages::send,
            "Send a message",
        )
        .details(
            "As `message_send` does. Repeated with the same `clientMessageId` it is sent once.",
        )
        .refuses([
            ConversationNotFound,
            MessageEmpty,
            MessageTooLarge,
            Conflict,
            RateLimited,
        ]),
        post(
            "/conversations/{id}/read",
            "markRead",
            messages::read,
            "Say how far you have read",
        )
        .details("As `message-read` does. The place never goes back.")
        .refuses([ConversationNotFound]),
        post(
            "/conversations/{id}/typing",
            "setTyping",
            messages::typing,
            "Say whether you are typing",
        )
        .details("As `typing-start` and `typing-stop` do. To be repeated while it goes on.")
        .refuses([ConversationNotFound]),
        get(
            "/users/{id}/status",
            "getUserStatus",
            users::status,
            "Whether somebody is online",
        )
        .details("You, a friend, or somebody who is in a conversation with you."),
    ]
}

fn friends() -> [Endpoint; 4] {
    [
        get(
            "/friends",
            "listFriends",
            friends::list,
            "Friends and open requests, the latest first",
        ),
        get(
            "/friends/online-status",
            "getFriendsOnlineStatus",
            friends::online_status,
            "Which of your friends are online",
        ),
        put(
            "/friends/{id}",
            "askFriend",
            friends::ask,
            "Ask somebody, or accept what they asked",
        )
        .refuses([BadRequest, Conflict, RateLimited]),
        delete(
            "/friends/{id}",
            "removeFriend",
            friends::remove,
            "Take a request back, refuse one, or end a friendship",
        ),
    ]
}

fn points() -> [Endpoint; 2] {
    [
        get(
            "/points",
            "getPoints",
            points::show,
            "How many points you have",
        ),
        get(
            "/points/transactions",
            "listTransactions",
            points::transactions,
            "How your points changed, the newest first",
        ),
    ]
}

fn inbox() -> [Endpoint; 1] {
    [get(
        "/inbox",
        "readInbox",
        inbox::read,
        "Your durable events, for a client without a connection",
    )
    .details(
        "As on a socket, the place in the stream is the cursor: send the answer's \
             `seq` as the next `after`. There is more while `seq` is below `head`.",
    )]
}
