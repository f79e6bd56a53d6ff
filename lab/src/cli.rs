//! What the binary does: the arguments, the terminal, the signals and the files. The tour itself is the library's.

use std::fmt::Display;
use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::ExitCode;

use spacelike_lab::analysis::Analysis;
use spacelike_lab::diagram::Diagram;
use spacelike_lab::tour::retries::Trial;
use spacelike_lab::tour::{Report, Run, Tour};
use spacelike_lab::trace::Shiviz;
use tokio::runtime::Runtime;
use tracing_subscriber::filter::LevelFilter;

use crate::cli::args::{Stop, TourArgs};
use crate::cli::bar::Bar;

mod args;
mod bar;
mod signals;

pub(crate) fn main() -> ExitCode {
    let outcome = match args::parse() {
        Ok(tour) => run(&tour),
        Err(Stop::Help(text)) => print(&text).map(|()| ExitCode::SUCCESS),
        Err(Stop::Usage(line)) => Err(Failure { line: format!("{line} (see --help)"), code: USAGE }),
    };
    outcome.unwrap_or_else(|failure| {
        // Nobody is left to be told if this fails.
        let _ = writeln!(io::stderr(), "spacelike: {}", failure.line);
        ExitCode::from(failure.code)
    })
}

fn run(args: &TourArgs) -> Result<ExitCode, Failure> {
    let options = args.options().map_err(Failure::usage)?;
    log(args.verbose);
    let tour = Tour::bind(&options).map_err(Failure::usage)?;
    let files = Files::create(&args.out, args.shiviz.as_deref())?;
    let trial = options.retries.map(|retries| Trial::bind(retries, options.seed, args.out.join("server")));
    let trial = trial.transpose().map_err(Failure::usage)?;
    let refused = |error| Failure::usage(format_args!("can't start: {error}"));
    let runtime = Runtime::new().map_err(refused)?;
    let stop = signals::stop().map_err(refused)?;

    let (run, retried) = runtime.block_on(async {
        // Dropped at the end of the block, so that whoever asks while the files are written needn't wait for them.
        let mut stop = pin!(stop);
        let bar = Bar::new(options.duration, options.nodes, args.quiet, args.verbose > 0);
        let run = tour.run(stop.as_mut(), |progress| bar.show(&progress)).await;
        bar.finish();
        let run =
            run.map_err(|error| if error.is_setup() { Failure::usage(error) } else { Failure::late(error) })?;
        let Some(trial) = trial.filter(|_| !run.interrupted) else { return Ok((run, None)) };
        let retried = tokio::select! {
            retried = trial.run() => Some(retried),
            () = stop => None,
        };
        Ok((run, Some(retried)))
    })?;

    let analysis = Analysis::of(&run.trace);
    let paths = files.write(&run, &analysis)?;
    let report = Report::new(&run, &analysis);
    let verdict = report.verdict();
    let tables = match &retried {
        Some(Some(Ok(retried))) => format!("{report}\n\n{retried}\n\n{paths}"),
        Some(None) => format!("{report}\n\nThe clients that retry were interrupted.\n\n{paths}"),
        Some(Some(Err(_))) | None => format!("{report}\n\n{paths}"),
    };
    print(&match (args.quiet, verdict) {
        (true, _) => paths.bare(),
        (false, Ok(())) => format!("{tables}\n{}\n", Lesson(&run, &analysis)),
        (false, Err(_)) => tables,
    })?;
    verdict.map_err(Failure::late)?;
    // Only now, so that a trial that failed takes neither the tour's table nor its files with it.
    if let Some(Some(retried)) = retried {
        retried.map_err(Failure::late)?.verdict().map_err(Failure::late)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Why the program ends, in a line, and how.
struct Failure {
    line: String,
    code: u8,
}

impl Failure {
    fn usage(line: impl Display) -> Self {
        Self { line: line.to_string(), code: USAGE }
    }

    fn late(line: impl Display) -> Self {
        Self { line: line.to_string(), code: LATE }
    }
}

/// The files that a tour leaves. Opened before it runs, so that nobody waits for a run that can't be kept.
struct Files {
    trace: (PathBuf, File),
    diagram: (PathBuf, File),
    shiviz: Option<(PathBuf, File)>,
}

impl Files {
    fn create(folder: &Path, shiviz: Option<&Path>) -> Result<Self, Failure> {
        let refused = |path: &Path, error: &dyn Display| {
            Failure::usage(format_args!("can't write to {}: {error}", path.display()))
        };
        fs::create_dir_all(folder).map_err(|error| refused(folder, &error))?;
        let create = |path: PathBuf| match File::create(&path) {
            Ok(file) => Ok((path, file)),
            Err(error) => Err(refused(&path, &error)),
        };
        let files = Self {
            trace: create(folder.join("trace.jsonl"))?,
            diagram: create(folder.join("diagram.html"))?,
            shiviz: shiviz.map(|path| create(path.to_owned())).transpose()?,
        };
        // By now they exist, so that one file under two names is seen to be one. What has no such name, as a pipe, is another.
        let name = |file: &(PathBuf, File)| fs::canonicalize(&file.0).ok();
        let log = files.shiviz.as_ref().and_then(name);
        if log.is_some() && [&files.trace, &files.diagram].into_iter().any(|file| name(file) == log) {
            return Err(refused(shiviz.unwrap_or(folder), &"it is another of the tour's files"));
        }
        Ok(files)
    }

    fn write(self, run: &Run, analysis: &Analysis) -> Result<Paths, Failure> {
        fn write(
            (path, file): (PathBuf, File),
            content: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
        ) -> Result<PathBuf, Failure> {
            let mut file = BufWriter::new(file);
            match content(&mut file).and_then(|()| file.flush()) {
                Ok(()) => Ok(path),
                Err(error) => Err(Failure::late(format_args!("can't write {}: {error}", path.display()))),
            }
        }
        let log = |file: &mut BufWriter<File>| write!(file, "{}", Shiviz::new(&run.trace));
        Ok(Paths {
            trace: write(self.trace, |file| run.trace.write(file))?,
            diagram: write(self.diagram, |file| write!(file, "{}", Diagram::new(&run.trace, analysis)))?,
            shiviz: self.shiviz.map(|file| write(file, log)).transpose()?,
        })
    }
}

/// Where the files are.
struct Paths {
    trace: PathBuf,
    diagram: PathBuf,
    shiviz: Option<PathBuf>,
}

impl Paths {
    /// For scripts: a path a line.
    fn bare(&self) -> String {
        let paths = [&self.trace, &self.diagram].into_iter().chain(&self.shiviz);
        paths.map(|path| path.display().to_string() + "\n").collect()
    }
}

impl Display for Paths {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "  trace     {}", self.trace.display())?;
        writeln!(f, "  diagram   {}   (open it in a browser)", self.diagram.display())?;
        match &self.shiviz {
            Some(path) => writeln!(
                f,
                "  ShiViz    {}   (load it at https://bestchai.bitbucket.io/shiviz/)",
                path.display()
            ),
            None => Ok(()),
        }
    }
}

