//! The binary, from outside: what it prints, what it leaves, and how it ends.
#![cfg(feature = "cli")]

use std::fs::{self, File};
use std::io::BufReader;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
#[cfg(target_os = "linux")]
use std::process::Child;
use std::process::{Command, Output, Stdio};
#[cfg(unix)]
use std::thread;
#[cfg(unix)]
use std::time::{Duration, Instant};

use spacelike_lab::analysis::Analysis;
#[cfg(target_os = "linux")]
use spacelike_lab::slots::Folder;
use spacelike_lab::trace::{Shiviz, Trace};
use tempfile::TempDir;

/// A short tour: exit code 0, the table, and two files that are what they should be.
#[test]
fn a_tour_leaves_a_table_and_two_files() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("made/for/it");
    let output = run(&["--nodes", "3", "--seconds", "1", "--rate", "60", "--seed", "7", "--out", text(&out)]);
    let (stdout, stderr) = texts(&output);
    assert!(output.status.success(), "{stdout}{stderr}");

    let trace = read(&out);
    assert_eq!((trace.header.seed, trace.header.nodes.len()), (7, 3));
    let analysis = Analysis::of(&trace);
    assert_eq!(analysis.verdict(), Ok(()));
    assert!(analysis.wall.before > 0, "{analysis:?}");
    for line in [
        format!("messages received {:>15}", analysis.received),
        format!("wall {:>16}", analysis.wall.before),
        "  HLC                 0   0.0 %          0                       0".to_owned(),
        format!(
            "  vector              0   0.0 %          0                       0 {:>16} 100.0 %",
            analysis.pairs.vector
        ),
        format!("concurrent pairs {:>16}", analysis.pairs.concurrent),
        format!("Of {} pairs of events neither could have caused the other.", analysis.pairs.concurrent),
        "3   right, moved by -400 ms after 0.5 s".to_owned(),
        text(&out.join("trace.jsonl")).to_owned(),
        text(&out.join("diagram.html")).to_owned(),
        format!("By the wall clocks, {} of {} messages", analysis.wall.before, analysis.edges),
    ] {
        assert!(stdout.contains(&line), "{line:?} is in\n{stdout}");
    }
    assert_eq!(stderr, "3 nodes talk for 1 s; Ctrl-C ends it early\n", "plain, since it is no terminal");
    let page = fs::read_to_string(out.join("diagram.html")).unwrap();
    assert!(page.contains(&format!("{} of {} messages", analysis.wall.before, analysis.edges)));
}

/// `--quiet` prints the two paths, for scripts, and the subcommand is the same tour.
#[test]
fn quiet_prints_the_paths() {
    let folder = TempDir::new().unwrap();
    let output = run(&[
        "tour",
        "-q",
        "--nodes=2",
        "--seconds=0.4",
        "--step=none",
        "--offset=-1s",
        "--out",
        text(folder.path()),
    ]);
    let (stdout, stderr) = texts(&output);
    assert!(output.status.success(), "{stdout}{stderr}");
    let paths =
        ["trace.jsonl", "diagram.html"].map(|name| format!("{}\n", folder.path().join(name).display()));
    assert_eq!((stdout, stderr), (paths.concat(), String::new()));
    assert_eq!(read(folder.path()).header.nodes[0].offset_ms, -1_000);
}

/// `--pause` stops a node, and the table says what the others made of it; by default a tour that is long enough stops one, and
/// `none` stops none.
#[test]
fn a_pause_is_in_the_table() {
    let folder = TempDir::new().unwrap();
    let cases: [(&[&str], Option<&str>); 3] = [
        (&["--seconds=1", "--pause=1:0.3s:400ms"], Some("node 1 was stopped for ")),
        (&["--seconds=1.6"], Some("node 2 was stopped for ")),
        (&["--seconds=1.6", "--pause=none"], None),
    ];
    for (args, expected) in cases {
        let mut all = vec!["--nodes=3", "--out", text(folder.path())];
        all.extend(args);
        let output = run(&all);
        let (stdout, stderr) = texts(&output);
        assert!(output.status.success(), "{args:?}: {stdout}{stderr}");
        assert!(stdout.contains(expected.unwrap_or("")), "{args:?}: {stdout}");
        assert_eq!(stdout.contains("stopped"), expected.is_some(), "{args:?}: {stdout}");
    }
}

