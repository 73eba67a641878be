//! What one connection hears of a call goes forward, whoever says it and when.

use otomo::{
    delivery::{filter::Filter, lines::To},
    kernel::ids::CallId,
    protocol::{
        event::{
            CallAccepted, CallCancelled, CallEnd, CallOutcome, CallPeerBack, CallRinging,
            CallSnapshot, CancelReason, EndReason, Event, IncomingCall, OfCall, RecentCall,
        },
        frame::Frame,
        spec::Topics,
    },
};

use crate::fixture::{Person, Server};

/// A call of ann with hana, as it is told of.
#[derive(Clone, Copy)]
pub(crate) struct Told(CallId);

impl Told {
    pub(crate) fn new() -> Self {
        Self(CallId::new())
    }

    pub(crate) fn ring(self) -> Frame {
        let ring = IncomingCall {
            call_id: self.0,
            from_user_id: "ann".parse().unwrap(),
            from_user_name: "Ann".to_owned(),
            from_user_avatar: None,
            timestamp: 1,
            expires_at: 31,
            remaining_ms: 30_000,
        };
        Frame::new(&ring.into())
    }

    fn accepted(self) -> Frame {
        let (call_id, timestamp) = (self.0, 1);
        Frame::new(&CallAccepted { call_id, timestamp }.into())
    }

    fn ringing(self) -> Frame {
        let call_id = self.0;
        Frame::new(&CallRinging(OfCall { call_id }).into())
    }

    fn back(self) -> Frame {
        let call_id = self.0;
        Frame::new(&CallPeerBack(OfCall { call_id }).into())
    }

    pub(crate) fn cancelled(self, reason: CancelReason) -> Frame {
        let cancelled = CallCancelled {
            call_id: self.0,
            reason,
            timestamp: 1,
        };
        Frame::new(&cancelled.into())
    }

    fn end(self) -> Frame {
        let end = CallEnd {
            call_id: self.0,
            user_id: "ann".parse().unwrap(),
            otomo_id: "hana".parse().unwrap(),
            ended_at: 9,
            reason: EndReason::UserEnd,
            duration_seconds: 0,
            total_charged_points: 0,
        };
        Frame::new(&end.into())
    }

    /// The snapshot of somebody whose last call it was.
    fn over(self) -> Frame {
        let recent = RecentCall {
            call_id: self.0,
            user_id: "ann".parse().unwrap(),
            otomo_id: "hana".parse().unwrap(),
            outcome: CallOutcome::Cancelled,
            reason: "caller_cancelled",
            ended_at: 2,
            duration_seconds: 0,
            total_charged_points: 0,
        };
        let snapshot = CallSnapshot {
            call: None,
            recent: vec![recent],
        };
        Frame::new(&Event::from(snapshot))
    }
}

fn to(user: &str) -> To {
    To::User(user.parse().unwrap())
}

async fn told(server: &Server, person: &mut Person, frames: Vec<Frame>) -> Vec<String> {
    for frame in frames {
        server.dispatch.tell(to("hana"), frame);
    }
    server.settled().await;
    person.heard_types()
}

#[actix_rt::test]
async fn what_was_said_late_is_not_said_after_what_came_later() {
    let server = Server::prompt();
    let mut hana = server.client(0, "hana").await;
    let (call, other) = (Told::new(), Told::new());
    let late = vec![call.end(), call.ringing(), call.back(), other.ring()];
    assert_eq!(
        told(&server, &mut hana, late).await,
        ["call_end", "incoming_call"]
    );
    let elsewhere = other.cancelled(CancelReason::AnsweredElsewhere);
    let silent = vec![elsewhere, other.ring(), other.end()];
    assert_eq!(
        told(&server, &mut hana, silent).await,
        ["call_cancelled", "call_end"]
    );
    let answer = told(&server, &mut hana, vec![call.accepted()]).await;
    assert_eq!(answer, ["call_accepted"], "the answer to a request comes");
    let ring = server.dispatch.tell_counted(to("hana"), call.ring());
    assert_eq!(ring.await, 0, "it rings nowhere");
}

#[actix_rt::test]
async fn a_ring_that_waited_behind_a_snapshot_in_which_it_is_over_is_not_heard() {
    let server = Server::prompt();
    let mut hana = server.arriving(0, "hana", Filter::new(Topics::ALL));
    let (over, live) = (Told::new(), Told::new());
    for call in [over, live] {
        let rung = server.dispatch.tell_counted(to("hana"), call.ring());
        assert_eq!(rung.await, 1);
    }
    hana.line.push_always(over.over());
    server.open(&hana);
    server.settled().await;
    assert_eq!(
        hana.heard_types(),
        ["call_snapshot", "ready", "incoming_call"]
    );
    assert_eq!(hana.line.backlog(), 0);
}

#[actix_rt::test]
async fn what_is_said_again_is_heard_by_those_who_have_not_heard_it() {
    let server = Server::prompt();
    let mut first = server.client(0, "hana").await;
    let call = Told::new();
    let heard = told(&server, &mut first, vec![call.ring()]).await;
    assert_eq!(heard, ["incoming_call"]);
    let mut second = server.client(1, "hana").await;
    for frame in [call.ring(), call.end(), call.end()] {
        server.dispatch.tell_again_here(&to("hana"), &frame);
    }
    server.settled().await;
    assert_eq!(first.heard_types(), ["call_end"]);
    assert_eq!(second.heard_types(), ["incoming_call", "call_end"]);
}
