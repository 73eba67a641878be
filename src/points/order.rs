//! An order to change somebody's points, and the transaction that came of it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::{fault::PointsFault, rules::Change};
use crate::kernel::{
    ids::{CallId, IdempotencyKey, TransactionId, UserId},
    time::Timestamp,
};

/// The longest `transaction_type`, in bytes.
pub const TYPE_MAX_BYTES: usize = 64;

/// The longest `description`, in bytes.
pub const DESCRIPTION_MAX_BYTES: usize = 1024;

/// The longest `action`, in bytes.
pub const ACTION_MAX_BYTES: usize = 128;

/// The most `metadata`, in bytes of JSON. It goes out with every event.
const METADATA_MAX_BYTES: usize = 4096;

/// What makes a repeated order known, unique for each user. Each kind of order has names of its own, so that no key of a
/// backend can be taken for a charge or a recovery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// A request of a backend, by the key that it chose.
    pub fn request(key: &IdempotencyKey) -> Self {
        Self(format!("request:{key}"))
    }

    /// One charge of a call, counted from 1.
    pub fn charge(call: CallId, number: u32) -> Self {
        Self(format!("call:{call}:{number}"))
    }

    /// The recovery of a local day (`2026-11-25`).
    pub fn day(day: jiff::civil::Date) -> Self {
        Self(format!("daily:{day}"))
    }

    /// The key as it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What an order is for, in the app's own words. Events and lists carry it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Purpose {
    /// What kind of change it is: 1 to 64 bytes without spaces or control characters.
    pub transaction_type: String,
    /// The same for people: at most 1,024 bytes, or nothing.
    pub description: String,
    /// What the points are given or taken for: at most 128 bytes, or nothing.
    pub action: String,
    /// The app's own data: at most 4,096 bytes of JSON.
    pub metadata: Map<String, Value>,
}

impl Purpose {
    fn check(&self) -> Result<(), PointsFault> {
        let unfit = |c: char| c.is_control() || c.is_whitespace();
        let kind = &self.transaction_type;
        if kind.is_empty() || kind.len() > TYPE_MAX_BYTES || kind.contains(unfit) {
            let why =
                format!("must be 1 to {TYPE_MAX_BYTES} bytes without spaces or control characters");
            return Err(PointsFault::invalid("transaction_type", why));
        }
        // PostgreSQL cannot keep it.
        for (field, text) in [("description", &self.description), ("action", &self.action)] {
            if text.contains('\0') {
                let why = "cannot have the character U+0000".to_owned();
                return Err(PointsFault::invalid(field, why));
            }
        }
        let metadata = json!(self.metadata).to_string();
        for (field, size, max) in [
            ("description", self.description.len(), DESCRIPTION_MAX_BYTES),
            ("action", self.action.len(), ACTION_MAX_BYTES),
            ("metadata", metadata.len(), METADATA_MAX_BYTES),
        ] {
            if size > max {
                return Err(PointsFault::invalid(field, format!("may have {max} bytes")));
            }
        }
        Ok(())
    }
}

/// An order to change somebody's points.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    user: UserId,
    key: Key,
    change: Change,
    purpose: Purpose,
}

impl Order {
    /// An order for a user, who need not be known.
    ///
    /// # Errors
    /// [`PointsFault::Invalid`] if a part of the purpose is longer than it may be, or the type no name.
    pub fn new(
        user: UserId,
        key: Key,
        change: Change,
        purpose: Purpose,
    ) -> Result<Self, PointsFault> {
        purpose.check()?;
        Ok(Self {
            user,
            key,
            change,
            purpose,
        })
    }

    /// Whose points.
    pub fn user(&self) -> &UserId {
        &self.user
    }

    /// What makes a repeat known.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// What it does.
    pub fn change(&self) -> Change {
        self.change
    }

    /// What it is for.
    pub fn purpose(&self) -> &Purpose {
        &self.purpose
    }

