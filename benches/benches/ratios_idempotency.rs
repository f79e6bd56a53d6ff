//! Prints what stands in RESULTS.md of once-only execution: `cargo bench -p spacelike-benches --bench ratios_idempotency`.
//! With `--write` it goes there, too; with another argument, only the tables whose title contains it are measured; with
//! `--quick`, in a tenth of the rounds.

use std::env;
use std::fmt::Write as _;

use spacelike_benches::idempotency::{EXECUTE, REPLAY, names, sessions, stores, windows};
use spacelike_benches::measure::{one_thread, two_threads};
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

    let measured = |title: &'static str, cases: fn() -> Vec<Case>, threads| {
        title.contains(filter).then(|| {
            let mut cases = cases();
            let rounds = if threads > 1 {
                two_threads(&cases, SLICES / fewer, CALLS_CONTENDED)
            } else {
                // What is known stays in the caches only if it is asked for more than once in a slice.
                cases.sort_by_key(|case| title == STORES && case.job != EXECUTE);
                let fresh = cases.iter().take_while(|case| title != STORES || case.job == EXECUTE).count();
                let mut rounds = one_thread(&cases[..fresh], ROUNDS / fewer, CALLS);
                rounds.extend(one_thread(&cases[fresh..], SLICES / fewer, CALLS_CONTENDED));
                rounds
            };
            Table { title, floors: &[hlc::FETCH_ADD], cases, rounds }
        })
    };
    let tables: Vec<Table> = [
        measured(WINDOWS, windows::alone, 1),
        measured(WINDOWS_CONTENDED, windows::contended, 2),
        measured(SESSIONS, sessions::cases, 1),
        measured(STORES, stores::alone, 1),
        measured(STORES_CONTENDED, stores::contended, 2),
        measured(MILLION, stores::million, 1),
    ]
    .into_iter()
    .flatten()
    .collect();

    let mut text = String::new();
    if filter.is_empty() {
        text += &targets(&tables);
        text += &ahead_of_ours(&tables);
    }
    for table in &tables {
        text += &table.print();
    }
    print!("{text}");
    if write {
        results::write("ratios_idempotency", &text);
    }
}

/// What the crate is held to, and whether it does.
fn targets(tables: &[Table]) -> String {
    let in_floors = |title: &str, clock: &str, job: &str| {
        let ratio = table(tables, title).ratio(clock, job);
        ratio.expect("a case").median
    };
    let mut text = "### idempotency: targets\n\n| | target | measured | |\n|---|--:|--:|---|\n".to_owned();
    let window = |job| in_floors(WINDOWS, names::DEDUP_WINDOW, job);
    text += &at_most("`DedupWindow`, a duplicate, in `fetch_add`s", window(windows::DUPLICATE), 0.3);
    text += &at_most("`DedupWindow`, fresh, in `fetch_add`s", window(windows::FRESH), 1.5);
    for (title, keys) in [(STORES, "few keys"), (MILLION, "a million keys")] {
        let over = |other, job| {
            let ratio = table(tables, title).ratio_to(other, names::TABLE, job);
            ratio.expect("a case").median
        };
        text +=
            &at_most(&format!("`Table`, replay, over `dashmap`, {keys}"), over(names::DASHMAP, REPLAY), 1.0);
        let locked = over(names::PARKING_LOT, EXECUTE);
        text +=
            &at_most(&format!("`Table`, begin and complete, over a locked `HashMap`, {keys}"), locked, 1.0);
        let moka = 1.0 / over(names::MOKA, EXECUTE);
        text += &at_least(&format!("... `moka` over `Table`, {keys}"), moka, 3.0);
    }
    text + "\n"
}

fn table<'a>(tables: &'a [Table], title: &str) -> &'a Table {
    tables.iter().find(|table| table.title == title).expect("all tables were measured")
}

/// Peers that do the same job in less time than ours of their class.
fn ahead_of_ours(tables: &[Table]) -> String {
    let mut text = String::new();
    for (title, ours) in OURS {
        let table = table(tables, title);
        let peers =
            table.clocks().into_iter().filter(|name| !name.contains("spacelike") && *name != hlc::FETCH_ADD);
        for peer in peers {
            for job in table.jobs() {
                if let Some(ratio) = table.ratio_to(ours, peer, job).filter(|ratio| ratio.median < 0.95) {
                    let noisy = if ratio.is_noisy() { "~" } else { "" };
                    let _ = writeln!(text, "- {peer}, {job} ({title}): {noisy}{:.2} of ours", ratio.median);
                }
            }
        }
    }
    if text.is_empty() {
        text += "none.\n";
    }
    format!("Peers ahead of ours by more than a twentieth, in their class:\n\n{text}\n")
}

const OURS: [(&str, &str); 6] = [
    (WINDOWS, names::DEDUP_WINDOW),
    (WINDOWS_CONTENDED, names::DEDUP_WINDOW),
    (SESSIONS, names::SESSION_8),
    (STORES, names::TABLE),
    (STORES_CONTENDED, names::TABLE),
    (MILLION, names::TABLE),
];
const WINDOWS: &str = "idempotency: windows, one thread";
const WINDOWS_CONTENDED: &str = "idempotency: windows, two threads";
const SESSIONS: &str = "idempotency: sessions, one thread";
const STORES: &str = "idempotency: stores by key, one thread";
const STORES_CONTENDED: &str = "idempotency: stores by key, two threads";
const MILLION: &str = "idempotency: stores by key, a million keys, one thread";
const ROUNDS: usize = 200;
const CALLS: usize = 1_024;
const SLICES: usize = 40;
const CALLS_CONTENDED: usize = 8_192;
