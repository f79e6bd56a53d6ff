//! The rules of this repository that a compiler can't check. A rule is a function from the tree to what is wrong in it;
//! its test also plants what the rule must find, and what it must leave alone.

use std::collections::BTreeSet;
use std::path::Path;
use std::{env, fs};

/// Only `src/sync.rs` names the paths of atomics, so that loom and the mutants see every one.
#[test]
fn only_sync_rs_names_the_paths_of_atomics() {
    let rule = atomics_past_their_door;
    holds(rule);
    finds(rule, "hlc/src/clock.rs:2", &[("hlc/src/clock.rs", "//! A.\nuse core::sync::atomic::AtomicU64;")]);
    finds(rule, "src/a.rs:1", &[("src/a.rs", "use std::sync::{Arc, atomic::AtomicBool};")]);
    finds(rule, "hlc/src/run.rs:1", &[("hlc/src/run.rs", "fn f() { loom::model(g) }")]);
    finds(rule, "hlc/src/run.rs:1", &[("hlc/src/run.rs", "use portable_atomic::AtomicU64;")]);
    allows(
        rule,
        &[
            ("hlc/src/sync.rs", "use core::sync::atomic::AtomicU64;"),
            ("idempotency/src/table/lock.rs", "use loom::sync::{self, MutexGuard};"),
            ("hlc/src/clock.rs", "use crate::sync::AtomicU64; // not core::sync::atomic's\n#[cfg(loom)]"),
            ("hlc/src/tests/clock.rs", "use std::sync::atomic::AtomicU64;"),
            ("hlc/tests/uniqueness.rs", "use std::sync::atomic::AtomicU64;"),
            ("lab/src/main.rs", "use std::sync::atomic::AtomicBool;"),
        ],
    );
}

/// The one door to atomics is the same in every crate, so that whoever knows one knows all.
#[test]
fn sync_rs_is_the_same_in_every_crate() {
    let rule = doors_that_differ;
    holds(rule);
    finds(rule, "lamport/src/sync.rs:1", &[("hlc/src/sync.rs", "a"), ("lamport/src/sync.rs", "b")]);
    allows(rule, &[("hlc/src/sync.rs", "a"), ("lamport/src/sync.rs", "a")]);
}

/// Time is an argument: the operating system's clocks are read in one file of the libraries and one of the lab.
#[test]
fn only_the_files_of_the_os_clock_name_std_time() {
    let rule = time_past_its_door;
    holds(rule);
    finds(rule, "hlc/src/clock.rs:1", &[("hlc/src/clock.rs", "use std::time::SystemTime;")]);
    finds(rule, "hlc/src/clock.rs:1", &[("hlc/src/clock.rs", "use std::time::Duration;")]);
    finds(rule, "lab/src/tour.rs:1", &[("lab/src/tour.rs", "use std::{fmt, time::Instant};")]);
    allows(
        rule,
        &[
            ("hlc/src/os_clock.rs", "use std::time::SystemTime;"),
            ("lab/src/clocks.rs", "use std::time::Instant;"),
            ("lab/src/trace.rs", "use std::time::Duration;"),
            ("lab/src/net/timers.rs", "use tokio::time::Instant;\nuse core::time::Duration;"),
            ("benches/src/wall.rs", "use std::time::Instant;"),
        ],
    );
}

/// What we are compared with must not come along with what we publish.
#[test]
fn peers_appear_in_no_manifest_but_that_of_the_benches() {
    let rule = peers_outside_the_benches;
    holds(rule);
    finds(rule, "hlc/Cargo.toml:2", &[("hlc/Cargo.toml", "[dev-dependencies]\nuhlc = \"0.9\"")]);
    finds(rule, "Cargo.toml:2", &[("Cargo.toml", "[workspace.dependencies]\nhlc = { version = \"0.1\" }")]);
    finds(rule, "Cargo.toml:2", &[("Cargo.toml", "[dependencies]\nother = { package = \"minerva\" }")]);
    finds(
        rule,
        "Cargo.toml:1",
        &[("Cargo.toml", "[target.'cfg(unix)'.dependencies.hlc-gen]\nversion = \"2\"")],
    );
    allows(
        rule,
        &[
            ("benches/Cargo.toml", "[dependencies]\nuhlc = \"0.9\""),
            (
                "Cargo.toml",
                "[workspace]\nmembers = [\"hlc\"]\n[workspace.dependencies]\nspacelike-hlc.path = \"hlc\"",
            ),
            ("lab/Cargo.toml", "[dependencies]\nhlc = { package = \"spacelike-hlc\" }\n[features]\nhlc = []"),
        ],
    );
}

