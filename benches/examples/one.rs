//! Runs one case, so many calls in each of so many slices, for a tool that counts or samples: `one <case> [calls]
//! [slices]`. Without arguments, lists the cases.

use spacelike_benches::{Case, advance, hlc, idempotency, lamport, phi, vclock};

fn main() {
    let of_size = |n| vclock::JOBS.into_iter().flat_map(move |job| vclock::column(n, job).0).collect();
    let groups: [(&str, Vec<Case>); 20] = [
        ("hlc-shared", hlc::shared()),
        ("hlc-local", hlc::local()),
        ("hlc-batches", hlc::batches()),
        ("hlc-os", hlc::os()),
        ("lamport-shared", lamport::shared()),
        ("lamport-local", lamport::local()),
        ("advance", advance::cases()),
        ("phi-local-100", phi::local(100)),
        ("phi-local-1000", phi::local(1_000)),
        ("phi-shared-100", phi::shared(100)),
        ("phi-shared-1000", phi::shared(1_000)),
        ("phi-contended-100", phi::contended(100)),
        ("idempotency-windows", idempotency::windows::alone()),
        ("idempotency-windows-contended", idempotency::windows::contended()),
        ("idempotency-stores", idempotency::stores::alone()),
        ("idempotency-sessions", idempotency::sessions::cases()),
        ("vclock-8", of_size(8)),
        ("vclock-64", of_size(64)),
        ("vclock-256", of_size(256)),
        ("vclock-shared", vclock::shared::cases()),
    ];
    let mut arguments = std::env::args().skip(1);
    let wanted = arguments.next();
    let calls = arguments.next().map_or(4_096, |calls| calls.parse().expect("a number of calls"));
    let slices = arguments.next().map_or(1, |slices| slices.parse().expect("a number of slices"));
    for (group, cases) in &groups {
        for case in cases {
            let name = format!("{group}/{}/{}", case.job, case.clock.replace(['*', '`'], ""));
            match &wanted {
                None => println!("{name}"),
                Some(wanted) if *wanted == name => {
                    let mut worker = case.worker();
                    for slice in 1..=slices {
                        worker.prepare(slice * 2 * calls as u64, calls);
                        worker.run(calls);
                    }
                }
                Some(_) => {}
            }
        }
    }
}
