//! Prints what stands in RESULTS.md: `cargo bench -p spacelike-benches --bench ratios`. With `--write` it goes there, too;
//! with another argument, only the tables whose title contains it are measured.

use std::fmt::Write as _;
use std::{env, fs, iter};

use spacelike_benches::measure::{Ratio, Rounds, one_thread, two_threads};
use spacelike_benches::{Case, advance, cached, hlc, lamport};

fn main() {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let filter = arguments.iter().find(|argument| !argument.starts_with('-')).map_or("", String::as_str);
    let mut tables = vec![];
    let mut table = |title, floor, cases: Vec<Case>, measure: fn(&[Case]) -> Rounds| {
        let title: &'static str = title;
        if title.contains(filter) {
            let rounds = measure(&cases);
            tables.push(Table { title, floor, cases, rounds });
        }
    };
    let one = |cases: &[Case]| one_thread(cases, ROUNDS, CALLS);
    let two = |cases: &[Case]| two_threads(cases, SLICES, CALLS_CONTENDED);

    table(SHARED_1, hlc::FETCH_ADD, hlc::shared(), one);
    table(LOCAL, hlc::FETCH_ADD, hlc::local(), one);
    table("hlc: by the batch, one thread", hlc::FETCH_ADD, hlc::batches(), one);
    table(OS_1, hlc::OS_READ, hlc::os(), one);
    table(SHARED_2, hlc::FETCH_ADD, hlc::shared(), two);
    table("hlc: the system's clock, two threads", hlc::OS_READ, hlc::os(), two);
    table(CACHED_2, hlc::FETCH_ADD, hlc::cached(), |cases| {
        cached::refreshed(|| two_threads(cases, SLICES, CALLS_CONTENDED))
    });
    table("lamport: shared, one thread", hlc::FETCH_ADD, lamport::shared(), one);
    table("lamport: `&mut`", hlc::FETCH_ADD, lamport::local(), one);
    table("lamport: shared, two threads", hlc::FETCH_ADD, lamport::shared(), two);
    table("advance: the candidates, one thread", advance::FLOOR, advance::cases(), one);
    table("advance: the candidates, two threads", advance::FLOOR, advance::cases(), two);

    let mut text = String::new();
    if filter.is_empty() {
        text += &targets(&tables);
    }
    for table in &tables {
        text += &table.print();
    }
    print!("{text}");
    if arguments.iter().any(|argument| argument == "--write") {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/RESULTS.md");
        let old = fs::read_to_string(path).expect("RESULTS.md");
        let (head, _) = old.split_once(MARK).expect("the mark, below which all is generated");
        fs::write(path, format!("{head}{MARK}\n\n{}\n", text.trim_end())).expect("RESULTS.md");
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
    let at_most = |what: &str, measured: f64, bound: f64| {
        let verdict = if measured <= bound { "met" } else { "**missed**" };
        format!("| {what} | at most {bound} | {measured:.2} | {verdict} |\n")
    };
    let at_least = |what: &str, measured: f64, bound: f64| {
        let verdict = if measured >= bound { "met" } else { "**missed**" };
        format!("| {what} | at least {bound} | {measured:.2} | {verdict} |\n")
    };

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
        .flat_map(|(table, job)| table.ahead_of_ours(job))
        .collect();
    text += &if behind.is_empty() { "none.\n".to_owned() } else { behind.concat() };
    text + "\n"
}

struct Table {
    title: &'static str,
    floor: &'static str,
    cases: Vec<Case>,
    rounds: Rounds,
}

impl Table {
    /// Clocks downwards, jobs to the right, each over the floor of its column.
    fn print(&self) -> String {
        let jobs = self.jobs();
        let mut text =
            format!("### {}\n\n| | {} |\n|---|{}\n", self.title, jobs.join(" | "), "--:|".repeat(jobs.len()));
        for clock in unique(self.cases.iter().map(|case| case.clock)) {
            let _ = write!(text, "| {clock} |");
            for job in &jobs {
                match self.ratio(clock, job) {
                    Some(ratio) if ratio.rounds == 0 => text += " disturbed |",
                    Some(ratio) => {
                        let noisy = if ratio.is_noisy() { "~" } else { "" };
                        let _ = write!(text, " {noisy}{:.2} |", ratio.median);
                    }
                    None => text += " |",
                }
            }
            text += "\n";
        }
        text + "\n"
    }

    fn ratio(&self, clock: &str, job: &str) -> Option<Ratio> {
        let find = |clock: &str| self.cases.iter().position(|case| case.clock == clock && case.job == job);
        Some(Ratio::new(&self.rounds[find(clock)?], &self.rounds[find(self.floor)?]))
    }

    fn jobs(&self) -> Vec<&'static str> {
        unique(self.cases.iter().map(|case| case.job))
    }

    /// A line for each peer that does this job in less time than the clock of ours that is of its class.
    fn ahead_of_ours(&self, job: &str) -> Vec<String> {
        let ours_of = |peer: &str| {
            // The tables of the system's clock have both classes.
            let local = self.title.contains("&mut") || [hlc::names::HYBRID, hlc::names::HLC].contains(&peer);
            match (self.title.starts_with("lamport"), local || peer == hlc::names::MINERVA_LOCAL) {
                (true, false) => lamport::SHARED,
                (true, true) => lamport::LOCAL,
                (false, false) => hlc::names::SHARED,
                (false, true) => hlc::names::LOCAL,
            }
        };
        let peers = unique(self.cases.iter().map(|case| case.clock))
            .into_iter()
            .filter(|clock| !clock.contains("spacelike") && !FLOORS.contains(clock));
        let ahead = |peer: &'static str| {
            let (theirs, ours) = (self.ratio(peer, job)?, self.ratio(ours_of(peer), job)?);
            let noisy = if theirs.is_noisy() || ours.is_noisy() { "~" } else { "" };
            let (theirs, ours) = (theirs.median, ours.median);
            (theirs < ours * 0.95).then(|| {
                format!(
                    "- {peer}, {job} ({}): {noisy}{theirs:.2} where ours takes {noisy}{ours:.2}\n",
                    self.title
                )
            })
        };
        peers.filter_map(ahead).collect()
    }
}

fn unique(names: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    let mut seen = vec![];
    for name in names {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    seen
}

const FLOORS: [&str; 6] =
    [hlc::FETCH_ADD, hlc::OS_READ, hlc::OS_READ_ADD, hlc::OS_SINCE, hlc::OS_SINCE_ADD, hlc::OS_MILLIS];
const SHARED_1: &str = "hlc: shared, one thread";
const SHARED_2: &str = "hlc: shared, two threads";
const LOCAL: &str = "hlc: `&mut`";
const OS_1: &str = "hlc: the system's clock, one thread";
const CACHED_2: &str = "hlc: cached wall, two threads";
const MARK: &str = "<!-- Below this line all is written by the program. -->";
const ROUNDS: usize = 600;
const CALLS: usize = 4_096;
const SLICES: usize = 40;
const CALLS_CONTENDED: usize = 65_536;
