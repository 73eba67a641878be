//! What watchers know of each otomo.

use std::time::Instant;

/// Watchers that are looked at, spread over all: so that the tool, which reads for all of them, is not what is measured.
const SAMPLED: usize = 128;

/// How the message begins that is looked at; the otomo's number follows, then its status.
const UPDATE: &[u8] = br#"{"type":"otomo_status_update","userId":"bench-otomo-"#;

/// A status that this tool brings about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Online,
    Break,
    Offline,
}

/// What one watcher knows of one otomo.
#[derive(Debug, Clone, Copy)]
pub(super) struct View {
    pub(super) status: Status,
    /// Since when.
    pub(super) since: Instant,
}

/// What all watchers that are looked at know.
pub(super) struct Views {
    otomo: usize,
    /// Every so many watchers, one is looked at.
    step: usize,
    views: Vec<View>,
}

impl Views {
    /// Everybody is online.
    pub(super) fn new(otomo: usize, watchers: usize) -> Self {
        let step = (watchers / SAMPLED).max(1);
        let view = View {
            status: Status::Online,
            since: Instant::now(),
        };
        Self {
            otomo,
            step,
            views: vec![view; otomo * watchers.div_ceil(step)],
        }
    }

    /// How many watchers are looked at.
    pub(super) fn watchers(&self) -> usize {
        self.views.len() / self.otomo.max(1)
    }

    /// A watcher, counted from 0 among all, has heard something. Returns whose status it was and which, and what the watcher
    /// knew before, if it is one that is looked at.
    pub(super) fn heard(
        &mut self,
        watcher: usize,
        message: &[u8],
    ) -> Option<(usize, Status, View)> {
        if !watcher.is_multiple_of(self.step) {
            return None;
        }
        let (otomo, status) = update(message)?;
        if otomo >= self.otomo {
            return None;
        }
        let view = self
            .views
            .get_mut(watcher / self.step * self.otomo + otomo)?;
        let since = Instant::now();
        let before = std::mem::replace(view, View { status, since });
        Some((otomo, status, before))
    }

    /// What each watcher that is looked at knows of an otomo.
    pub(super) fn of(&self, otomo: usize) -> impl Iterator<Item = View> {
        self.views.iter().skip(otomo).step_by(self.otomo).copied()
    }
}

/// Whose status a message tells, and which.
fn update(message: &[u8]) -> Option<(usize, Status)> {
    let rest = message.strip_prefix(UPDATE)?;
    let end = rest.iter().position(|byte| *byte == b'"')?;
    let (number, rest) = rest.split_at_checked(end)?;
    let rest = rest.strip_prefix(br#"","status":""#)?;
    let status = match rest {
        [b'o', b'n', ..] => Status::Online,
        [b'b', b'r', ..] => Status::Break,
        [b'o', b'f', ..] => Status::Offline,
        _ => return None,
    };
    Some((str::from_utf8(number).ok()?.parse().ok()?, status))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::{
        cli::bench::user,
        protocol::{
            event::{Event, OtomoStatus, OtomoStatusUpdate},
            frame::Frame,
        },
    };

    /// The server's own message.
    pub(in crate::cli::bench::scenarios::presence) fn told(
        otomo: usize,
        status: OtomoStatus,
    ) -> Vec<u8> {
        let event = OtomoStatusUpdate {
            user_id: user("otomo", otomo).unwrap(),
            status,
            timestamp: 1,
            version: 2,
        };
        Frame::new(&Event::from(event)).json().to_vec()
    }

    #[test]
    fn the_servers_own_messages_are_understood() {
        for (status, known) in [
            (OtomoStatus::Online, Some((207, Status::Online))),
            (OtomoStatus::Break, Some((207, Status::Break))),
            (OtomoStatus::Offline, Some((207, Status::Offline))),
            (OtomoStatus::Busy, None),
        ] {
            assert_eq!(update(&told(207, status)), known);
        }
        assert_eq!(update(br#"{"type":"ready","seq":0}"#), None);
    }

    #[test]
    fn each_watcher_that_is_looked_at_has_a_view_of_its_own() {
        let mut views = Views::new(3, SAMPLED * 4);
        assert_eq!(views.watchers(), SAMPLED);
        assert!(views.heard(1, &told(2, OtomoStatus::Break)).is_none());
        let (otomo, status, before) = views.heard(4, &told(2, OtomoStatus::Break)).unwrap();
        assert_eq!(
            (otomo, status, before.status),
            (2, Status::Break, Status::Online)
        );
        let known: Vec<_> = views.of(2).map(|view| view.status).collect();
        assert_eq!(known.len(), SAMPLED);
        assert_eq!(known[..2], [Status::Online, Status::Break]);
        assert!(views.of(1).all(|view| view.status == Status::Online));
        assert!(views.heard(0, &told(3, OtomoStatus::Break)).is_none());
    }
}
