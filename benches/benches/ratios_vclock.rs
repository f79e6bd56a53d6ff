//! Prints what stands in RESULTS.md of vector clocks: `cargo bench -p spacelike-benches --bench ratios_vclock`. With
//! `--write` it goes there, too; with another argument, only the tables whose title contains it are measured.

use std::env;

use spacelike_benches::measure::one_thread;
use spacelike_benches::{Table, at_least, at_most, results, vclock};

fn main() {
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

    let mut text = String::new();
    if filter.is_empty() {
        text += &targets(&sizes);
    }
    for (_, table) in &sizes {
        text += &table.print();
    }
    print!("{text}");
    if write {
        results::write("ratios_vclock", &text);
    }
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
fn targets(sizes: &[(usize, Table)]) -> String {
    let mut text = "### vclock: targets\n\n| | target | measured | |\n|---|--:|--:|---|\n".to_owned();
    for (n, table) in sizes {
        let times = |job: &&str| table.ratio(vclock::FIXED, job).map(|ratio| ratio.median);
        let worst = vclock::COMPARES.iter().filter_map(times).fold(0.0, f64::max);
        let what = format!("`FixedClock<{n}>`, the worst of its comparisons, over a plain loop");
        text += &at_most(&what, worst, 2.0);
    }
    let in_range = |(n, _): &&(usize, Table)| (8..=256).contains(n);
    for (n, table) in sizes.iter().filter(in_range) {
        for (jobs, what) in [(&vclock::COMPARES[..], "compares"), (&vclock::MERGES[..], "merges")] {
            let (job, ahead) = jobs
                .iter()
                .map(|job| (job, best_peer(table, job)))
                .min_by(|a, b| a.1.total_cmp(&b.1))
                .expect("jobs");
            let what =
                format!("{n} entries, the closest of all {what} ({job}): the best peer with ids over ours");
            text += &at_least(&what, ahead, 3.0);
        }
    }
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

const TITLES: [&str; 5] = [
    "vclock: 3 entries",
    "vclock: 8 entries",
    "vclock: 64 entries",
    "vclock: 256 entries",
    "vclock: 1024 entries",
];
const ROUNDS: usize = 100;
