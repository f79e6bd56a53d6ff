//! Prints the tables of RESULTS.md: `cargo bench -p spacelike-benches --bench ratios`. With an argument, only the tables
//! whose title contains it.

use spacelike_benches::measure::{Ratio, Rounds, one_thread, two_threads};
use spacelike_benches::{Case, advance, cached, hlc, lamport};

fn main() {
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let table = |title: &str, floor: &str, cases: Vec<Case>, measure: fn(&[Case]) -> Rounds| {
        if title.contains(&filter) {
            print(title, floor, &cases, &measure(&cases));
        }
    };
    let one = |cases: &[Case]| one_thread(cases, ROUNDS, CALLS);
    let two = |cases: &[Case]| two_threads(cases, SLICES, CALLS_CONTENDED);

    table("hlc: shared, one thread", hlc::FETCH_ADD, hlc::shared(), one);
    table("hlc: `&mut`", hlc::FETCH_ADD, hlc::local(), one);
    table("hlc: by the batch", hlc::FETCH_ADD, hlc::batches(), one);
    table("hlc: the system's clock, one thread", hlc::OS_READ, hlc::os(), one);
    table("hlc: shared, two threads", hlc::FETCH_ADD, hlc::shared(), two);
    table("hlc: the system's clock, two threads", hlc::OS_READ, hlc::os(), two);
    table("hlc: cached wall, two threads", hlc::FETCH_ADD, hlc::cached(), |cases| {
        cached::refreshed(|| two_threads(cases, SLICES, CALLS_CONTENDED))
    });
    table("lamport: shared, one thread", hlc::FETCH_ADD, lamport::shared(), one);
    table("lamport: `&mut`", hlc::FETCH_ADD, lamport::local(), one);
    table("lamport: shared, two threads", hlc::FETCH_ADD, lamport::shared(), two);
    table("advance, one thread", advance::FLOOR, advance::cases(), one);
    table("advance, two threads", advance::FLOOR, advance::cases(), two);
}

/// Clocks downwards, jobs to the right, each over the floor of its column.
fn print(title: &str, floor: &str, cases: &[Case], rounds: &Rounds) {
    let unique = |names: Vec<&'static str>| {
        let mut seen = vec![];
        for name in names {
            if !seen.contains(&name) {
                seen.push(name);
            }
        }
        seen
    };
    let jobs = unique(cases.iter().map(|case| case.job).collect());
    let clocks = unique(cases.iter().map(|case| case.clock).collect());
    let find = |clock: &str, job: &str| cases.iter().position(|case| case.clock == clock && case.job == job);

    if std::env::var_os("NANOSECONDS").is_some() {
        for (case, rounds) in cases.iter().zip(rounds) {
            let mut rounds: Vec<f64> = rounds.iter().copied().filter(|time| !time.is_nan()).collect();
            rounds.sort_by(f64::total_cmp);
            eprintln!(
                "{:40} {:28} {:3} slices {:8.2} {:8.2} ns",
                case.clock,
                case.job,
                rounds.len(),
                rounds.first().unwrap_or(&f64::NAN),
                rounds.get(rounds.len() / 2).unwrap_or(&f64::NAN)
            );
        }
    }
    println!("### {title}\n\n| | {} |\n|---|{}", jobs.join(" | "), "--:|".repeat(jobs.len()));
    for clock in clocks {
        print!("| {clock} |");
        for job in &jobs {
            let floor = find(floor, job).expect("every job has its floor");
            match find(clock, job) {
                Some(case) => {
                    let ratio = Ratio::new(&rounds[case], &rounds[floor]);
                    print!(" {}{:.2} |", if ratio.is_noisy() { "~" } else { "" }, ratio.median);
                }
                None => print!(" |"),
            }
        }
        println!();
    }
    println!();
}

const ROUNDS: usize = 300;
const CALLS: usize = 4_096;
const SLICES: usize = 40;
const CALLS_CONTENDED: usize = 65_536;
