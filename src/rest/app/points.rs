//! `/api/points`: what the asker has, and how it came to that.

use actix_web::web::{Data, Json, Query, ReqData};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    kernel::{ids::TransactionId, iso::Iso},
    people::Person,
    points::order::Transaction,
    rest::{
        Answer, Shared,
        paging::{Page, Paging},
    },
};

/// What somebody has.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "PointsBalance")]
pub(super) struct Balance {
    balance: i64,
    /// When it last changed; `null` if it never did.
    updated_at: Option<Iso>,
}

/// `GET /api/points`
pub(super) async fn show(shared: Data<Shared>, who: ReqData<Person>) -> Answer<Balance> {
    let account = shared.points.account(&who.user).await?;
    Ok(Json(Balance {
        balance: account.balance,
        updated_at: account.updated_at.map(Iso::from),
    }))
}

/// One change. Its fields are named as in `sp_update` (source document 003), which told of it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PointsTransaction")]
pub(super) struct TransactionView {
    #[serde(rename = "transactionId")]
    transaction_id: TransactionId,
    /// Below 0: points were taken.
    amount: i64,
    balance_before: i64,
    balance_after: i64,
    transaction_type: String,
    description: String,
    action: String,
    metadata: Map<String, Value>,
    #[serde(rename = "createdAt")]
    created_at: Iso,
}

impl From<Transaction> for TransactionView {
    fn from(transaction: Transaction) -> Self {
        let balance_before = transaction.balance_before();
        let purpose = transaction.purpose;
        Self {
            transaction_id: transaction.id,
            amount: transaction.amount,
            balance_before,
            balance_after: transaction.balance_after,
            transaction_type: purpose.transaction_type,
            description: purpose.description,
            action: purpose.action,
            metadata: purpose.metadata,
            created_at: transaction.created_at.into(),
        }
    }
}

/// `GET /api/points/transactions?limit=&cursor=`: the newest first.
pub(super) async fn transactions(
    shared: Data<Shared>,
    who: ReqData<Person>,
    paging: Query<Paging>,
) -> Answer<Page<TransactionView>> {
    let before: Option<u64> = paging.after()?;
    let list = shared.points.transactions(&who.user, before, paging.rows());
    let place = |it: &Transaction| it.ordinal;
    Ok(Json(paging.page(list.await?, place, TransactionView::from)))
}
