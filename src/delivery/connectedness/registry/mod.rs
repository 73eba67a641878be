//! Who is online over all nodes, as Redis keeps it: for others to read as source document 004 says, and beside that which
//! node has whom, so that somebody is online while at least one node says so.
//!
//! Each start of a node, and each return of one that was given up, is a *life*: it has a lease, which the node renews, and the
//! users who are connected to it. When the lease has run out any other node takes the users out of it, in batches, each exactly
//! once; from the first of these on the life is over and its node cannot renew it: it learns that at its next call, and begins
//! another with all its users.
//!
//! Whoever changes whether somebody is online learns so, with a version that rises for each change of that person, and tells
//! the others. A change stays on a list until that is done, so that one whose teller died is told by somebody else.
//!
//! After a start of Redis without its memory nobody is in it. Until all nodes have had time to come back (`settle`) a person
//! who is not in it may well be online: nobody is made offline then, and whoever asks is told that the answer may be short.
//!
//! Every step is one script, because a step that is half done would be seen by others; `prelude.lua` names the keys.

mod answers;
mod scripts;

use std::{fmt, sync::Arc, time::Duration};

use redis::{Pipeline, Script, Value};

use self::{
    answers::{names, number, tell_mended, time, value},
    scripts::Scripts,
};
use crate::{
    backplane::redis::commands::{Commands, RedisFault},
    kernel::{
        ids::{NodeId, UserId},
        time::{Timestamp, millis},
    },
};

/// How long the status of somebody who is online stays without a renewal (source document 004).
pub const ONLINE_TTL: Duration = Duration::from_secs(60);

/// How long the status of somebody who is offline stays (source document 004).
pub const OFFLINE_TTL: Duration = Duration::from_hours(24);

/// The least time that nodes have to come back to Redis: twice the longest pause between two attempts to connect.
const SETTLE_MIN: Duration = Duration::from_secs(2);

/// Users in one command: it takes Redis less than a millisecond.
const CHUNK: usize = 1_000;

/// One life of a node.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Life(Arc<str>);

impl Life {
    /// The `number`th life under an epoch of the node.
    pub fn new(node: &NodeId, epoch: u64, number: u64) -> Self {
        Self(format!("{node}#{epoch}.{number}").into())
    }

    /// Whose life it is.
    pub fn node(&self) -> Option<NodeId> {
        let (node, _) = self.0.split_once('#')?;
        node.parse().ok()
    }
}

impl fmt::Display for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What a node says of one of its users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// They have come to it.
    Arrive,
    /// They are here, and were before this Redis knew it: others are told anew who is online once all nodes are back.
    Return,
    /// They have left it; when they were last seen.
    Leave(Timestamp),
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    /// They came online, or went offline, by it.
    Changed(u64),
    /// They were online before or still are.
    Same,
    /// Nothing yet: nodes are still coming back.
    Wait,
}

/// What a life may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Alive<T> {
    /// It goes on.
    Yes(T),
    /// It is over.
    No,
}

/// A change, and since when it is so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Who.
    pub user: UserId,
    /// Whether they are online now.
    pub online: bool,
    /// Rises with each change of this user.
    pub version: u64,
    /// When they were last seen, if they are offline.
    pub seen: Timestamp,
}

/// What a look around has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// Lives that are over and have users left.
    pub over: Vec<Life>,
    /// Changes that may not have been told.
    pub untold: Vec<Changed>,
}

/// Who of some people is online.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    /// In the order in which they were asked for.
    pub online: Vec<bool>,
    /// Whether nodes are still coming back, so that whoever is not online may be.
    pub settling: bool,
}

/// The registry in Redis. Clones share the connection.
#[derive(Clone)]
pub struct Registry {
    redis: Commands,
    scripts: Arc<Scripts>,
    lease: Duration,
}

impl Registry {
    /// The registry of a node whose lives count without a sign of life for `lease`.
    pub fn new(redis: Commands, lease: Duration) -> Self {
        Self {
            redis,
            scripts: Arc::new(Scripts::new()),
            lease,
        }
    }

    /// How long a life counts without a sign of life.
    pub fn lease(&self) -> Duration {
        self.lease
    }

    /// How long nodes have to come back to a Redis that has lost its memory.
    pub fn settle(&self) -> Duration {
        SETTLE_MIN.max(self.lease / 3)
    }

