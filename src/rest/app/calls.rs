//! `/api/calls`: the calls of the one who asks. Those of others are not there (404).

use actix_web::web::{Data, Json, Path, Query, ReqData};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    kernel::ids::CallId,
    people::Person,
    protocol::{
        error_code::ErrorCode,
        event::{IceServer, IncomingCall},
        fault::Fault,
    },
    rest::{
        Answer, Shared,
        call::{CallPlace, CallView},
        error::ApiError,
        paging::{Page, Paging},
    },
};

/// `GET /api/calls?limit=&cursor=`: the newest first.
pub(super) async fn list(
    shared: Data<Shared>,
    who: ReqData<Person>,
    paging: Query<Paging>,
) -> Answer<Page<CallView>> {
    let after: Option<CallPlace> = paging.after()?;
    let after = after.map(Into::into);
    let calls = shared.calls.history(&who.user, after, paging.rows());
    Ok(Json(paging.page(
        calls.await?,
        CallPlace::of,
        CallView::from,
    )))
}

/// `GET /api/calls/{id}`
pub(super) async fn show(
    shared: Data<Shared>,
    who: ReqData<Person>,
    id: Path<CallId>,
) -> Answer<CallView> {
    let found = shared.calls.find(*id, &who.user).await?;
    let entry = found.ok_or_else(|| ApiError::not_found("call"))?;
    Ok(Json(entry.into()))
}

/// The `incoming_call` as sockets get it.
#[derive(Serialize, JsonSchema)]
pub(super) struct Ring {
    #[serde(rename = "type")]
    name: RingName,
    #[serde(flatten)]
    ring: IncomingCall,
}

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
enum RingName {
    #[serde(rename = "incoming_call")]
    IncomingCall,
}

/// `GET /api/calls/{id}/ring`: the `incoming_call` as sockets get it, for a device of the otomo that something else has woken
/// up. `INVALID_CALL_STATE` once it does not ring any more.
pub(super) async fn ring(
    shared: Data<Shared>,
    who: ReqData<Person>,
    id: Path<CallId>,
) -> Answer<Ring> {
    let id = id.into_inner();
    if let Some(ring) = shared.calls.ring(id, &who.user).await? {
        let name = RingName::IncomingCall;
        return Ok(Json(Ring { name, ring }));
    }
    let found = shared.calls.find(id, &who.user).await?;
    let entry = found.ok_or_else(|| ApiError::not_found("call"))?;
    let phase = entry.call.phase.name().as_str();
    let fault = Fault::new(
        ErrorCode::InvalidCallState,
        "this call does not ring for you",
    );
    Err(fault.about("phase", phase).into())
}

/// For `new RTCPeerConnection({iceServers})`.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct IceServers {
    ice_servers: Vec<IceServer>,
}

/// `GET /api/ice-servers`: with credentials that are good from now on.
pub(super) async fn ice_servers(shared: Data<Shared>, who: ReqData<Person>) -> Answer<IceServers> {
    let ice_servers = shared.calls.ice_servers(&who.user);
    Ok(Json(IceServers { ice_servers }))
}
