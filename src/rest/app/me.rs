//! `/api/me`, and logging out.

use actix_web::web::{Data, Json, Query, ReqData};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    delivery::{leave::Leave, line::Client, lines::To},
    kernel::{
        identity::Role,
        ids::{DeviceId, UserId},
    },
    people::Person,
    protocol::close_code::CloseCode,
    rest::{Answer, Shared, error::ApiError},
};

/// Who asks, as others see them.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Me {
    user_id: UserId,
    role: Role,
    name: String,
    avatar: Option<String>,
}

/// `GET /api/me`
pub(super) async fn show(who: ReqData<Person>) -> Answer<Me> {
    let person = who.into_inner();
    Ok(Json(Me {
        user_id: person.user,
        role: person.role,
        name: person.name,
        avatar: person.avatar,
    }))
}

/// Which device logs out.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "DeviceToLogOut")]
pub(super) struct LogOut {
    /// The `device` of its connections; all of the user's devices where it is missing.
    device: Option<DeviceId>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct LoggedOut {
    /// Connections that were closed.
    closed: usize,
}

/// `POST /api/logout?device=`: a clean leave ([`Leave::Clean`]), for a client that cannot say goodbye on its connection: it is an SSE stream,
/// or it broke. Open connections are closed with 1000; an otomo's grace for one that broke ends at once.
pub(super) async fn log_out(
    shared: Data<Shared>,
    who: ReqData<Person>,
    log_out: Query<LogOut>,
) -> Answer<LoggedOut> {
    let person = who.into_inner();
    let to = match &log_out.device {
        Some(device) => To::Device(person.user.clone(), device.clone()),
        None => To::User(person.user.clone()),
    };
    let closed = shared
        .dispatch
        .close(to, CloseCode::Normal, "logged out")
        .await;
    if person.role == Role::Otomo {
        end_graces(&shared, &person, log_out.device.as_ref()).await?;
    }
    Ok(Json(LoggedOut { closed }))
}

/// Ends what is held of connections that broke.
async fn end_graces(
    shared: &Shared,
    otomo: &Person,
    of: Option<&DeviceId>,
) -> Result<(), ApiError> {
    let Some(explanation) = shared.presence.why(&otomo.user).await? else {
        return Ok(());
    };
    for connection in explanation.connections {
        let lease = connection.lease;
        if lease.leaving && of.is_none_or(|device| *device == lease.device) {
            let gone = Client {
                user: otomo.user.clone(),
                role: otomo.role,
                device: lease.device,
                session: lease.session,
            };
            shared.presence.leave(&gone, Leave::Clean);
        }
    }
    Ok(())
}
