//! Prints what stands in RESULTS.md of failure detectors: `cargo bench -p spacelike-benches --bench ratios_phi`. With
//! `--write` it goes there, too; with another argument, only the tables whose title contains it are measured; with
//! `--quick`, in a tenth of the rounds.

use std::env;
use std::fmt::Write as _;

use spacelike_benches::measure::{Ratio, one_and_two_threads, one_thread, two_threads};
use spacelike_benches::phi::{self, HEARTBEAT, MIXED, ON_TIME, OVERDUE, SUSPECT, names};
use spacelike_benches::{Case, Table, at_least, at_most, hlc, results};

fn main() {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let has = |wanted: &str| arguments.iter().any(|argument| argument == wanted);
    let filter = arguments.iter().find(|argument| !argument.starts_with('-')).map_or("", String::as_str);
    let (write, fewer) = (has("--write"), if has("--quick") { 10 } else { 1 });
    assert!(
        !write || (filter.is_empty() && fewer == 1),
        "all tables are written, and with all rounds, or none"
    );

    let measured = |title: &'static str, cases: fn(usize) -> Vec<Case>, window, threads| {
        title.contains(filter).then(|| {
            let cases = cases(window);
            let rounds = if threads == 1 {
                one_thread(&cases, ROUNDS / fewer, CALLS)
            } else {
                two_threads(&cases, SLICES / fewer, CALLS_CONTENDED)
            };
            Table { title, floors: &[hlc::FETCH_ADD], cases, rounds }
        })
    };
    let tables: Vec<Table> = [
        measured(LOCAL[0], phi::local, 100, 1),
        measured(LOCAL[1], phi::local, 1_000, 1),
        measured(SHARED[0], phi::shared, 100, 1),
        measured(SHARED[1], phi::shared, 1_000, 1),
        measured(CONTENDED[0], phi::contended, 100, 2),
        measured(CONTENDED[1], phi::contended, 1_000, 2),
    ]
    .into_iter()
    .flatten()
    .collect();
    let scaling = SCALING.contains(filter).then(|| Scaling::measure(SLICES / fewer));

    let mut text = String::new();
    if let (true, Some(scaling)) = (filter.is_empty(), &scaling) {
        text += &targets(&tables, scaling);
        text += &ahead_of_ours(&tables);
    }
    for table in &tables {
        text += &table.print();
    }
    if let Some(scaling) = &scaling {
        text += &scaling.print();
    }
    print!("{text}");
    if write {
        results::write("ratios_phi", &text);
    }
}

/// What the crate is held to, and whether it does.
fn targets(tables: &[Table], scaling: &Scaling) -> String {
    let worst = |titles: &[&str], detector: &str, jobs: &[&str]| {
        let of = |(title, job): (&str, &str)| ratio(tables, title, detector, job);
        product(titles, jobs).into_iter().filter_map(of).fold(0.0, f64::max)
    };
    // How many times longer than ours the best of them takes, where that is least.
    let ahead = |titles: &[&str], ours: &str, peers: &[&str], jobs: &[&str]| {
        let of = |(title, job): (&str, &str)| {
            let best =
                peers.iter().filter_map(|peer| ratio(tables, title, peer, job)).fold(f64::INFINITY, f64::min);
            best / ratio(tables, title, ours, job).expect("a case")
        };
        product(titles, jobs).into_iter().map(of).fold(f64::INFINITY, f64::min)
    };
    let phis = [ON_TIME, OVERDUE];

    let mut text =
        "### phi-detector: targets\n\n| in `fetch_add`s, the worst of both windows | target | measured | |\n|---|--:|--:|---|\n"
            .to_owned();
    text += &at_most("`LocalPhi`, heartbeat", worst(&LOCAL, names::LOCAL_PHI, &[HEARTBEAT]), 2.0);
    text += &at_most("`LocalPhi::is_suspect`", worst(&LOCAL, names::LOCAL_PHI, &[SUSPECT]), 0.2);
    text += &at_most("`LocalPhi`, phi", worst(&LOCAL, names::LOCAL_PHI, &phis), 3.0);
    text += &at_most("`Phi`, heartbeat", worst(&SHARED, names::PHI, &[HEARTBEAT]), 9.0);
    text += &at_most("`Phi::is_suspect`", worst(&SHARED, names::PHI, &[SUSPECT]), 0.3);
    text += &at_most("`EwmaPhi`, heartbeat", worst(&SHARED, names::EWMA, &[HEARTBEAT]), 4.0);
    text += &at_most("`Phi`, phi", worst(&SHARED, names::PHI, &phis), 3.0);
    text += &at_least("`Phi::is_suspect`: two threads over one", scaling.of(names::PHI, SUSPECT), 1.8);
    let what = "heartbeat: the best windowed peer over `LocalPhi`";
    text += &at_least(what, ahead(&LOCAL, names::LOCAL_PHI, &WINDOWED, &[HEARTBEAT]), 1.0);
    let what = "... in a lock, over `Phi`";
    text += &at_least(what, ahead(&SHARED, names::PHI, &WINDOWED_LOCKED, &[HEARTBEAT]), 1.0);
    let what = "... and with two threads";
    text += &at_least(what, ahead(&CONTENDED, names::PHI, &WINDOWED_LOCKED, &[HEARTBEAT]), 1.0);
    let what = "phi: the best peer that computes it anew, over `LocalPhi`";
    text += &at_least(what, ahead(&LOCAL, names::LOCAL_PHI, &LOCAL_PEERS, &phis), 1.0);
    text + "\n"
}

