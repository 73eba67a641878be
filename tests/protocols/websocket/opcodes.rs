//! Section 4: opcodes that mean nothing.

use super::{Case, Frame, Reply, cases::all_pass};

const HELLO: &str = "Hello, world!";

/// The five cases of one kind of opcode.
fn five(section: &str, first: u8) -> [Case; 5] {
    let name = |number: u8| format!("{section}.{number}");
    let alone = |number: u8, payload: &str| {
        let case = Case::new(name(number));
        case.says(&Frame::new(first + number - 1, payload))
            .fails(1002)
    };
    let behind_a_text = |number: u8, payload: &str| {
        let case = Case::new(name(number)).says(&Frame::text(HELLO));
        let case = case
            .says(&Frame::new(first + number - 1, payload))
            .says(&Frame::ping(""));
        case.hears(Reply::Error).fails(1002)
    };
    [
        alone(1, ""),
        alone(2, "reserved opcode payload"),
        behind_a_text(3, "").frame_by_frame(),
        behind_a_text(4, "reserved opcode payload"),
        behind_a_text(5, "reserved opcode payload").in_chops(1),
    ]
}

#[tokio::test]
async fn an_opcode_without_a_meaning_fails_the_connection() {
    let cases = five("4.1", 0x3).into_iter().chain(five("4.2", 0xb));
    all_pass("4 opcodes", cases).await;
}

/// RFC 6455, section 5.1: the server must end a connection on which a client masks nothing.
#[tokio::test]
async fn a_frame_without_a_mask_fails_the_connection() {
    let frames = [
        ("a text", Frame::text("{}")),
        ("a text of nothing", Frame::text("")),
        ("the first part of a text", Frame::text("{").unfinished()),
        ("binary", Frame::binary([1, 2, 3])),
        ("a ping", Frame::ping("")),
        ("a pong", Frame::pong("x")),
        ("a goodbye", Frame::close(1000, "")),
    ];
    let cases = frames.map(|(what, frame)| Case::new(what).says(&frame.unmasked()).fails(1002));
    all_pass("5.1 masks", cases).await;
}
