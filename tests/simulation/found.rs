//! What the simulation has found. A seed says what it says only for as long as the world stays as it is, so each of these bugs
//! is also kept as a mutant, which brings it back: that it is found again is tried with `scripts/test long mutants`.
//!
//! - `leases_of_others_end`: after an outage of the store that was longer than a lease, or where its clock had jumped, the
//!   node that swept first ended the leases of connections to other nodes. Those were there, and a lease that is gone is not
//!   renewed: their otomo were offline for as long as they stayed connected.
//! - `waits_in_a_circle`: a node that had lost its place, and was about to send its people a fresh snapshot of their friends,
//!   took all of a processor until it had joined again.
//! - Not mended yet: a node that has stored an accept, and whose store answers late, says `call_accept_ack`, `call_accepted` and
//!   `signaling_start` after another node has said `call_end` of the same call. Devices of the simulation pass over it, as the
//!   client library does (`people::over`).
//!
//! Open (seeds 317, 602, 684 and 686): a ring that waits behind the snapshots of an otomo who connects, to a node whose store
//! is slow and which does not hear the others. The node learns of that call only once it is over, so nobody takes the ring
//! back: her snapshot lists the call as cancelled, and after it comes `incoming_call`. Her device rings until `expiresAt`.
