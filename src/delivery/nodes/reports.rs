//! How the connections of all nodes are, the end of one of them, and how the nodes are: for admins.

use std::{cmp::Reverse, sync::atomic::Ordering};

use super::{
    Saying,
    letter::Answer,
    questions::{NodeReport, SessionReport},
};
use crate::{
    backplane::Channel,
    delivery::{dispatch::Dispatch, lines::To, messages::LineReport},
    kernel::{
        ids::{NodeId, SessionId, UserId},
        time::millis,
    },
    protocol::close_code::CloseCode,
};

impl Dispatch {
    /// How connections are, of all users or of one, after one of them, `most` at most, in the order of their ids: that in
    /// which they began.
    pub async fn reports(
        &self,
        user: Option<UserId>,
        after: Option<SessionId>,
        most: usize,
    ) -> Vec<SessionReport> {
        let question = Saying::Reports {
            user: user.clone(),
            after,
            most,
        };
        let elsewhere = self.gather(Channel::Everyone, question, Answer::reports);
        let mut all = self.reports_here(user.as_ref(), after, most).await;
        all.extend(elsewhere.await);
        first(all, most)
    }

    /// The connections of all nodes that something waits for, `most` at most, the slowest first.
    pub async fn slowest(&self, most: usize) -> Vec<SessionReport> {
        let question = Saying::Slowest { most };
        let elsewhere = self.gather(Channel::Everyone, question, Answer::reports);
        let mut all = self.slowest_here(most).await;
        all.extend(elsewhere.await);
        slowest(all, most)
    }

    /// Closes one connection, whichever node has it. Returns how many were closed: none, if there is no such connection.
    pub async fn close_session(
        &self,
        session: SessionId,
        code: CloseCode,
        reason: &'static str,
    ) -> usize {
        let here = self.close_session_here(session, code, reason).await;
        if here > 0 {
            return here;
        }
        let saying = Saying::CloseSession {
            session,
            code: code.number(),
            reason: reason.to_owned(),
        };
        let answers = self.ask_others(Channel::Everyone, saying).await;
        answers.iter().map(Answer::count).sum()
    }

    /// How this node is, and how the others are that answer.
    pub async fn node_reports(&self) -> Vec<NodeReport> {
        let elsewhere = self.gather(Channel::Everyone, Saying::Node, Answer::node);
        let mut all = vec![self.node_report()];
        all.extend(elsewhere.await);
        all
    }

    /// Says of this node, from now on, that it is about to stop.
    pub fn set_draining(&self) {
        self.nodes().draining.store(true, Ordering::Relaxed);
    }

    pub(super) fn node_report(&self) -> NodeReport {
        let metrics = self.metrics();
        let clients = metrics.connections.series().into_iter();
        let clients: i64 = clients.map(|(_, count)| count.get()).sum();
        NodeReport {
            node: self.backplane().node().clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            uptime_ms: millis(metrics.age()),
            connections: u64::try_from(clients).unwrap_or(0),
            outbox_bytes: u64::try_from(metrics.outbox_bytes.get()).unwrap_or(0),
            congested: self.congested(),
            draining: self.nodes().draining.load(Ordering::Relaxed),
        }
    }

    pub(super) async fn reports_here(
        &self,
        user: Option<&UserId>,
        after: Option<SessionId>,
        most: usize,
    ) -> Vec<SessionReport> {
        let wanted = |report: &LineReport| {
            let client = &report.client;
            user.is_none_or(|user| *user == client.user)
                && after.is_none_or(|after| client.session > after)
        };
        let node = self.backplane().node();
        let reports = self.observe().await.into_iter().filter(wanted);
        first(reports.map(|it| report(it, node)).collect(), most)
    }

    pub(super) async fn slowest_here(&self, most: usize) -> Vec<SessionReport> {
        let node = self.backplane().node();
        let waits = |it: &LineReport| it.backlog > 0 || it.stalled.is_some();
        let reports = self.observe().await.into_iter().filter(waits);
        slowest(reports.map(|it| report(it, node)).collect(), most)
    }

    pub(super) async fn close_session_here(
        &self,
        session: SessionId,
        code: CloseCode,
        reason: &'static str,
    ) -> usize {
        match self.roster().session(session) {
            Some(at) => self.close(To::Session(at), code, reason).await,
            None => 0,
        }
    }
}

/// Those for whom the most bytes wait first, and of equals those who have taken nothing for the longest.
fn slowest(mut reports: Vec<SessionReport>, most: usize) -> Vec<SessionReport> {
    reports.sort_unstable_by_key(|it| Reverse((it.backlog_bytes, it.stalled_ms, it.session_id)));
    reports.truncate(most);
    reports
}

/// The first of them, in the order of their ids.
fn first(mut reports: Vec<SessionReport>, most: usize) -> Vec<SessionReport> {
    reports.sort_unstable_by_key(|report| report.session_id);
    reports.truncate(most);
    reports
}

fn report(report: LineReport, node: &NodeId) -> SessionReport {
    SessionReport {
        session_id: report.client.session,
        node: node.clone(),
        user_id: report.client.user,
        role: report.client.role,
        device: report.client.device,
        worker: report.at.worker,
        backlog_bytes: report.backlog,
        stalled: report.stalled.is_some(),
        stalled_ms: report.stalled.map(millis),
    }
}