/// What was just seen, for a newcomer.
struct Lesson<'a>(&'a Run, &'a Analysis);

impl Display for Lesson<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Analysis { edges, wall, lead_max, pairs, .. } = self.1;
        if wall.before == 0 {
            writeln!(
                f,
                "Every clock put every message in order: no wall clock was wrong by more than a message takes."
            )?;
            writeln!(f, "Set one wrong to see the difference: --offset 150ms,-150ms")?;
        } else {
            writeln!(
                f,
                "By the wall clocks, {} of {edges} messages were received before they were sent: whoever sorts by",
                wall.before
            )?;
            writeln!(
                f,
                "such timestamps sees effects before their causes. Lamport clocks and hybrid logical clocks (HLC) put"
            )?;
            writeln!(
                f,
                "every receive after its send, and the HLC also stayed within {} ms of the wall clocks.",
                lead_max.as_millis()
            )?;
        }
        writeln!(f)?;
        writeln!(
            f,
            "Of {} pairs of events neither could have caused the other. Lamport clocks and HLC put them in an order",
            pairs.concurrent
        )?;
        write!(
            f,
            "all the same, unless their stamps happen to be equal. Vector clocks found every one of them."
        )?;
        let Some(paused) = self.0.paused.as_ref().filter(|paused| paused.is_over) else { return Ok(()) };
        writeln!(
            f,
            "\n\nNode {} stopped and went on. Its connections stayed up: only its heartbeats were",
            paused.node
        )?;
        write!(
            f,
            "missing, and phi says how unusual that was. A node that is slow looks the same, so it is taken back."
        )
    }
}

/// Writes to stdout. A reader that went away, such as `head`, has what it wanted.
fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::late(format_args!("can't write to stdout: {error}")))
        }
        _ => Ok(()),
    }
}

fn log(verbose: u8) {
    let level = match verbose {
        0 => return,
        1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr)
        .log_internal_errors(false)
        .init();
}

/// It can't be run as asked.
const USAGE: u8 = 2;
/// It was run, and something is wrong.
const LATE: u8 = 1;
