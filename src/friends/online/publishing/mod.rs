//! Says to the registry who is connected here. `saying`: one call after the other.

mod saying;

use std::{convert::Infallible, time::Duration};

use actix_rt::time::{Instant, sleep, sleep_until};
use tokio::sync::watch;

use super::everywhere::{Everywhere, Tell};
use crate::{
    backplane::{Link, redis::commands::RedisFault},
    delivery::connectedness::{
        Change, News, Subscription,
        registry::{Alive, Life, ONLINE_TTL},
    },
    friends::Shared,
    kernel::{ids::UserId, logging::chain},
};

/// Users whose statuses are renewed in one call.
const TOUCHED_TOGETHER: usize = 500;

/// How often each status is renewed: three times before it would run out.
const TOUCH_EVERY: Duration = Duration::from_secs(ONLINE_TTL.as_secs() / 3);

/// How long to wait after Redis could not be told.
const PAUSE: Duration = Duration::from_millis(200);

/// How many people are sent fresh snapshots at a time, and the pause after them: a second for some thousands.
const REFRESHED_TOGETHER: usize = 256;
const REFRESH_PAUSE: Duration = Duration::from_millis(50);

/// Says who is here, for as long as it is polled.
pub(super) async fn publish(shared: &Shared, everywhere: &Everywhere) -> Infallible {
    let Some(link) = shared.dispatch.backplane().watch() else {
        return std::future::pending().await;
    };
    let connectedness = shared.dispatch.roster().connectedness();
    let mut publishing = Publishing {
        shared,
        everywhere,
        link,
        up: false,
        life: None,
        lives: 0,
        renew_at: Instant::now(),
        touch_at: Instant::now() + TOUCH_EVERY,
        refresh_at: None,
        settled_at: None,
        retry_at: None,
        retell: false,
        postponed: Vec::new(),
    };
    let mut subscription = connectedness.subscribe();
    loop {
        publishing.wait(&mut subscription).await;
        if let Err(fault) = publishing.work().await {
            log::debug!("Redis was not told who is here cause={}", chain(&fault));
            publishing.failed(&fault);
        }
    }
}

struct Publishing<'a> {
    shared: &'a Shared,
    everywhere: &'a Everywhere,
    link: watch::Receiver<Link>,
    /// Whether Redis was heard when it was last looked at.
    up: bool,
    /// Begun in the registry, and not known to be over.
    life: Option<Life>,
    lives: u64,
    renew_at: Instant,
    touch_at: Instant,
    /// When everybody here is sent a fresh snapshot.
    refresh_at: Option<Instant>,
    /// When all nodes have come back to this Redis.
    settled_at: Option<Instant>,
    /// When Redis is asked again, after it could not be told.
    retry_at: Option<Instant>,
    /// Something was done by a call that was not answered, so nobody has told it.
    retell: bool,
    /// Of whom Redis takes nothing because of what somebody else wrote there.
    postponed: Vec<UserId>,
}

