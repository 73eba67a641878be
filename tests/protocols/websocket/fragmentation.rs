//! Section 5: messages in parts. Where the suite has a text echoed, a command crosses the fragments here, and is done.

use super::{Case, Frame, Reply, cases::all_pass, command};

/// A command in so many parts, the last of them whatever is left.
fn parts<const COUNT: usize>() -> [String; COUNT] {
    let whole = command("in parts", 0);
    let size = whole.len().div_ceil(COUNT);
    let mut parts = whole.as_bytes().chunks(size);
    let part = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    std::array::from_fn(|_| parts.next().map_or_else(String::new, part))
}

fn in_two(name: &str) -> Case {
    let [head, tail] = parts();
    let case = Case::new(name).says(&Frame::text(head).unfinished());
    case.says(&Frame::continuation(tail))
        .hears_answer("in parts")
        .lives()
}

fn with_a_ping_between(name: &str) -> Case {
    let [head, tail] = parts();
    let case = Case::new(name)
        .says(&Frame::text(head).unfinished())
        .says(&Frame::ping("ping payload"));
    let case = case.says(&Frame::continuation(tail));
    case.hears_pong("ping payload")
        .hears_answer("in parts")
        .lives()
}

/// A continuation of nothing, and a text behind it.
fn nothing_to_continue(name: &str, continuation: &Frame) -> Case {
    let case = Case::new(name).says(continuation);
    case.says(&Frame::text("Hello, world!")).fails(1002)
}

/// Five parts with two pings between them, of which the first is answered before the rest is sent.
fn five_with_pings(name: &str) -> Case {
    let [a, b, c, d, e] = parts();
    let more = |part: String| Frame::continuation(part).unfinished();
    let case = Case::new(name)
        .says(&Frame::text(a).unfinished())
        .says(&more(b));
    let case = case.says(&Frame::ping("pongme 1!")).hears_pong("pongme 1!");
    let case = case
        .says(&more(c))
        .says(&more(d))
        .says(&Frame::ping("pongme 2!"));
    let case = case.says(&Frame::continuation(e));
    case.hears_pong("pongme 2!")
        .hears_answer("in parts")
        .lives()
}

/// A text in parts, a part of nothing, a text.
fn once_more(name: &str) -> Case {
    let [head, tail] = parts();
    let case = Case::new(name)
        .says(&Frame::text(head).unfinished())
        .says(&Frame::continuation(tail));
    let case = case.says(&Frame::continuation("fragment3").unfinished());
    case.says(&Frame::text("fragment4"))
        .hears_answer("in parts")
        .fails(1002)
}

/// Twice: a part of nothing, then a text in two parts.
fn twice(name: &str, first: &Frame) -> Case {
    (0..2).fold(Case::new(name), |case, _| {
        let case = case
            .says(first)
            .says(&Frame::text("fragment2").unfinished());
        case.says(&Frame::continuation("fragment3"))
    })
}

#[tokio::test]
async fn what_is_cut_is_put_together_and_what_does_not_fit_fails() {
    let cut = |frame: Frame| frame.unfinished();
    let whole = Frame::continuation("non-continuation payload");
    let open = whole.clone().unfinished();
    let control = |name: &str, frame: Frame| {
        let case = Case::new(name)
            .says(&cut(frame))
            .says(&Frame::continuation("fragment2"));
        case.fails(1002)
    };
    let two_texts = Case::new("5.18")
        .says(&cut(Frame::text("fragment1")))
        .says(&Frame::text("fragment2"));
    let cases = [
        control("5.1", Frame::ping("fragment1")),
        control("5.2", Frame::pong("fragment1")),
        control("5.2, a goodbye", Frame::close(1000, "")),
        in_two("5.3"),
        in_two("5.4").frame_by_frame(),
        in_two("5.5").in_chops(1),
        with_a_ping_between("5.6"),
        with_a_ping_between("5.7").frame_by_frame(),
        with_a_ping_between("5.8").in_chops(1),
        nothing_to_continue("5.9", &whole),
        nothing_to_continue("5.10", &whole).frame_by_frame(),
        nothing_to_continue("5.11", &whole).in_chops(1),
        nothing_to_continue("5.12", &open),
        nothing_to_continue("5.13", &open).frame_by_frame(),
        nothing_to_continue("5.14", &open).in_chops(1),
        once_more("5.15"),
        twice("5.16", &Frame::continuation("fragment1").unfinished()).fails(1002),
        twice("5.17", &Frame::continuation("fragment1")).fails(1002),
        two_texts.fails(1002),
        five_with_pings("5.19"),
        five_with_pings("5.20").frame_by_frame(),
        five_with_pings("5.20, in octets").in_chops(1),
    ];
    all_pass("5 fragmentation", cases).await;
}

/// What the suite does not try: that a message which is no command is one message, too.
#[tokio::test]
async fn a_text_in_parts_that_is_no_command_is_refused_once() {
    let cases = [1, 2, 7, 64].map(|parts| {
        let text = "x".repeat(64);
        let case = Case::new(format!("{parts} parts")).says_in(text, 64_usize.div_ceil(parts));
        case.hears(Reply::Error).lives()
    });
    all_pass("5.4 parts of one message", cases).await;
}
