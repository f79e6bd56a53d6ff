use core::time::Duration;

/// What a link does about messages that are lost: how often each may come.
///
/// | | what comes | what it loses |
/// |---|---|---|
/// | [`AtMostOnce`](Self::AtMostOnce) | each message once, or not at all; twice where the link doubles it | whatever is lost on the way, or while the receiver is down |
/// | [`AtLeastOnce`](Self::AtLeastOnce) | each message, some of them again | what a sender that crashes hadn't got through, and what came to a receiver that crashes before it takes it, as after a pause; and that a message means one act |
/// | [`Deduplicated`](Self::Deduplicated) | each message once, in each life of the receiver | the same; and a receiver that crashes forgets what it has seen, so that a message may come again in its next life |
///
/// What is sent to a node that is down waits for it, however much that is. A receipt says that a message came, as TCP's does, not that
/// the machine took it.
///
/// Nothing can be better than that without the receiver's disk: to take each message once over crashes as well, it must keep what
/// it has seen with what came of it, as [`spacelike::idempotency`] does.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use spacelike_lab::world::{Delivery, Link, Loss};
///
/// let retry = Duration::from_millis(50);
/// let lossy = Link { loss: Loss::Independent(0.3), ..Link::default() };
/// let safe = Link { delivery: Delivery::Deduplicated { retry }, ..lossy };
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Delivery {
    /// What is lost stays lost.
    #[default]
    AtMostOnce,
    /// A message is sent again and again until its receipt is confirmed: by a word that is lost as messages are, so that some
    /// come again. That ends with the sender's life.
    AtLeastOnce {
        /// How long after each attempt, if it wasn't confirmed.
        retry: Duration,
    },
    /// The same, and the receiver drops what it has seen, by a window of the latest 2,016 messages of each sender's life
    /// ([`LocalWindow`](spacelike::idempotency::LocalWindow)). One that is older than that is dropped, too.
    Deduplicated {
        /// How long after each attempt, if it wasn't confirmed.
        retry: Duration,
    },
}

impl Delivery {
    pub(super) const fn retry(self) -> Option<Duration> {
        match self {
            Self::AtMostOnce => None,
            Self::AtLeastOnce { retry } | Self::Deduplicated { retry } => Some(retry),
        }
    }
}
