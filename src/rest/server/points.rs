//! `/api/server/points`: a backend grants points and consumes them.

use actix_web::web::{Data, Json, Path};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json, value::RawValue};

use crate::{
    kernel::{
        ids::{TransactionId, UserId},
        whole::whole,
    },
    points::{
        PointsFault,
        order::{
            ACTION_MAX_BYTES, DESCRIPTION_MAX_BYTES, Key, Order, Purpose, TYPE_MAX_BYTES,
            Transaction,
        },
        rules::{Amount, AmountFault, Change, POINTS_MAX},
    },
    rest::{Answer, Shared, body::Body, error::ApiError, idempotency::RequiredIdempotencyHeader},
};

/// What is ordered. Each field is read by itself, so that a refusal can say which one is wrong.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "PointsOrder")]
#[schemars(example = json!({"amount": 500, "transaction_type": "purchase", "description": "500 ポイント"}))]
pub(super) struct OrderBody {
    #[schemars(with = "i64", range(min = 1, max = POINTS_MAX))]
    amount: Option<Box<RawValue>>,
    /// What kind of change it is, in the app's own words.
    #[schemars(with = "String", length(min = 1, max = TYPE_MAX_BYTES), regex(pattern = r"^[^\s\x00-\x1f\x7f-\x9f]+$"))]
    transaction_type: Option<Box<RawValue>>,
    /// The same for people: at most 1,024 bytes.
    #[schemars(with = "Option<String>", length(max = DESCRIPTION_MAX_BYTES), regex(pattern = r"^[^\x00]*$"))]
    description: Option<Box<RawValue>>,
    /// What the points are given or taken for: at most 128 bytes.
    #[schemars(with = "Option<String>", length(max = ACTION_MAX_BYTES), regex(pattern = r"^[^\x00]*$"))]
    action: Option<Box<RawValue>>,
    /// The app's own data: at most 4,096 bytes of JSON.
    #[schemars(with = "Option<Map<String, Value>>")]
    metadata: Option<Box<RawValue>>,
}

/// What has changed.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PointsChanged")]
pub(super) struct Done {
    #[serde(rename = "transactionId")]
    transaction_id: TransactionId,
    balance_before: i64,
    balance_after: i64,
}

impl From<Transaction> for Done {
    fn from(transaction: Transaction) -> Self {
        Self {
            transaction_id: transaction.id,
            balance_before: transaction.balance_before(),
            balance_after: transaction.balance_after,
        }
    }
}

/// `POST /api/server/points/{user}/grant`, once for each `Idempotency-Key`. The user need not be known.
pub(super) async fn grant(
    shared: Data<Shared>,
    key: RequiredIdempotencyHeader,
    user: Path<UserId>,
    Body(body): Body<OrderBody>,
) -> Answer<Done> {
    let order = order(&key, user, &body, Change::Grant)?;
    Ok(Json(shared.points.carry_out(order).await?.into()))
}

/// `POST /api/server/points/{user}/consume`, once for each `Idempotency-Key`. 409 if there are not enough: nothing is taken,
/// and the same order may be tried again later.
pub(super) async fn consume(
    shared: Data<Shared>,
    key: RequiredIdempotencyHeader,
    user: Path<UserId>,
    Body(body): Body<OrderBody>,
) -> Answer<Done> {
    let order = order(&key, user, &body, Change::Consume)?;
    Ok(Json(shared.points.carry_out(order).await?.into()))
}

fn order(
    key: &RequiredIdempotencyHeader,
    user: Path<UserId>,
    body: &OrderBody,
    change: fn(Amount) -> Change,
) -> Result<Order, ApiError> {
    let key = Key::request(&key.0);
    let purpose = Purpose {
        transaction_type: text("transaction_type", &body.transaction_type)?.unwrap_or_default(),
        description: text("description", &body.description)?.unwrap_or_default(),
        action: text("action", &body.action)?.unwrap_or_default(),
        metadata: read("metadata", &body.metadata, METADATA)?.unwrap_or_default(),
    };
    let change = change(amount(&body.amount)?);
    Ok(Order::new(user.into_inner(), key, change, purpose)?)
}

/// What metadata must be. It is passed on to every client, and what JSON allows some parsers refuse (RFC 8259, sections 6
/// and 8.2).
const METADATA: &str = "must be a JSON object that every client can read: no half surrogate pairs, no numbers beyond a double";

fn amount(raw: &Option<Box<RawValue>>) -> Result<Amount, PointsFault> {
    let what = AmountFault.to_string();
    let number = raw.as_ref().and_then(|raw| whole(&**raw).ok());
    let amount = number.and_then(|number: i64| Amount::try_from(number).ok());
    amount.ok_or_else(|| PointsFault::invalid("amount", what))
}

fn text(field: &'static str, raw: &Option<Box<RawValue>>) -> Result<Option<String>, PointsFault> {
    read(field, raw, "must be a string")
}

fn read<T: DeserializeOwned>(
    field: &'static str,
    raw: &Option<Box<RawValue>>,
    what: &str,
) -> Result<Option<T>, PointsFault> {
    let value = raw.as_ref().map(|raw| serde_json::from_str(raw.get()));
    value
        .transpose()
        .map_err(|_fault| PointsFault::invalid(field, what))
}
