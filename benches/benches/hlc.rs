//! Hybrid logical clocks, for exploring. What is claimed rests on `ratios`.

#![expect(missing_docs, reason = "the macro makes a public function")]
use criterion::{Criterion, criterion_group, criterion_main};
use spacelike_benches::{cached, explore, hlc};

criterion_group!(benches, run);
criterion_main!(benches);

fn run(criterion: &mut Criterion) {
    explore(criterion, "hlc/shared", &hlc::shared());
    explore(criterion, "hlc/local", &hlc::local());
    explore(criterion, "hlc/batches", &hlc::batches());
    explore(criterion, "hlc/os", &hlc::os());
    cached::refreshed(|| explore(criterion, "hlc/cached", &hlc::cached()));
}
