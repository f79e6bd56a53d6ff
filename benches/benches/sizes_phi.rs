//! Prints the bytes of failure detectors that stand in RESULTS.md: `cargo bench -p spacelike-benches --bench sizes_phi`. With
//! `--write` they go there, too. They are the same on any machine of 64 bits.

use std::env;
use std::fmt::Write as _;

use allocation_counter::measure;
use spacelike_benches::phi::subject::{SharedSubject, Subject, beat, beats, steady};
use spacelike_benches::phi::{self, HEARTBEAT, SharedVisitor, Visitor, WINDOWS, names};
use spacelike_benches::{at_most, results};

fn main() {
    let columns = WINDOWS.map(|window| {
        let mut column = Column { window: window as u64, bytes: vec![] };
        phi::each_local(window, &mut column);
        phi::each_shared(window, &mut column);
        column.bytes.retain(|bytes| !bytes.detector.contains("in a `Mutex`"));
        column.bytes
    });
    let all = |detector: &str| {
        let bytes = columns[1].iter().find(|bytes| bytes.detector == detector).expect("a detector");
        f64::from(u32::try_from(bytes.value + bytes.heap).expect("small"))
    };
    let best =
        [names::PAFD, names::PHI_ACCRUAL, names::PAD].map(all).into_iter().fold(f64::INFINITY, f64::min);

    let mut text = "### phi-detector: target for bytes\n\n| windows of 1,000 | target | measured | |\n|---|--:|--:|---|\n".to_owned();
    for (name, detector) in [("LocalPhi", names::LOCAL_PHI), ("Phi", names::PHI)] {
        text +=
            &at_most(&format!("`{name}`, over the best windowed peer's {best}"), all(detector) / best, 0.6);
    }
    text += "\n### phi-detector: bytes a peer, and how many of them on the heap\n\n";
    text += "| | windows of 100 | windows of 1,000 |\n|---|--:|--:|\n";
    for (hundred, thousand) in columns[0].iter().zip(&columns[1]) {
        assert_eq!(hundred.detector, thousand.detector, "the same detectors in both columns");
        let _ = write!(text, "| {} |", hundred.detector);
        for Bytes { value, heap, .. } in [hundred, thousand] {
            let _ = write!(text, " {} ({heap}) |", value + heap);
        }
        text += "\n";
    }
    print!("{text}");
    if env::args().any(|argument| argument == "--write") {
        results::write("sizes_phi", &text);
    }
}

struct Column {
    window: u64,
    bytes: Vec<Bytes>,
}

struct Bytes {
    detector: &'static str,
    value: usize,
    heap: usize,
}

impl Column {
    /// What `new` gives, which has a full window. The first one may leave behind what all have in common.
    fn push<D>(&mut self, detector: &'static str, new: impl Fn() -> D) {
        drop(new());
        let mut made = None;
        let heap = measure(|| made = Some(new())).bytes_current;
        let heap = usize::try_from(heap).expect("more is allocated than freed");
        self.bytes.push(Bytes { detector, value: size_of::<D>(), heap });
    }
}

impl Visitor for Column {
    fn visit<S: Subject>(&mut self) {
        let window = self.window;
        self.push(S::NAME, || steady::<S>(HEARTBEAT, window));
    }
}

impl SharedVisitor for Column {
    fn visit<C: SharedSubject>(&mut self) {
        let window = self.window;
        self.push(C::NAME, || {
            let detector = C::new(HEARTBEAT);
            for number in 0..beats(window) {
                detector.heartbeat(&C::time(beat(number)));
            }
            detector
        });
    }
}
