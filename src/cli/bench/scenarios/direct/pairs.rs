//! Who sends to whom, and what is on its way.

use std::{collections::VecDeque, rc::Rc, time::Instant};

use crate::{
    cli::bench::{
        crowd::{Crowd, HANDSHAKES},
        fault::BenchFault,
        refusal,
        scenarios::PATIENCE,
        user,
    },
    kernel::ids::CallId,
};

/// How the messages begin that take a call forward.
const RINGS: &[u8] = br#"{"type":"incoming_call""#;
const BEGINS: &[u8] = br#"{"type":"signaling_start""#;
const CONNECTED: &[u8] = br#"{"type":"call_connected""#;

/// And one that ends it before it began.
const REJECTED: &[u8] = br#"{"type":"call_rejected""#;

/// All clients. The first half are paired with the second.
pub(super) struct Pairs(Vec<Side>);

/// One of a pair.
struct Side {
    peer: usize,
    /// The id of their call, if they are in one.
    call: String,
    /// What it sends.
    words: Rc<str>,
    /// When what is on its way to it was sent, the oldest first.
    sent: VecDeque<Instant>,
}

impl Pairs {
    /// Pairs so many clients. The same each time, so that runs can be compared.
    pub(super) fn at_random(clients: usize) -> Self {
        let half = clients / 2;
        let mut second: Vec<usize> = (half..half * 2).collect();
        let mut state = 1_u64;
        for last in (1..half).rev() {
            // Knuth's generator; its high bits are the good ones.
            state = state.wrapping_mul(6_364_136_223_846_793_005);
            state = state.wrapping_add(1_442_695_040_888_963_407);
            second.swap(last, (state >> 33) as usize % (last + 1));
        }
        let mut peers = second.clone();
        peers.resize(half * 2, 0);
        for (first, second) in second.into_iter().enumerate() {
            if let Some(peer) = peers.get_mut(second) {
                *peer = first;
            }
        }
        let side = |peer| Side {
            peer,
            call: String::new(),
            words: "".into(),
            sent: VecDeque::new(),
        };
        Self(peers.into_iter().map(side).collect())
    }

    /// Sets what each side sends, from the number of its peer.
    pub(super) fn name(&mut self, words: impl Fn(usize) -> String) {
        for side in &mut self.0 {
            side.words = words(side.peer).into();
        }
    }

    /// A message of this client's goes to its peer now: what it says.
    pub(super) fn send(&mut self, from: usize, now: Instant) -> Option<Rc<str>> {
        let side = self.0.get(from)?;
        let (peer, words) = (side.peer, Rc::clone(&side.words));
        self.0.get_mut(peer)?.sent.push_back(now);
        Some(words)
    }

    /// When all that was sent which has not arrived; it is waited for no longer.
    pub(super) fn give_up(&mut self) -> impl Iterator<Item = Instant> {
        self.0.iter_mut().flat_map(|side| side.sent.drain(..))
    }

    /// A message reached this client: when it was sent.
    pub(super) fn reached(&mut self, client: usize) -> Option<Instant> {
        self.0.get_mut(client)?.sent.pop_front()
    }