fn product<'a>(titles: &[&'a str], jobs: &[&'a str]) -> Vec<(&'a str, &'a str)> {
    titles.iter().flat_map(|title| jobs.iter().map(|job| (*title, *job))).collect()
}

fn ratio(tables: &[Table], title: &str, detector: &str, job: &str) -> Option<f64> {
    let table = tables.iter().find(|table| table.title == title).expect("all tables were measured");
    table.ratio(detector, job).map(|ratio| ratio.median)
}

/// Peers that do the same job in less time than the detector of ours that is of their class.
fn ahead_of_ours(tables: &[Table]) -> String {
    let mut text = String::new();
    for table in tables {
        let ours = if LOCAL.contains(&table.title) { names::LOCAL_PHI } else { names::PHI };
        let peers =
            table.clocks().into_iter().filter(|name| !name.contains("spacelike") && *name != hlc::FETCH_ADD);
        for peer in peers {
            for job in table.jobs() {
                if let Some(ratio) = table.ratio_to(ours, peer, job).filter(|ratio| ratio.median < 0.95) {
                    let noisy = if ratio.is_noisy() { "~" } else { "" };
                    let _ = writeln!(
                        text,
                        "- {peer}, {job} ({}): {noisy}{:.2} of ours",
                        table.title, ratio.median
                    );
                }
            }
        }
    }
    if text.is_empty() {
        text += "none.\n";
    }
    format!("Peers ahead of ours by more than a twentieth, in their class and at the same job:\n\n{text}\n")
}

/// How much more two threads get done than one.
struct Scaling {
    cases: Vec<Case>,
    ratios: Vec<Ratio>,
    overtaken: f64,
}

impl Scaling {
    fn measure(rounds: usize) -> Self {
        let mut cases = phi::contended(100);
        cases.retain(|case| case.clock != hlc::FETCH_ADD);
        let [one, two] = one_and_two_threads(&cases, rounds, CALLS_CONTENDED);
        let ratios = one.iter().zip(&two).map(|(one, two)| Ratio::new(one, two)).collect();
        Self { cases, ratios, overtaken: phi::overtaken::<100>(CALLS_CONTENDED) }
    }

    fn of(&self, detector: &str, job: &str) -> f64 {
        let case = self.cases.iter().position(|case| case.clock == detector && case.job == job);
        self.ratios[case.expect("a case")].median
    }

    fn print(&self) -> String {
        let mut text =
            format!("### {SCALING}\n\n| | {} |\n|---|{}\n", JOBS.join(" | "), "--:|".repeat(JOBS.len()));
        let mut detectors: Vec<_> = self.cases.iter().map(|case| case.clock).collect();
        detectors.dedup();
        for detector in detectors {
            let _ = write!(text, "| {detector} |");
            for job in JOBS {
                let case = self.cases.iter().position(|case| case.clock == detector && case.job == job);
                let ratio = self.ratios[case.expect("a case")];
                let noisy = if ratio.is_noisy() { "~" } else { "" };
                let _ = write!(text, " {noisy}{:.2} |", ratio.median);
            }
            text += "\n";
        }
        let percent = self.overtaken * 100.0;
        let _ = writeln!(
            text,
            "\nOf the beats that two threads hear at once, {percent:.0} of 100 are overtaken and stale."
        );
        text
    }
}

const LOCAL: [&str; 2] = ["phi-detector: `&mut`, windows of 100", "phi-detector: `&mut`, windows of 1,000"];
const SHARED: [&str; 2] = [
    "phi-detector: shared, windows of 100, one thread",
    "phi-detector: shared, windows of 1,000, one thread",
];
const CONTENDED: [&str; 2] = [
    "phi-detector: shared, windows of 100, two threads",
    "phi-detector: shared, windows of 1,000, two threads",
];
const SCALING: &str = "phi-detector: shared, windows of 100, what two threads get done over what one does";
const JOBS: [&str; 5] = [HEARTBEAT, MIXED, SUSPECT, ON_TIME, OVERDUE];
const LOCAL_PEERS: [&str; 3] = [names::PAFD, names::PHI_ACCRUAL, names::PHI_DETECTOR];
const WINDOWED: [&str; 3] = [names::PAFD, names::PHI_ACCRUAL, names::PAD_STATISTICS];
const WINDOWED_LOCKED: [&str; 4] =
    [names::PAFD_SYNC, names::PAFD_LOCKED, names::PHI_ACCRUAL_LOCKED, names::PAD];
const ROUNDS: usize = 200;
const CALLS: usize = 1_024;
const SLICES: usize = 40;
const CALLS_CONTENDED: usize = 8_192;
