//! Section 2: pings are answered with what they hold, pongs that nobody asked for are passed over.

use super::{Case, Frame, cases::all_pass};

/// The largest payload of a control frame (RFC 6455, section 5.5).
const MOST: usize = 125;

fn ping(name: &str, payload: &[u8]) -> Case {
    let case = Case::new(name).says(&Frame::ping(payload));
    case.hears_pong(payload).lives()
}

/// Ten pings, and then their pongs.
fn ten(name: &str) -> Case {
    let payload = |number: usize| format!("payload-{number}");
    let said = (0..10).fold(Case::new(name), |case, number| {
        case.says(&Frame::ping(payload(number)))
    });
    (0..10).fold(said, |case, number| case.hears_pong(payload(number)))
}

#[tokio::test]
async fn pings_are_answered_and_pongs_need_no_answer() {
    let pong = |name: &str, payload: &str| Case::new(name).says(&Frame::pong(payload)).lives();
    let long = [0xfe; MOST + 1];
    let cases = [
        ping("2.1", b""),
        ping("2.2", b"Hello, world!"),
        ping("2.3", &[0x00, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0x00, 0xff]),
        ping("2.4", &long[..MOST]),
        Case::new("2.5").says(&Frame::ping(long)).fails(1002),
        // By its header: what it says that it holds is not waited for.
        Case::new("2.5, its header alone")
            .bytes(Frame::ping("").header(126))
            .fails(1002),
        Case::new("2.5, a gigabyte")
            .bytes(Frame::ping("").header(1 << 30))
            .fails(1002),
        Case::new("2.5, a pong")
            .says(&Frame::pong(long))
            .fails(1002),
        Case::new("2.6")
            .says(&Frame::ping(&long[..MOST]))
            .in_chops(1)
            .hears_pong(&long[..MOST])
            .lives(),
        pong("2.7", ""),
        pong("2.8", "unsolicited pong payload"),
        Case::new("2.9")
            .says(&Frame::pong("unsolicited pong payload"))
            .says(&Frame::ping("ping payload"))
            .hears_pong("ping payload")
            .lives(),
        ten("2.10").lives(),
        ten("2.11").in_chops(1).lives(),
    ];
    all_pass("2 pings and pongs", cases).await;
}
