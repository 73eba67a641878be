//! Section 1: payloads of every length at which a header changes, in one piece and in chops.

use super::{Case, Frame, Reply, cases::all_pass, command};

/// Cases 1.1.1 to 1.1.7, and 1.2.1 to 1.2.7.
const SIZES: [usize; 7] = [0, 125, 126, 127, 128, 65_535, 65_536];

/// What cases 1.1.8 and 1.2.8 write at once.
const CHOP: usize = 997;

#[tokio::test]
async fn texts_of_every_length_are_read_and_answered() {
    let text = |size: usize| Frame::text("*".repeat(size));
    let sized = (1..).zip(SIZES).map(|(number, size)| {
        let case = Case::new(format!("1.1.{number}"));
        case.says(&text(size)).hears(Reply::Error).lives()
    });
    let chopped = Case::new("1.1.8").says(&text(65_536)).in_chops(CHOP);
    let chopped = chopped.hears(Reply::Error).lives();
    // The same with something to do, so that it is seen to have come as it was sent.
    let commands = (2..).zip(&SIZES[1..]).map(|(number, size)| {
        let case = Case::new(format!("1.1.{number}, a command"));
        case.says(&Frame::text(command("sized", *size)))
            .hears_answer("sized")
            .lives()
    });
    let command = Case::new("1.1.8, a command").says(&Frame::text(command("sized", 65_536)));
    let command = command.in_chops(CHOP).hears_answer("sized").lives();
    let cases = sized.chain([chopped]).chain(commands).chain([command]);
    all_pass("1.1 texts", cases).await;
}

#[tokio::test]
async fn binary_of_every_length_is_refused_with_its_own_code() {
    let binary = |size: usize| Frame::binary(vec![0xfe; size]);
    let sized = (1..).zip(SIZES).map(|(number, size)| {
        let case = Case::new(format!("1.2.{number}"));
        case.says(&binary(size)).fails(1003)
    });
    let chopped = Case::new("1.2.8")
        .says(&binary(65_536))
        .in_chops(CHOP)
        .fails(1003);
    all_pass("1.2 binary", sized.chain([chopped])).await;
}
