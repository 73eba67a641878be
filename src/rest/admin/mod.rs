//! `/admin/api`: what admins see and correct. Every correction is audited ([`audited`]).

mod audit;
pub(super) mod audited;
mod calls;
mod drain;
mod nodes;
mod otomo;
mod overview;
mod sessions;
mod users;

use super::tags;
use crate::{
    contract::{Access, Area, Endpoint, get, post},
    protocol::error_code::ErrorCode::OtomoNotFound,
};

pub(super) fn area() -> Area {
    Area::new("/admin/api", Access::Admins)
        .with(&tags::ADMIN, node())
        .with(&tags::ADMIN, otomo())
        .with(&tags::ADMIN, calls())
        .with(&tags::ADMIN, people())
}

fn node() -> [Endpoint; 5] {
    [
        get(
            "/overview",
            "getOverview",
            overview::show,
            "This node in one look",
        ),
        get(
            "/nodes",
            "listNodes",
            nodes::list,
            "The nodes of the database, also those that have left",
        ),
        get(
            "/drain",
            "getDrain",
            drain::show,
            "Whether this node stops, and how far it is",
        ),
        post(
            "/drain",
            "drainNode",
            drain::begin,
            "Stop this node without cutting anybody off",
        )
        .details(
            "What SIGTERM does: no new connections, no new rings; live calls may end, at \
             the latest at `server.drain_limit`; then the process ends. Asked twice, it is \
             done once.",
        ),
        get(
            "/audit",
            "listAudit",
            audit::list,
            "What admins did, the newest first",
        ),
    ]
}

fn otomo() -> [Endpoint; 4] {
    [
        get(
            "/otomo",
            "watchOtomo",
            otomo::list,
            "The otomo, with their connections to this node",
        ),
        get(
            "/otomo/{id}/why",
            "explainOtomo",
            otomo::why,
            "Why an otomo has their status",
        )
        .refuses([OtomoNotFound]),
        post(
            "/otomo/{id}/status",
            "forceOtomoStatus",
            otomo::force,
            "Set an otomo's status",
        )
        .details(
            "`online` and `break` are chosen for the otomo; `offline` ends their call and \
             closes their connections (4003). `busy` follows from calls and cannot be given.",
        )
        .refuses([OtomoNotFound]),
        post(
            "/otomo/{id}/free",
            "freeOtomo",
            otomo::free,
            "Set an otomo free for calls",
        )
        .details(
            "Their live call ends, for both people, also one that is stuck or broken. A break that \
             missed calls had put them on is over, and so is the wrap-up of their last call. A \
             break that somebody chose stays.",
        )
        .refuses([OtomoNotFound]),
    ]
}

fn calls() -> [Endpoint; 3] {
    [
        get(
            "/calls",
            "listAllCalls",
            calls::list,
            "All calls, the newest first",
        ),
        get(
            "/calls/{id}/timeline",
            "getTimeline",
            calls::timeline,
            "What happened in a call, in order",
        ),
        post("/calls/{id}/end", "endCall", calls::end, "End a call")
            .details("Both people are told. One that is over stays as it is."),
    ]
}

fn people() -> [Endpoint; 5] {
    [
        get(
            "/sessions",
            "listSessions",
            sessions::list,
            "The connections of all nodes, the oldest first",
        ),
        post(
            "/sessions/{id}/disconnect",
            "disconnectSession",
            sessions::disconnect,
            "Close a connection",
        )
        .details("It does not come back by itself (4003)."),
        get(
            "/slow",
            "listSlow",
            sessions::slow,
            "The connections of all nodes that something waits for, the slowest first",
        ),
        post(
            "/users/{id}/disconnect",
            "disconnectPerson",
            users::disconnect,
            "Close all connections of somebody, on all nodes",
        )
        .details(
            "They do not come back by themselves (4003). Their live call ends. An otomo is offline \
             at once, also one whose node has died.",
        ),
        post(
            "/users/{id}/inbox/resend",
            "resendInbox",
            users::resend,
            "Send a user's durable events again",
        )
        .details(
            "To the devices that are connected. Those that have an event already pass over its \
             copy, by its `seq`; the others get what they miss when they come back, as ever.",
        ),
    ]
}
