//! What of a message the load tool looks at: its type, and one of its fields.
//!
//! Servers of ours write the type first and never a space, so this is a look at the message's first bytes where a JSON parser
//! would read all of it, for each of a million messages.

/// How every message begins.
const BEGINNING: &[u8] = br#"{"type":""#;

/// The `type` of a message. Empty if it is not one of ours.
pub(crate) fn kind(message: &[u8]) -> &[u8] {
    message
        .strip_prefix(BEGINNING)
        .and_then(until_quote)
        .unwrap_or_default()
}

/// The text of the field with this name: `field(message, "callId")`. Only for texts that hold no quotes, like ids.
pub(crate) fn field<'a>(message: &'a [u8], name: &str) -> Option<&'a str> {
    let text = until_quote(after(message, &format!(r#""{name}":""#))?)?;
    str::from_utf8(text).ok()
}

/// The number in the field with this name.
pub(crate) fn number(message: &[u8], name: &str) -> Option<u64> {
    let digits = after(message, &format!(r#""{name}":"#))?;
    let end = digits.iter().position(|byte| !byte.is_ascii_digit())?;
    str::from_utf8(digits.get(..end)?).ok()?.parse().ok()
}

/// What comes after these words.
fn after<'a>(message: &'a [u8], words: &str) -> Option<&'a [u8]> {
    let mut windows = message.windows(words.len());
    let at = windows.position(|window| window == words.as_bytes())?;
    message.get(at + words.len()..)
}

fn until_quote(bytes: &[u8]) -> Option<&[u8]> {
    let end = bytes.iter().position(|byte| *byte == b'"')?;
    bytes.get(..end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        kernel::ids::CallId,
        protocol::{
            event::{CallAccepted, Event},
            frame::Frame,
        },
    };

    #[test]
    fn the_servers_own_messages_are_understood() {
        let call = CallId::new();
        let event = Event::CallAccepted(CallAccepted {
            call_id: call,
            timestamp: 1,
        });
        let message = Frame::new(&event).json().to_vec();
        assert_eq!(kind(&message), b"call_accepted");
        assert_eq!(field(&message, "callId"), Some(call.to_string()).as_deref());
        assert_eq!(number(&message, "timestamp"), Some(1));
        assert_eq!(field(&message, "fromUserId"), None);
    }

    #[test]
    fn what_is_cut_short_has_neither() {
        assert_eq!(kind(br#"{"type":"call"#), b"");
        assert_eq!(kind(br#"["type"]"#), b"");
        assert_eq!(field(br#"{"callId":"01"#, "callId"), None);
        assert_eq!(number(br#"{"seq":1"#, "seq"), None);
    }
}
