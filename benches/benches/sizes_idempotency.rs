//! Prints the bytes of stores of requests by keys that stand in RESULTS.md: `cargo bench -p spacelike-benches --bench
//! sizes_idempotency`. With `--write` they go there, too. They are about the same on any machine of 64 bits: some peers
//! have a part for each processor.

use std::env;
use std::fmt::Write as _;

use allocation_counter::measure;
use spacelike_benches::idempotency::stores::{Store, Visitor, filled, outcome};
use spacelike_benches::{idempotency, results};

fn main() {
    let columns = KEYS.map(|keys| {
        let mut column = Column { keys, bytes: vec![] };
        idempotency::each(&mut column);
        column.bytes
    });

    let mut kept = None;
    let of_outcome = measure(|| kept = Some(outcome(0))).bytes_current;
    drop(kept);
    let mut text =
        format!("### idempotency: bytes a record on the heap, of them {of_outcome} the outcome\n\n");
    let _ = writeln!(
        text,
        "| keys | {} |\n|---|{}",
        KEYS.map(|keys| keys.to_string()).join(" | "),
        "--:|".repeat(KEYS.len())
    );
    for (row, (name, _)) in columns[0].iter().enumerate() {
        let cells = columns.each_ref().map(|column| column[row].1.to_string());
        let _ = writeln!(text, "| {name} | {} |", cells.join(" | "));
    }
    print!("{text}");
    if env::args().any(|argument| argument == "--write") {
        results::write("sizes_idempotency", &text);
    }
}

struct Column {
    keys: u64,
    bytes: Vec<(&'static str, i64)>,
}

impl Visitor for Column {
    /// The first one may leave behind what all have in common.
    fn visit<S: Store>(&mut self) {
        drop(filled::<S>(1));
        let mut made = None;
        let heap = measure(|| made = Some(filled::<S>(self.keys))).bytes_current;
        drop(made);
        let keys = i64::try_from(self.keys).expect("not that many");
        self.bytes.push((S::NAME, (heap + keys / 2) / keys));
    }
}

const KEYS: [u64; 3] = [1_000, 100_000, 1_000_000];
