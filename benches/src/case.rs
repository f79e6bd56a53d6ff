use std::hint::black_box;

/// One clock doing one job: a cell in a table whose rows are clocks and whose columns are jobs.
pub struct Case {
    pub clock: &'static str,
    pub job: &'static str,
    worker: Box<dyn Fn() -> Box<dyn Work> + Send + Sync>,
}

impl Case {
    /// `worker` is called once on each thread that takes part; what it captures is what those threads share.
    pub fn new(
        clock: &'static str,
        job: &'static str,
        worker: impl Fn() -> Box<dyn Work> + Send + Sync + 'static,
    ) -> Self {
        Self { clock, job, worker: Box::new(worker) }
    }

    pub fn worker(&self) -> Box<dyn Work> {
        (self.worker)()
    }
}

/// What one thread does. The loop is inside, so that a call through this trait is paid once a slice.
pub trait Work {
    /// Sets this thread's wall clock `at` so many steps after the beginning, and makes what the next `calls` need. Not
    /// timed. All threads of a slice get the same `at`, which grows from slice to slice by more than `calls`.
    fn prepare(&mut self, at: u64, calls: usize);
    /// Goes on from where the last run ended.
    fn run(&mut self, calls: usize);
}

/// Makes the optimiser believe that the value is used.
///
/// By reference, because `black_box(value)` moves the value, and for the same reason one field at a time where a value has
/// several: to move a struct with padding is a wide load right behind a narrow store, a stall longer than the operation
/// under test, which code that uses the fields doesn't have.
#[inline]
pub fn sink<T>(value: &T) {
    black_box(value);
}

/// Work from closures over a state.
pub fn worker<S: 'static>(
    state: S,
    prepare: impl FnMut(&mut S, u64, usize) + 'static,
    run: impl FnMut(&mut S, usize) + 'static,
) -> Box<dyn Work> {
    struct Worker<S, P, R>(S, P, R);

    impl<S, P: FnMut(&mut S, u64, usize), R: FnMut(&mut S, usize)> Work for Worker<S, P, R> {
        fn prepare(&mut self, at: u64, calls: usize) {
            (self.1)(&mut self.0, at, calls);
        }

        fn run(&mut self, calls: usize) {
            (self.2)(&mut self.0, calls);
        }
    }

    Box::new(Worker(state, prepare, run))
}
