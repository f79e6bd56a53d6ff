//! Once-only execution, for exploring: `cargo bench -p spacelike-benches --bench idempotency -- 'windows/duplicate'`. What is
//! claimed rests on `ratios_idempotency`.

#![expect(missing_docs, reason = "the macro makes a public function")]
use criterion::{Criterion, criterion_group, criterion_main};
use spacelike_benches::explore;
use spacelike_benches::idempotency::{sessions, stores, windows};

criterion_group!(benches, run);
criterion_main!(benches);

fn run(criterion: &mut Criterion) {
    explore(criterion, "idempotency/windows", &windows::contended());
    explore(criterion, "idempotency/local-windows", &windows::alone());
    explore(criterion, "idempotency/sessions", &sessions::cases());
    explore(criterion, "idempotency/stores", &stores::contended());
}
