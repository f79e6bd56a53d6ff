use alloc::vec::Vec;
use core::cmp::Ordering;
use core::mem;

use crate::{Amnesia, Dot, ForgetError, MembershipError, NotLast, ReportError, Run, VersionVector};

/// Causal stability: what every member of a group is known to have seen, so that nothing concurrent with it can come any
/// more. What is stable may be forgotten: tombstones, logs, entries of contexts.
///
/// This is the matrix clock (Wuu and Bernstein 1984, *Efficient Solutions to the Replicated Log and Dictionary Problems*),
/// of which only the minimum of each column is wanted; stable as in Baquero, Almeida and Shoker 2014, *Making
/// Operation-based CRDTs Operation-based*. It has a row for each member, what that member has reported, and a column for each
/// actor that is tracked. A member that hasn't reported has seen nothing.
///
/// **Bounds.** A number for each member and each tracked actor. Tracked are the members, those that were until they are
/// [forgotten](Self::forget), and who is [tracked](Self::track) besides; what a report says of anybody else is left out,
/// so that a peer can't make it grow. A later report will say it again, if it gives all that was ever seen.
///
/// **Trust.** A dot is stable if *all* members say that they have seen it, its actor included, if it is a member. So a member
/// that claims what nobody sent makes nothing stable, and whoever claims less than it has seen only holds back the others.
///
/// **Never back.** What is stable stays so, whoever comes and goes. That is why who comes must have seen it.
///
/// # Examples
/// ```
/// use spacelike_vclock::Stability;
///
/// let mut stability = Stability::new("a", ["b", "c"]);
/// stability.report(&"a", &[("a", 3)].into())?;
/// stability.report(&"b", &[("a", 2), ("b", 1)].into())?;
/// assert!(stability.stable().is_empty()); // c may have seen nothing yet
/// assert_eq!(stability.laggards()[0].member, &"c");
///
/// let advanced = stability.report(&"c", &[("a", 2)].into())?;
/// assert_eq!(advanced[0].to_string(), "a:1-2");
/// assert_eq!(*stability.stable(), [("a", 2)].into());
/// # Ok::<(), spacelike_vclock::ReportError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Stability<A> {
    own: A,
    /// Ascending by actor.
    columns: Vec<Column<A>>,
    /// Ascending by member. Never empty: we are one.
    rows: Vec<Row<A>>,
    /// The minima of the columns.
    stable: VersionVector<A>,
    recomputed: u64,
}

#[derive(Clone, Debug)]
struct Column<A> {
    actor: A,
    min: u64,
    /// How many rows have the minimum. Never zero.
    at_min: usize,
}

#[derive(Clone, Debug)]
struct Row<A> {
    member: A,
    /// What it has seen, by column.
    counters: Vec<u64>,
}

/// A member that others wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Laggard<A> {
    /// Who it is.
    pub member: A,
    /// How many dots some member has seen that this one hasn't reported.
    pub missing: u128,
}

impl<A: Ord + Clone> Stability<A> {
    /// At the member `own` of a group, of which nothing is known yet but its members.
    ///
    /// # Cost
    /// O(members^2), time and memory.
    pub fn new(own: A, others: impl IntoIterator<Item = A>) -> Self {
        let mut members: Vec<A> = others.into_iter().chain([own.clone()]).collect();
        members.sort_unstable();
        members.dedup();
        let at_min = members.len();
        let columns = members.iter().map(|actor| Column { actor: actor.clone(), min: 0, at_min }).collect();
        let rows = members.into_iter().map(|member| Row { member, counters: [0].repeat(at_min) }).collect();
        Self { own, columns, rows, stable: VersionVector::new(), recomputed: 0 }
    }