/// `--retries` has clients ask a server, and the table says what came of it; by default a tour that is long enough has some, and
/// `none` none. A second tour replaces what the first one's server left.
#[test]
fn retries_are_in_the_table() {
    let folder = TempDir::new().unwrap();
    let cases: [(&[&str], Option<&str>); 4] = [
        (&["--seconds=0.3", "--retries=20:10%:30%"], Some("20   to add")),
        (&["--seconds=2"], Some("200   to add")),
        (&["--seconds=2", "--retries=none"], None),
        (&["--seconds=1.9"], None),
    ];
    for (args, expected) in cases {
        let mut all = vec!["--nodes=2", "--out", text(folder.path())];
        all.extend(args);
        let output = run(&all);
        let (stdout, stderr) = texts(&output);
        assert!(output.status.success(), "{args:?}: {stdout}{stderr}");
        assert!(stdout.contains(expected.unwrap_or("")), "{args:?}: {stdout}");
        assert_eq!(stdout.contains("each request had one"), expected.is_some(), "{args:?}: {stdout}");
    }
    assert!(folder.path().join("server/slots").exists());
}

/// A folder where another node has its slots is named before anything is run.
#[test]
fn a_folder_of_another_node_is_named() {
    let folder = TempDir::new().unwrap();
    let slots = folder.path().join("server/slots");
    fs::create_dir(folder.path().join("server")).unwrap();
    fs::write(&slots, "whatever it is, it is no trial's").unwrap();
    let output = run(&["--seconds", "60", "--out", text(folder.path())]);
    let (_, stderr) = texts(&output);
    assert_eq!((output.status.code(), stderr.lines().count()), (Some(2), 1), "{stderr}");
    assert!(stderr.contains("choose another folder"), "{stderr}");
    assert_eq!(fs::read_to_string(slots).unwrap(), "whatever it is, it is no trial's");
}

/// `--shiviz` leaves the trace as a log for ShiViz, too, in which each event is one.
#[test]
fn shiviz_leaves_a_log() {
    let folder = TempDir::new().unwrap();
    let (out, log) = (folder.path().join("out"), folder.path().join("log.txt"));
    for quiet in [true, false] {
        let mut args =
            vec!["--nodes=3", "--seconds=0.5", "--step=none", "--out", text(&out), "--shiviz", text(&log)];
        args.extend(quiet.then_some("-q"));
        let output = run(&args);
        let (stdout, stderr) = texts(&output);
        assert!(output.status.success(), "{stdout}{stderr}");
        assert!(stdout.contains(text(&log)), "{stdout}");
        assert!(!quiet || stdout.lines().count() == 3, "{stdout}");
        let trace = read(&out);
        assert_eq!(fs::read_to_string(&log).unwrap(), Shiviz::new(&trace).to_string());
    }
}

/// `-v` logs to stderr, not to stdout.
#[test]
fn verbose_logs_to_stderr() {
    let folder = TempDir::new().unwrap();
    let output = run(&["-qv", "--nodes=2", "--seconds=0.4", "--step=none", "--out", text(folder.path())]);
    let (stdout, stderr) = texts(&output);
    assert!(output.status.success(), "{stdout}{stderr}");
    assert_eq!(stdout.lines().count(), 2, "{stdout}");
    assert!(stderr.contains("INFO"), "{stderr}");
}

