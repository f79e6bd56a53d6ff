//! Prints what stands in RESULTS.md of vector clocks: `cargo bench -p spacelike-benches --bench ratios_vclock`. With
//! `--write` it goes there, too; with another argument, only the tables whose title contains it are measured.

use std::env;
use std::fmt::Write as _;
use std::process::Command;
use std::time::Duration;

use spacelike_benches::measure::{Ratio, one_thread, two_threads};
use spacelike_benches::vclock::buffer::{self, ARRIVALS, Arrival};
use spacelike_benches::vclock::shared;
use spacelike_benches::{Table, at_least, at_most, hlc, results, vclock};

fn main() {
    if env::var_os(STEADY_HEAP[0].0).is_none() {
        return again_with_steady_heap();
    }
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let filter = arguments.iter().find(|argument| !argument.starts_with('-')).map_or("", String::as_str);
    let write = arguments.iter().any(|argument| argument == "--write");
    assert!(!write || filter.is_empty(), "all tables are written, or none");

    let sizes: Vec<(usize, Table)> = vclock::SIZES
        .into_iter()
        .zip(TITLES)
        .filter(|(_, title)| title.contains(filter))
        .map(|(n, title)| (n, of_size(n, title)))
        .collect();

    let mut tables: Vec<&Table> = sizes.iter().map(|(_, table)| table).collect();
    let shared: Vec<Table> = SHARED
        .into_iter()
        .filter(|title| title.contains(filter))
        .map(|title| {
            let (cases, floors): (_, &[_]) = (shared::cases(), &[hlc::FETCH_ADD]);
            let rounds = if title == SHARED[0] {
                one_thread(&cases, ROUNDS, 1_024)
            } else {
                two_threads(&cases, SLICES, 16_384)
            };
            Table { title, floors, cases, rounds }
        })
        .collect();
    tables.extend(&shared);

    let mut text = String::new();
    let delivery = BUFFER.contains(filter).then(Delivery::measure);
    if let (true, Some(delivery)) = (filter.is_empty(), &delivery) {
        text += &targets(&sizes, delivery);
        text += &ahead_of_ours(&tables);
    }
    for table in tables {
        text += &table.print();
    }
    if let Some(delivery) = &delivery {
        text += &delivery.print();
    }
    print!("{text}");
    if write {
        results::write("ratios_vclock", &text);
    }
}

/// Runs this program in a process whose allocator keeps what is freed. Else the memory that a slice frees would go back to
/// the system, and every allocation of the next slice would be a page fault, longer than what is timed.
fn again_with_steady_heap() {
    let mut program = Command::new(env::current_exe().expect("a path"));
    let status = program.args(env::args_os().skip(1)).envs(STEADY_HEAP).status();
    assert!(status.expect("a process").success());
}

/// Column by column: a call of one job is thousands of times longer than one of another.
fn of_size(n: usize, title: &'static str) -> Table {
    let mut table = Table { title, floors: &[vclock::PLAIN, vclock::OURS], cases: vec![], rounds: vec![] };
    for job in vclock::JOBS {
        let (cases, calls) = vclock::column(n, job);
        table.rounds.extend(one_thread(&cases, ROUNDS, calls));
        table.cases.extend(cases);
    }
    table
}

/// What the crate is held to, and whether it does.
fn targets(sizes: &[(usize, Table)], delivery: &Delivery) -> String {
    let mut text = "### vclock: targets\n\n| | target | measured | |\n|---|--:|--:|---|\n".to_owned();
    for (n, table) in sizes {
        let times = |job: &&str| table.ratio(vclock::FIXED, job).map(|ratio| ratio.median);
        let worst = vclock::COMPARES.iter().filter_map(times).fold(0.0, f64::max);
        let what = format!("`FixedClock<{n}>`, the worst of its comparisons, over a plain loop");
        text += &at_most(&what, worst, 2.0);
    }
    let in_range = |(n, _): &&(usize, Table)| (8..=256).contains(n);
    for (n, table) in sizes.iter().filter(in_range) {
        for job in vclock::COMPARES.into_iter().chain(vclock::MERGES) {
            let what = format!("{n} entries, {job}: the best peer with ids over `VersionVector`");
            text += &at_least(&what, best_peer(table, job), 3.0);
        }
    }
    let last = delivery.sizes.last().expect("sizes");
    let first = &delivery.sizes[0];
    text += &at_least(
        "4,000 messages in reverse: `minerva`'s buffer over `CausalBuffer`",
        delivery.reversed_ahead(),
        20.0,
    );
    text +=
        &at_most("dependencies looked at per message, 64,000 over 1,000 in reverse", last.2 / first.2, 1.1);
    text += &at_most("time per message, 64,000 over 1,000 in reverse", last.1 / first.1, 2.0);
    text + "\n"
}

/// How many times longer than ours the best peer takes.
fn best_peer(table: &Table, job: &str) -> f64 {
    vclock::SPARSE_PEERS
        .iter()
        .filter_map(|peer| table.ratio_to(vclock::OURS, peer, job))
        .map(|ratio| ratio.median)
        .fold(f64::INFINITY, f64::min)
}

