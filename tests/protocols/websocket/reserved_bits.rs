//! Section 3: bits that belong to extensions, of which none is negotiated.

use super::{Case, Frame, Reply, cases::all_pass};

const HELLO: &str = "Hello, world!";

/// A text that is answered, a frame with a reserved bit, and a ping that is not answered any more.
fn behind_a_text(name: &str, bits: u8) -> Case {
    let case = Case::new(name).says(&Frame::text(HELLO));
    let case = case
        .says(&Frame::text(HELLO).reserved(bits))
        .says(&Frame::ping(""));
    case.hears(Reply::Error).fails(1002)
}

#[tokio::test]
async fn a_reserved_bit_fails_the_connection() {
    let cases = [
        Case::new("3.1")
            .says(&Frame::text(HELLO).reserved(1))
            .fails(1002),
        behind_a_text("3.2", 2),
        behind_a_text("3.3", 3).frame_by_frame(),
        behind_a_text("3.4", 4).in_chops(1),
        Case::new("3.5")
            .says(&Frame::binary([0xff; 8]).reserved(5))
            .fails(1002),
        Case::new("3.6")
            .says(&Frame::ping(HELLO).reserved(6))
            .fails(1002),
        Case::new("3.7")
            .says(&Frame::close(1000, "").reserved(7))
            .fails(1002),
        Case::new("3.1, a gigabyte")
            .bytes(Frame::text("").reserved(1).header(1 << 30))
            .fails(1002),
    ];
    all_pass("3 reserved bits", cases).await;
}