/// Whatever can't be run as asked is one line on stderr that names it, and exit code 2, before anything is written.
#[test]
fn bad_arguments_are_one_line_each() {
    let cases: &[(&[&str], &str)] = &[
        (&["--nodes", "0"], "2 to 16 nodes"),
        (&["--nodes", "1"], "2 to 16 nodes"),
        (&["--nodes", "17"], "2 to 16 nodes"),
        (&["--nodes", "-3"], "-3"),
        (&["--nodes", "many"], "'many' for '--nodes <N>'"),
        (&["--nodes", "4294967296"], "4294967296"),
        (&["--seconds", "NaN"], "--seconds NaN: a run takes from 0.1 to 3600"),
        (&["--seconds", "inf"], "inf"),
        (&["--seconds", "0"], "0.1 to 3600"),
        (&["--seconds=-1"], "-1"),
        (&["--seconds", "1e300"], "1e300"),
        (&["--seconds", "3601"], "0.1 to 3600"),
        (&["--rate", "NaN"], "NaN"),
        (&["--rate", "0"], "0.1 to 1000"),
        (&["--rate", "1001"], "0.1 to 1000"),
        (&["--rate", "1000", "--seconds", "3600"], "lower --nodes, --rate or --seconds"),
        (&["--offset", "150"], "write 150ms"),
        (&["--offset", "NaNs"], "write 150ms"),
        (&["--offset", "ms"], "write 150ms"),
        (&["--offset", "1.5ms"], "whole milliseconds"),
        (&["--offset", "999999999999999999999s"], "whole milliseconds"),
        (&["--offset", "0,0,0,0,0,0"], "6 clocks"),
        (&["--offset", "2s"], "--drift-max greater"),
        (&["--offset", "99999999s"], "at most a day"),
        (&["--drift-max", "-1s"], "negative"),
        (&["--drift-max", "100000s"], "at most a day"),
        (&["--drift-max", "0.5s"], "--drift-max greater"),
        (&["--step", "5"], "NODE:AFTER:BY"),
        (&["--step", "x:1s:1s"], "`x` is no node"),
        (&["--step", "9:1s:100ms"], "node 9"),
        (&["--step", "5:-1s:100ms"], "before the beginning"),
        (&["--step", "5:5s:100ms"], "after the end"),
        (&["--step", "5:1s:100ms", "--step", "5:2s:100ms"], "node 5 twice"),
        (&["--pause", "4"], "NODE:AFTER:FOR"),
        (&["--pause", "x:1s:1s"], "`x` is no node"),
        (&["--pause", "9:1s:1s"], "node 9"),
        (&["--pause", "4:-1s:1s"], "negative"),
        (&["--pause", "4:1s:-1s"], "negative"),
        (&["--pause", "4:1s:4s"], "after the end"),
        (&["--pause", "4:1s:1s", "--pause", "3:1s:1s"], "--pause"),
        (&["--retries", "20"], "REQUESTS:LOSS:DOUBLED"),
        (&["--retries", "many:20%:20%"], "`many` is no number of requests"),
        (&["--retries", "-1:20%:20%"], "`-1` is no number of requests"),
        (&["--retries", "20:20:20%"], "`20` is no part: write 0% to 100%"),
        (&["--retries", "20:20%:101%"], "`101%` is no part"),
        (&["--retries", "20:-1%:20%"], "`-1%` is no part"),
        (&["--retries", "0:20%:20%"], "from 1 to 1000"),
        (&["--retries", "1001:20%:20%"], "from 1 to 1000"),
        (&["--retries", "20:51%:20%"], "at most 50 % may be"),
        (&["--seed", "-1"], "-1"),
        (&["--port", "65535"], "65535"),
        (&["--port", "70000"], "70000"),
        (&["--frobnicate"], "--frobnicate"),
        (&["dance"], "dance"),
        (&["--out"], "--out"),
        (&["--shiviz"], "--shiviz"),
        (&["--out", ""], "--out"),
        (&["--out", "/dev/null/out"], "can't write to /dev/null/out"),
    ];
    let folder = TempDir::new().unwrap();
    for (args, expected) in cases {
        let output = spacelike(folder.path()).args(*args).output().unwrap();
        let (stdout, stderr) = texts(&output);
        assert_eq!((output.status.code(), stdout.as_str()), (Some(2), ""), "{args:?}: {stderr}");
        assert_eq!(stderr.lines().count(), 1, "{args:?}: {stderr}");
        assert!(!stderr.contains("Usage"), "{args:?}: {stderr}");
        assert!(stderr.starts_with("spacelike: ") && stderr.contains(expected), "{args:?}: {stderr}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was written");
}

/// A file in the place of the folder, or a folder in the place of a file, is named before anything is run.
#[test]
fn what_cannot_be_written_is_named() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    fs::create_dir_all(folder.path().join("taken/diagram.html")).unwrap();
    for out in ["file", "file/below", "taken"] {
        let out = folder.path().join(out);
        let output = run(&["--seconds", "60", "--out", text(&out)]);
        let (_, stderr) = texts(&output);
        assert_eq!((output.status.code(), stderr.lines().count()), (Some(2), 1), "{stderr}");
        assert!(stderr.contains(&format!("can't write to {}", out.display())), "{stderr}");
    }
}

