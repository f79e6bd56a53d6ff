//! What becomes of texts, so that ShiViz reads them as what they are. None needs memory: a text is formatted once to look
//! at it, and once to write it.

use core::fmt::{self, Display, Write};

/// The name of a host: without white space and control characters, not empty, and nothing that JavaScript's objects have
/// already. Different names stay different.
pub(super) struct Name<T>(pub(super) T);

impl<T: Display> Display for Name<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let look = Look::at(&self.0)?;
        if look.is_empty {
            return f.write_char(ESCAPE);
        }
        write_as(f, &self.0, |c, first, f| {
            let odd = c == ESCAPE || c.is_control() || is_blank(c) || (first && look.is_reserved());
            if odd {
                c.encode_utf8(&mut [0; 4]).bytes().try_for_each(|byte| write!(f, "{ESCAPE}{byte:02X}"))
            } else {
                f.write_char(c)
            }
        })
    }
}

/// The label of an execution: a line, and nothing that JavaScript's objects have already.
pub(super) struct Label<T>(pub(super) T);

impl<T: Display> Display for Label<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !Look::at(&self.0)?.is_reserved() {
            return Line(&self.0).fmt(f);
        }
        // No other text is written like this: elsewhere a letter stands for itself.
        write_as(
            f,
            &self.0,
            |c, first, f| {
                if first { write!(f, "{}", c.escape_unicode()) } else { f.write_char(c) }
            },
        )
    }
}

/// One line, which is not blank, and doesn't begin as the line before an execution does.
pub(super) struct Line<T>(pub(super) T);

impl<T: Display> Display for Line<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if Look::at(&self.0)?.is_blank {
            return f.write_char('-');
        }
        write_as(f, &self.0, |c, first, f| match c {
            '=' if first => f.write_str("\\="),
            c if is_escaped(c) => write!(f, "{}", c.escape_default()),
            c => f.write_char(c),
        })
    }
}

/// A name in a JSON string. Of what JSON escapes, names have only these.
pub(super) struct Json<T>(pub(super) T);

impl<T: Display> Display for Json<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_as(f, &self.0, |c, _, f| match c {
            '"' | '\\' => write!(f, "\\{c}"),
            c => f.write_char(c),
        })
    }
}

/// What must be known of a text before its first character is written.
struct Look {
    is_empty: bool,
    /// Nothing in it is seen.
    is_blank: bool,
    /// Its beginning; longer than any reserved name if it is.
    start: [u8; LEN_MAX + 1],
    len: usize,
}

impl Look {
    fn at(text: &impl Display) -> Result<Self, fmt::Error> {
        let mut look = Self { is_empty: true, is_blank: true, start: [0; LEN_MAX + 1], len: 0 };
        write!(look, "{text}")?;
        Ok(look)
    }

    fn is_reserved(&self) -> bool {
        RESERVED.iter().any(|name| name.as_bytes() == &self.start[..self.len])
    }
}

impl Write for Look {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.is_empty &= text.is_empty();
        self.is_blank &= text.chars().all(|c| is_blank(c) && !is_escaped(c));
        for (place, &byte) in self.start[self.len..].iter_mut().zip(text.as_bytes()) {
            *place = byte;
            self.len += 1;
        }
        Ok(())
    }
}

/// Writes a text by what `each` makes of each character; it is told which is the first.
fn write_as(
    f: &mut fmt::Formatter<'_>,
    text: &impl Display,
    each: impl FnMut(char, bool, &mut fmt::Formatter<'_>) -> fmt::Result,
) -> fmt::Result {
    struct Characters<'a, 'f, F> {
        f: &'a mut fmt::Formatter<'f>,
        each: F,
        first: bool,
    }

    impl<F: FnMut(char, bool, &mut fmt::Formatter<'_>) -> fmt::Result> Write for Characters<'_, '_, F> {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            text.chars().try_for_each(|c| (self.each)(c, core::mem::take(&mut self.first), self.f))
        }
    }

    write!(Characters { f, each, first: true }, "{text}")
}

/// What JavaScript's `\s` matches and `trim` takes away, and the one that is white space to Rust alone.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == '\u{feff}'
}

/// What ends a line in JavaScript, is not seen on it, or begins an escape of ours.
fn is_escaped(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\\')
}

const ESCAPE: char = '%';

/// What every object of JavaScript has: ShiViz keeps hosts and labels in objects, and takes these for known ones.
const RESERVED: [&str; 12] = [
    "__defineGetter__",
    "__defineSetter__",
    "__lookupGetter__",
    "__lookupSetter__",
    "__proto__",
    "constructor",
    "hasOwnProperty",
    "isPrototypeOf",
    "propertyIsEnumerable",
    "toLocaleString",
    "toString",
    "valueOf",
];

/// Of the longest of them.
const LEN_MAX: usize = "propertyIsEnumerable".len();
