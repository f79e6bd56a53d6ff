use crate::tour::OptionsError;

/// What clients ask for, and what becomes of their messages on the way.
///
/// # Examples
/// ```
/// use spacelike_lab::tour::OptionsError;
/// use spacelike_lab::tour::retries::Workload;
///
/// let mut workload = Workload { requests: 50, ..Workload::default() };
/// assert_eq!(workload.check(), Ok(()));
///
/// workload.loss = 100; // no client would ever get an answer
/// assert_eq!(workload.check(), Err(OptionsError::Loss { loss: 100 }));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Workload {
    /// How many requests, from 1 to [`REQUESTS_MAX`](Self::REQUESTS_MAX), of all clients together.
    pub requests: u32,
    /// How many of a hundred messages are lost, in both directions: [`LOSS_MAX`](Self::LOSS_MAX) at most.
    pub loss: u8,
    /// How many of a hundred messages that aren't lost are sent twice, in both directions: a hundred at most.
    pub duplication: u8,
}

impl Workload {
    /// The most requests: the server writes all that it did with each of them.
    pub const REQUESTS_MAX: u32 = 1_000;
    /// The greatest loss. A request is asked about four times then until it is answered.
    pub const LOSS_MAX: u8 = 50;
    /// How many clients there are.
    pub const CLIENTS: u32 = 8;

    /// Whether this can be run.
    ///
    /// # Errors
    /// [`OptionsError`], which says what to change.
    pub fn check(&self) -> Result<(), OptionsError> {
        let &Self { requests, loss, duplication } = self;
        if !(1..=Self::REQUESTS_MAX).contains(&requests) {
            return Err(OptionsError::Requests { requests });
        }
        if loss > Self::LOSS_MAX {
            return Err(OptionsError::Loss { loss });
        }
        if duplication > 100 {
            return Err(OptionsError::Duplication { duplication });
        }
        Ok(())
    }

    /// How many of the requests are a client's. Clients are numbered from zero; others have none.
    pub fn requests_of(&self, client: u32) -> u64 {
        if client >= Self::CLIENTS {
            return 0;
        }
        u64::from(self.requests / Self::CLIENTS) + u64::from(client < self.requests % Self::CLIENTS)
    }

    /// The effect after which the server is killed.
    pub(super) fn fatal_effect(self) -> usize {
        self.requests.div_ceil(2) as usize
    }
}

/// Two hundred requests; one message of five is lost, and one of five is doubled.
impl Default for Workload {
    fn default() -> Self {
        Self { requests: 200, loss: 20, duplication: 20 }
    }
}