/// The same of the log for ShiViz.
#[test]
fn a_log_that_cannot_be_written_is_named() {
    let folder = TempDir::new().unwrap();
    let log = folder.path().join("missing/log.txt");
    let output = run(&["--seconds", "60", "--out", text(folder.path()), "--shiviz", text(&log)]);
    let (_, stderr) = texts(&output);
    assert_eq!((output.status.code(), stderr.lines().count()), (Some(2), 1), "{stderr}");
    assert!(stderr.contains(&format!("can't write to {}", log.display())), "{stderr}");
}

/// The log for ShiViz doesn't take the place of another file of the tour, under whatever name.
#[test]
fn a_log_in_the_place_of_another_file_is_refused() {
    let folder = TempDir::new().unwrap();
    for name in ["trace.jsonl", "./diagram.html"] {
        let log = folder.path().join(name);
        let output = run(&["--seconds", "60", "--out", text(folder.path()), "--shiviz", text(&log)]);
        let (_, stderr) = texts(&output);
        assert_eq!((output.status.code(), stderr.lines().count()), (Some(2), 1), "{stderr}");
        assert!(stderr.contains("it is another of the tour's files"), "{stderr}");
    }
}

/// A port in use is named before anything is run.
#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let folder = TempDir::new().unwrap();
    let output = run(&["--nodes=2", "--port", &port, "--out", text(folder.path())]);
    let (_, stderr) = texts(&output);
    assert_eq!((output.status.code(), stderr.lines().count()), (Some(2), 1), "{stderr}");
    assert!(stderr.contains(&port), "{stderr}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was written");
}

/// Help explains, and says so with exit code 0.
#[test]
fn help_explains() {
    for arg in ["--help", "-h", "--version"] {
        let output = run(&[arg]);
        let (stdout, stderr) = texts(&output);
        assert!(output.status.success(), "{stderr}");
        assert!(stdout.contains(if arg == "--version" {
            env!("CARGO_PKG_VERSION")
        } else {
            "--offset <TIME,...>"
        }));
    }
}

/// A reader that leaves early, such as `head`, is no error.
#[test]
fn a_closed_pipe_is_no_panic() {
    let folder = TempDir::new().unwrap();
    let args = ["--nodes=2", "--seconds=0.3", "--step=none", "--out", text(folder.path())];
    let mut child =
        spacelike(folder.path()).args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let (_, stderr) = texts(&output);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    assert!(!read(folder.path()).events.is_empty());
}

/// A stdout that is full is one line and exit code 1, and the files are kept.
#[cfg(target_os = "linux")]
#[test]
fn a_full_stdout_is_named() {
    let folder = TempDir::new().unwrap();
    let args = ["-q", "--nodes=2", "--seconds=0.3", "--step=none", "--out", text(folder.path())];
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = spacelike(folder.path()).args(args).stdout(full).output().unwrap();
    let (_, stderr) = texts(&output);
    assert_eq!((output.status.code(), stderr.lines().count()), (Some(1), 1), "{stderr}");
    assert!(stderr.starts_with("spacelike: can't write to stdout: "), "{stderr}");
    assert!(!read(folder.path()).events.is_empty());
}