/// A peer that the list doesn't know isn't kept out. In the benches, peers are what is pinned.
#[test]
fn every_peer_of_the_benches_is_on_the_list() {
    let rule = peers_nobody_lists;
    holds(rule);
    finds(rule, "benches/Cargo.toml:2", &[("benches/Cargo.toml", "[dependencies]\nother = \"=0.9.0\"")]);
    finds(
        rule,
        "benches/Cargo.toml:2",
        &[("benches/Cargo.toml", "[dev-dependencies]\nother = { version = \"=0.9.0\" }")],
    );
    allows(
        rule,
        &[
            (
                "benches/Cargo.toml",
                "[dependencies]\nuhlc = \"=0.9.0\"\ntime = \"0.1\"\n[[bench]]\nname = \"other\"",
            ),
            ("lab/Cargo.toml", "[dependencies]\nother = \"=0.9.0\""),
        ],
    );
}

/// Whoever copies a line from a README gets the version it speaks of.
#[test]
fn versions_in_readmes_are_those_of_the_manifests() {
    let rule = stale_versions;
    holds(rule);
    let manifest =
        ("Cargo.toml", "[workspace.package]\nversion = \"0.2.1\"\n[package]\nversion.workspace = true");
    let own = ("lab/Cargo.toml", "[package]\nname = \"spacelike-lab\"\nversion = \"0.4.0\"");
    finds(rule, "README.md:1", &[manifest, own, ("README.md", "spacelike-hlc = \"0.1\"")]);
    finds(rule, "README.md:1", &[manifest, own, ("README.md", "spacelike = { version = \"0.2.0\" }")]);
    finds(rule, "lab/README.md:1", &[manifest, own, ("lab/README.md", "spacelike-lab = \"0.2\"")]);
    allows(
        rule,
        &[manifest, own, ("README.md", "spacelike = \"0.2\" # all\nspacelike-lab = \"0.4\"\nserde = \"1\"")],
    );
}

/// A crate that is published says what it is, what changed, and on what terms.
#[test]
fn every_published_crate_has_its_texts() {
    let rule = missing_texts;
    holds(rule);
    let all = ["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"];
    for missing in all {
        let mut planted = vec![("hlc/Cargo.toml".to_owned(), "[package]".to_owned())];
        planted.extend(
            all.iter().filter(|&&file| file != missing).map(|file| (format!("hlc/{file}"), String::new())),
        );
        let planted: Vec<_> = planted.iter().map(|(path, text)| (&**path, &**text)).collect();
        finds(rule, &format!("hlc/{missing}:1"), &planted);
    }
    allows(rule, &[("benches/Cargo.toml", "[package]\npublish = false")]);
}

/// Search engines and docs.rs have something to show.
#[test]
fn every_published_manifest_is_complete() {
    let rule = missing_metadata;
    holds(rule);
    let complete = METADATA.map(|key| format!("{key} = \"\"\n")).concat();
    for key in METADATA {
        let without = complete.replace(&format!("{key} = \"\"\n"), "");
        finds(rule, "hlc/Cargo.toml:1", &[("hlc/Cargo.toml", &format!("[package]\n{without}"))]);
    }
    let inherited = complete.replace("license = \"\"", "license.workspace = true");
    allows(rule, &[("hlc/Cargo.toml", &format!("[package]\n{complete}"))]);
    allows(rule, &[("hlc/Cargo.toml", &format!("[package]\n{inherited}"))]);
}

