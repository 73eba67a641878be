//! `/admin/api/users`: repairs for one user.

use actix_web::web::{Data, Json, Path, ReqData};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::audited::audited;
use crate::{
    audit::{Action, AuditEvent},
    delivery::inbox::{Seq, records},
    kernel::{ids::UserId, whole::whole},
    people::Person,
    rest::{Answer, Shared, body::Body, error::ApiError, evict::evict},
};

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PersonDisconnected {
    user_id: UserId,
    /// Connections that were closed, on all nodes.
    closed: usize,
}

/// `POST /admin/api/users/{id}/disconnect`: ends somebody's live call and closes all their connections (4003). What an otomo
/// has left on a node that died counts no more.
pub(super) async fn disconnect(
    shared: Data<Shared>,
    who: ReqData<Person>,
    id: Path<UserId>,
) -> Answer<PersonDisconnected> {
    let user = id.into_inner();
    let event = AuditEvent::new(&who.user, Action::DisconnectUser, &user);
    let acting = shared.clone();
    let disconnected = audited(&shared, event, async move {
        let known = acting.people.find(user.clone()).await?;
        known.ok_or_else(|| ApiError::not_found("user"))?;
        let closed = evict(&acting, &user, "an admin closed this connection").await?;
        Ok(PersonDisconnected {
            user_id: user,
            closed,
        })
    });
    disconnected.await.map(Json)
}

/// What is to be sent again.
#[derive(Deserialize, JsonSchema)]
pub(super) struct InboxResend {
    /// The durable events after this `seq`; 0 for all that are kept.
    #[serde(deserialize_with = "whole")]
    after: u64,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct InboxResent {
    user_id: UserId,
    /// The connections, on all nodes, that they are sent to.
    connections: usize,
    /// The events after this `seq` are sent: a greater one than was asked for if those before it are no longer kept.
    after: u64,
    /// The `seq` of the last of them.
    head: u64,
}

/// `POST /admin/api/users/{id}/inbox/resend`: tells the connected devices of a user their durable events after a `seq` once
/// more, and fresh snapshots of the chat and of friends, so that a device that has lost some of it is right again without a
/// new connection. Those that have an event already pass over its copy, by its `seq`; devices that are away get what they
/// miss when they come back, as ever. The events go out page by page, as fast as each device takes them.
pub(super) async fn resend(
    shared: Data<Shared>,
    who: ReqData<Person>,
    id: Path<UserId>,
    Body(wanted): Body<InboxResend>,
) -> Answer<InboxResent> {
    let (user, after) = (id.into_inner(), Seq::new(wanted.after));
    let detail = format_args!("after={after}");
    let event = AuditEvent::new(&who.user, Action::ResendInbox, &user).with_detail(detail);
    let acting = shared.clone();
    let resent = audited(&shared, event, async move {
        let known = acting.people.find(user.clone()).await?;
        known.ok_or_else(|| ApiError::not_found("user"))?;
        let of = user.clone();
        let read = acting.store.read(move |conn| records::extent(conn, &of));
        let extent = read.await?;
        if after > extent.head {
            let message = "after must not be above the seq of the user's last event";
            return Err(ApiError::bad_request(message));
        }
        let after = after.max(Seq::new(extent.first.get().saturating_sub(1)));
        let connections = acting.dispatch.resend(&user, after).await;
        acting.dispatch.chat_outdated(&user);
        Ok(InboxResent {
            user_id: user,
            connections,
            after: after.get(),
            head: extent.head.get(),
        })
    });
    resent.await.map(Json)
}
