//! Engine.IO 4 and Socket.IO 5, rule by rule, as their documents and their test suites have them.
//!
//! Most rules were held by tests before this one was written; [`RULES`] names for each the test that holds it. What was missing
//! is here: `handshakes`, `payloads` (Engine.IO), `packets` (Socket.IO). What is not offered: JSONP, other namespaces than `/`,
//! other versions; each is refused as the documents ask.

#[path = "../../server/socketio/packets.rs"]
#[allow(
    dead_code,
    reason = "shared with the tests of sockets, which use all of it"
)]
mod client;
mod handshakes;
mod packets;
mod payloads;

use std::{fs, path::Path};

use crate::tally;

/// The protocol, what it asks, and the tests that hold it: `file::test`, below `tests`.
const RULES: [(&str, &str, &str); 46] = [
    (
        "engine",
        "a GET opens a session over polling",
        "server/socketio/polling::a_session_begins_with_what_its_client_must_know",
    ),
    (
        "engine",
        "the open packet has sid, upgrades, pingInterval, pingTimeout, maxPayload",
        "server/socketio/polling::a_session_begins_with_what_its_client_must_know",
    ),
    (
        "engine",
        "over a WebSocket there is nothing to upgrade to",
        "protocols/socketio/handshakes::a_session_may_begin_on_a_websocket",
    ),
    (
        "engine",
        "EIO must be 4",
        "protocols/socketio/handshakes::a_bad_query_is_refused_on_either_transport",
    ),
    (
        "engine",
        "transport must be polling or websocket",
        "protocols/socketio/handshakes::a_bad_query_is_refused_on_either_transport",
    ),
    (
        "engine",
        "only GET begins a session",
        "protocols/socketio/handshakes::only_get_and_post_mean_anything",
    ),
    (
        "engine",
        "sid must be of a session",
        "server/socketio/polling::requests_that_make_no_sense_are_refused_in_the_protocols_words",
    ),
    (
        "engine",
        "other parameters are passed over",
        "protocols/socketio/handshakes::what_else_is_in_a_query_is_passed_over",
    ),
    (
        "engine",
        "CORS answers to pages that may connect",
        "server/socketio/polling::pages_of_others_may_not_connect",
    ),
    (
        "engine",
        "packets of a payload are separated by 0x1e",
        "server/socketio/polling::many_packets_fit_into_one_payload_and_are_answered_in_order",
    ),
    (
        "engine",
        "there is a packet on either side of a separator",
        "protocols/socketio/payloads::what_is_no_payload_ends_its_session",
    ),
    (
        "engine",
        "binary comes as b and base64 over polling",
        "protocols/socketio/payloads::binary_comes_in_either_shape",
    ),
    (
        "engine",
        "binary comes as a frame over a WebSocket",
        "protocols/socketio/payloads::binary_comes_in_either_shape",
    ),
    (
        "engine",
        "an invalid packet closes the session, over polling and over a WebSocket",
        "server/socketio/bad_input::a_packet_that_breaks_the_protocol_ends_its_session",
    ),
    (
        "engine",
        "a payload is not larger than maxPayload",
        "server/socketio/bad_input::what_is_too_large_ends_its_session",
    ),
    (
        "engine",
        "a second GET while one waits closes the session",
        "server/socketio/bad_input::two_polls_at_once_end_their_session",
    ),
    (
        "engine",
        "a second POST while one is sent closes the session",
        "server/socketio/bad_input::a_post_while_one_is_open_ends_their_session",
    ),
    (
        "engine",
        "the server pings in every pingInterval",
        "server/socketio/pinging::a_client_is_pinged_in_each_interval_however_much_it_says",
    ),
    (
        "engine",
        "no pong within pingTimeout closes the session",
        "server/socketio/pinging::a_client_that_does_not_answer_a_ping_is_gone",
    ),
    (
        "engine",
        "no pong within pingTimeout closes the session that polls",
        "server/socketio/pinging::a_client_that_polls_and_does_not_answer_a_ping_is_gone_too",
    ),
    (
        "engine",
        "a client does not ping, but to probe",
        "server/socketio/bad_input::a_packet_that_breaks_the_protocol_ends_its_session",
    ),
    (
        "engine",
        "a pong and a noop may hold something",
        "protocols/socketio/payloads::what_means_nothing_is_passed_over",
    ),
    (
        "engine",
        "a close over polling closes the session, and lets the poll go",
        "protocols/socketio/payloads::a_close_ends_the_session_at_once",
    ),
    (
        "engine",
        "a close over a WebSocket closes it",
        "protocols/socketio/payloads::a_close_ends_the_session_at_once",
    ),
    (
        "engine",
        "2probe is answered with 3probe, the poll with 6, and 5 upgrades",
        "server/socketio/upgrading::what_was_said_before_during_and_after_an_upgrade_comes_once_and_in_order",
    ),
    (
        "engine",
        "anything but a probe and an upgrade ends the WebSocket, and polling goes on",
        "server/socketio/upgrading::an_upgrade_that_is_abandoned_half_way_leaves_polling_as_it_was",
    ),
    (
        "engine",
        "after an upgrade polls are refused",
        "server/socketio/upgrading::a_poll_that_waits_is_let_go_when_a_websocket_probes_and_answered_at_once_from_then_on",
    ),
    (
        "engine",
        "after an upgrade a second WebSocket is refused",
        "server/socketio/upgrading::a_session_has_one_websocket",
    ),
    (
        "socket",
        "CONNECT is answered with CONNECT and a sid",
        "protocols/socketio/packets::connecting_is_answered_with_a_sid_or_with_why_not",
    ),
    (
        "socket",
        "CONNECT is answered with CONNECT_ERROR and a message",
        "server/socketio/polling::a_refused_client_is_told_in_the_librarys_shape_and_its_session_ends",
    ),
    (
        "socket",
        "CONNECT may carry an object",
        "protocols/socketio/packets::connecting_is_answered_with_a_sid_or_with_why_not",
    ),
    (
        "socket",
        "an event before CONNECT closes the connection",
        "server/socketio/bad_input::a_command_before_the_client_connects_ends_its_session_without_a_word",
    ),
    (
        "socket",
        "anything else before CONNECT closes it as well",
        "protocols/socketio/packets::whatever_comes_before_connect_ends_the_session",
    ),
    (
        "socket",
        "no CONNECT closes the connection after a while",
        "server/socketio/bad_input::a_client_that_does_not_connect_in_time_is_closed",
    ),
    (
        "socket",
        "an unknown namespace is answered with CONNECT_ERROR",
        "protocols/socketio/packets::other_namespaces_are_refused_however_they_are_written",
    ),
    (
        "socket",
        "the other namespaces go on",
        "server/socketio/polling::other_namespaces_are_refused_and_nothing_else_changes",
    ),
    (
        "socket",
        "an event for a namespace that is not connected closes the connection",
        "server/socketio/bad_input::a_packet_that_breaks_the_protocol_ends_its_session",
    ),
    (
        "socket",
        "the payload of an event is an array that begins with its name",
        "server/socketio/bad_input::a_packet_that_breaks_the_protocol_ends_its_session",
    ),
    (
        "socket",
        "an event with an id is acknowledged with that id",
        "protocols/socketio/packets::an_event_is_acknowledged_by_its_own_id",
    ),
    (
        "socket",
        "an acknowledgement carries an array, maybe an empty one",
        "protocols/socketio/packets::an_event_is_acknowledged_by_its_own_id",
    ),
    (
        "socket",
        "an acknowledgement that nobody waits for is passed over",
        "protocols/socketio/packets::acknowledgements_that_nobody_waits_for_are_passed_over",
    ),
    (
        "socket",
        "attachments follow their event, as many as it says",
        "server/socketio/bad_input::an_attachment_becomes_base64_and_is_refused_where_none_belongs",
    ),
    (
        "socket",
        "a packet between an event and its attachments closes the connection",
        "protocols/socketio/packets::attachments_come_behind_their_event_and_nothing_between",
    ),
    (
        "socket",
        "DISCONNECT ends the session, which is not answered",
        "server/socketio/ending::a_client_that_disconnects_has_left_at_once",
    ),
    (
        "socket",
        "packets of the server alone close the connection",
        "protocols/socketio/packets::what_only_a_server_says_ends_the_session",
    ),
    (
        "socket",
        "the server's DISCONNECT keeps the library away",
        "server/socketio/ending::a_client_that_is_sent_away_for_good_is_told_to_stay_away",
    ),
];

#[test]
fn every_rule_is_held_by_a_test_that_is_there() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    for (protocol, rule, test) in RULES {
        let (file, name) = test.split_once("::").unwrap();
        let source = fs::read_to_string(tests.join(file).with_extension("rs"));
        let source = source.unwrap_or_else(|error| panic!("{file}: {error}"));
        let found = source.contains(&format!("async fn {name}()"));
        assert!(found, "{protocol}, {rule}: no {name} in {file}");
    }
    tally::passed(
        "Engine.IO 4 and Socket.IO 5: rules that have a test",
        RULES.len(),
    );
}
