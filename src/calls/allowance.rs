//! How many calls one user may request in a minute (`limits.calls_per_minute`).

use std::{num::NonZeroU32, time::Duration};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, MonotonicClock},
    middleware::NoOpMiddleware,
    state::keyed::HashMapStateStore,
};

use crate::kernel::ids::UserId;

type Limiter = RateLimiter<
    UserId,
    HashMapStateStore<UserId>,
    MonotonicClock,
    NoOpMiddleware<std::time::Instant>,
>;

/// Everybody's allowance.
pub(super) struct Allowance(Option<Limiter>);

impl Allowance {
    /// None: any number.
    pub(super) fn new(calls_per_minute: Option<NonZeroU32>) -> Self {
        let limiter = |quota| RateLimiter::hashmap_with_clock(quota, MonotonicClock);
        Self(calls_per_minute.map(Quota::per_minute).map(limiter))
    }

    /// Takes one request from a user's allowance. For one who has used it up: when the next is worth trying.
    pub(super) fn request(&self, user: &UserId) -> Option<Duration> {
        let refused = self.0.as_ref()?.check_key(user).err()?;
        Some(refused.wait_time_from(MonotonicClock.now()))
    }

    /// Forgets those whose allowance is whole again.
    pub(super) fn tidy(&self) {
        if let Some(limiter) = &self.0 {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_user_has_their_own_allowance() {
        let allowance = Allowance::new(NonZeroU32::new(2));
        let (taro, jiro) = ("taro".parse().unwrap(), "jiro".parse().unwrap());
        assert_eq!(allowance.request(&taro), None);
        assert_eq!(allowance.request(&taro), None);
        let wait = allowance.request(&taro).unwrap();
        assert!(wait <= Duration::from_secs(30), "{wait:?}");
        assert_eq!(allowance.request(&jiro), None);
        assert_eq!(Allowance::new(None).request(&taro), None);
    }
}
