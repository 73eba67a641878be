//! Section 7: how a connection ends.

use super::{Case, Frame, Reply, cases::all_pass, command};

const HELLO: &str = "Hello World!";

/// So many commands and a goodbye, in one write.
fn many_before_goodbye(name: &str, count: usize) -> Case {
    let id = |number: usize| number.to_string();
    let case = (0..count).fold(Case::new(name), |case, number| {
        case.says(&Frame::text(command(&id(number), 0)))
    });
    let case = case.says(&Frame::close(1000, ""));
    (0..count)
        .fold(case, |case, number| case.hears_answer(&id(number)))
        .closes(1000)
}

#[tokio::test]
async fn a_goodbye_is_answered_once_and_nothing_behind_it_is_read() {
    let goodbye = || Frame::close(1000, "");
    let cases = [
        // What came before it is answered before it.
        Case::new("7.1.1")
            .says(&Frame::text(HELLO))
            .says(&goodbye())
            .hears(Reply::Error)
            .closes(1000),
        Case::new("7.1.1, a command")
            .says(&Frame::text(command("last", 0)))
            .says(&goodbye())
            .hears_answer("last")
            .closes(1000),
        many_before_goodbye("7.1.1, more than is said past the outbox", 500),
        Case::new("7.1.2")
            .says(&goodbye())
            .says(&goodbye())
            .closes(1000),
        Case::new("7.1.3")
            .says(&goodbye())
            .says(&Frame::ping(""))
            .closes(1000),
        Case::new("7.1.4")
            .says(&goodbye())
            .says(&Frame::text(HELLO))
            .closes(1000),
        Case::new("7.1.5")
            .says(&Frame::text("fragment1").unfinished())
            .says(&goodbye())
            .says(&Frame::continuation("fragment2"))
            .closes(1000),
        // A message of 256 KiB before the goodbye: four times as much as may be.
        Case::new("7.1.6")
            .says(&Frame::text("BAsd7&jh23".repeat(26_215)))
            .says(&goodbye())
            .says(&Frame::ping(""))
            .fails(1009),
        Case::new("7.1.6, as much as may be")
            .says(&Frame::text(command("large", 65_536)))
            .says(&goodbye())
            .says(&Frame::ping(""))
            .hears_answer("large")
            .closes(1000),
    ];
    all_pass("7.1 goodbyes", cases).await;
}

#[tokio::test]
async fn a_goodbye_has_no_payload_or_a_code_and_a_short_reason_in_utf8() {
    let reason = |length: usize| Frame::close(1000, "*".repeat(length));
    let broken = [
        b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5",
        &b"\xed\xa0\x80edited"[..],
    ]
    .concat();
    let cases = [
        Case::new("7.3.1").says(&Frame::close_with("")).closes(None),
        Case::new("7.3.2")
            .says(&Frame::close_with([0x03]))
            .fails(1002),
        Case::new("7.3.3")
            .says(&Frame::close(1000, ""))
            .closes(1000),
        Case::new("7.3.4")
            .says(&Frame::close(1000, HELLO))
            .closes(1000),
        Case::new("7.3.5").says(&reason(123)).closes(1000),
        Case::new("7.3.6").says(&reason(124)).fails(1002),
        Case::new("7.5.1")
            .says(&Frame::close(1000, broken))
            .fails(1002),
    ];
    all_pass("7.3 and 7.5 payloads of goodbyes", cases).await;
}

/// Codes that a client may send: 7.7, and those that were registered since (RFC 6455, section 11.7).
const VALID: [u16; 16] = [
    1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999, 1012, 1013, 1014,
];

/// Codes that nobody may send: 7.9, and what lies at the edges of those that are valid.
const INVALID: [u16; 14] = [
    0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 1015, 1, 5000, 65_534, 65_535,
];

#[tokio::test]
async fn a_code_that_may_be_sent_comes_back_and_any_other_fails() {
    let named =
        |section: u8, number: usize, code: u16| Case::new(format!("7.{section}.{number}, {code}"));
    let valid = (1..).zip(VALID).map(|(number, code)| {
        let case = named(7, number, code).says(&Frame::close(code, ""));
        case.closes(code)
    });
    let invalid = (1..).zip(INVALID).map(|(number, code)| {
        let case = named(9, number, code).says(&Frame::close(code, ""));
        case.fails(1002)
    });
    all_pass("7.7, 7.9 and 7.13 codes", valid.chain(invalid)).await;
}