impl Publishing<'_> {
    /// Waits until there is something to do.
    async fn wait(&mut self, subscription: &mut Subscription) {
        let due = self.due();
        let due = async {
            match due {
                Some(due) => sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
        let news = tokio::select! {
            biased;
            () = due => None,
            _ = self.link.changed() => None,
            () = self.everywhere.doubted.notified() => None,
            () = self.everywhere.missed.notified() => {
                let soon = Instant::now() + self.everywhere.registry.settle();
                self.refresh_at.get_or_insert(soon);
                None
            }
            news = subscription.next() => Some(news),
        };
        self.look_at_link();
        let mut news = news;
        while let Some(it) = news {
            self.hear(it);
            // All that is there, so that it is said in one go.
            news = tokio::select! {
                biased;
                news = subscription.next() => Some(news),
                () = std::future::ready(()) => None,
            };
        }
    }

    /// When the next thing is due; `None` while Redis is not heard.
    fn due(&self) -> Option<Instant> {
        let all = [
            Some(self.renew_at),
            Some(self.touch_at),
            self.refresh_at,
            self.settled_at,
        ];
        let next = all.into_iter().flatten().min();
        self.retry_at.or(next).filter(|_| self.up)
    }

    fn look_at_link(&mut self) {
        let up = *self.link.borrow_and_update() == Link::Up;
        if up && !self.up {
            let now = Instant::now();
            (self.renew_at, self.touch_at) = (now, now);
            self.refresh_at = Some(now + self.everywhere.registry.settle());
        }
        if !up && self.up {
            self.everywhere.board().clear();
            self.go_alone();
        }
        if up != self.up {
            self.retry_at = None;
        }
        self.up = up;
    }

    /// What is told from now on is told here alone, and so is what was not said up to now.
    fn go_alone(&self) {
        let connectedness = self.shared.dispatch.roster().connectedness();
        let unsaid = self.everywhere.publisher();
        let unsaid = unsaid.unsaid(|user| connectedness.is_online(user));
        for (user, here) in unsaid {
            let change = match here {
                true => Change::Online(user),
                false => Change::Offline(user),
            };
            self.everywhere.tell(Tell::Here(change));
        }
        self.everywhere.progress.notify_waiters();
    }

    /// Redis could not be told: it will be again, soon.
    fn failed(&mut self, fault: &RedisFault) {
        self.retry_at = Some(Instant::now() + PAUSE);
        // Before anything is said: what is refused may be no more than a life's renewal.
        self.renew_at = Instant::now();
        let refused = matches!(fault, RedisFault::Refused(_)) && !fault.is_of_a_key();
        if refused && self.everywhere.refusal.begin(fault) {
            self.everywhere.board().miss();
            self.go_alone();
        }
        self.everywhere.progress.notify_waiters();
    }

    /// Redis has taken all that there was.
    fn took_all(&mut self) {
        if self.everywhere.refusal.end() {
            // As after an outage: others have said nothing for as long.
            self.touch_at = Instant::now();
            self.refresh_at = Some(Instant::now() + self.everywhere.registry.settle());
        }
    }

    fn hear(&self, news: News) {
        let mut publisher = self.everywhere.publisher();
        match news {
            News::Everybody(here) => publisher.doubt_all(&here),
            News::Change(change) => {
                publisher.doubt(change.user().clone());
                drop(publisher);
                if !self.up || self.everywhere.refusal.is() {
                    self.everywhere.tell(Tell::Here(change));
                }
            }
        }
    }

    /// Does what is due.
    async fn work(&mut self) -> Result<(), RedisFault> {
        if !self.up {
            return Ok(());
        }
        if self.retry_at.is_some_and(|due| Instant::now() < due) {
            return Ok(());
        }
        self.retry_at = None;
        if !self.shared.dispatch.is_current() {
            // Others may have given this node up, and its people are being sent away. It begins anew once it may act.
            self.life = None;
            // Whatever else is due meanwhile waits with it.
            self.retry_at = Some(Instant::now() + PAUSE);
            return Ok(());
        }
        loop {
            self.keep_alive().await?;
            self.settle();
            if !self.say_some().await? {
                break;
            }
        }
        self.took_all();
        if Instant::now() >= self.touch_at {
            self.touch().await?;
        }
        if std::mem::take(&mut self.retell) {
            self.retell().await?;
        }
        if self.refresh_at.is_some_and(|due| Instant::now() >= due) {
            self.refresh_at = None;
            self.everywhere.board().forget();
            self.refresh();
        }
        Ok(())
    }

    /// Renews the life's lease when that is due, or begins a life.
    async fn keep_alive(&mut self) -> Result<(), RedisFault> {
        let registry = &self.everywhere.registry;
        if self.life.is_some() && Instant::now() < self.renew_at {
            return Ok(());
        }
        let next = Instant::now() + registry.lease() / 3;
        let renewed = match &self.life {
            Some(life) => registry.renew(life).await?,
            None => Alive::No,
        };
        let settling = match renewed {
            Alive::Yes(settling) => settling,
            Alive::No => self.begin().await?,
        };
        self.renew_at = next;
        if !settling.is_zero() {
            self.settled_at = Some(Instant::now() + settling);
        }
        Ok(())
    }

    /// Begins a life, with all who are here.
    async fn begin(&mut self) -> Result<Duration, RedisFault> {
        self.lives += 1;
        let Everywhere {
            node,
            epoch,
            registry,
            ..
        } = self.everywhere;
        let life = Life::new(node, *epoch, self.lives);
        let settling = registry.begin(&life).await?;
        log::info!("this node says who is here life={life}");
        self.life = Some(life);
        let here = self.shared.dispatch.roster().connectedness().everybody();
        self.everywhere.publisher().begin_life(&here);
        Ok(settling)
    }

    /// All nodes have come back: whoever has gone is told, and everybody here sees who is online.
    fn settle(&mut self) {
        if self.settled_at.is_some_and(|due| Instant::now() >= due) {
            self.settled_at = None;
            self.refresh_at = Some(Instant::now());
            self.everywhere.publisher().settled();
        }
    }

    /// Renews the statuses of all who are here.
    async fn touch(&mut self) -> Result<(), RedisFault> {
        for user in std::mem::take(&mut self.postponed) {
            self.everywhere.publisher().doubt(user);
        }
        let here: Vec<UserId> = self.everywhere.publisher().said().cloned().collect();
        for users in here.chunks(TOUCHED_TOGETHER) {
            self.keep_alive().await?;
            let Some(life) = &self.life else {
                return Ok(());
            };
            match self.everywhere.registry.touch(life, users).await? {
                Alive::Yes(missing) => {
                    let mut publisher = self.everywhere.publisher();
                    for user in missing {
                        publisher.is_missing(user);
                    }
                }
                Alive::No => self.life = None,
            }
        }
        self.touch_at = Instant::now() + TOUCH_EVERY;
        Ok(())
    }

    /// Has everybody here sent a fresh snapshot, some at a time.
    fn refresh(&self) {
        let dispatch = self.shared.dispatch.clone();
        let here = dispatch.roster().connectedness().everybody();
        log::info!(
            "people here are told anew who is online users={}",
            here.len()
        );
        actix_rt::spawn(async move {
            for users in here.chunks(REFRESHED_TOGETHER) {
                for user in users {
                    dispatch.chat_outdated_here(user);
                }
                sleep(REFRESH_PAUSE).await;
            }
        });
    }
}
