//! What the registry of who is online must do, by the plain words of its rules: a table in memory that time does not touch.
//! Versions are its own; only their order counts.

use std::collections::{BTreeMap, BTreeSet};

/// What came of a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Somebody came online or went offline, at this version.
    Changed(u64),
    /// They did not.
    Same,
    /// It is not taken yet.
    Wait,
}

/// A move of a user of a life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Arrive,
    Return,
    Leave,
}

/// The registry.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    /// Lives that are not over, and whether their lease has not run out.
    lives: BTreeMap<String, bool>,
    /// Lives that are being swept.
    ending: BTreeSet<String>,
    /// Who is in which lives.
    at: BTreeMap<String, BTreeSet<String>>,
    /// Who is online, and the version of each who ever was.
    online: BTreeSet<String>,
    versions: BTreeMap<String, u64>,
    /// Goes on whatever happens.
    clock: u64,
    /// Whether all nodes have had time to come.
    pub settled: bool,
}

impl Ledger {
    pub fn begin(&mut self, life: &str) {
        self.lives.insert(life.to_owned(), true);
    }

    /// Whether it goes on.
    pub fn renew(&mut self, life: &str) -> bool {
        match self.lives.get_mut(life) {
            Some(leased) => {
                *leased = true;
                true
            }
            None => false,
        }
    }

    /// The lease has run out.
    pub fn run_out(&mut self, life: &str) {
        if let Some(leased) = self.lives.get_mut(life) {
            *leased = false;
        }
    }

    /// `None` if the life is over.
    pub fn say(&mut self, life: &str, user: &str, step: Step) -> Option<Outcome> {
        self.lives.get(life)?;
        if step == Step::Leave && !self.settled {
            return Some(Outcome::Wait);
        }
        let there = self.at.entry(user.to_owned()).or_default();
        if step == Step::Leave {
            there.remove(life);
            return Some(self.leave(user).map_or(Outcome::Same, Outcome::Changed));
        }
        there.insert(life.to_owned());
        if !self.online.insert(user.to_owned()) {
            return Some(Outcome::Same);
        }
        let told_offline = self.versions.contains_key(user);
        let version = self.next_version(user);
        let quiet = step == Step::Return && !self.settled && !told_offline;
        Some(if quiet {
            Outcome::Same
        } else {
            Outcome::Changed(version)
        })
    }

    /// The lives that are over and have not been swept.
    pub fn over(&self) -> Vec<String> {
        let out = self.lives.iter().filter(|(_, leased)| !**leased);
        let out = out.map(|(life, _)| life.clone());
        out.chain(self.ending.iter().cloned()).collect()
    }

    /// Ends a life whose lease has run out; who is offline by it. `None` if there is nothing to end.
    pub fn sweep(&mut self, life: &str) -> Option<Vec<(String, u64)>> {
        if !self.over().iter().any(|it| it == life) {
            return None;
        }
        self.lives.remove(life);
        self.ending.remove(life);
        let users: Vec<String> = self.at.keys().cloned().collect();
        let mut gone = Vec::new();
        for user in users {
            if self.at.get_mut(&user).is_some_and(|at| at.remove(life)) {
                gone.extend(self.leave(&user).map(|version| (user, version)));
            }
        }
        Some(gone)
    }

    pub fn is_online(&self, user: &str) -> bool {
        self.online.contains(user)
    }

    /// It has lost its memory.
    pub fn restart(&mut self) {
        *self = Self {
            clock: self.clock,
            ..Self::default()
        };
    }

    fn leave(&mut self, user: &str) -> Option<u64> {
        let nowhere = self.at.get(user).is_none_or(BTreeSet::is_empty);
        (nowhere && self.online.remove(user)).then(|| self.next_version(user))
    }

    fn next_version(&mut self, user: &str) -> u64 {
        self.clock += 1;
        let version = self.versions.entry(user.to_owned()).or_default();
        *version = self.clock.max(*version + 1);
        *version
    }
}