    /// A hash of what is asked for, by which the same order is told from another with the same key. JSON that differs in
    /// spaces and in the order of its fields is the same.
    pub(super) fn digest(&self) -> String {
        let Purpose {
            transaction_type,
            description,
            action,
            metadata,
        } = &self.purpose;
        let asked = json!([
            self.change.signed(),
            transaction_type,
            description,
            action,
            metadata
        ]);
        URL_SAFE_NO_PAD.encode(Sha256::digest(asked.to_string()))
    }
}

/// A change of somebody's points that is stored. It never changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Transaction {
    /// Which one it is.
    pub id: TransactionId,
    /// Whose points.
    pub user: UserId,
    /// Its place among the user's transactions: 1 for the first, without a gap.
    pub ordinal: u64,
    /// By how much it changed the balance; negative for what was consumed.
    pub amount: i64,
    /// The balance with it.
    pub balance_after: i64,
    /// What it was for.
    pub purpose: Purpose,
    /// When it was stored.
    pub created_at: Timestamp,
}

impl Transaction {
    /// The balance without it.
    pub fn balance_before(&self) -> i64 {
        self.balance_after.saturating_sub(self.amount)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::points::rules::Amount;

    fn order(change: i64, purpose: Purpose) -> Result<Order, PointsFault> {
        let key = Key::request(&"k".parse().unwrap());
        let amount = Amount::try_from(change).unwrap();
        Order::new("ann".parse().unwrap(), key, Change::Grant(amount), purpose)
    }

    fn purpose(metadata: &str) -> Purpose {
        Purpose {
            transaction_type: "purchase".to_owned(),
            metadata: serde_json::from_str(metadata).unwrap(),
            ..Purpose::default()
        }
    }

    #[test]
    fn the_same_order_is_known_however_its_json_is_spelled() {
        let one = order(5, purpose(r#"{"a": 1, "b": [true]}"#)).unwrap();
        let same = order(5, purpose(r#"{"b":[true],"a":1}"#)).unwrap();
        assert_eq!(one.digest(), same.digest());
        let more = order(6, purpose(r#"{"a": 1, "b": [true]}"#)).unwrap();
        let other = order(5, purpose(r#"{"a": 1, "b": [false]}"#)).unwrap();
        let mut named = purpose(r#"{"a": 1, "b": [true]}"#);
        named.action = "buy".to_owned();
        let named = order(5, named).unwrap();
        for different in [more, other, named] {
            assert_ne!(one.digest(), different.digest());
        }
    }

    #[test]
    fn what_is_too_long_or_no_name_is_refused_with_its_field() {
        let fields = |change: fn(&mut Purpose)| {
            let mut purpose = purpose("{}");
            change(&mut purpose);
            match order(1, purpose) {
                Err(PointsFault::Invalid { field, .. }) => field,
                taken => panic!("{taken:?}"),
            }
        };
        assert_eq!(fields(|it| it.transaction_type.clear()), "transaction_type");
        assert_eq!(
            fields(|it| it.transaction_type = "a b".to_owned()),
            "transaction_type"
        );
        assert_eq!(
            fields(|it| it.transaction_type = "x".repeat(65)),
            "transaction_type"
        );
        assert_eq!(
            fields(|it| it.description = "x".repeat(1025)),
            "description"
        );
        assert_eq!(fields(|it| it.action = "x".repeat(129)), "action");
        assert_eq!(
            fields(|it| {
                it.metadata.insert("x".to_owned(), json!("x".repeat(4096)));
            }),
            "metadata"
        );
    }

    #[test]
    fn a_backend_can_choose_no_key_of_a_charge_or_of_a_day() {
        let call: CallId = "0197a1b2-0000-7000-8000-000000000001".parse().unwrap();
        let charge = Key::charge(call, 1);
        let day = Key::day(jiff::civil::date(2026, 11, 25));
        assert_eq!(day.as_str(), "daily:2026-11-25");
        for taken in [charge, day] {
            let chosen = taken.as_str().parse().unwrap();
            assert_ne!(Key::request(&chosen), taken);
        }
    }
}