    /// Has each pair begin a call, and returns when all are connected.
    /// Their messages have so many bytes then.
    pub(super) fn call(&mut self, crowd: &mut Crowd, bytes: u16) -> Result<(), BenchFault> {
        let half = self.0.len() / 2;
        for first in 0..half {
            let call = CallId::new().to_string();
            let second = self.peer(first);
            for side in [first, second] {
                if let Some(side) = self.0.get_mut(side) {
                    side.call.clone_from(&call);
                }
            }
        }
        let (mut begun, mut connected) = (0, 0);
        let mut progress = Instant::now();
        while connected < half * 2 {
            while begun < half && begun * 2 < connected + HANDSHAKES {
                let otomo = user("otomo", self.peer(begun) - half)?;
                let call = self.call_of(begun);
                let request =
                    format!(r#"{{"type":"call_request","toUserId":"{otomo}","callId":"{call}"}}"#);
                crowd.say(begun, &request)?;
                begun += 1;
            }
            let (known, mut refused, mut answers) = (connected, None, Vec::new());
            crowd.turn(PATIENCE, |client, message| {
                let next = match message {
                    rings if rings.starts_with(RINGS) => "call_accept",
                    begins if begins.starts_with(BEGINS) => "call_connected",
                    over => {
                        connected += usize::from(over.starts_with(CONNECTED));
                        refused = refused.take().or_else(|| not_called(over));
                        return;
                    }
                };
                answers.push((client, next));
            })?;
            refused.map_or(Ok(()), Err)?;
            for (client, command) in answers {
                let call = self.call_of(client);
                crowd.say(
                    client,
                    &format!(r#"{{"type":"{command}","callId":"{call}"}}"#),
                )?;
            }
            if connected > known {
                progress = Instant::now();
            } else if progress.elapsed() > PATIENCE {
                return Err(BenchFault::Silent(PATIENCE));
            }
        }
        for side in &mut self.0 {
            side.words = candidate(&side.call, bytes).into();
        }
        Ok(())
    }

    fn peer(&self, client: usize) -> usize {
        self.0.get(client).map_or(0, |side| side.peer)
    }

    fn call_of(&self, client: usize) -> &str {
        self.0.get(client).map_or("", |side| &side.call)
    }
}

/// A candidate of a call, in so many bytes.
fn candidate(call: &str, bytes: u16) -> String {
    let with = |text: &str| {
        format!(
            r#"{{"type":"ice_candidate","callId":"{call}","candidate":{{"candidate":"{text}"}}}}"#
        )
    };
    let room = usize::from(bytes).saturating_sub(with("").len());
    with(&"b".repeat(room))
}

/// The fault if a message says that there will be no call.
fn not_called(message: &[u8]) -> Option<BenchFault> {
    let rejected = message.starts_with(REJECTED);
    refusal(message).or_else(|| rejected.then(|| BenchFault::unwilling(message)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{
        event::{CallRejected, Event, RejectReason},
        frame::Frame,
    };

    #[test]
    fn a_call_that_is_rejected_is_not_waited_for() {
        let event = CallRejected {
            call_id: CallId::new(),
            reason: RejectReason::Busy,
            timestamp: 1,
        };
        let frame = Frame::new(&Event::from(event));
        let fault = not_called(frame.json()).unwrap().to_string();
        assert!(fault.contains("call_rejected"), "{fault}");
        assert!(not_called(br#"{"type":"call_ringing"}"#).is_none());
    }
    use crate::protocol::command::{self, Command};

    #[test]
    fn everybody_has_a_peer_of_the_other_half_and_no_two_the_same() {
        let pairs = Pairs::at_random(100);
        for client in 0..100 {
            let peer = pairs.peer(client);
            assert_eq!(pairs.peer(peer), client);
            assert_ne!(peer < 50, client < 50);
        }
        let in_order = (0..50).filter(|client| pairs.peer(*client) == client + 50);
        assert!(in_order.count() < 10, "at random");
    }

    #[test]
    fn what_is_on_its_way_arrives_in_order() {
        let mut pairs = Pairs::at_random(2);
        pairs.name(|peer| format!("d{peer} "));
        let now = Instant::now();
        let later = now + std::time::Duration::from_millis(1);
        assert_eq!(pairs.send(0, now), Some("d1 ".into()));
        assert_eq!(pairs.send(0, later), Some("d1 ".into()));
        assert_eq!(pairs.reached(0), None);
        assert_eq!(
            [(); 3].map(|()| pairs.reached(1)),
            [Some(now), Some(later), None]
        );
    }

    #[test]
    fn candidates_have_the_size_that_is_asked_for() {
        let call = CallId::new().to_string();
        for bytes in [110, 3_000] {
            let words = candidate(&call, bytes);
            assert_eq!(words.len(), usize::from(bytes));
            let decoded = command::decode(words.as_bytes()).unwrap();
            assert!(matches!(decoded.command, Command::IceCandidate(_)));
        }
    }
}
