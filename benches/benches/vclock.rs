//! Vector clocks, for exploring: `cargo bench -p spacelike-benches --bench vclock -- 'vclock/64/merge, one new id'`. What is
//! claimed rests on `ratios_vclock`.

#![expect(missing_docs, reason = "the macro makes a public function")]
use criterion::{Criterion, criterion_group, criterion_main};
use spacelike_benches::{explore, vclock};

criterion_group!(benches, run);
criterion_main!(benches);

fn run(criterion: &mut Criterion) {
    for n in vclock::SIZES {
        for job in vclock::JOBS {
            let (cases, _) = vclock::column(n, job);
            explore(criterion, &format!("vclock/{n}"), &cases);
        }
    }
    explore(criterion, "vclock/shared", &vclock::shared::cases());
}
