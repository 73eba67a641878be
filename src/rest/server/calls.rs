//! `/api/server/calls`: what the media server sees of a call.

use actix_web::web::{Data, Json, Path};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    kernel::ids::CallId,
    rest::{Answer, Shared, body::Body},
};

/// Whether media flows.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "MediaSeen")]
pub(super) struct Media {
    /// Whether any is seen.
    alive: bool,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "MediaNoted")]
pub(super) struct Noted {
    call_id: CallId,
    alive: bool,
}

/// `POST /api/server/calls/{id}/media`: to be repeated as often as it is seen; only a change does something.
pub(super) async fn media(
    shared: Data<Shared>,
    id: Path<CallId>,
    Body(media): Body<Media>,
) -> Answer<Noted> {
    let (call_id, alive) = (id.into_inner(), media.alive);
    shared.calls.media(call_id, alive).await?;
    Ok(Json(Noted { call_id, alive }))
}