/// Lints are decided once.
#[test]
fn every_member_has_the_lints_of_the_workspace() {
    let rule = missing_lints;
    holds(rule);
    finds(rule, "benches/Cargo.toml:1", &[("benches/Cargo.toml", "[package]\nname = \"spacelike-benches\"")]);
    allows(rule, &[("benches/Cargo.toml", "[package]\n\n[lints]\nworkspace = true")]);
}

/// The standard library is a feature, never a given.
#[test]
fn every_library_is_no_std() {
    let rule = libraries_with_std;
    holds(rule);
    let manifest = ("hlc/Cargo.toml", "[package]");
    finds(rule, "hlc/src/lib.rs:1", &[manifest, ("hlc/src/lib.rs", "#![cfg_attr(not(test), no_std)]")]);
    allows(rule, &[manifest, ("hlc/src/lib.rs", "#![no_std]")]);
    allows(rule, &[("lab/Cargo.toml", "[package]"), ("lab/src/lib.rs", "")]);
}

/// A README's examples compile and pass.
#[test]
fn every_readme_is_compiled_as_documentation() {
    let rule = readmes_that_nobody_compiles;
    holds(rule);
    let manifest = ("hlc/Cargo.toml", "[package]");
    finds(rule, "hlc/src/lib.rs:1", &[manifest, ("hlc/src/lib.rs", "//! A clock.")]);
    allows(rule, &[manifest, ("hlc/src/lib.rs", "#![doc = include_str!(\"../README.md\")]")]);
}

/// The map shows every crate, and the changelog announces those that are published.
#[test]
fn every_member_is_on_the_map_and_in_the_changelog() {
    let rule = members_nobody_mentions;
    holds(rule);
    let hlc = ("hlc/Cargo.toml", "[package]\nname = \"spacelike-hlc\"");
    let map = ("ARCHITECTURE.md", "hlc/  a clock");
    let changelog = ("CHANGELOG.md", "- `spacelike-hlc` is new");
    finds(rule, "ARCHITECTURE.md:1", &[hlc, ("ARCHITECTURE.md", "lamport/"), changelog]);
    finds(rule, "CHANGELOG.md:1", &[hlc, map, ("CHANGELOG.md", "")]);
    allows(rule, &[hlc, map, changelog]);
}

/// A check that nothing calls checks nothing, and one that nobody knows is run by nobody.
#[test]
fn every_check_is_called_and_explained() {
    let rule = forgotten_checks;
    holds(rule);
    let script = ("ci/a.sh", "");
    let (run, yml, text) = (".ci/run", ".github/workflows/ci.yml", "CONTRIBUTING.md");
    finds(rule, ".ci/run:1", &[script, (run, "ci/b.sh"), (yml, "ci/a.sh"), (text, "ci/a.sh")]);
    finds(rule, "ci.yml:1", &[script, (run, "ci/a.sh"), (yml, ""), (text, "ci/a.sh")]);
    finds(rule, "CONTRIBUTING.md:1", &[script, (run, "ci/a.sh"), (yml, "ci/a.sh"), (text, "")]);
    allows(rule, &[script, (run, "ci/a.sh"), (yml, "ci/a.sh"), (text, "`ci/a.sh`")]);
    allows(rule, &[script, (run, "ci/a.sh"), (yml, "bash .ci/run"), (text, "`ci/a.sh`")]);
    allows(rule, &[("ci/lib.sh", "")]);
}

/// What works on one machine only doesn't work.
#[test]
fn no_file_names_a_path_of_someones_machine() {
    let rule = paths_of_machines;
    holds(rule);
    finds(rule, "ci/a.sh:2", &[("ci/a.sh", "#!/bin/sh\ncd /home/me/spacelike")]);
    allows(rule, &[("ci/a.sh", "#!/usr/bin/env bash\ncd target/root/lib")]);
}

/// What is left to do is an issue, not a comment.
#[test]
fn nothing_is_left_to_do_in_sources() {
    let rule = things_left_to_do;
    holds(rule);
    finds(rule, "src/lib.rs:1", &[("src/lib.rs", "// TODO: tests")]);
    finds(rule, "src/lib.rs:1", &[("src/lib.rs", "fn f() { todo!() }")]);
    finds(rule, "ci/a.sh:2", &[("ci/a.sh", "\n# FIXME")]);
    allows(rule, &[("src/lib.rs", "// Nothing to do.")]);
}

