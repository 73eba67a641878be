//! A rate limit per user and minute: for `limits.calls_per_minute` and `limits.messages_per_minute`.

use std::{num::NonZeroU32, time::Duration};

use governor::{
    Quota, RateLimiter,
    clock::{Clock, MonotonicClock},
    middleware::NoOpMiddleware,
    state::keyed::DashMapStateStore,
};

use super::ids::UserId;

type Limiter = RateLimiter<
    UserId,
    DashMapStateStore<UserId>,
    MonotonicClock,
    NoOpMiddleware<std::time::Instant>,
>;

/// A rate limit for each user, with the counts of those who were active lately.
pub struct UserRate(Option<Limiter>);

impl UserRate {
    /// At most this many a minute. None: any number.
    pub fn per_minute(most: Option<NonZeroU32>) -> Self {
        let limiter = |quota| RateLimiter::dashmap_with_clock(quota, MonotonicClock);
        Self(most.map(Quota::per_minute).map(limiter))
    }

    /// Counts one use. Over the limit, returns how long to wait before the next.
    pub fn take(&self, user: &UserId) -> Option<Duration> {
        let refused = self.0.as_ref()?.check_key(user).err()?;
        Some(refused.wait_time_from(MonotonicClock.now()))
    }

    /// Forgets the users who were not active lately. To be called every so often.
    pub fn tidy(&self) {
        if let Some(limiter) = &self.0 {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn each_user_has_a_limit_of_their_own() {
        let rate = UserRate::per_minute(NonZeroU32::new(2));
        let (taro, jiro) = ("taro".parse().unwrap(), "jiro".parse().unwrap());
        assert_eq!(rate.take(&taro), None);
        assert_eq!(rate.take(&taro), None);
        let wait = rate.take(&taro).unwrap();
        assert!(wait <= Duration::from_secs(30), "{wait:?}");
        assert_eq!(rate.take(&jiro), None);
        assert_eq!(UserRate::per_minute(None).take(&taro), None);
    }
}