    /// Whether this Redis is heard for as long as a lease, so that every node that lives has renewed its own.
    pub fn may_sweep(&self) -> bool {
        let server = self.redis.server();
        server.is_some_and(|server| server.up_since.elapsed() >= self.lease)
    }

    /// Begins a life. Returns how much longer nodes are coming back.
    ///
    /// # Errors
    /// What kept Redis from it.
    pub async fn begin(&self, life: &Life) -> Result<Duration, RedisFault> {
        let (_, age) = self.renewal(life, true).await?;
        self.left(&age)
    }

    /// Renews a life. Returns how much longer nodes are coming back.
    ///
    /// # Errors
    /// What kept Redis from it.
    pub async fn renew(&self, life: &Life) -> Result<Alive<Duration>, RedisFault> {
        match self.renewal(life, false).await? {
            (true, age) => self.left(&age).map(Alive::Yes),
            (false, _) => Ok(Alive::No),
        }
    }

    async fn renewal(&self, life: &Life, begin: bool) -> Result<(bool, String), RedisFault> {
        let mut call = self.scripts.renew.prepare_invoke();
        call.arg(&*life.0)
            .arg(millis(self.lease))
            .arg(u8::from(begin));
        let (goes_on, age, mended) = self
            .redis
            .call::<(bool, String, Vec<String>)>(&call)
            .await?;
        tell_mended(&mended);
        Ok((goes_on, age))
    }

    /// Says what users of a life have done: at most a few hundred at a time, in one round trip.
    ///
    /// # Errors
    /// What kept Redis from it; it may have been done.
    pub async fn say(
        &self,
        life: &Life,
        moves: &[(UserId, Move)],
    ) -> Result<Alive<Vec<Moved>>, RedisFault> {
        let mut call = self.scripts.say.prepare_invoke();
        call.arg(&*life.0)
            .arg(ONLINE_TTL.as_secs())
            .arg(OFFLINE_TTL.as_secs())
            .arg(millis(self.settle()));
        for (user, step) in moves {
            let (word, seen) = match step {
                Move::Arrive => ("arrive", 0),
                Move::Return => ("return", 0),
                Move::Leave(seen) => ("leave", seen.millis()),
            };
            call.arg(word).arg(user.as_str()).arg(seen);
        }
        type Said = (Vec<(u8, String)>, Vec<String>);
        let Some((moved, mended)) = self.redis.call::<Option<Said>>(&call).await? else {
            return Ok(Alive::No);
        };
        tell_mended(&mended);
        let moved = moved.into_iter().map(|(outcome, version)| {
            Ok(match outcome {
                1 => Moved::Changed(number(&version)?),
                2 => Moved::Wait,
                _ => Moved::Same,
            })
        });
        moved.collect::<Result<_, _>>().map(Alive::Yes)
    }

    /// Renews the statuses of users of a life, at most a thousand at a time, in one round trip. Returns those whom Redis does
    /// not have in it.
    ///
    /// # Errors
    /// What kept Redis from it.
    pub async fn touch(
        &self,
        life: &Life,
        users: &[UserId],
    ) -> Result<Alive<Vec<UserId>>, RedisFault> {
        let mut call = self.scripts.touch.prepare_invoke();
        call.arg(&*life.0).arg(ONLINE_TTL.as_secs());
        for user in users {
            call.arg(user.as_str());
        }
        type Touched = (Vec<String>, Vec<String>);
        let Some((missing, mended)) = self.redis.call::<Option<Touched>>(&call).await? else {
            return Ok(Alive::No);
        };
        tell_mended(&mended);
        let missing: Result<_, _> = missing.iter().map(|id| answers::user(id)).collect();
        missing.map(Alive::Yes)
    }

    /// Who of some people is online, in one round trip however many they are.
    ///
    /// # Errors
    /// What kept Redis from it.
    pub async fn online(&self, users: &[UserId]) -> Result<Lookup, RedisFault> {
        let mut look = Pipeline::new();
        for chunk in users.chunks(CHUNK) {
            look.cmd("SMISMEMBER").arg("online_users").arg(names(chunk));
        }
        look.cmd("GET").arg("otomo:since");
        look.cmd("TIME");
        let mut answers = self.redis.run::<Vec<Value>>(&look).await?;
        let (time, since) = (answers.pop(), answers.pop());
        let (seconds, micros): (String, String) = value(time)?;
        let since: Option<String> = value(since)?;
        let now = number(&seconds)? * 1_000 + number(&micros)? / 1_000;
        let age = match since {
            Some(since) => now.saturating_sub(number(&since)?),
            None => 0,
        };
        let online: Result<Vec<Vec<bool>>, _> =
            answers.into_iter().map(|it| value(Some(it))).collect();
        Ok(Lookup {
            online: online?.concat(),
            settling: age < millis(self.settle()),
        })
    }

