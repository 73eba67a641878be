//! What an order does to a balance, and when a day's points come. Pure: no clock, no database.

pub mod recovery;
#[cfg(test)]
mod tests;

/// The most points of an account, and of one order: 2^53 - 1, the largest whole number that every JSON parser reads exactly
/// (RFC 8259, section 6).
pub const POINTS_MAX: i64 = 9_007_199_254_740_991;

/// A number of points to grant or to consume: 1 to [`POINTS_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(i64);

/// A number that is no [`Amount`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 1 to {POINTS_MAX}")]
pub struct AmountFault;

impl Amount {
    /// The number.
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl TryFrom<i64> for Amount {
    type Error = AmountFault;

    fn try_from(number: i64) -> Result<Self, AmountFault> {
        match number {
            1..=POINTS_MAX => Ok(Self(number)),
            _ => Err(AmountFault),
        }
    }
}

/// What an order does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It adds points.
    Grant(Amount),
    /// It takes points away.
    Consume(Amount),
}

impl Change {
    /// By how much it changes the balance.
    pub const fn signed(self) -> i64 {
        match self {
            Self::Grant(amount) => amount.0,
            Self::Consume(amount) => -amount.0,
        }
    }
}

/// What becomes of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is done, and this is the balance then.
    Balance(i64),
    /// There are not enough points: nothing changes.
    Insufficient,
    /// The account cannot hold so many: nothing changes.
    Overflow,
}

/// Applies a change to a balance.
pub fn apply(balance: i64, change: Change) -> Verdict {
    debug_assert!(holds(balance), "a balance of {balance}");
    match change {
        Change::Consume(Amount(amount)) if amount > balance => Verdict::Insufficient,
        Change::Consume(Amount(amount)) => Verdict::Balance(balance.saturating_sub(amount)),
        Change::Grant(Amount(amount)) => match balance.checked_add(amount) {
            Some(after) if holds(after) => Verdict::Balance(after),
            Some(_) | None => Verdict::Overflow,
        },
    }
}

/// The invariant of every balance.
pub const fn holds(balance: i64) -> bool {
    0 <= balance && balance <= POINTS_MAX
}
