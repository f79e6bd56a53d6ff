//! Lamport clocks, for exploring. What is claimed rests on `ratios`.

#![expect(missing_docs, reason = "the macro makes a public function")]
use criterion::{Criterion, criterion_group, criterion_main};
use spacelike_benches::{explore, lamport};

criterion_group!(benches, run);
criterion_main!(benches);

fn run(criterion: &mut Criterion) {
    explore(criterion, "lamport/shared", &lamport::shared());
    explore(criterion, "lamport/local", &lamport::local());
}
