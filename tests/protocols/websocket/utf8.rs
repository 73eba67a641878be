//! Section 6: text is UTF-8, and what is not fails the connection as soon as it is seen.

use super::{
    Case, Frame, Reply,
    cases::all_pass,
    command,
    frames::{CONTINUATION, TEXT},
    sequences::{BEYOND, KOSME, sections},
};

const HELLO: &str = "Hello-µ@ßöäüàá-UTF-8!!";

fn valid(name: impl Into<String>, text: &[u8]) -> Case {
    Case::new(name)
        .says(&Frame::text(text))
        .hears(Reply::Error)
        .lives()
}

fn invalid(name: impl Into<String>, text: &[u8]) -> Case {
    Case::new(name).says(&Frame::text(text)).fails(1007)
}

/// Parts of a message that goes on, each as it is to be said.
fn part(opcode: u8, bytes: &[u8]) -> Frame {
    Frame::new(opcode, bytes).unfinished()
}

#[tokio::test]
async fn valid_text_is_read_however_it_is_cut() {
    let empty = |middle: &str| {
        let case = Case::new(format!("6.1, {middle:?} in the middle"));
        let case = case
            .says(&part(TEXT, b""))
            .says(&part(CONTINUATION, middle.as_bytes()));
        case.says(&Frame::continuation(""))
            .hears(Reply::Error)
            .lives()
    };
    // The id comes back as it was sent.
    let said = command(HELLO, 0);
    let boundary = said.find('ü').unwrap();
    let (head, tail) = said.split_at(boundary);
    let echoed = |case: Case| case.hears_answer(HELLO).lives();
    let cases = [
        valid("6.1.1", b""),
        empty(""),
        empty("middle frame payload"),
        echoed(Case::new("6.2.1").says(&Frame::text(&said))),
        echoed(
            Case::new("6.2.2")
                .says(&part(TEXT, head.as_bytes()))
                .says(&Frame::continuation(tail)),
        ),
        // In twos: one octet each would be more frames than may be.
        echoed(Case::new("6.2.3").says_in(&said, 2)),
        Case::new("6.2.3, in octets")
            .says_in(HELLO, 1)
            .hears(Reply::Error)
            .lives(),
        Case::new("6.2.4")
            .says_in(KOSME, 1)
            .hears(Reply::Error)
            .lives(),
    ];
    all_pass("6.1 and 6.2 valid text in parts", cases).await;
}

#[tokio::test]
async fn invalid_text_fails_at_the_first_frame_that_shows_it() {
    let surrogate = [KOSME, b"\xed\xa0\x80", b"edited"].concat();
    let beyond = [KOSME, BEYOND, b"edited"].concat();
    // The first part is fine, which the pong shows; the second is not, and no third is sent.
    let fast = |name: &str, second: &[u8]| {
        let case = Case::new(name).says(&part(TEXT, &beyond[..12]));
        let case = case
            .says(&Frame::ping("fine so far"))
            .hears_pong("fine so far");
        case.says(&part(CONTINUATION, second)).fails(1007)
    };
    // In pieces of one frame it is seen when the frame is whole, as section 8.1 allows.
    let chopped = |name: &str, pieces: [&[u8]; 3]| {
        let header = Frame::text("").header(beyond.len() as u64);
        let masked = Frame::text(&beyond).bytes().split_off(header.len());
        let mut rest = &masked[..];
        let case = Case::new(name).bytes(header).frame_by_frame();
        let case = pieces.iter().fold(case, |case, piece| {
            let (now, later) = rest.split_at(piece.len());
            rest = later;
            case.bytes(now.to_vec())
        });
        assert!(rest.is_empty());
        case.fails(1007)
    };
    let cases = [
        invalid("6.3.1", &surrogate),
        Case::new("6.3.2").says_in(&surrogate, 1).fails(1007),
        {
            let case = Case::new("6.4.1").says(&part(TEXT, KOSME));
            let case = case
                .says(&Frame::ping("fine so far"))
                .hears_pong("fine so far");
            case.says(&part(CONTINUATION, BEYOND)).fails(1007)
        },
        fast("6.4.2", &beyond[12..13]),
        chopped("6.4.3", [KOSME, BEYOND, b"edited"]),
        chopped("6.4.4", [&beyond[..12], &beyond[12..13], &beyond[13..]]),
        Case::new("6.4, cut at the end")
            .says(&part(TEXT, &KOSME[..10]))
            .says(&Frame::continuation(""))
            .fails(1007),
    ];
    all_pass("6.3 and 6.4 invalid text", cases).await;
}

#[tokio::test]
async fn every_sequence_is_judged_as_unicode_has_it() {
    let mut cases = Vec::new();
    for (section, sequences) in (5..).zip(sections()) {
        for (number, (is_valid, bytes)) in (1..).zip(sequences) {
            let name = format!("6.{section}.{number}");
            let case = if is_valid {
                valid(name, &bytes)
            } else {
                invalid(name, &bytes)
            };
            cases.push(case);
        }
    }
    assert_eq!(cases.len(), 132, "as many as the suite has");
    all_pass("6.5 to 6.23 sequences", cases).await;
}

/// What the suite does not try: the same over fragments of one octet, where it is the fragment with the first broken octet that
/// fails, or the last one if the text just ends too early.
#[tokio::test]
async fn every_sequence_is_judged_alike_octet_by_octet() {
    let mut cases = Vec::new();
    for (section, sequences) in (5..).zip(sections()) {
        for (number, (is_valid, bytes)) in (1..).zip(sequences) {
            if bytes.len() > 60 {
                continue;
            }
            let case = Case::new(format!("6.{section}.{number}, in octets")).says_in(&bytes, 1);
            cases.push(match is_valid {
                true => case.hears(Reply::Error).lives(),
                false => case.fails(1007),
            });
        }
    }
    all_pass("6.5 to 6.23 sequences, in octets", cases).await;
}