    /// The lives that people are connected to, in the order in which they were asked for, in one round trip; if some of them
    /// cannot be read, those are nowhere.
    ///
    /// # Errors
    /// What kept Redis from it.
    pub async fn whereabouts(&self, users: &[UserId]) -> Result<Vec<Vec<Life>>, RedisFault> {
        if users.is_empty() {
            return Ok(Vec::new());
        }
        let lives = match self.lives_of(users).await {
            // Somebody else has written there: it is mended when that user is touched.
            Err(fault) if fault.is_of_a_key() => {
                let mut lives = Vec::with_capacity(users.len());
                for user in users.chunks(1) {
                    let found = match self.lives_of(user).await {
                        Err(fault) if fault.is_of_a_key() => Vec::new(),
                        found => found?.concat(),
                    };
                    lives.push(found);
                }
                lives
            }
            lives => lives?,
        };
        let life = |name: String| Life(name.into());
        let of = |names: Vec<String>| names.into_iter().map(life).collect();
        Ok(lives.into_iter().map(of).collect())
    }

    async fn lives_of(&self, users: &[UserId]) -> Result<Vec<Vec<String>>, RedisFault> {
        let mut look = Pipeline::new();
        for user in users {
            look.cmd("SMEMBERS").arg(format!("otomo:at:{user}"));
        }
        self.redis.run(&look).await
    }

    /// Looks for lives that are over, and for changes of longer ago than `untold` that nobody may have told.
    ///
    /// # Errors
    /// What kept Redis from it.
    pub async fn look(&self, untold: Duration, most: usize) -> Result<Findings, RedisFault> {
        let mut call = self.scripts.look.prepare_invoke();
        call.arg(millis(untold)).arg(most);
        type Untold = (String, String, String, String);
        type Found = (Vec<String>, Vec<Untold>, Vec<String>);
        let (over, untold, mended) = self.redis.call::<Found>(&call).await?;
        tell_mended(&mended);
        let untold = untold.into_iter().map(|(id, status, version, seen)| {
            Ok(Changed {
                user: answers::user(&id)?,
                online: status == "online",
                version: number(&version)?,
                seen: time(&seen)?,
            })
        });
        Ok(Findings {
            over: over.into_iter().map(|name| Life(name.into())).collect(),
            untold: untold.collect::<Result<_, RedisFault>>()?,
        })
    }

    /// Takes some users out of a life that is over, each once. Returns those who are offline by it, and whether nobody is left in
    /// it; `None` if it goes on after all, or somebody else has finished.
    ///
    /// # Errors
    /// What kept Redis from it; it may have been done.
    pub async fn sweep(
        &self,
        life: &Life,
        most: usize,
    ) -> Result<Option<(Vec<Changed>, bool)>, RedisFault> {
        let mut call = self.scripts.sweep.prepare_invoke();
        call.arg(&*life.0).arg(most).arg(OFFLINE_TTL.as_secs());
        type Swept = (bool, Vec<(String, String, String)>, Vec<String>);
        let Some((all, gone, mended)) = self.redis.call::<Option<Swept>>(&call).await? else {
            return Ok(None);
        };
        tell_mended(&mended);
        let gone = gone.into_iter().map(|(id, version, seen)| {
            Ok(Changed {
                user: answers::user(&id)?,
                online: false,
                version: number(&version)?,
                seen: time(&seen)?,
            })
        });
        Ok(Some((gone.collect::<Result<_, RedisFault>>()?, all)))
    }

    /// Notes that changes were told.
    ///
    /// # Errors
    /// What kept Redis from it.
    pub async fn told(&self, changes: &[Changed]) -> Result<(), RedisFault> {
        let mut call = self.scripts.told.prepare_invoke();
        for Changed { user, version, .. } in changes {
            call.arg(user.as_str()).arg(*version);
        }
        self.redis.call::<()>(&call).await
    }

    fn left(&self, age: &str) -> Result<Duration, RedisFault> {
        let age = Duration::from_millis(number(age)?);
        Ok(self.settle().saturating_sub(age))
    }
}

/// A script with what all of them share before it.
fn script(own: &str) -> Script {
    Script::new(&format!("{}\n{own}", include_str!("prelude.lua")))
}
