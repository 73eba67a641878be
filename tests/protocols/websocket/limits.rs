//! Sections 9 and 10: large messages, many fragments, many of them one after another. Up to our limits, and beyond.

use super::{
    Case, Frame, Reply,
    cases::all_pass,
    command,
    frames::{CONTINUATION, TEXT},
};

/// `limits.message_size`.
const MOST: usize = 65_536;

/// `limits.fragments`.
const PARTS: usize = 64;

const KIB: u64 = 1024;

/// Lengths of cases 9.1.2 to 9.1.6, which are beyond what may be.
const LARGE: [u64; 5] = [256 * KIB, 1024 * KIB, 4096 * KIB, 8192 * KIB, 16_384 * KIB];

#[tokio::test]
async fn a_large_message_is_taken_up_to_the_limit_and_refused_by_its_header_beyond() {
    let beyond = [
        MOST as u64 + 1,
        u64::from(u32::MAX),
        1 << 40,
        i64::MAX as u64,
        u64::MAX,
    ];
    let lengths = || LARGE.into_iter().chain(beyond);
    let refused = |section: &str, frame: Frame| {
        let section = section.to_owned();
        lengths().map(move |length| {
            let case = Case::new(format!("{section}, {length} bytes"));
            case.bytes(frame.header(length)).fails(1009)
        })
    };
    let taken = [
        Case::new("9.1.1")
            .says(&Frame::text("*".repeat(MOST)))
            .hears(Reply::Error)
            .lives(),
        Case::new("9.2.1")
            .says(&Frame::binary(vec![0xfe; MOST]))
            .fails(1003),
    ];
    let cases = taken.into_iter().chain(refused("9.1", Frame::text("")));
    let cases = cases.chain(refused("9.2", Frame::binary("")));
    all_pass("9.1 and 9.2 large messages", cases).await;
}

#[tokio::test]
async fn fragments_are_counted_and_so_is_what_they_add_up_to() {
    let said = |length: usize| command("in parts", length);
    let full = |size: usize| {
        let case = Case::new(format!("9.3, in fragments of {size}"));
        case.says_in(said(MOST), size)
            .hears_answer("in parts")
            .lives()
    };
    // 4 MiB in fragments of each size of the suite that may be sent at all; it fails when one is too many, or too much.
    let endless = [64, 256, 1024, 4096, 16_384, 65_536].map(|size| {
        let case = Case::new(format!("9.3, without an end, in fragments of {size}"));
        let first = case.says(&Frame::text("x".repeat(size)).unfinished());
        let more = Frame::continuation("x".repeat(size)).unfinished();
        let until = PARTS.min(MOST / size);
        (0..until)
            .fold(first, |case, _| case.says(&more))
            .fails(1009)
    });
    let binary = Case::new("9.4")
        .says(&Frame::binary([0xfe; 64]).unfinished())
        .fails(1003);
    let parts = |count: usize| {
        let first =
            Case::new(format!("{count} parts of nothing")).says(&Frame::new(TEXT, "").unfinished());
        let more = Frame::new(CONTINUATION, "").unfinished();
        let case = (2..count).fold(first, |case, _| case.says(&more));
        case.says(&Frame::continuation("{}"))
    };
    let one_too_much = Case::new("one byte too much")
        .says(&Frame::text("x".repeat(MOST)).unfinished())
        .says(&Frame::continuation("x"))
        .fails(1009);
    let cases = [1024, 4096, 16_384, 65_535, 65_536].map(full);
    let cases = cases.into_iter().chain(endless).chain([
        binary,
        parts(PARTS).hears(Reply::Error).lives(),
        parts(PARTS + 1).fails(1009),
        one_too_much,
    ]);
    all_pass("9.3 and 9.4 fragments", cases).await;
}

#[tokio::test]
async fn a_large_message_may_come_in_small_pieces() {
    let cases = [128, 256, 512, 1024, 2048, 4096].map(|chop| {
        let case = Case::new(format!("9.5, in chops of {chop}"));
        case.says(&Frame::text(command("chopped", MOST)))
            .in_chops(chop)
            .hears_answer("chopped")
            .lives()
    });
    all_pass("9.5 chops", cases).await;
}

/// Round trips of each size: as many as the suite makes.
const ROUND_TRIPS: usize = 1000;

#[tokio::test]
async fn a_thousand_messages_are_answered_one_after_another_and_all_at_once() {
    let one_by_one = [64, 256, 1024, 4096].map(|size| {
        (0..ROUND_TRIPS).fold(Case::new(format!("9.7, {size} bytes")), |case, number| {
            let id = number.to_string();
            case.says(&Frame::text(command(&id, size)))
                .hears_answer(&id)
        })
    });
    let together = [64, 256].map(|size| {
        let case = Case::new(format!("9.7 at once, {size} bytes"));
        let said = (0..ROUND_TRIPS).fold(case, |case, number| {
            case.says(&Frame::text(command(&number.to_string(), size)))
        });
        (0..ROUND_TRIPS).fold(said, |case, number| case.hears_answer(&number.to_string()))
    });
    all_pass(
        "9.7 round trips, a thousand a case",
        one_by_one.into_iter().chain(together),
    )
    .await;
}

#[tokio::test]
async fn a_message_that_its_client_cuts_by_itself_is_one_message() {
    let case = Case::new("10.1.1").says_in(command("cut", MOST), 1300);
    all_pass(
        "10.1 fragments of 1,300",
        [case.hears_answer("cut").lives()],
    )
    .await;
}