/// Ctrl-C ends the tour cleanly: the nodes are stopped, the table says so, the files are whole.
#[cfg(unix)]
#[test]
fn an_interrupt_ends_it_cleanly() {
    use std::io::{BufRead, Read as _};

    for signal in ["-INT", "-TERM"] {
        let folder = TempDir::new().unwrap();
        let args = ["--nodes=2", "--seconds=600", "--step=none", "--out", text(folder.path())];
        let mut child = spacelike(folder.path())
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        stderr.read_line(&mut line).unwrap(); // signals are caught from before this line
        thread::sleep(Duration::from_millis(700));
        let asked = Instant::now();
        let kill = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        assert!(kill.success());
        while child.try_wait().unwrap().is_none() && asked.elapsed() < Duration::from_secs(10) {
            thread::sleep(Duration::from_millis(20));
        }
        let _ = child.kill(); // fails if it has ended, as it should
        let output = child.wait_with_output().unwrap();

        let mut rest = String::new();
        stderr.read_to_string(&mut rest).unwrap();
        let (stdout, _) = texts(&output);
        assert_eq!((output.status.code(), rest.as_str()), (Some(0), ""), "{signal}: {stdout}");
        assert!(stdout.contains("until they were interrupted"), "{stdout}");
        assert_eq!(Analysis::of(&read(folder.path())).verdict(), Ok(()));
        assert!(fs::read_to_string(folder.path().join("diagram.html")).unwrap().ends_with("</html>\n"));
    }
}