/// Who follows a link in a text arrives.
#[test]
fn links_between_texts_lead_somewhere() {
    let rule = dead_links;
    holds(rule);
    finds(rule, "README.md:1", &[("README.md", "see [hlc](hlc/README.md)")]);
    allows(
        rule,
        &[
            (
                "README.md",
                "[hlc](hlc/README.md#use), [docs](https://docs.rs), [below](#use), [type](Clock::tick)",
            ),
            ("hlc/README.md", "[back](../README.md)"),
        ],
    );
}

/// What is wrong in a tree: where, as `file:line`, and what to do about it.
type Rule = fn(&Tree) -> Vec<String>;

fn atomics_past_their_door(tree: &Tree) -> Vec<String> {
    tree.library_code("src/sync.rs")
        // The door to locks, which loom has too.
        .filter(|line| !(line.path.ends_with("src/table/lock.rs") && line.code().contains("loom::sync")))
        .filter(|line| {
            ["sync::atomic", "atomic::", "loom::", "portable_atomic", "critical_section"]
                .iter()
                .any(|path| line.code().contains(path))
        })
        .map(|line| line.fault("take atomics from crate::sync, so that the models see them"))
        .collect()
}

fn doors_that_differ(tree: &Tree) -> Vec<String> {
    let doors: Vec<_> = tree.0.iter().filter(|file| file.path.ends_with("/src/sync.rs")).collect();
    let differs = |door: &&&File| door.text != doors[0].text;
    doors
        .iter()
        .filter(differs)
        .map(|door| format!("{}:1: make it the same as {}", door.path, doors[0].path))
        .collect()
}

fn time_past_its_door(tree: &Tree) -> Vec<String> {
    let doors = ["hlc/src/os_clock.rs", "idempotency/src/table/os_clock.rs", "lab/src/clocks.rs"];
    let names_time = |line: &Line| {
        // The lab has the standard library, and its `Duration` is no clock.
        let code =
            line.code().replace(if line.path.starts_with("lab/") { "std::time::Duration" } else { "" }, "");
        code.contains("std::time")
            || code.split_once("std::{").is_some_and(|(_, group)| group.contains("time::"))
    };
    tree.lines()
        .filter(|line| line.is_source() && !line.path.starts_with("benches/") && !doors.contains(&line.path))
        .filter(names_time)
        .map(|line| line.fault("take time as an argument, `core::time::Duration` as its type"))
        .collect()
}

fn peers_outside_the_benches(tree: &Tree) -> Vec<String> {
    let mut faults = Vec::new();
    for manifest in tree.manifests().filter(|manifest| manifest.folder() != "benches/") {
        for (line, section) in manifest.lines_in_sections() {
            let dependency = if section.ends_with("dependencies") {
                let key = line.text.split(['=', '.']).next().unwrap_or("").trim();
                quoted_after(line.text, "package = ").unwrap_or(key)
            } else {
                match line.text.trim_matches(['[', ']']).rsplit_once("dependencies.") {
                    Some((_, name)) => name,
                    None => quoted_after(line.text, "package = ")
                        .filter(|_| section.contains("dependencies."))
                        .unwrap_or(""),
                }
            };
            if PEERS.contains(&dependency) {
                faults.push(line.fault("move what needs this peer to benches/"));
            }
        }
    }
    faults
}

fn peers_nobody_lists(tree: &Tree) -> Vec<String> {
    let benches = tree.manifests().filter(|manifest| manifest.folder() == "benches/");
    benches
        .flat_map(File::lines_in_sections)
        .filter(|(line, section)| section.ends_with("dependencies") && line.text.contains("\"="))
        .filter(|(line, _)| !PEERS.contains(&line.text.split(['=', '.']).next().unwrap_or("").trim()))
        .map(|(line, _)| line.fault("add it to PEERS"))
        .collect()
}

