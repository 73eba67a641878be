//! `/api/otomo`: who can be called, and the otomo's own choice.

use actix_web::web::{Data, Json, Path, Query, ReqData};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::{
    audit::{Action, AuditEvent},
    kernel::{identity::Role, ids::UserId, iso::Iso},
    people::Person,
    presence::{board::Place, rules::Chooser},
    protocol::command::ChosenStatus,
    rest::{
        Answer, Shared,
        admin::audited::audited,
        body::Body,
        error::ApiError,
        otomo::{ChoiceView, Filter, ListPlace, OtomoView},
        paging::{Page, Paging},
    },
};

/// `GET /api/otomo?status=&limit=&cursor=`: in list order ([`list_order`](crate::presence::rules::list_order)).
pub(super) async fn list(
    shared: Data<Shared>,
    filter: Query<Filter>,
    paging: Query<Paging>,
) -> Answer<Page<OtomoView>> {
    let after: Option<ListPlace> = paging.after()?;
    let after = after.map(Place::try_from).transpose()?;
    let board = shared.presence.board();
    let entries = board.page(filter.status()?, after.as_ref(), paging.rows() as usize);
    Ok(Json(paging.page(entries, ListPlace::of, OtomoView::from)))
}

/// `GET /api/otomo/{id}`
pub(super) async fn show(shared: Data<Shared>, id: Path<UserId>) -> Answer<OtomoView> {
    match shared.presence.board().get(&id) {
        Some(entry) => Ok(Json(entry.into())),
        None => Err(ApiError::unknown_otomo()),
    }
}

/// A choice, and whose it is.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "OtomoStatusToSet")]
#[schemars(example = json!({"status": "break"}))]
pub(super) struct Choose {
    status: ChosenStatus,
    /// When a break is to end by itself: in the future.
    until: Option<Iso>,
    /// For an admin: whom they choose for.
    user_id: Option<UserId>,
}

/// `PUT /api/otomo/status`: an otomo goes on break or comes back, or an admin has them do so.
pub(super) async fn choose(
    shared: Data<Shared>,
    who: ReqData<Person>,
    Body(choose): Body<Choose>,
) -> Answer<ChoiceView> {
    let person = who.into_inner();
    let (chosen, until) = (choose.status.into(), choose.until.map(|until| until.0));
    match (person.role, choose.user_id) {
        (Role::Otomo, otomo) if otomo.as_ref().is_none_or(|it| *it == person.user) => {
            let choice = shared
                .presence
                .choose(&person.user, chosen, until, Chooser::Own);
            let choice = choice.await?;
            Ok(Json(ChoiceView::new(person.user, choice)))
        }
        (Role::Admin, Some(otomo)) => {
            let event =
                AuditEvent::new(&person.user, Action::SetStatus, &otomo).with_detail(chosen);
            let presence = shared.presence.clone();
            let choosing = audited(&shared, event, async move {
                let choice = presence.choose(&otomo, chosen, until, Chooser::Admin);
                Ok(ChoiceView::new(otomo.clone(), choice.await?))
            });
            choosing.await.map(Json)
        }
        (Role::Admin, None) => Err(ApiError::bad_request("userId: say whom you choose for")),
        (Role::Otomo, _) => Err(ApiError::forbidden("this is another otomo's choice")),
        (Role::User | Role::Service, _) => {
            Err(ApiError::forbidden("only an otomo has a status to set"))
        }
    }
}
