//! Says to the registry who is connected here.

use std::{convert::Infallible, time::Duration};

use actix_rt::time::{Instant, sleep, sleep_until};
use tokio::sync::watch;

use super::{
    everywhere::{Everywhere, Tell},
    publisher::Step,
};
use crate::{
    backplane::{Link, redis::commands::RedisFault},
    delivery::connectedness::{
        News, Subscription,
        registry::{Alive, Changed, Life, Move, Moved, ONLINE_TTL},
    },
    friends::Shared,
    kernel::{ids::UserId, logging::chain},
};

/// Moves that are said in one call: it takes Redis a millisecond.
const TOGETHER: usize = 128;

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
    };
    let mut subscription = connectedness.subscribe();
    loop {
        publishing.wait(&mut subscription).await;
        if let Err(fault) = publishing.work().await {
            log::debug!("Redis was not told who is here cause={}", chain(&fault));
            everywhere.progress.notify_waiters();
            sleep(PAUSE).await;
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
            news = subscription.next() => Some(news),
            _ = self.link.changed() => None,
            () = self.everywhere.doubted.notified() => None,
            () = self.everywhere.missed.notified() => {
                let soon = Instant::now() + self.everywhere.registry.settle();
                self.refresh_at.get_or_insert(soon);
                None
            }
            () = due => None,
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
        all.into_iter().flatten().min().filter(|_| self.up)
    }

    fn look_at_link(&mut self) {
        let up = *self.link.borrow_and_update() == Link::Up;
        if up && !self.up {
            let now = Instant::now();
            (self.renew_at, self.touch_at) = (now, now);
            self.refresh_at = Some(now + self.everywhere.registry.settle());
        }
        if !up && self.up {
            // What is told from now on is told here alone.
            self.everywhere.board().clear();
            self.everywhere.progress.notify_waiters();
        }
        self.up = up;
    }

    fn hear(&self, news: News) {
        let mut publisher = self.everywhere.publisher();
        match news {
            News::Everybody(here) => publisher.doubt_all(&here),
            News::Change(change) => {
                publisher.doubt(change.user().clone());
                drop(publisher);
                if !self.up {
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
        if !self.shared.dispatch.is_current() {
            // Others may have given this node up, and its people are being sent away. It begins anew once it may act.
            self.life = None;
            self.renew_at = Instant::now() + PAUSE;
            self.touch_at = self.touch_at.max(self.renew_at);
            return Ok(());
        }
        loop {
            self.keep_alive().await?;
            self.settle();
            if !self.say_some().await? {
                break;
            }
        }
        if Instant::now() >= self.touch_at {
            self.touch().await?;
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

    /// Says some of what is to be said. Returns whether there may be more.
    async fn say_some(&mut self) -> Result<bool, RedisFault> {
        let Some(life) = self.life.clone() else {
            return Ok(true);
        };
        let roster = self.shared.dispatch.roster();
        // Whoever is in the grace of a leave stays online, also in a Redis that has forgotten them; but others who were told
        // that they are offline hear of them only when they are back.
        let settling = self.settled_at.is_some();
        let is_here = |user: &UserId, said: bool| {
            let connected = || !roster.sessions(user).is_empty();
            roster.connectedness().is_online(user) && (said || settling || connected())
        };
        let next = self.everywhere.publisher().next(TOGETHER, is_here);
        if next.is_empty() {
            return Ok(false);
        }
        let moves = self.moves(&next).await;
        match self.everywhere.registry.say(&life, &moves).await {
            Ok(Alive::Yes(moved)) => {
                for (((user, step), (_, made)), moved) in next.into_iter().zip(moves).zip(moved) {
                    self.said(user, step, made, moved);
                }
            }
            // The new life has all who are here.
            Ok(Alive::No) => self.life = None,
            Err(fault) => {
                let mut publisher = self.everywhere.publisher();
                for (user, _) in next {
                    publisher.failed(user);
                }
                return Err(fault);
            }
        }
        self.everywhere.progress.notify_waiters();
        Ok(true)
    }

    /// The same in the words of the registry.
    async fn moves(&self, next: &[(UserId, Step)]) -> Vec<(UserId, Move)> {
        let leaving = next.iter().filter(|(_, step)| *step == Step::Leave);
        let leaving: Vec<UserId> = leaving.map(|(user, _)| user.clone()).collect();
        let now = self.shared.store.now();
        let seen = match leaving.is_empty() {
            true => Vec::new(),
            false => self
                .shared
                .last_seen(leaving)
                .await
                .unwrap_or_else(|error| {
                    log::warn!("last seen not known cause={}", chain(&error));
                    Vec::new()
                }),
        };
        let mut seen = seen.into_iter();
        let step = |(user, step): &(UserId, Step)| {
            let step = match step {
                Step::Arrive => Move::Arrive,
                Step::Return => Move::Return,
                Step::Leave => Move::Leave(seen.next().flatten().unwrap_or(now)),
            };
            (user.clone(), step)
        };
        next.iter().map(step).collect()
    }

    fn said(&self, user: UserId, step: Step, made: Move, moved: Moved) {
        let mut publisher = self.everywhere.publisher();
        match moved {
            Moved::Wait => publisher.wait(user),
            Moved::Same => publisher.done(&user, step),
            Moved::Changed(version) => {
                publisher.done(&user, step);
                drop(publisher);
                let seen = match made {
                    Move::Leave(seen) => seen,
                    Move::Arrive | Move::Return => self.shared.store.now(),
                };
                self.everywhere.tell(Tell::Everywhere(Changed {
                    user,
                    online: step != Step::Leave,
                    version,
                    seen,
                }));
            }
        }
    }

    /// Renews the statuses of all who are here.
    async fn touch(&mut self) -> Result<(), RedisFault> {
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
