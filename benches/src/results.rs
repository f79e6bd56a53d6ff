use std::fs;

/// Puts what `program` measured into its part of RESULTS.md, and leaves the rest as it is.
pub fn write(program: &str, text: &str) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/RESULTS.md");
    let old = fs::read_to_string(path).expect("RESULTS.md");
    fs::write(path, replaced(&old, program, text)).expect("RESULTS.md");
}

/// A part goes from the line with its program's name to the next such line, or to the end.
fn replaced(old: &str, program: &str, text: &str) -> String {
    let begin = format!("{MARK}`{program}`. -->\n");
    let (before, rest) = old.split_once(&begin).expect("the line below which this program writes");
    let after = rest.find(MARK).map_or("", |next| &rest[next..]);
    let gap = if after.is_empty() { "" } else { "\n" };
    format!("{before}{begin}\n{}\n{gap}{after}", text.trim())
}

const MARK: &str = "<!-- From here on written by ";

#[cfg(test)]
mod tests {
    use super::replaced;

    /// A program that writes doesn't touch what another one measured, on a quieter day.
    #[test]
    fn a_program_replaces_its_own_part() {
        let [a, b] = ["a", "b"].map(|program| format!("<!-- From here on written by `{program}`. -->\n"));
        let old = format!("by hand\n{a}\nold a\n\n{b}\nold b\n");
        assert_eq!(replaced(&old, "a", "\nnew\n\n"), format!("by hand\n{a}\nnew\n\n{b}\nold b\n"));
        assert_eq!(replaced(&old, "b", "new"), format!("by hand\n{a}\nold a\n\n{b}\nnew\n"));
    }
}
