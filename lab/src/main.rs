//! `spacelike`: a tour of clocks going wrong, on real sockets. `spacelike --help` explains the options.
//!
//! It exits with 0 if the logical clocks kept their promise on every message, with 1 if they didn't, if nothing was
//! exchanged or if something failed on the way, and with 2, before anything is run, if it can't be run as asked.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