    /// `member` says what it has seen; we ourselves report, too, at the latest before what others say of it comes back. Gives
    /// what has become stable by it, ascending by actor.
    ///
    /// Any report is merged with what is known already, so that old news are no news, and a report may leave out whatever
    /// hasn't changed. In causal broadcast, every message is a report: [`Broadcast::clock`](crate::Broadcast::clock).
    ///
    /// # Errors
    /// [`ReportError::NotMember`], or [`ReportError::Amnesia`] if it claims more of our own dots than we have reported. Nothing
    /// changed.
    ///
    /// # Cost
    /// O(n) for n entries, if they are nearly those that are tracked; each one that is out of step is searched for. Plus
    /// O(members) for each in which this member alone was behind all others.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{Amnesia, ReportError, Stability};
    ///
    /// let mut stability = Stability::new("a", ["b"]);
    /// stability.report(&"a", &[("a", 3)].into())?;
    /// let forged = stability.report(&"b", &[("a", 4)].into());
    /// assert_eq!(forged, Err(Amnesia { known: 3, claimed: 4 }.into()));
    /// assert_eq!(stability.report(&"z", &[].into()), Err(ReportError::NotMember));
    /// # Ok::<(), ReportError>(())
    /// ```
    pub fn report(&mut self, member: &A, clock: &VersionVector<A>) -> Result<Vec<Run<A>>, ReportError> {
        let row = self.row(member).map_err(|_| ReportError::NotMember)?;
        if *member != self.own {
            self.check_own(clock)?;
        }
        let mut advanced = Vec::new();
        // Reports name nearly the same actors as the columns, so that the next one mostly is where it is expected.
        let mut expected = 0;
        for (actor, counter) in clock {
            if self.columns.get(expected).is_none_or(|column| column.actor != *actor) {
                match self.column(actor) {
                    Ok(column) => expected = column,
                    Err(_) => continue,
                }
            }
            let known = &mut self.rows[row].counters[expected];
            if *known < counter {
                let before = mem::replace(known, counter);
                advanced.extend(self.leave(expected, before));
            }
            expected += 1;
        }
        Ok(advanced)
    }

    /// What all members have seen. Only grows, but for what is [forgotten](Self::forget).
    pub fn stable(&self) -> &VersionVector<A> {
        &self.stable
    }

    /// The members but for which more were stable, the one that lacks most first: each has reported less of some actor than
    /// another member, and no more than any. A member that claims dots that nobody sent makes all others look late.
    ///
    /// # Cost
    /// O(members * actors).
    pub fn laggards(&self) -> Vec<Laggard<&A>> {
        let mut max: Vec<u64> = self.columns.iter().map(|column| column.min).collect();
        for row in &self.rows {
            for (max, counter) in max.iter_mut().zip(&row.counters) {
                *max = (*max).max(*counter);
            }
        }
        let mut laggards = Vec::new();
        for Row { member, counters } in &self.rows {
            let seen = || self.columns.iter().zip(counters).zip(&max);
            if seen().any(|((column, counter), max)| *counter == column.min && counter < max) {
                // No overflow: a sum of fewer than 2^64 numbers below 2^64.
                let missing = seen().map(|((_, counter), max)| u128::from(max - counter)).sum();
                laggards.push(Laggard { member, missing });
            }
        }
        laggards.sort_by(|left, right| right.missing.cmp(&left.missing).then(left.member.cmp(right.member)));
        laggards
    }

    /// A new member, which has taken over a state in which `start` is included; from now on it is tracked.
    ///
    /// A name that was retired may come back if it has lost nothing since. Else what it reported in its former life, and comes
    /// late, would count for what it has now: it needs a new name, such as its next [epoch](crate::Actor).
    ///
    /// # Errors
    /// [`MembershipError`]: it is a member; or `start` lacks something that is stable, which others may have forgotten already:
    /// give it a newer state; or it claims more of our own dots than we have reported. Nothing changed.
    ///
    /// # Cost
    /// O(members + actors); O(members * actors) if it wasn't tracked yet.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{MembershipError, Stability};
    ///
    /// let mut stability = Stability::new("a", []);
    /// stability.report(&"a", &[("a", 2)].into())?;
    /// let refused = stability.add("b", &[("a", 1)].into());
    /// assert_eq!(refused, Err(MembershipError::Behind { start: 1, stable: 2 }));
    /// stability.add("b", &[("a", 2)].into())?;
    /// assert_eq!(stability.report(&"a", &[("a", 3)].into())?, []); // b hasn't seen that yet
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn add(&mut self, member: A, start: &VersionVector<A>) -> Result<(), MembershipError> {
        self.check_new(&member, start)?;
        self.check_own(start)?;
        self.insert(member, start);
        Ok(())
    }

