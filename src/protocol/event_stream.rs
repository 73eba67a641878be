//! The fields of an event stream (HTML Living Standard, section 9.2.6).

use bytes::BytesMut;

/// The name under which `EventSource` reports its own failures, so no event of ours may have it.
const RESERVED: &str = "error";

/// The name of our errors instead. Their `type` stays `error`.
const SERVER_ERROR: &str = "server_error";

/// A comment: it keeps the connection alive, and no listener sees it.
pub const HEARTBEAT: &[u8] = b":\n\n";

/// Appends one event. A client that comes back says the last `id` in `Last-Event-ID`.
/// `retry`: in how many milliseconds it comes back, from now on.
pub(super) fn write(
    name: Option<&str>,
    id: Option<u64>,
    retry: Option<u64>,
    json: &[u8],
    out: &mut BytesMut,
) {
    if let Some(name) = name {
        let name = if name == RESERVED { SERVER_ERROR } else { name };
        field("event", name.as_bytes(), out);
    }
    if let Some(id) = id {
        field("id", id.to_string().as_bytes(), out);
    }
    if let Some(millis) = retry {
        field("retry", millis.to_string().as_bytes(), out);
    }
    // A line break would end the field. Outside of strings, where it is escaped, JSON takes a space as well.
    if json.iter().any(|byte| is_line_end(*byte)) {
        let spaced = json
            .iter()
            .map(|byte| if is_line_end(*byte) { b' ' } else { *byte });
        field("data", &spaced.collect::<Vec<u8>>(), out);
    } else {
        field("data", json, out);
    }
    out.extend_from_slice(b"\n");
}

/// The field that says how long a client waits before it reconnects, in milliseconds.
pub fn retry(millis: u64) -> String {
    format!("retry: {millis}\n\n")
}

fn field(name: &str, value: &[u8], out: &mut BytesMut) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\n");
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(name: Option<&str>, place: Option<u64>, json: &str) -> String {
        let mut out = BytesMut::new();
        write(name, place, None, json.as_bytes(), &mut out);
        String::from_utf8(out.to_vec()).unwrap()
    }

    #[test]
    fn an_event_has_a_name_a_place_and_its_json_or_the_json_alone() {
        let whole = written(Some("call_missed"), Some(7), "{}");
        assert_eq!(whole, "event: call_missed\nid: 7\ndata: {}\n\n");
        assert_eq!(written(None, None, "{}"), "data: {}\n\n");
    }

    #[test]
    fn our_errors_are_not_taken_for_those_of_the_connection() {
        assert!(written(Some("error"), None, "{}").starts_with("event: server_error\n"));
    }

    #[test]
    fn no_line_end_in_the_json_ends_its_field() {
        let pretty = written(None, None, "{\r\n\"a\": \"\\n\"\n}");
        assert_eq!(pretty, "data: {  \"a\": \"\\n\" }\n\n");
    }
}
