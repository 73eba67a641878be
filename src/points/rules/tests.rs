use proptest::prelude::*;

use super::*;

fn grant(amount: i64) -> Change {
    Change::Grant(Amount::try_from(amount).unwrap())
}

fn consume(amount: i64) -> Change {
    Change::Consume(Amount::try_from(amount).unwrap())
}

#[test]
fn an_amount_is_a_number_that_every_client_reads() {
    for number in [1, 2, POINTS_MAX] {
        assert_eq!(Amount::try_from(number).unwrap().get(), number);
    }
    for number in [0, -1, POINTS_MAX + 1, i64::MAX, i64::MIN] {
        assert_eq!(Amount::try_from(number), Err(AmountFault), "{number}");
    }
}

#[test]
fn the_last_point_can_be_consumed_and_no_more() {
    assert_eq!(apply(5, consume(5)), Verdict::Balance(0));
    assert_eq!(apply(5, consume(6)), Verdict::Insufficient);
    assert_eq!(apply(0, consume(1)), Verdict::Insufficient);
}

#[test]
fn an_account_is_full_at_the_largest_number() {
    assert_eq!(
        apply(POINTS_MAX - 1, grant(1)),
        Verdict::Balance(POINTS_MAX)
    );
    assert_eq!(apply(POINTS_MAX, grant(1)), Verdict::Overflow);
    assert_eq!(apply(1, grant(POINTS_MAX)), Verdict::Overflow);
}

proptest! {
    /// Against numbers without an end: an order is done if and only if the balance stays within its bounds.
    #[test]
    fn a_balance_stays_within_its_bounds_or_does_not_move(
        balance in prop_oneof![0..=100_i64, (POINTS_MAX - 100)..=POINTS_MAX, 0..=POINTS_MAX],
        amount in prop_oneof![1..=100_i64, (POINTS_MAX - 100)..=POINTS_MAX, 1..=POINTS_MAX],
        adds in any::<bool>(),
    ) {
        let change = if adds { grant(amount) } else { consume(amount) };
        let after = i128::from(balance) + i128::from(change.signed());
        let expected = if after < 0 {
            Verdict::Insufficient
        } else if after > i128::from(POINTS_MAX) {
            Verdict::Overflow
        } else {
            Verdict::Balance(i64::try_from(after).unwrap())
        };
        prop_assert_eq!(apply(balance, change), expected);
    }
}