    /// A member has left and holds back nobody any more; but it is tracked still. Gives what has become stable by it.
    ///
    /// All members must agree that it has left, and must have what it sent last that any of them has: what it reports
    /// after that counts nowhere, and what nobody but it has seen never becomes stable.
    ///
    /// # Errors
    /// [`MembershipError`]: it is not a member; or it is us, who can't leave and still ask. Nothing changed.
    ///
    /// # Cost
    /// O(actors), plus O(members) for each column in which this member alone was behind all others.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::Stability;
    ///
    /// let mut stability = Stability::new("a", ["b"]);
    /// assert_eq!(stability.report(&"a", &[("a", 2)].into())?, []);
    /// assert_eq!(stability.retire(&"b")?[0].to_string(), "a:1-2");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn retire(&mut self, member: &A) -> Result<Vec<Run<A>>, MembershipError> {
        let row = self.row(member).map_err(|_| MembershipError::NotMember)?;
        if *member == self.own {
            return Err(MembershipError::Own);
        }
        Ok(self.remove(row))
    }

    /// A member goes on under a new name, its next [epoch](crate::Actor) or another machine: [`add`](Self::add) and
    /// [`retire`](Self::retire) in one step. `start` is what it has now. We ourselves may be replaced.
    ///
    /// # Errors
    /// Those of `add` and `retire`; [`Amnesia`] also if we are to take a name of which some member has seen more than `start`
    /// has: it was used before. Nothing changed.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{Actor, Stability};
    ///
    /// let [a, b] = ["a", "b"].map(Actor::new);
    /// let mut stability = Stability::new(a, [b]);
    /// stability.report(&a, &[(a, 5)].into())?;
    /// stability.report(&b, &[(a, 1)].into())?;
    ///
    /// // b lost its disk, and takes over the state of a.
    /// let reborn = b.next_epoch().unwrap();
    /// let advanced = stability.replace(&b, reborn, &[(a, 5)].into())?;
    /// assert_eq!(advanced[0].to_string(), "a#0:2-5");
    /// assert!(stability.members().eq([&a, &reborn]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn replace(
        &mut self,
        old: &A,
        new: A,
        start: &VersionVector<A>,
    ) -> Result<Vec<Run<A>>, MembershipError> {
        self.row(old).map_err(|_| MembershipError::NotMember)?;
        self.check_new(&new, start)?;
        if *old == self.own {
            self.check_unused(&new, start)?;
            self.own = new.clone();
        } else {
            self.check_own(start)?;
        }
        self.insert(new, start);
        Ok(self.row(old).map(|row| self.remove(row)).unwrap_or_default())
    }

    /// Has a column for `actor`, too, who is not a member: it wrote before our time, or doesn't report. Says whether that
    /// is new.
    ///
    /// # Cost
    /// O(members * actors) if it is.
    pub fn track(&mut self, actor: A) -> bool {
        let column = self.column(&actor);
        if let Err(at) = column {
            self.columns.insert(at, Column { actor, min: 0, at_min: self.rows.len() });
            for row in &mut self.rows {
                row.counters.insert(at, 0);
            }
        }
        column.is_err()
    }

    /// Gives up the column of `actor`, who is gone for good, and of whom all members have seen all: `last` is the counter of
    /// its last dot, or zero. It leaves [`stable`](Self::stable). Says whether it was tracked.
    ///
    /// That is for all members to agree on, as is [`VersionVector::retire`](crate::Clock::retire), which goes with it.
    ///
    /// # Errors
    /// [`ForgetError`]: it is a member, or some member has seen more or less of it. Nothing changed.
    ///
    /// # Examples
    /// ```
    /// use spacelike_vclock::{NotLast, Stability};
    ///
    /// let mut stability = Stability::new("a", ["gone"]);
    /// stability.retire(&"gone")?;
    /// stability.report(&"a", &[("a", 1), ("gone", 7)].into())?;
    /// assert_eq!(stability.forget(&"gone", 6), Err(NotLast { last: 6, known: 7 }.into()));
    /// assert_eq!(stability.forget(&"gone", 7), Ok(true));
    /// assert_eq!(*stability.stable(), [("a", 1)].into());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn forget(&mut self, actor: &A, last: u64) -> Result<bool, ForgetError> {
        let Ok(column) = self.column(actor) else { return Ok(false) };
        if self.row(actor).is_ok() {
            return Err(ForgetError::Member);
        }
        if let Some(known) = self.rows.iter().map(|row| row.counters[column]).find(|known| *known != last) {
            return Err(NotLast { last, known }.into());
        }
        self.columns.remove(column);
        for row in &mut self.rows {
            row.counters.remove(column);
        }
        self.stable.retain(|other, _| other != actor);
        Ok(true)
    }

    /// The members, ascending.
    pub fn members(&self) -> impl ExactSizeIterator<Item = &A> + DoubleEndedIterator + Clone {
        self.rows.iter().map(|row| &row.member)
    }

    /// Who is tracked, ascending: whose dots become stable.
    pub fn actors(&self) -> impl ExactSizeIterator<Item = &A> + DoubleEndedIterator + Clone {
        self.columns.iter().map(|column| &column.actor)
    }

    /// Which member we are.
    pub fn own(&self) -> &A {
        &self.own
    }

    /// What `member` is known to have seen, of those who are tracked; `None` if it is no member. O(actors).
    pub fn seen_by(&self, member: &A) -> Option<VersionVector<A>> {
        let counters = &self.rows[self.row(member).ok()?].counters;
        Some(
            self.columns
                .iter()
                .zip(counters)
                .map(|(column, counter)| (column.actor.clone(), *counter))
                .collect(),
        )
    }

    /// How often the minimum of a column was looked for so far, at O(members) each, to see what the work is: only when the
    /// last member that had the minimum leaves it behind.
    pub fn recomputed(&self) -> u64 {
        self.recomputed
    }

    fn row(&self, member: &A) -> Result<usize, usize> {
        self.rows.binary_search_by(|row| row.member.cmp(member))
    }

    fn column(&self, actor: &A) -> Result<usize, usize> {
        self.columns.binary_search_by(|column| column.actor.cmp(actor))
    }

    fn check_own(&self, clock: &VersionVector<A>) -> Result<(), Amnesia> {
        let own = self.row(&self.own).ok().zip(self.column(&self.own).ok());
        let known = own.map_or(0, |(row, column)| self.rows[row].counters[column]);
        let claimed = clock.get(&self.own);
        if claimed > known { Err(Amnesia { known, claimed }) } else { Ok(()) }
    }

    /// Refuses what would let us count on below what others have seen.
    fn check_unused(&self, own: &A, start: &VersionVector<A>) -> Result<(), Amnesia> {
        let Ok(column) = self.column(own) else { return Ok(()) };
        let known = start.get(own);
        match self.rows.iter().map(|row| row.counters[column]).max() {
            Some(claimed) if claimed > known => Err(Amnesia { known, claimed }),
            _ => Ok(()),
        }
    }

    fn check_new(&self, member: &A, start: &VersionVector<A>) -> Result<(), MembershipError> {
        if self.row(member).is_ok() {
            return Err(MembershipError::Member);
        }
        match self
            .stable
            .iter()
            .map(|(actor, stable)| (start.get(actor), stable))
            .find(|(start, stable)| start < stable)
        {
            Some((start, stable)) => Err(MembershipError::Behind { start, stable }),
            None => Ok(()),
        }
    }

    fn insert(&mut self, member: A, start: &VersionVector<A>) {
        self.track(member.clone());
        let counters: Vec<u64> = self.columns.iter().map(|column| start.get(&column.actor)).collect();
        for (column, counter) in self.columns.iter_mut().zip(&counters) {
            // None is less than the minimum: the start has all that is stable.
            column.at_min += usize::from(*counter == column.min);
        }
        let at = self.row(&member).unwrap_or_else(|at| at);
        self.rows.insert(at, Row { member, counters });
    }

    fn remove(&mut self, row: usize) -> Vec<Run<A>> {
        let Row { counters, .. } = self.rows.remove(row);
        counters.into_iter().enumerate().filter_map(|(column, before)| self.leave(column, before)).collect()
    }

    /// A row no longer has `before` in this column.
    fn leave(&mut self, column: usize, before: u64) -> Option<Run<A>> {
        let Column { actor, min, at_min } = &mut self.columns[column];
        if before > *min {
            return None;
        }
        *at_min -= 1;
        if *at_min > 0 {
            return None;
        }
        self.recomputed += 1;
        let counters = self.rows.iter().map(|row| row.counters[column]);
        (*min, *at_min) = counters.fold((u64::MAX, 0), |(min, count), counter| match counter.cmp(&min) {
            Ordering::Less => (counter, 1),
            Ordering::Equal => (min, count + 1),
            Ordering::Greater => (min, count),
        });
        let run = Run { actor: actor.clone(), first: before + 1, last: *min };
        let last = Dot::new(actor.clone(), *min).expect("no row has the minimum of before, nor less");
        self.stable.raise(last);
        Some(run)
    }
}
