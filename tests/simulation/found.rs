//! What the simulation has found. A seed says what it says only for as long as the world stays as it is, so each of these bugs
//! is also kept as a mutant, which brings it back (that it is found again is tried with `scripts/test long mutants`), or as a
//! test of its own.
//!
//! - Mutant `leases_of_others_end`: after an outage of the store that was longer than a lease, or where its clock had jumped, the
//!   node that swept first ended the leases of connections to other nodes. Those were there, and a lease that is gone is not
//!   renewed: their otomo were offline for as long as they stayed connected.
//! - Mutant `waits_in_a_circle`: a node that had lost its place, and was about to send its people a fresh snapshot of their
//!   friends, took all of a processor until it had joined again.
//! - Seeds 317 and 950, `delivery calls::a_ring_that_waited_behind_a_snapshot_in_which_it_is_over_is_not_heard`: an otomo
//!   connected, and the ring of a call waited behind her snapshots while the call was cancelled on a node that hers did not hear.
//!   It rang after a snapshot that listed the call as cancelled, until its time was up.
//! - Seeds 158 and 865, `delivery calls::what_was_said_late_is_not_said_after_what_came_later`: a node whose store answered late
//!   said of a call what it had stored after another node had said the end.
//! - Seeds 602, 684 and 686, `delivery calls::what_is_said_again_is_heard_by_those_who_have_not_heard_it`: the end of a call was
//!   lost without a sign between two nodes. A caller was never told of a rejection; an otomo's device went on ringing.
//! - Seed 451, mutant `clocks_decide`, and
//!   `presence others::whom_a_node_with_a_wrong_clock_took_for_gone_is_back_with_the_next_sign_of_life`: a node whose
//!   clock was ahead settled the status of an otomo at the end of a call, and took her lease with another node for run out. That
//!   one renewed it in time and saw nothing to settle, so she was offline for as long as she stayed connected.
//! - Seeds 6 and 14 of the first world with a room, mutant `lost_grants_stay`, and
//!   `rooms joining::whoever_is_there_without_a_grant_is_taken_out_if_nobody_says_so_too`: that a grant was taken back is said to
//!   the other nodes once. One that was cut off just then never heard of it, and its people went on hearing what happens in the
//!   room for as long as they stayed connected.
//! - Seeds 4 to 7 of the first world with slow readers, mutant `snapshots_unwritten`, and
//!   `server connecting::who_has_missed_something_is_ready_at_once_where_the_snapshots_fill_the_outbox`: what somebody has missed
//!   is read once there is room for it, and their snapshots left none, which nobody had written yet. Each waited for the other,
//!   until something else was said or the client spoke.
//! - Seeds 46 and 52 of that world, mutant `the_gate_keeps_back`, and
//!   `delivery::line what_waits_behind_the_gate_keeps_nothing_back_that_comes_before_it`: what is live waits until all that was
//!   missed is sent, and took the room of that. Whoever connected while much was said, or to a node whose store was slow, had
//!   their snapshots and nothing else for as long as they stayed connected.
//! - Seed 339: a caller whose requests were refused more than sixteen times in half a minute was told again of each of these, and
//!   of the end of a call before them: so many calls a connection had remembered. (That two nodes tell the same end was found from
//!   outside; mutant `ends_are_told_again`.)