fn stale_versions(tree: &Tree) -> Vec<String> {
    let workspace = tree.text("Cargo.toml").and_then(|root| {
        quoted_after(root.split_once("[workspace.package]")?.1, "version = ").map(str::to_owned)
    });
    let version = |name: &str| {
        let own = tree.manifests().find(|manifest| manifest.package() == Some(name));
        own.and_then(|manifest| manifest.version().map(str::to_owned)).or_else(|| workspace.clone())
    };
    tree.lines()
        .filter(|line| line.path.ends_with("README.md"))
        .filter_map(|line| {
            let (name, value) = line.text.split_once(" = ")?;
            let written = if value.starts_with('{') {
                quoted_after(value, "version = ")?
            } else {
                quoted_after(value, "")?
            };
            let actual = version(name).filter(|_| name.split('-').next() == Some("spacelike"))?;
            let fits = actual == written || actual.starts_with(&format!("{written}."));
            (!fits).then(|| line.fault(&format!("write {name}'s version, which is {actual}")))
        })
        .collect()
}

fn missing_texts(tree: &Tree) -> Vec<String> {
    tree.published()
        .flat_map(|manifest| {
            ["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"]
                .map(|file| format!("{}{file}", manifest.folder()))
        })
        .filter(|path| tree.text(path).is_none())
        .map(|path| format!("{path}:1: write this file"))
        .collect()
}

fn missing_metadata(tree: &Tree) -> Vec<String> {
    let has = |manifest: &File, key| {
        let assigns =
            |line: &str| line.strip_prefix(key).is_some_and(|rest| rest.starts_with([' ', '.', '=']));
        manifest.lines_in_sections().any(|(line, section)| section == "package" && assigns(line.text))
    };
    tree.published()
        .flat_map(|manifest| {
            METADATA.into_iter().filter(move |key| !has(manifest, *key)).map(move |key| (manifest, key))
        })
        .map(|(manifest, key)| format!("{}:1: add `{key}` to [package]", manifest.path))
        .collect()
}

fn missing_lints(tree: &Tree) -> Vec<String> {
    tree.manifests()
        .filter(|manifest| !manifest.text.contains("[lints]\nworkspace = true"))
        .map(|manifest| format!("{}:1: add [lints] with workspace = true", manifest.path))
        .collect()
}

fn libraries_with_std(tree: &Tree) -> Vec<String> {
    tree.libraries()
        .filter(|library| !library.text.lines().any(|line| line == "#![no_std]"))
        .map(|library| {
            format!("{}:1: add #![no_std], and `extern crate std` behind the feature", library.path)
        })
        .collect()
}

fn readmes_that_nobody_compiles(tree: &Tree) -> Vec<String> {
    tree.libraries()
        .filter(|library| !library.text.contains("#![doc = include_str!(\"../README.md\")]"))
        .map(|library| {
            format!("{}:1: make ../README.md the crate's documentation by include_str!", library.path)
        })
        .collect()
}

fn members_nobody_mentions(tree: &Tree) -> Vec<String> {
    let lacks = |path, name: &str| !tree.text(path).unwrap_or("").contains(name);
    let mut faults = Vec::new();
    for manifest in tree.manifests().filter(|manifest| lacks("ARCHITECTURE.md", manifest.folder())) {
        faults.push(format!("ARCHITECTURE.md:1: say what {} is", manifest.folder()));
    }
    for name in tree.published().filter_map(File::package).filter(|name| lacks("CHANGELOG.md", name)) {
        faults.push(format!("CHANGELOG.md:1: announce {name}"));
    }
    faults
}

fn forgotten_checks(tree: &Tree) -> Vec<String> {
    let scripts =
        tree.0.iter().map(|file| &*file.path).filter(|path| path.starts_with("ci/") && *path != "ci/lib.sh");
    let mut faults = Vec::new();
    for script in scripts {
        for path in [".ci/run", ".github/workflows/ci.yml", "CONTRIBUTING.md"] {
            let text = tree.text(path).unwrap_or("");
            let called_by_run = path.starts_with(".github/") && text.contains(".ci/run");
            if !text.contains(script) && !called_by_run {
                faults.push(format!("{path}:1: add {script}"));
            }
        }
    }
    faults
}