/// So does one while the clients retry: the tour's table and files are whole.
#[cfg(target_os = "linux")]
#[test]
fn an_interrupt_ends_the_retries() {
    use std::io::Read as _;

    let folder = TempDir::new().unwrap();
    let args = ["--nodes=2", "--seconds=0.3", "--step=none", "--retries=1000:50%:100%", "--out"];
    let mut command = spacelike(folder.path());
    command.args(args).arg(folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = Killed(command.spawn().unwrap());
    let began = Instant::now();
    while !folder.path().join("server/slots").exists() {
        assert!(began.elapsed() < Duration::from_secs(60), "no server was started");
        thread::sleep(Duration::from_millis(10));
    }
    child.signal("-INT");
    let (mut stdout, mut stderr) = (String::new(), String::new());
    child.0.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
    child.0.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!(child.0.wait().unwrap().code(), Some(0), "{stdout}{stderr}");
    // For 0.3 s, or for longer on a busy machine.
    assert!(stdout.starts_with("2 nodes talked over TCP for "), "{stdout}");
    assert!(stdout.contains(" s, seed 1\n"), "the nodes themselves were not interrupted: {stdout}");
    assert!(stdout.contains("\nThe clients that retry were interrupted.\n"), "{stdout}");
    assert_eq!(Analysis::of(&read(folder.path())).verdict(), Ok(()));
}

/// Where the clients' server can't be run once the nodes have talked, the tour's table and files are whole all the same.
#[cfg(target_os = "linux")]
#[test]
fn a_server_that_does_not_start_takes_no_files_with_it() {
    use std::io::{BufRead, Read as _};

    let folder = TempDir::new().unwrap();
    let args = ["--nodes=2", "--seconds=1", "--step=none", "--retries=20:20%:20%", "--out"];
    let mut command = spacelike(folder.path());
    command.args(args).arg(folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = Killed(command.spawn().unwrap());
    let mut stderr = BufReader::new(child.0.stderr.take().unwrap());
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap(); // the folder was looked at before this line, and let go
    let taken = Folder::open(folder.path().join("server")).unwrap();
    let (mut stdout, mut rest) = (String::new(), String::new());
    child.0.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
    stderr.read_to_string(&mut rest).unwrap();
    assert_eq!((child.0.wait().unwrap().code(), rest.lines().count()), (Some(1), 1), "{stdout}{rest}");
    drop(taken);
    assert!(stdout.starts_with("2 nodes talked over TCP for "), "{stdout}");
    assert_eq!(Analysis::of(&read(folder.path())).verdict(), Ok(()));
    assert!(fs::read_to_string(folder.path().join("diagram.html")).unwrap().ends_with("</html>\n"));
}

/// A signal ends the program at once when the tour was over, or was being ended, though the trace goes into a pipe that
/// nobody reads.
#[cfg(target_os = "linux")]
#[test]
fn a_signal_ends_a_program_that_is_stuck() {
    use std::io::{BufRead, Read as _};

    for (seconds, signals) in [("1", ["-INT"].as_slice()), ("1", &["-TERM"]), ("300", &["-INT", "-TERM"])] {
        let folder = TempDir::new().unwrap();
        let mut pipe = pipe(&folder.path().join("trace.jsonl"));
        // The trace is far longer than what a pipe holds.
        let args = ["--nodes=3", "--rate=1000", "--step=none", "--seconds", seconds, "--out"];
        let mut command = spacelike(folder.path());
        command.args(args).arg(folder.path()).stderr(Stdio::piped());
        let mut child = Killed(command.spawn().unwrap());
        let mut line = String::new();
        // Signals are caught from before this line.
        BufReader::new(child.0.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
        let (last, first) = signals.split_last().unwrap();
        for signal in first {
            thread::sleep(Duration::from_secs(1));
            child.signal(signal);
        }

        // It is being written from the first byte on.
        let began = Instant::now();
        while pipe.read(&mut [0]).unwrap() == 0 {
            assert!(began.elapsed() < Duration::from_secs(20), "no trace is written");
            thread::sleep(Duration::from_millis(10));
        }
        thread::sleep(Duration::from_millis(300));
        assert_eq!(child.0.try_wait().unwrap(), None, "it is stuck");
        child.signal(last);
        let asked = Instant::now();
        while child.0.try_wait().unwrap().is_none() && asked.elapsed() < Duration::from_secs(10) {
            thread::sleep(Duration::from_millis(10));
        }
        let code = child.0.try_wait().unwrap().map(|status| status.code());
        assert_eq!(code, Some(Some(130)), "{seconds} s, {signals:?}");
    }
}

/// A tour in which nothing is exchanged proves nothing, and the exit code says so.
#[test]
fn nothing_exchanged_is_no_success() {
    let folder = TempDir::new().unwrap();
    let output =
        run(&["--nodes=2", "--seconds=0.1", "--rate=0.1", "--step=none", "--out", text(folder.path())]);
    let (stdout, stderr) = texts(&output);
    assert_eq!(output.status.code(), Some(1), "{stdout}{stderr}");
    assert!(
        stderr.ends_with("nothing was exchanged: 0 messages were sent and none of them received\n"),
        "{stderr}"
    );
    assert!(read(folder.path()).events.is_empty());
}

/// A named pipe, and its end for reading. A read returns nothing as long as nobody has opened the other end.
#[cfg(target_os = "linux")]
fn pipe(path: &Path) -> File {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    // Whoever opens it for both waits for nobody, and then neither does the reader.
    let _both = File::options().read(true).write(true).open(path).unwrap();
    File::open(path).unwrap()
}

/// A child that doesn't outlive its test.
#[cfg(target_os = "linux")]
struct Killed(Child);

#[cfg(target_os = "linux")]
impl Killed {
    fn signal(&self, signal: &str) {
        let kill = Command::new("kill").args([signal, &self.0.id().to_string()]).status().unwrap();
        assert!(kill.success(), "{signal}");
    }
}

#[cfg(target_os = "linux")]
impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill(); // fails if it has ended, as it should
        let _ = self.0.wait();
    }
}

fn run(args: &[&str]) -> Output {
    // Bad arguments write nothing, so that it doesn't matter where they are tried.
    spacelike(Path::new(env!("CARGO_TARGET_TMPDIR"))).args(args).output().unwrap()
}

fn spacelike(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spacelike"));
    command.current_dir(folder).stdin(Stdio::null());
    command
}

fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn read(folder: &Path) -> Trace {
    Trace::read(BufReader::new(File::open(folder.join("trace.jsonl")).unwrap())).unwrap()
}
