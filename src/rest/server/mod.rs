//! `/api/server`: what backends of the app tell the server.

mod calls;
mod events;
mod points;
mod rooms;
mod users;

use super::tags;
use crate::{
    contract::{Access, Area, Endpoint, delete, get, post, put},
    protocol::error_code::ErrorCode::{
        BadRequest, CallAlreadyEnded, Conflict, EventInvalid, InsufficientPoints, InvalidCallState,
    },
};

pub(super) fn area() -> Area {
    Area::new("/api/server", Access::Backends)
        .with(&tags::USERS, users())
        .with(&tags::LEDGER, ledger())
        .with(&tags::MEDIA, media())
        .with(&tags::EVENTS, events())
        .with(&tags::ROOMS, rooms())
}

fn users() -> [Endpoint; 2] {
    [
        put("/users/{id}", "putUser", users::put, "Set somebody up").details(
            "The whole person: what is missing is not kept from before. A disabled user \
             loses their call and their connections (4003). One whose role has changed \
             loses their connections, and is to come back with a new token (4202).",
        ),
        post(
            "/users/{id}/disconnect",
            "disconnectUser",
            users::disconnect,
            "Close all of a user's connections",
        )
        .details(
            "They do not come back by themselves (4003), but may, unless the user is disabled.",
        ),
    ]
}

fn ledger() -> [Endpoint; 2] {
    [
        post(
            "/points/{user}/grant",
            "grantPoints",
            points::grant,
            "Give points",
        )
        .details("Once for each `Idempotency-Key`. The user need not be known.")
        .refuses([Conflict]),
        post(
            "/points/{user}/consume",
            "consumePoints",
            points::consume,
            "Take points",
        )
        .details(
            "Once for each `Idempotency-Key`. If there are not enough nothing is taken, \
             and the same order may be tried again later.",
        )
        .refuses([Conflict, InsufficientPoints]),
    ]
}

fn media() -> [Endpoint; 1] {
    [post(
        "/calls/{id}/media",
        "reportMedia",
        calls::media,
        "Say whether a call's media flows",
    )
    .details(
        "For a media server: to be repeated as often as it is seen. Only a change does something.",
    )
    .refuses([CallAlreadyEnded, InvalidCallState])]
}

fn events() -> [Endpoint; 1] {
    [post(
        "/events",
        "publishEvents",
        events::publish,
        "Say something to users",
    )
    .details("One event, or several: then all of them are published, or none.")
    .body_max(events::BATCH_BYTES_MAX)
    .refuses([EventInvalid, Conflict])]
}

fn rooms() -> [Endpoint; 3] {
    [
        get(
            "/rooms/{room}",
            "getRoom",
            rooms::show,
            "The members of a room, and who of them is there",
        )
        .details("A room that nobody knows has none."),
        put(
            "/rooms/{room}/members/{user}",
            "grantRoom",
            rooms::grant,
            "Let somebody into a room",
        )
        .refuses([BadRequest]),
        delete(
            "/rooms/{room}/members/{user}",
            "revokeRoom",
            rooms::revoke,
            "Take somebody out of a room",
        )
        .details(
            "The room's events end at once for all of their connections. \
             The same answer for somebody who was not in.",
        )
        .refuses([BadRequest]),
    ]
}
