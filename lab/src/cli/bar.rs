use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use spacelike_lab::tour::Progress;

/// What is seen while the nodes talk: a bar on a terminal, a line elsewhere, nothing if nothing is asked for.
pub(super) struct Bar(ProgressBar);

impl Bar {
    /// `plain` where other lines go to the same terminal.
    pub(super) fn new(duration: Duration, nodes: u32, quiet: bool, plain: bool) -> Self {
        let drawn = io::stderr().is_terminal() && !quiet && !plain;
        if !quiet && !drawn {
            let seconds = duration.as_secs_f64();
            // Nobody is left to be told if this fails.
            let _ = writeln!(io::stderr(), "{nodes} nodes talk for {seconds} s; Ctrl-C ends it early");
        }
        let target = if drawn { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(millis(duration)), target);
        bar.set_style(style());
        Self(bar)
    }

    pub(super) fn show(&self, progress: &Progress) {
        self.0.set_position(millis(progress.elapsed));
        let Progress { received, inverted, phi, .. } = progress;
        let phi: Vec<_> = phi.values().map(|phi| format!("{phi:.0}")).collect();
        self.0.set_message(format!(
            "{received} messages, {inverted} inverted by the wall clocks; phi {}",
            phi.join(" ")
        ));
    }

    pub(super) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

fn style() -> ProgressStyle {
    let style = ProgressStyle::with_template("{bar:28} {wide_msg}");
    style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━╸─")
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
