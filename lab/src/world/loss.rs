use crate::world::stream::Stream;

/// Which messages are lost.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
#[non_exhaustive]
pub enum Loss {
    /// None.
    #[default]
    Never,
    /// Each with this probability, whatever became of the others.
    Independent(f64),
    /// In bursts (Gilbert 1960, Elliott 1963): from one message to the next, the link becomes bad or good again.
    Bursts {
        /// How probable it is that a good link becomes bad.
        worsens: f64,
        /// How probable it is that a bad link becomes good.
        recovers: f64,
        /// How probable it is that a message is lost on a good link.
        good: f64,
        /// How probable it is that a message is lost on a bad link.
        bad: f64,
    },
}

impl Loss {
    /// Whether the next message is lost; `is_bad` is the state of the link.
    pub(super) fn draw(&self, is_bad: &mut bool, stream: &mut Stream) -> bool {
        match *self {
            Self::Never => false,
            Self::Independent(probability) => stream.chance(probability),
            Self::Bursts { worsens, recovers, good, bad } => {
                *is_bad ^= stream.chance(if *is_bad { recovers } else { worsens });
                stream.chance(if *is_bad { bad } else { good })
            }
        }
    }
}