fn paths_of_machines(tree: &Tree) -> Vec<String> {
    let starts = |text: &str, path| {
        text.match_indices(path).any(|(at, _)| {
            at == 0 || !text[..at].ends_with(|c: char| c.is_alphanumeric() || "/.}-_".contains(c))
        })
    };
    tree.lines()
        .filter(|line| line.path != THIS)
        .filter(|line| ["/home/", "/root/", "/work/", "/Users/"].iter().any(|path| starts(line.text, path)))
        .map(|line| line.fault("write a path from the root of the repository"))
        .collect()
}

fn things_left_to_do(tree: &Tree) -> Vec<String> {
    tree.lines()
        .filter(|line| line.path != THIS)
        .filter(|line| {
            ["TODO", "FIXME", "todo!(", "unimplemented!(", "dbg!("]
                .iter()
                .any(|mark| line.text.contains(mark))
        })
        .map(|line| line.fault("do it, or open an issue"))
        .collect()
}

fn dead_links(tree: &Tree) -> Vec<String> {
    let mut faults = Vec::new();
    for line in tree.lines().filter(|line| line.has_extension("md")) {
        for target in line.text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next()) {
            // Links into the documentation are checked by rustdoc.
            if target.is_empty()
                || target.contains("://")
                || target.contains("::")
                || !target.contains(['.', '/'])
            {
                continue;
            }
            let path = resolve(line.path, target);
            if !tree.0.iter().any(|file| file.path == path || file.path.starts_with(&format!("{path}/"))) {
                faults.push(line.fault(&format!("there is no {path}")));
            }
        }
    }
    faults
}

/// Checks the repository. A packed crate has no workspace around, and nothing to check.
#[track_caller]
fn holds(rule: Rule) {
    let faults = rule(&Tree::of_this_repository());
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// Checks the rule: it finds what was planted, and says where.
#[track_caller]
fn finds(rule: Rule, place: &str, planted: &[(&str, &str)]) {
    let faults = rule(&Tree::planted(planted));
    assert!(
        faults.iter().any(|fault| fault.contains(&format!("{place}: "))),
        "nothing found at {place}: {faults:?}"
    );
}

/// Checks the rule: it leaves alone what is in order.
#[track_caller]
fn allows(rule: Rule, planted: &[(&str, &str)]) {
    assert_eq!(rule(&Tree::planted(planted)), Vec::<String>::new());
}

/// The texts of a repository.
struct Tree(Vec<File>);

struct File {
    /// From the root of the repository, with slashes.
    path: String,
    text: String,
}

struct Line<'a> {
    path: &'a str,
    number: usize,
    text: &'a str,
}

impl Tree {
    fn of_this_repository() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut files = Vec::new();
        read(root, root, &mut files);
        assert!(files.iter().any(|file| file.path == THIS), "{} is no repository of ours", root.display());
        Self(files)
    }

    fn planted(files: &[(&str, &str)]) -> Self {
        Self(
            files.iter().map(|&(path, text)| File { path: path.to_owned(), text: text.to_owned() }).collect(),
        )
    }

    fn text(&self, path: &str) -> Option<&str> {
        self.0.iter().find(|file| file.path == path).map(|file| &*file.text)
    }

    fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.0.iter().flat_map(File::lines)
    }

    /// The members' manifests, the facade's included, but not those of other workspaces inside.
    fn manifests(&self) -> impl Iterator<Item = &File> {
        let member = |file: &File| file.folder().is_empty() || !file.text.contains("[workspace]");
        self.0.iter().filter(move |file| file.name() == "Cargo.toml" && member(file))
    }

    fn published(&self) -> impl Iterator<Item = &File> {
        self.manifests().filter(|manifest| !manifest.text.contains("publish = false"))
    }

    /// The `lib.rs` of each crate that others embed: not the lab's, which is for whoever tests with it.
    fn libraries(&self) -> impl Iterator<Item = &File> {
        self.published()
            .map(File::folder)
            .filter(|folder| *folder != "lab/")
            .filter_map(|folder| self.0.iter().find(|file| file.path == format!("{folder}src/lib.rs")))
    }

    /// The sources of the libraries, but for their tests and the file named `door`.
    fn library_code(&self, door: &str) -> impl Iterator<Item = Line<'_>> {
        self.lines()
            .filter(|line| {
                line.is_source() && !["benches/", "lab/"].iter().any(|folder| line.path.starts_with(folder))
            })
            .filter(move |line| !line.path.ends_with(door))
    }
}

