//! The events of points: put into the user's inbox in the transaction that they tell of, and delivered once it is committed.

use super::order::{Order, Transaction};
use crate::{
    delivery::inbox::{self, Seq, records::NewEvent},
    kernel::ids::{EventId, UserId},
    protocol::{
        event::{Event, SpDailyRecovery, SpInsufficient, SpUpdate},
        frame::Frame,
    },
    store::{StoreError, Tx},
};

/// An event that is in its user's inbox, and is to be delivered after the commit: see
/// [`Points::publish`](super::Points::publish).
#[derive(Debug, Clone)]
#[must_use = "publish it after the commit"]
pub struct Told {
    /// Whom it tells.
    pub user: UserId,
    /// Its place in their stream.
    pub seq: Seq,
    /// The event.
    pub frame: Frame,
    /// The balance that it tells of.
    pub balance: i64,
    /// What kind of change it tells of, in the app's own words.
    pub transaction_type: String,
}

impl Told {
    /// Tells of a transaction.
    pub(super) fn update(tx: &mut Tx<'_>, of: &Transaction) -> Result<Self, StoreError> {
        let event = Event::SpUpdate(SpUpdate {
            current_sp: of.balance_after,
            amount_changed: of.amount,
            transaction_type: of.purpose.transaction_type.clone(),
            description: of.purpose.description.clone(),
            balance_before: of.balance_before(),
            balance_after: of.balance_after,
            metadata: of.purpose.metadata.clone(),
            timestamp: of.created_at.into(),
        });
        Self::of(tx, of, &event)
    }

    /// Tells of the points of a new day.
    pub(super) fn recovery(
        tx: &mut Tx<'_>,
        of: &Transaction,
        day: jiff::civil::Date,
    ) -> Result<Self, StoreError> {
        let event = Event::SpDailyRecovery(SpDailyRecovery {
            total_amount: of.amount,
            balance_after: of.balance_after,
            date: day.to_string(),
            timestamp: of.created_at.into(),
        });
        Self::of(tx, of, &event)
    }

    /// Tells that there are not enough points for an order; `None` if that was told before.
    pub(super) fn insufficient(
        tx: &mut Tx<'_>,
        order: &Order,
        required: i64,
        balance: i64,
    ) -> Result<Option<Self>, StoreError> {
        let id = EventId::of_refusal(order.user(), order.key().as_str());
        if inbox::records::is_stored(tx, id)? {
            return Ok(None);
        }
        let purpose = order.purpose();
        // What has no name of its own goes by the name of its kind.
        let action = match purpose.action.as_str() {
            "" => &purpose.transaction_type,
            named => named,
        };
        let event = Event::SpInsufficient(SpInsufficient {
            required_amount: required,
            current_sp: balance,
            action: action.to_owned(),
            message: format!("{action} costs {required} points, and you have {balance}"),
            timestamp: tx.now().into(),
        });
        let kind = &purpose.transaction_type;
        Self::put(tx, order.user(), &event, id, balance, kind).map(Some)
    }

    fn of(tx: &mut Tx<'_>, of: &Transaction, event: &Event) -> Result<Self, StoreError> {
        let (balance, kind) = (of.balance_after, &of.purpose.transaction_type);
        Self::put(tx, &of.user, event, of.id.event(), balance, kind)
    }

    fn put(
        tx: &mut Tx<'_>,
        user: &UserId,
        event: &Event,
        id: EventId,
        balance: i64,
        transaction_type: &str,
    ) -> Result<Self, StoreError> {
        let frame = Frame::new(event);
        let new = NewEvent::of(id, &frame)?;
        let places = inbox::records::append(tx, &new, std::slice::from_ref(user))?;
        let place = places.into_iter().next();
        let (user, seq) = place.ok_or_else(|| StoreError::corrupt("an event is in no inbox"))?;
        Ok(Self {
            user,
            seq,
            frame,
            balance,
            transaction_type: transaction_type.to_owned(),
        })
    }
}
