//! `/api/inbox`: the durable events of the one who asks, for clients that hold no connection.

use actix_web::web::{Data, Json, Query, ReqData};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, value::RawValue};

use crate::{
    contract::parameter,
    delivery::inbox::{
        Extent, Seq,
        records::{self, Page, StoredEvent},
        resume::{self, Resume, ResyncReason},
    },
    kernel::iso::Iso,
    people::Person,
    protocol::event as wire,
    rest::{Answer, Shared, paging::Size},
    store::StoreError,
};

/// From where on.
#[derive(Deserialize, JsonSchema)]
pub(super) struct After {
    /// The last `seq` that the client has. Without it: from the oldest event that is kept.
    #[serde(default, deserialize_with = "last_seq")]
    after: Option<u64>,
}

fn last_seq<'de, D: Deserializer<'de>>(given: D) -> Result<Option<u64>, D::Error> {
    parameter::parse_optional(given, "after must be the seq of an event, a whole number")
}

/// A part of the stream.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "InboxPart")]
pub(super) struct Stream {
    items: Vec<Item>,
    /// For the next request's `after`.
    seq: u64,
    /// Where the stream ends now. Above `seq`: there is more.
    head: u64,
    /// The stream does not reach back to `after`, and the items begin with the oldest that is kept; or they end before an event
    /// that is damaged or lost. What was missed is gone, and the client reads its state anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    resync: Option<wire::ResyncReason>,
}

/// One durable event.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "InboxEvent")]
struct Item {
    /// Its place in the stream.
    seq: u64,
    created_at: Iso,
    /// The message as sockets get it.
    #[schemars(with = "Map<String, Value>")]
    event: Box<RawValue>,
}

/// `GET /api/inbox?after=&limit=`: as on a socket, the place in the stream is the cursor.
pub(super) async fn read(
    shared: Data<Shared>,
    who: ReqData<Person>,
    after: Query<After>,
    size: Query<Size>,
) -> Answer<Stream> {
    let user = who.into_inner().user;
    let asked = after.after.map(Seq::new);
    let limit = size.limit();
    let now = shared.store.now();
    let read = shared.store.read(move |conn| {
        let extent = records::extent(conn, &user)?;
        let (start, reason) = start(asked, extent);
        let page = records::page(conn, &user, start, limit, now)?;
        Ok::<_, StoreError>((extent, page, reason))
    });
    let (extent, page, reason) = read.await?;
    let (events, unreadable, through) = match page {
        Page::Events {
            events,
            unreadable,
            through,
        } => (events, unreadable, through),
        // Not from its own beginning: a read sees one moment.
        Page::Dropped(extent) => (Vec::new(), None, extent.head),
    };
    let reason = reason.or(unreadable.map(|_| ResyncReason::Retention));
    let items: Result<_, StoreError> = events.into_iter().map(Item::try_from).collect();
    Ok(Json(Stream {
        items: items?,
        seq: through.get(),
        head: extent.head.get(),
        resync: reason.map(told),
    }))
}

/// From where to read, and why that is not where the client asked.
fn start(asked: Option<Seq>, extent: Extent) -> (Seq, Option<ResyncReason>) {
    let before_oldest = Seq::new(extent.first.get().saturating_sub(1));
    match resume::decide(asked, extent) {
        Resume::FromHead => (before_oldest, None),
        Resume::Replay { after } => (after, None),
        Resume::Resync { reason, .. } => (before_oldest, Some(reason)),
    }
}

fn told(reason: ResyncReason) -> wire::ResyncReason {
    match reason {
        ResyncReason::Retention => wire::ResyncReason::Retention,
        ResyncReason::UnknownSeq => wire::ResyncReason::UnknownSeq,
    }
}

impl TryFrom<StoredEvent> for Item {
    type Error = StoreError;

    fn try_from(event: StoredEvent) -> Result<Self, StoreError> {
        let corrupt =
            |fault| StoreError::corrupt(format!("events.body of seq {}: {fault}", event.seq));
        Ok(Self {
            seq: event.seq.get(),
            created_at: event.created_at.into(),
            event: RawValue::from_string(event.body).map_err(corrupt)?,
        })
    }
}
