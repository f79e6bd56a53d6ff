//! Prints the bytes of vector clocks, in memory and on the wire, that stand in RESULTS.md: `cargo bench -p
//! spacelike-benches --bench sizes_vclock`. With `--write` they go there, too. They are the same on any machine of 64 bits.

use std::env;
use std::fmt::Write as _;

use allocation_counter::measure;
use spacelike_benches::vclock::{self, CLONE, ENCODE, Entries, Jobs, Subject, Visitor};
use spacelike_benches::{at_least, results};
use spacelike_vclock::VersionVector;
use spacelike_vclock::codec::{Encode, Roster};

fn main() {
    let mut text =
        "### vclock: target for bytes\n\n| | target | measured | |\n|---|--:|--:|---|\n".to_owned();
    text += &small_ids();
    text += "\n### vclock: bytes on the wire\n\n";
    text += &table(ENCODE, |bytes| bytes.wire.to_string());
    text += "\n### vclock: bytes in memory, and how many of them on the heap\n\n";
    text += &table(CLONE, |bytes| format!("{} ({})", bytes.value + bytes.heap, bytes.heap));
    print!("{text}");
    if env::args().any(|argument| argument == "--write") {
        results::write("sizes_vclock", &text);
    }
}

/// Five nodes with ids from 1 to 5, and tens of thousands of events each.
fn small_ids() -> String {
    let entries: Vec<(u32, u64)> = (1..=5).zip(Jobs::new(5).entries().iter().map(|entry| entry.1)).collect();
    let ours: VersionVector<u32> = entries.iter().copied().collect();
    let mut minerva = minerva::metis::VersionVector::new();
    for (id, counter) in &entries {
        minerva.observe(*id, *counter);
    }
    let actors: Vec<u32> = entries.iter().map(|entry| entry.0).collect();
    let roster = Roster::new(&actors).expect("ascending");
    let (own, theirs) = (ours.encoded_len(), minerva.to_bytes().len());
    let by_roster = roster.on(&ours).expect("all of them are on it").encoded_len();
    let times = |len: usize| float(theirs) / float(len);
    let what = format!("five nodes with small ids: the {theirs} bytes of `minerva` over {own}");
    let mut text = at_least(&what, times(own), 3.0);
    let _ = writeln!(text, "| ... over {by_roster}, by a roster | | {:.2} | |", times(by_roster));
    text
}

fn float(len: usize) -> f64 {
    f64::from(u32::try_from(len).expect("short"))
}

/// Clocks downwards, numbers of entries to the right.
fn table(job: &'static str, cell: fn(&Bytes) -> String) -> String {
    let sizes = vclock::SIZES.map(|n| n.to_string()).join(" entries | ");
    let mut text = format!("| | {sizes} entries |\n|---|{}\n", "--:|".repeat(vclock::SIZES.len()));
    let columns = vclock::SIZES.map(|n| {
        let mut column = Column { job, entries: Jobs::new(n).entries(), bytes: vec![] };
        vclock::each(n, &mut column);
        column.bytes
    });
    for (row, bytes) in columns[0].iter().enumerate() {
        let _ = write!(text, "| {} |", bytes.clock);
        for column in &columns {
            assert_eq!(column[row].clock, bytes.clock, "the same clocks in all columns");
            let _ = write!(text, " {} |", cell(&column[row]));
        }
        text += "\n";
    }
    text
}

struct Column {
    job: &'static str,
    entries: Entries,
    bytes: Vec<Bytes>,
}

struct Bytes {
    clock: &'static str,
    value: usize,
    heap: usize,
    wire: usize,
}

impl Visitor for Column {
    fn visit<S: Subject>(&mut self) {
        if !S::does(self.job) {
            return;
        }
        let clock = S::new(&self.entries);
        // A copy has no room left over from how it came to be.
        let mut copy = None;
        let heap = measure(|| copy = Some(clock.clone())).bytes_current;
        let heap = usize::try_from(heap).expect("more is allocated than freed");
        let wire = if S::does(ENCODE) { clock.encode().len() } else { 0 };
        self.bytes.push(Bytes { clock: S::NAME, value: size_of::<S>(), heap, wire });
    }
}
