//! What is done with what other nodes say.

use std::{convert::Infallible, sync::Arc};

use bytes::Bytes;
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};

use super::{
    RemoteSession, Saying, Statuses,
    letter::{Answer, Illegible, Letter},
};
use crate::{
    backplane::{Message, News, Subject},
    delivery::{
        dispatch::Dispatch, farewell::Farewell, inbox::Seq, lines::To, messages::Receipt,
        rooms::Renewed,
    },
    kernel::{
        ids::{NodeId, SessionId},
        intern::intern,
        logging::chain,
        now_and_then::NowAndThen,
        time::Timestamp,
    },
    protocol::{
        close_code::CloseCode,
        frame::{Frame, Label},
    },
    store::Handle,
};

impl Dispatch {
    /// Hears what other nodes say, and looks after those who missed something of it, for as long as it is polled; one task
    /// of the server does that.
    pub async fn hear_nodes(&self, store: &Handle) -> Infallible {
        let Some(mut listener) = self.nodes().take_listener() else {
            return std::future::pending().await;
        };
        let hear = async {
            let mut log = NowAndThen::default();
            loop {
                match listener.next().await {
                    News::Gap => {
                        self.nodes().gaps.send_modify(|gaps| *gaps += 1);
                        self.pass_on(News::Gap).await;
                    }
                    // A node that was away for too long closes all its connections.
                    News::Message(_) if !self.is_current() => {}
                    News::Message(message) if message.subject == Subject::Presence => {
                        self.pass_on(News::Message(message)).await;
                    }
                    News::Message(message) => {
                        let Err(fault) = self.hear(message) else {
                            continue;
                        };
                        if let Some(times) = log.count(Instant::now().into_std()) {
                            let cause = chain(&fault);
                            log::warn!(
                                "a letter of a node cannot be read times={times} cause={cause}"
                            );
                        }
                    }
                }
            }
        };
        tokio::select! {
            biased;
            never = hear => never,
            never = self.wake_trailing(store) => never,
        }
    }

    /// What other nodes say of statuses of otomo, in one order with what they say to clients. For one who hears it; whoever
    /// asks later hears nothing.
    pub fn hear_statuses(&self) -> mpsc::Receiver<Statuses> {
        let (sender, statuses) = mpsc::channel(1);
        // Refused if somebody hears them already.
        let _ = self.nodes().statuses.set(sender);
        statuses
    }

    async fn pass_on(&self, news: News) {
        let Some(hearer) = self.nodes().statuses.get() else {
            return;
        };
        let (taken, done) = oneshot::channel();
        if hearer.send(Statuses { news, taken }).await.is_ok() {
            // It answers by dropping its end.
            let _ = done.await;
        }
    }

    pub(super) fn hear(&self, message: Message) -> Result<(), Illegible> {
        let (letter, json) = Letter::decode(message.body)?;
        let asker = letter.ask.map(|ask| (message.from, ask));
        match letter.saying {
            Saying::Frame { to, label } => {
                let frame = self.frame_of(label, json);
                self.counting(asker, |receipt| {
                    self.deliver_here(to.into(), frame, receipt);
                });
            }
            Saying::Durable { user, seq, label } => {
                let frame = self.frame_of(label, json);
                let seq = Seq::new(seq);
                self.counting(asker, |receipt| {
                    self.durable_here(&user, seq, &frame, receipt);
                });
            }
            Saying::ChatOutdated { user } => self.chat_outdated_here(&user),
            Saying::Resend { user, after } => {
                let after = Seq::new(after);
                self.counting(asker, |receipt| self.resend_here(&user, after, receipt));
            }
            Saying::Close {
                to,
                code,
                reason,
                before,
            } => {
                let farewell = goodbye(code, &reason);
                self.counting(asker, |receipt| match before {
                    None => self.close_here(&to.into(), farewell, receipt),
                    Some(before) => self.close_earlier(&to.into(), before, farewell),
                });
            }
            Saying::Renew { .. } | Saying::Leave { .. } => {
                self.hear_of_room(letter.saying, json, asker);
            }
            Saying::Sessions { .. }
            | Saying::Members { .. }
            | Saying::Reports { .. }
            | Saying::Slowest { .. }
            | Saying::Node
            | Saying::CloseSession { .. } => self.hear_question(letter.saying, asker),
            Saying::Answer(answer) => {
                if let Some((_, ask)) = asker {
                    self.nodes().gatherings.answered(ask, answer);
                }
            }
        }
        Ok(())
    }