impl File {
    /// The folder it is in, with a slash at the end; empty for the root.
    fn folder(&self) -> &str {
        &self.path[..self.path.len() - self.name().len()]
    }

    fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or("")
    }

    fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.text.lines().zip(1..).map(|(text, number)| Line { path: &self.path, number, text })
    }

    /// Of a manifest: the lines, each with the name of its section.
    fn lines_in_sections(&self) -> impl Iterator<Item = (Line<'_>, &str)> {
        self.lines().scan("", |section, line| {
            if line.text.starts_with('[') {
                *section = line.text.trim().trim_matches(['[', ']']);
            }
            Some((line, *section))
        })
    }

    fn package(&self) -> Option<&str> {
        self.package_value("name = ")
    }

    fn version(&self) -> Option<&str> {
        self.package_value("version = ")
    }

    fn package_value(&self, key: &str) -> Option<&str> {
        self.lines_in_sections()
            .filter(|(line, section)| *section == "package" && line.text.starts_with(key))
            .find_map(|(line, _)| quoted_after(line.text, key))
    }
}

impl<'a> Line<'a> {
    /// Whether it is Rust that ends up in a crate: in `src/`, and not in its tests.
    fn is_source(&self) -> bool {
        let in_src = self.path.starts_with("src/") || self.path.contains("/src/");
        self.has_extension("rs") && in_src && !self.path.contains("/tests/")
    }

    fn has_extension(&self, extension: &str) -> bool {
        Path::new(self.path).extension().is_some_and(|actual| actual == extension)
    }

    /// Without the comment.
    fn code(&self) -> &'a str {
        self.text.split("//").next().unwrap_or("")
    }

    fn fault(&self, advice: &str) -> String {
        format!("{}:{}: {advice}: {}", self.path, self.number, self.text.trim())
    }
}

/// Reads the texts in `folder` and below, but for what the tools make and what no text is.
fn read(root: &Path, folder: &Path, files: &mut Vec<File>) {
    // What can't be read may have been a tool's, and be gone; `of_this_repository` sees if it was all of it.
    let entries: BTreeSet<_> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    for path in entries {
        let name = path.file_name().unwrap().to_string_lossy();
        if path.is_dir() {
            // By their mark and not their name: target folders may have any.
            if name != ".git"
                && name != "spacelike-out"
                && !path.join("CACHEDIR.TAG").exists()
                && name != "target"
            {
                read(root, &path, files);
            }
        } else if let Ok(text) = fs::read_to_string(&path) {
            let path =
                path.strip_prefix(root).unwrap().components().map(|part| part.as_os_str().to_string_lossy());
            files.push(File { path: path.collect::<Vec<_>>().join("/"), text });
        }
    }
}

/// The first text in quotes that follows `key`.
fn quoted_after<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.split_once(key)?.1.trim_start().strip_prefix('"')?.split('"').next()
}

/// Where a link in `file` leads.
fn resolve(file: &str, target: &str) -> String {
    let mut parts: Vec<_> = file.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    parts.join("/")
}

const THIS: &str = "tests/tidy.rs";

/// Crates that do what one of ours does.
const PEERS: [&str; 22] = [
    "crdts",
    "dashmap",
    "dson",
    "hlc",
    "hlc-gen",
    "hybrid-clocks",
    "itc",
    "lamport",
    "minerva",
    "moka",
    "papaya",
    "phi-accrual",
    "phi-accrual-detector",
    "phi-accrual-failure-detector",
    "phi-detector",
    "quick_cache",
    "scc",
    "uhlc",
    "vclock",
    "vec_clock",
    "vectorclock",
    "hybrid_logical_clock",
];

const METADATA: [&str; 9] = [
    "name",
    "description",
    "version",
    "rust-version",
    "license",
    "repository",
    "readme",
    "keywords",
    "categories",
];
