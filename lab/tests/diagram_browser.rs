//! The page in a real browser: `cargo test -p spacelike-lab --test diagram_browser -- --ignored`, with `chromium` on the
//! path.
#![cfg(feature = "trace")]

mod planted;

use std::fs;
use std::process::Command;

use planted::{At, at, receive, send, trace};
use spacelike_lab::analysis::Analysis;
use spacelike_lab::diagram::Diagram;
use tempfile::TempDir;

/// Events can be reached by key and by pointer, show their stamps, and let go on Escape; nothing is an error; nothing is
/// wider than the screen.
#[test]
#[ignore = "needs Chromium"]
fn the_page_works_by_key_and_by_pointer() {
    let mut trace = trace(2);
    trace.events = vec![
        send(1, 0, 2, at(10)),
        receive(2, (1, 0), At { wall: -140_000, ..at(11) }),
        send(1, 1, 2, at(20)),
        receive(2, (1, 1), At { wall: -129_000, ..at(21) }),
    ];
    let page = Diagram::new(&trace, &Analysis::of(&trace)).to_string();
    let page = page.replacen("<body>", &format!("<body><script>{CHECK}</script>"), 1);
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("page.html");
    fs::write(&file, page).unwrap();

    for width in [1_280, 390] {
        let output = Command::new("chromium")
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
            .args([&format!("--window-size={width},900"), "--virtual-time-budget=3000", "--dump-dom"])
            .arg(format!("file://{}", file.display()))
            .output()
            .expect("chromium is on the path");
        let dom = String::from_utf8_lossy(&output.stdout);
        let found = dom.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>")).unwrap().0;
        let found: Vec<&str> = found.split('|').collect();
        assert_eq!(found, EXPECTED, "{width} pixels wide");
    }
}

/// What `CHECK` finds on a page that works: the index of the event in focus after each key.
const EXPECTED: [&str; 12] = [
    "stops 1 of 4",
    "focus 0, card true",
    "along 2",
    "back 0",
    "message 1",
    "message 0",
    "line 1",
    "end 3",
    "home 1",
    "escape 1, card false",
    "hover Message 1.1: node 1 → node 2",
    "too wide false",
];

const CHECK: &str = "
const found = [];
addEventListener('error', (error) => found.push(error.message));
document.addEventListener('securitypolicyviolation', (violation) => found.push(violation.violatedDirective));
addEventListener('load', () => setTimeout(() => {
  const events = [...document.querySelectorAll('.event')];
  const card = document.getElementById('card');
  const vertical = document.querySelector('.vertical') !== null;
  const key = (key) => {
    document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
    return events.indexOf(document.activeElement);
  };
  found.push(`stops ${events.filter((event) => event.tabIndex === 0).length} of ${events.length}`);
  events[0].focus();
  found.push(`focus 0, card ${!card.hidden}`);
  found.push(`along ${key(vertical ? 'ArrowDown' : 'ArrowRight')}`);
  found.push(`back ${key(vertical ? 'ArrowUp' : 'ArrowLeft')}`);
  found.push(`message ${key('Enter')}`);
  found.push(`message ${key(' ')}`);
  found.push(`line ${key(vertical ? 'ArrowRight' : 'ArrowDown')}`);
  found.push(`end ${key('End')}`);
  found.push(`home ${key('Home')}`);
  found.push(`escape ${key('Escape')}, card ${!card.hidden}`);
  events[2].dispatchEvent(new PointerEvent('pointerenter'));
  found.push(`hover ${card.querySelector('h3').textContent}`);
  found.push(`too wide ${document.documentElement.scrollWidth > innerWidth}`);
  document.title = found.join('|');
}, 100));
";