    /// Another node asks for something, or to have a connection closed for an admin.
    fn hear_question(&self, saying: Saying, asker: Option<(NodeId, u64)>) {
        match saying {
            Saying::Sessions { user } => {
                let sessions = self.roster().sessions(&user).into_iter();
                let node = self.backplane().node();
                let sessions = sessions.map(|it| RemoteSession {
                    node: node.clone(),
                    device: it.device,
                    session: it.at.session,
                });
                self.answer(asker, Answer::Sessions(sessions.collect()));
            }
            Saying::Members { room, most } => {
                let mut members = self.roster().room_members(&room);
                members.truncate(most);
                self.answer(asker, Answer::Members(members));
            }
            Saying::Reports { user, after, most } => {
                let dispatch = self.clone();
                actix_rt::spawn(async move {
                    let reports = dispatch.reports_here(user.as_ref(), after, most).await;
                    dispatch.answer(asker, Answer::Reports(reports));
                });
            }
            Saying::Node => self.answer(asker, Answer::Node(self.node_report())),
            Saying::Slowest { most } => {
                let dispatch = self.clone();
                actix_rt::spawn(async move {
                    let reports = dispatch.slowest_here(most).await;
                    dispatch.answer(asker, Answer::Reports(reports));
                });
            }
            Saying::CloseSession {
                session,
                code,
                reason,
            } => {
                let Farewell { code, reason, .. } = goodbye(code, &reason);
                let dispatch = self.clone();
                actix_rt::spawn(async move {
                    let closed = dispatch.close_session_here(session, code, reason).await;
                    dispatch.answer(asker, Answer::Count(closed));
                });
            }
            _ => {}
        }
    }

    /// The stay of those who are in a room changes, or ends.
    fn hear_of_room(&self, saying: Saying, json: Bytes, asker: Option<(NodeId, u64)>) {
        match saying {
            Saying::Renew {
                to,
                room,
                until,
                everybody,
            } => {
                let until = until.map(Timestamp::from_millis);
                let whose = match everybody {
                    true => Renewed::Everybody,
                    false => Renewed::Grants,
                };
                self.counting(asker, |receipt| {
                    self.renew_here(&to.into(), &room, until, whose, receipt);
                });
            }
            Saying::Leave {
                to,
                room,
                label,
                expired,
            } => {
                let last = label.map(|label| self.frame_of(label, json));
                let expired = expired.map(Timestamp::from_millis);
                self.counting(asker, |receipt| {
                    self.take_out_here(&to.into(), &room, last, expired, receipt);
                });
            }
            _ => {}
        }
    }

    /// Closes the connections of a user that began before another one of theirs did.
    fn close_earlier(&self, to: &To, before: SessionId, farewell: Farewell) {
        let To::User(user) = to else { return };
        let sessions = self.roster().sessions(user).into_iter();
        for earlier in sessions.filter(|it| it.at.session < before) {
            self.close_here(&To::Session(earlier.at), farewell, None);
        }
    }

    fn frame_of(&self, label: Label, json: Bytes) -> Frame {
        Frame::labelled(label, json, |kind, priority, accepted, ttl| {
            self.track(kind, priority, accepted, ttl)
        })
    }

    /// Does something that is counted, and answers how many it reached if somebody wants to know.
    fn counting(&self, asker: Option<(NodeId, u64)>, act: impl FnOnce(Option<Arc<Receipt>>)) {
        let Some((asker, ask)) = asker else {
            return act(None);
        };
        let (receipt, sum) = Receipt::new();
        act(Some(receipt));
        let dispatch = self.clone();
        // The workers answer when they come to it; what others say is heard meanwhile.
        actix_rt::spawn(async move {
            let count = sum.await.unwrap_or(0);
            dispatch.nodes().answer(&asker, ask, Answer::Count(count));
        });
    }

    fn answer(&self, asker: Option<(NodeId, u64)>, answer: Answer) {
        if let Some((asker, ask)) = asker {
            self.nodes().answer(&asker, ask, answer);
        }
    }
}

/// A goodbye as another node says it. A code of a newer release means that the client may come back.
fn goodbye(number: u16, reason: &str) -> Farewell {
    let mut all = CloseCode::ALL.iter().copied();
    let code = all.find(|known| known.number() == number);
    let code = code.unwrap_or(CloseCode::GoingAway);
    Farewell::new(code, intern(reason).unwrap_or(code.as_str()))
}
