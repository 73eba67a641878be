//! What the simulation has found, each by its seed.
