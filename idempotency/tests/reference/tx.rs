use spacelike_idempotency::conformance::TxHarness;
use spacelike_idempotency::store::TxStore;

use super::*;

/// What is to be written, all at once.
pub(crate) struct Tx<'t> {
    store: &'t Reference,
    datum: Option<Vec<u8>>,
    completions: Vec<(Vec<u8>, Token, Vec<u8>)>,
}

impl Tx<'_> {
    fn commit(self) -> bool {
        let mut state = self.store.lock();
        let mut effects = Vec::new();
        for (name, token, outcome) in self.completions {
            let (effect, reply) = self.store.decide(&mut state, &name, Event::Complete { token, outcome });
            if reply != Reply::Done && !self.store.has(Bug::CommitsUnchecked) {
                return false;
            }
            effects.push((name, effect));
        }
        if self.store.has(Bug::CommitsDataAlone) {
            effects.clear();
        }
        for (name, effect) in effects {
            self.store.apply(&mut state, &name, effect, None);
        }
        if self.datum.is_some() {
            state.datum = self.datum;
        }
        true
    }
}

impl TxStore for Reference {
    type Tx<'t> = Tx<'t>;

    async fn complete_in(
        &self,
        tx: &mut Self::Tx<'_>,
        key: &Key<'_>,
        token: Token,
        outcome: Bytes,
    ) -> Result<Result<(), NotKept>, Infallible> {
        if self.has(Bug::WritesAtOnce) {
            return self.complete(key, token, outcome).await;
        }
        let name = self.name(key);
        match self.decide_completion(&mut self.lock(), &name, token, outcome.clone()) {
            Err(NotKept::LeaseLost(_)) if self.has(Bug::LostInTransactionIsNotTold) => {}
            Err(refused) => return Ok(Err(refused)),
            Ok(_) => {}
        }
        tx.completions.push((name, token, outcome));
        Ok(Ok(()))
    }
}

impl TxHarness for References {
    fn open<'t>(&self, store: &'t Reference) -> Tx<'t> {
        Tx { store, datum: None, completions: Vec::new() }
    }

    fn write(&self, tx: &mut Tx<'_>, datum: &[u8]) {
        tx.datum = Some(datum.to_vec());
    }

    fn commit(&self, tx: Tx<'_>) -> bool {
        tx.commit()
    }

    fn roll_back(&self, tx: Tx<'_>) {
        drop(tx);
    }

    fn read(&self, store: &Reference) -> Option<Vec<u8>> {
        store.lock().datum.clone()
    }
}
