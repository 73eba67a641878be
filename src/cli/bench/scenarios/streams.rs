//! Streams of durable events, as clients follow them.

use std::time::Instant;

use super::PATIENCE;
use crate::cli::bench::{
    crowd::{Crowd, HANDSHAKES},
    fault::BenchFault,
    peek::{kind, number},
    transport::Ticket,
};

/// Lets in one client for each ticket, and returns how far the stream of each was then, in their order.
pub(super) fn admit(crowd: &mut Crowd, tickets: &[Ticket]) -> Result<Vec<u64>, BenchFault> {
    let first = crowd.len();
    let mut seqs = vec![0; tickets.len()];
    for group in tickets.chunks(HANDSHAKES) {
        let mut missing = group.len();
        for ticket in group {
            crowd.begin(ticket)?;
        }
        let end = Instant::now() + PATIENCE;
        while missing > 0 {
            if Instant::now() > end {
                return Err(BenchFault::Silent(PATIENCE));
            }
            crowd.turn(PATIENCE, |client, message| match kind(message) {
                b"connected" => {
                    let seq = number(message, "seq");
                    if let (Some(place), Some(seq)) = (seqs.get_mut(client - first), seq) {
                        *place = seq;
                    }
                }
                b"ready" => missing -= 1,
                _ => {}
            })?;
        }
    }
    Ok(seqs)
}

/// The place of a durable event in its stream, and that of the one before it on this connection. None of any other message.
pub(super) fn place(message: &[u8]) -> Option<(u64, u64)> {
    // Both stand at the very end, behind whatever the app says.
    let fields = message.strip_suffix(b"}")?;
    let (fields, prev) = last(fields, b"\"prev\":")?;
    let (_, seq) = last(fields, b"\"seq\":")?;
    Some((seq, prev))
}

/// The number of the last field, if it has this name, and the fields before it.
fn last<'a>(fields: &'a [u8], name: &[u8]) -> Option<(&'a [u8], u64)> {
    let at = fields.iter().rposition(|byte| *byte == b',')?;
    let (before, field) = fields.split_at_checked(at)?;
    let number = field.strip_prefix(b",")?.strip_prefix(name)?;
    Some((before, str::from_utf8(number).ok()?.parse().ok()?))
}

/// The fault of a client whose stream does not go on where it was.
pub(super) fn torn(who: usize, message: &[u8]) -> BenchFault {
    let said = String::from_utf8_lossy(message);
    BenchFault::Wrong(format!("after a gap, or twice, user {who} heard {said}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_the_servers_and_not_what_an_app_says() {
        let event = br#"{"type":"dice","data":{"seq":1,"prev":0},"seq":12,"prev":10}"#;
        assert_eq!(place(event), Some((12, 10)));
        assert_eq!(place(br#"{"type":"ready","seq":12}"#), None);
        assert_eq!(place(br#"{"type":"dice","data":{"seq":1,"prev":0}}"#), None);
    }
}
