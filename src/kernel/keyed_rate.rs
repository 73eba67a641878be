//! A rate limit for each user, or each address, that follows the limits in force.

use std::{hash::Hash, num::NonZeroU32, sync::Arc, time::Duration};

use arc_swap::ArcSwapOption;
use governor::{
    Quota, RateLimiter,
    clock::{Clock, MonotonicClock},
    middleware::NoOpMiddleware,
    state::keyed::DashMapStateStore,
};

use super::config::{Changeable, LimitsConfig};

type Limiter<K> =
    RateLimiter<K, DashMapStateStore<K>, MonotonicClock, NoOpMiddleware<std::time::Instant>>;

/// A rate limit for each of many, with the counts of those who were active lately. When the limit is changed, everybody
/// begins anew.
pub struct KeyedRate<K: Hash + Eq + Clone> {
    limits: Changeable<LimitsConfig>,
    /// Which limit it is; none: any number.
    which: fn(&LimitsConfig) -> Option<NonZeroU32>,
    quota: fn(NonZeroU32) -> Quota,
    counts: ArcSwapOption<Counts<K>>,
}

struct Counts<K: Hash + Eq + Clone> {
    most: NonZeroU32,
    limiter: Limiter<K>,
}

impl<K: Hash + Eq + Clone> KeyedRate<K> {
    /// At most as many a minute as one of the limits says.
    pub fn per_minute(
        limits: &Changeable<LimitsConfig>,
        which: fn(&LimitsConfig) -> Option<NonZeroU32>,
    ) -> Self {
        Self::new(limits, which, Quota::per_minute)
    }

    /// At most as many a second.
    pub fn per_second(
        limits: &Changeable<LimitsConfig>,
        which: fn(&LimitsConfig) -> Option<NonZeroU32>,
    ) -> Self {
        Self::new(limits, which, Quota::per_second)
    }

    fn new(
        limits: &Changeable<LimitsConfig>,
        which: fn(&LimitsConfig) -> Option<NonZeroU32>,
        quota: fn(NonZeroU32) -> Quota,
    ) -> Self {
        Self {
            limits: limits.clone(),
            which,
            quota,
            counts: ArcSwapOption::empty(),
        }
    }

    /// Counts one use. Over the limit, returns how long to wait before the next.
    pub fn take(&self, key: &K) -> Option<Duration> {
        let most = (self.which)(&self.limits.now())?;
        let refused = match &*self.counts.load() {
            Some(counts) if counts.most == most => counts.limiter.check_key(key),
            _ => self.begin(most).limiter.check_key(key),
        };
        Some(refused.err()?.wait_time_from(MonotonicClock.now()))
    }

    fn begin(&self, most: NonZeroU32) -> Arc<Counts<K>> {
        let limiter = RateLimiter::dashmap_with_clock((self.quota)(most), MonotonicClock);
        let counts = Arc::new(Counts { most, limiter });
        // Of two that come to this at once one counts for itself, once.
        self.counts.store(Some(Arc::clone(&counts)));
        counts
    }

    /// How many are remembered.
    pub fn len(&self) -> usize {
        self.counts.load().as_ref().map_or(0, |it| it.limiter.len())
    }

    /// Whether nobody is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets those who were not active lately. To be called every so often.
    pub fn tidy(&self) {
        if let Some(counts) = &*self.counts.load() {
            counts.limiter.retain_recent();
            counts.limiter.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::config::{Sources, load};

    fn limits(calls: &str) -> LimitsConfig {
        let sources = Sources::default().with("limits.calls_per_minute", calls);
        let config = load(&sources).unwrap();
        LimitsConfig::clone(&config.limits.now())
    }

    #[test]
    fn each_has_a_limit_of_their_own_which_follows_the_one_in_force() {
        let in_force = Changeable::new(limits("2"));
        let rate = KeyedRate::per_minute(&in_force, |limits| limits.calls_per_minute);
        assert!(rate.is_empty());
        assert_eq!(rate.take(&"taro"), None);
        assert_eq!(rate.take(&"taro"), None);
        let wait = rate.take(&"taro").unwrap();
        assert!(wait <= Duration::from_secs(30), "{wait:?}");
        assert_eq!(rate.take(&"jiro"), None);
        in_force.change(limits("none"));
        assert!((0..100).all(|_| rate.take(&"taro").is_none()));
        in_force.change(limits("1"));
        assert_eq!(rate.take(&"taro"), None);
        assert!(rate.take(&"taro").is_some());
    }
}
