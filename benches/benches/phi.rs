//! Failure detectors, for exploring: `cargo bench -p spacelike-benches --bench phi -- 'phi/local/100/heartbeat'`. What is
//! claimed rests on `ratios_phi`.

#![expect(missing_docs, reason = "the macro makes a public function")]
use criterion::{Criterion, criterion_group, criterion_main};
use spacelike_benches::{explore, phi};

criterion_group!(benches, run);
criterion_main!(benches);

fn run(criterion: &mut Criterion) {
    for window in phi::WINDOWS {
        explore(criterion, &format!("phi/local/{window}"), &phi::local(window));
        explore(criterion, &format!("phi/shared/{window}"), &phi::contended(window));
    }
}
