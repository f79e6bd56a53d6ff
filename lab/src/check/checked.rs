/// What a checker found, and what it took.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Checked<C> {
    /// What it found.
    pub verdict: Verdict<C>,
    /// How many configurations were tried: pairs of a set of calls and a state that they can leave.
    pub configurations: u64,
}

/// Whether a history shows what was asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict<C> {
    /// It does.
    Holds,
    /// It doesn't, and this shows it.
    Broken(C),
    /// The budget was spent before that was known.
    Undecided,
}

impl<C> Verdict<C> {
    /// Whether it holds for certain.
    pub fn holds(&self) -> bool {
        matches!(self, Self::Holds)
    }

    /// What shows that it doesn't hold.
    pub fn broken(&self) -> Option<&C> {
        match self {
            Self::Broken(counterexample) => Some(counterexample),
            Self::Holds | Self::Undecided => None,
        }
    }
}
