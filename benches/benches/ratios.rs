//! Prints what stands in RESULTS.md: `cargo bench -p spacelike-benches --bench ratios`. With `--write` it goes there, too;
//! with another argument, only the tables whose title contains it are measured.

use std::fmt::Write as _;
use std::{env, iter};

use spacelike_benches::measure::{Rounds, one_thread, two_threads};
use spacelike_benches::{Case, Table, advance, at_least, at_most, cached, hlc, lamport, results};

fn main() {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let filter = arguments.iter().find(|argument| !argument.starts_with('-')).map_or("", String::as_str);
    let mut tables = vec![];
    let mut table = |title, floors, cases: Vec<Case>, measure: fn(&[Case]) -> Rounds| {
        let title: &'static str = title;
        let floors: &'static [&'static str] = floors;
        if title.contains(filter) {
            let rounds = measure(&cases);
            tables.push(Table { title, floors, cases, rounds });
        }
    };
    let one = |cases: &[Case]| one_thread(cases, ROUNDS, CALLS);
    let two = |cases: &[Case]| two_threads(cases, SLICES, CALLS_CONTENDED);

    table(SHARED_1, &[hlc::FETCH_ADD], hlc::shared(), one);
    table(LOCAL, &[hlc::FETCH_ADD], hlc::local(), one);
    table("hlc: by the batch, one thread", &[hlc::FETCH_ADD], hlc::batches(), one);
    table(OS_1, &[hlc::OS_READ], hlc::os(), one);
    table(SHARED_2, &[hlc::FETCH_ADD], hlc::shared(), two);
    table("hlc: the system's clock, two threads", &[hlc::OS_READ], hlc::os(), two);
    table(CACHED_2, &[hlc::FETCH_ADD], hlc::cached(), |cases| {
        cached::refreshed(|| two_threads(cases, SLICES, CALLS_CONTENDED))
    });
    table("lamport: shared, one thread", &[hlc::FETCH_ADD], lamport::shared(), one);
    table("lamport: `&mut`", &[hlc::FETCH_ADD], lamport::local(), one);
    table("lamport: shared, two threads", &[hlc::FETCH_ADD], lamport::shared(), two);
    table("advance: the candidates, one thread", &[advance::FLOOR], advance::cases(), one);
    table("advance: the candidates, two threads", &[advance::FLOOR], advance::cases(), two);

    let mut text = String::new();
    if filter.is_empty() {
        text += &targets(&tables);
    }
    for table in &tables {
        text += &table.print();
    }
    print!("{text}");
    if arguments.iter().any(|argument| argument == "--write") {
        results::write("ratios", &text);
    }
}

