//! What clients say in a call, as long as browsers say it.

use super::cycle::Say;
use crate::kernel::ids::UserId;

/// Bytes of a session description: audio alone, as a browser writes it.
const DESCRIPTION: usize = 2_000;

/// A line of a session description, as often as it takes.
const LINE: &str = r"a=rtpmap:111 opus/48000/2\r\n";

/// Candidates of each side, `null` at the end.
const CANDIDATES: [&str; 3] = [
    r#"{"candidate":"candidate:1 1 udp 2122260223 192.0.2.7 50816 typ host generation 0","sdpMid":"0","sdpMLineIndex":0}"#,
    r#"{"candidate":"candidate:2 1 udp 1686052607 198.51.100.9 50816 typ srflx raddr 192.0.2.7 rport 50816","sdpMid":"0","sdpMLineIndex":0}"#,
    "null",
];

/// The long ones, made once.
pub(super) struct Texts {
    sdp: String,
}

impl Default for Texts {
    fn default() -> Self {
        let sdp = LINE.repeat(DESCRIPTION / LINE.len());
        Self { sdp }
    }
}

impl Texts {
    pub(super) fn request(call: &str, otomo: &UserId) -> String {
        format!(r#"{{"type":"call_request","toUserId":"{otomo}","callId":"{call}"}}"#)
    }

    pub(super) fn end(call: &str) -> String {
        of_call("call_end_request", call)
    }

    /// All messages with which something is said.
    pub(super) fn of(&self, say: Say, call: &str) -> Vec<String> {
        match say {
            Say::Accept => vec![of_call("call_accept", call)],
            Say::Connected => vec![of_call("call_connected", call)],
            Say::End => vec![Self::end(call)],
            Say::Offer => self.description("offer", call),
            Say::Answer => self.description("answer", call),
        }
    }

    /// A description and the candidates that go with it.
    fn description(&self, kind: &str, call: &str) -> Vec<String> {
        let sdp = &self.sdp;
        let description = format!(
            r#"{{"type":"webrtc_{kind}","callId":"{call}","{kind}":{{"type":"{kind}","sdp":"{sdp}"}}}}"#
        );
        let candidates = CANDIDATES.map(|candidate| {
            format!(r#"{{"type":"ice_candidate","callId":"{call}","candidate":{candidate}}}"#)
        });
        [description].into_iter().chain(candidates).collect()
    }
}

fn of_call(command: &str, call: &str) -> String {
    format!(r#"{{"type":"{command}","callId":"{call}"}}"#)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::command;

    #[test]
    fn the_server_understands_what_is_said() {
        let (texts, call) = (Texts::default(), "0197b5f0-0000-7000-8000-000000000000");
        let says = [
            Say::Accept,
            Say::Offer,
            Say::Answer,
            Say::Connected,
            Say::End,
        ];
        let mut all = vec![Texts::request(call, &"bench-otomo-1".parse().unwrap())];
        all.extend(says.iter().flat_map(|say| texts.of(*say, call)));
        let names: Vec<_> = all
            .iter()
            .map(|text| command::decode(text.as_bytes()).unwrap().command.name())
            .collect();
        let ice = ["ice_candidate"; CANDIDATES.len()];
        let expected = [
            &["call_request", "call_accept", "webrtc_offer"][..],
            &ice,
            &["webrtc_answer"],
            &ice,
            &["call_connected", "call_end_request"],
        ];
        assert_eq!(names, expected.concat());
    }
}