/// Peers that do the same job in less time than the clock of ours that is of their class.
fn ahead_of_ours(tables: &[&Table]) -> String {
    let mut text = String::new();
    for table in tables {
        let ours_of = |peer: &str| {
            if peer == vclock::VEC_CLOCK { vclock::FIXED } else { vclock::OURS }
        };
        for (job, peer) in table.jobs().into_iter().flat_map(|job| PEERS.map(|peer| (job, peer))) {
            if let Some(ratio) = table.ratio_to(ours_of(peer), peer, job).filter(|ratio| ratio.median < 0.95)
            {
                let noisy = if ratio.is_noisy() { "~" } else { "" };
                let _ =
                    writeln!(text, "- {peer}, {job} ({}): {noisy}{:.2} of ours", table.title, ratio.median);
            }
        }
    }
    if text.is_empty() {
        text += "none.\n";
    }
    format!("Peers ahead of ours by more than a twentieth, in their class and at the same job:\n\n{text}\n")
}

/// What causal delivery takes.
struct Delivery {
    /// For each order of arrival, the times of ours and of `minerva`, for 4,000 messages.
    arrivals: Vec<(&'static str, Vec<f64>, Vec<f64>)>,
    /// In reverse: how many messages, the time for each of them, and how many dependencies are looked at for each.
    sizes: Vec<(usize, f64, f64)>,
}

impl Delivery {
    fn measure() -> Self {
        let arrivals = ARRIVALS.map(|(arrival, name)| {
            let (mut ours, mut theirs) = (vec![], vec![]);
            for _ in 0..DELIVERIES {
                ours.push(buffer::ours(BESIDE, arrival).0.as_secs_f64());
                theirs.push(buffer::minerva(BESIDE, arrival).as_secs_f64());
            }
            (name, ours, theirs)
        });
        let mut sizes = COUNTS.map(|count| (count, vec![], 0));
        for _ in 0..DELIVERIES {
            for (count, times, examined) in &mut sizes {
                let (time, looked_at) = buffer::ours(*count, Arrival::Reversed);
                times.push(per_message(time, *count));
                *examined = looked_at;
            }
        }
        let sizes = sizes
            .map(|(count, times, examined)| (count, median(times), float(examined) / float(count as u64)));
        Self { arrivals: arrivals.into(), sizes: sizes.into() }
    }

    fn reversed_ahead(&self) -> f64 {
        let (_, ours, theirs) =
            self.arrivals.iter().find(|arrival| arrival.0 == "reversed").expect("measured");
        Ratio::new(theirs, ours).median
    }

    fn print(&self) -> String {
        let names: Vec<_> = self.arrivals.iter().map(|arrival| arrival.0).collect();
        let mut text = format!(
            "### {BUFFER}\n\n| 4,000 messages of 8 senders | {} |\n|---|--:|--:|--:|\n| **`spacelike_vclock::CausalBuffer`** |",
            names.join(" | ")
        );
        text += &" 1.00 |".repeat(names.len());
        text += "\n| `minerva`, `CausalIdeal` |";
        for (_, ours, theirs) in &self.arrivals {
            let ratio = Ratio::new(theirs, ours);
            let noisy = if ratio.is_noisy() { "~" } else { "" };
            let _ = write!(text, " {noisy}{:.2} |", ratio.median);
        }
        let counts: Vec<_> = self.sizes.iter().map(|size| size.0.to_string()).collect();
        let _ = write!(
            text,
            "\n\n| **`spacelike_vclock::CausalBuffer`**, messages in reverse | {} |\n|---|{}\n| time per message |",
            counts.join(" | "),
            "--:|".repeat(counts.len())
        );
        for size in &self.sizes {
            let _ = write!(text, " {:.2} |", size.1 / self.sizes[0].1);
        }
        text += "\n| dependencies looked at per message |";
        for size in &self.sizes {
            let _ = write!(text, " {:.2} |", size.2);
        }
        text + "\n"
    }
}

fn per_message(time: Duration, count: usize) -> f64 {
    time.as_secs_f64() / float(count as u64)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn float(count: u64) -> f64 {
    f64::from(u32::try_from(count).expect("fewer than 2^32"))
}

const BUFFER: &str = "vclock: causal delivery";
const SHARED: [&str; 2] =
    ["vclock: shared, two entries, one thread", "vclock: shared, two entries, two threads"];
const PEERS: [&str; 6] = [
    vclock::VEC_CLOCK,
    vclock::CRDTS,
    vclock::MINERVA,
    vclock::MINERVA_OBSERVE,
    vclock::VCLOCK,
    vclock::DSON,
];
/// How many messages both buffers get: with more, that of `minerva` takes seconds.
const BESIDE: usize = 4_000;
const COUNTS: [usize; 7] = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000];
const DELIVERIES: usize = 11;
/// Read by the GNU C library; another one gives memory back as it likes.
const STEADY_HEAP: [(&str, &str); 3] = [
    ("MALLOC_TRIM_THRESHOLD_", "1000000000"),
    ("MALLOC_TOP_PAD_", "67108864"),
    ("MALLOC_MMAP_THRESHOLD_", "33554432"),
];
const TITLES: [&str; 5] = [
    "vclock: 3 entries",
    "vclock: 8 entries",
    "vclock: 64 entries",
    "vclock: 256 entries",
    "vclock: 1024 entries",
];
const ROUNDS: usize = 100;
const SLICES: usize = 20;
