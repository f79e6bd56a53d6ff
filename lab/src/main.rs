//! `spacelike`: a tour of clocks going wrong.

fn main() {}
