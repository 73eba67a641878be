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

/// The rate limit of every user who has requested a call lately.
pub(super) struct RequestRate(Option<Limiter>);

impl RequestRate {
    /// None: any number.
    pub(super) fn new(calls_per_minute: Option<NonZeroU32>) -> Self {
        let limiter = |quota| RateLimiter::hashmap_with_clock(quota, MonotonicClock);
        Self(calls_per_minute.map(Quota::per_minute).map(limiter))
    }

    /// Counts one request of a user. For one who is over the limit: how long until the next is worth trying.
    pub(super) fn take(&self, user: &UserId) -> Option<Duration> {
        let refused = self.0.as_ref()?.check_key(user).err()?;
        Some(refused.wait_time_from(MonotonicClock.now()))
    }

    /// Forgets those who have not requested lately.
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
    fn each_user_has_a_limit_of_their_own() {
        let rate = RequestRate::new(NonZeroU32::new(2));
        let (taro, jiro) = ("taro".parse().unwrap(), "jiro".parse().unwrap());
        assert_eq!(rate.take(&taro), None);
        assert_eq!(rate.take(&taro), None);
        let wait = rate.take(&taro).unwrap();
        assert!(wait <= Duration::from_secs(30), "{wait:?}");
        assert_eq!(rate.take(&jiro), None);
        assert_eq!(RequestRate::new(None).take(&taro), None);
    }
}