/// What the crates are held to, and whether they do.
fn targets(tables: &[Table]) -> String {
    let of = |title, clock, job| {
        let table = tables.iter().find(|table| table.title == title).expect("all tables were measured");
        table.ratio(clock, job).expect("a case").median
    };
    let ours = hlc::names::SHARED;
    let peers = [
        hlc::names::UHLC,
        hlc::names::MINERVA,
        hlc::names::HLC_GEN,
        hlc::names::HYBRID_LOCKED,
        hlc::names::HLC_LOCKED,
    ];
    let over = |read, clock| {
        let beside = of(OS_1, clock, hlc::OS) - of(OS_1, read, hlc::OS);
        beside / of(OS_1, hlc::FETCH_ADD, hlc::OS)
    };
    let fastest = |peers: &[&'static str]| {
        peers.iter().map(|peer| of(CACHED_2, peer, hlc::CACHED)).fold(f64::INFINITY, f64::min)
    };
    let joined = of(CACHED_2, hlc::names::JOINED, hlc::CACHED);
    let shared = of(CACHED_2, ours, hlc::CACHED);

    let mut text = "### Targets\n\n| | target | measured | |\n|---|--:|--:|---|\n".to_owned();
    text +=
        &at_most("`Clock::tick` while the clock leads, in `fetch_add`s", of(SHARED_1, ours, hlc::STILL), 1.5);
    text +=
        &at_most("`Clock::tick` where it is raised, in `fetch_add`s", of(SHARED_1, ours, hlc::RAISED), 2.5);
    text +=
        &at_most("with the system's clock, `fetch_add`s beside reading it", over(hlc::OS_SINCE, ours), 1.5);
    let (ours_beside, bare) = (over(hlc::OS_MILLIS, ours), over(hlc::OS_SINCE, hlc::OS_SINCE_ADD));
    let _ = writeln!(text, "| ... beside the cheaper reading by `OsMillis` | | {ours_beside:.2} | |");
    let _ = writeln!(text, "| ... where a bare `fetch_add` behind a reading takes | | {bare:.2} | |");
    text += &at_most(
        "`LocalClock::tick`, in `fetch_add`s",
        of(LOCAL, hlc::names::LOCAL, hlc::STILL).max(of(LOCAL, hlc::names::LOCAL, hlc::RAISED)),
        0.6,
    );
    text += &at_least(
        "two threads, cached wall: the best peer made for threads over `Clock`",
        fastest(&peers[..3]) / shared,
        3.0,
    );
    text += &at_least("... the best of all, locked ones too, over `Clock`", fastest(&peers) / shared, 3.0);
    text += &at_least(
        "... the best of all over a `LocalClock` per thread, joined every 1,024 ticks",
        fastest(&peers) / joined,
        3.0,
    );
    text += "\nPeers ahead of ours by more than a twentieth, in their class and at the same job:\n\n";
    let behind: Vec<String> = tables
        .iter()
        .filter(|table| table.title.starts_with("hlc") || table.title.starts_with("lamport"))
        .flat_map(|table| iter::repeat(table).zip(table.jobs()))
        .flat_map(|(table, job)| ahead_of_ours(table, job))
        .collect();
    text += &if behind.is_empty() { "none.\n".to_owned() } else { behind.concat() };
    text + "\n"
}

/// A line for each peer that does this job in less time than the clock of ours that is of its class.
fn ahead_of_ours(table: &Table, job: &str) -> Vec<String> {
    let ours_of = |peer: &str| {
        // The tables of the system's clock have both classes.
        let local = table.title.contains("&mut") || [hlc::names::HYBRID, hlc::names::HLC].contains(&peer);
        match (table.title.starts_with("lamport"), local || peer == hlc::names::MINERVA_LOCAL) {
            (true, false) => lamport::SHARED,
            (true, true) => lamport::LOCAL,
            (false, false) => hlc::names::SHARED,
            (false, true) => hlc::names::LOCAL,
        }
    };
    let peers =
        table.clocks().into_iter().filter(|clock| !clock.contains("spacelike") && !FLOORS.contains(clock));
    let ahead = |peer: &'static str| {
        let (theirs, ours) = (table.ratio(peer, job)?, table.ratio(ours_of(peer), job)?);
        let noisy = if theirs.is_noisy() || ours.is_noisy() { "~" } else { "" };
        let (theirs, ours) = (theirs.median, ours.median);
        (theirs < ours * 0.95).then(|| {
            format!(
                "- {peer}, {job} ({}): {noisy}{theirs:.2} where ours takes {noisy}{ours:.2}\n",
                table.title
            )
        })
    };
    peers.filter_map(ahead).collect()
}

const FLOORS: [&str; 6] =
    [hlc::FETCH_ADD, hlc::OS_READ, hlc::OS_READ_ADD, hlc::OS_SINCE, hlc::OS_SINCE_ADD, hlc::OS_MILLIS];
const SHARED_1: &str = "hlc: shared, one thread";
const SHARED_2: &str = "hlc: shared, two threads";
const LOCAL: &str = "hlc: `&mut`";
const OS_1: &str = "hlc: the system's clock, one thread";
const CACHED_2: &str = "hlc: cached wall, two threads";
const ROUNDS: usize = 600;
const CALLS: usize = 4_096;
const SLICES: usize = 40;
const CALLS_CONTENDED: usize = 65_536;
