//! The one representation behind every sparse clock: entries with strictly ascending ids and without zero counters, so
//! that equal clocks have equal entries, and `len` is a filter. Here is what can be done to such slices.

use core::borrow::Borrow;
use core::cmp::Ordering;

use crate::{Causality, Counter, NotCanonical};

/// How two clocks stand to each other. One pass, which ends as soon as they are concurrent.
#[inline]
pub(crate) fn compare<A: Ord, C: Counter>(left: &[(A, C)], right: &[(A, C)]) -> Causality {
    Causality::from_bits(relate::<A, C, BOTH>(left, right))
}

/// Whether `left` is before or equal to `right`. One pass, which ends at the first entry that says otherwise.
#[inline]
pub(crate) fn is_le<A: Ord, C: Counter>(left: &[(A, C)], right: &[(A, C)]) -> bool {
    left.len() <= right.len() && relate::<A, C, GREATER>(left, right) & GREATER == 0
}

/// Whether `left` is before `right`.
#[inline]
pub(crate) fn is_lt<A: Ord, C: Counter>(left: &[(A, C)], right: &[(A, C)]) -> bool {
    left.len() <= right.len() && relate::<A, C, GREATER>(left, right) == LESS
}

/// The bits of [`Causality`], as far as they are known once all those of `ENOUGH` are.
#[inline]
fn relate<A: Ord, C: Counter, const ENOUGH: u8>(left: &[(A, C)], right: &[(A, C)]) -> u8 {
    // There are no zeros: whoever has more entries has one that the other lacks.
    match left.len().cmp(&right.len()) {
        Ordering::Less => relate_by_walk::<A, C, ENOUGH>(left, right, LESS),
        Ordering::Equal => relate_in_step::<A, C, ENOUGH>(left, right),
        Ordering::Greater => relate_by_walk::<A, C, ENOUGH>(left, right, GREATER),
    }
}

/// Of as many entries on both sides. So if the ids are not the same, each side has one that the other lacks.
fn relate_in_step<A: Ord, C: Counter, const ENOUGH: u8>(mut left: &[(A, C)], mut right: &[(A, C)]) -> u8 {
    let mut seen = 0;
    while let (Some((l, left_rest)), Some((r, right_rest))) =
        (left.split_first_chunk::<BLOCK>(), right.split_first_chunk::<BLOCK>())
    {
        if l != r {
            if l[0].0 != r[0].0 {
                return BOTH;
            }
            // Within a block there is nothing to branch on.
            let (mut same, mut bits) = (true, 0);
            for (l, r) in l.iter().zip(r) {
                same &= l.0 == r.0;
                bits |= Causality::of(&l.1, &r.1).bits();
            }
            if !same {
                return BOTH;
            }
            seen |= bits;
            if seen & ENOUGH == ENOUGH {
                return seen;
            }
        }
        (left, right) = (left_rest, right_rest);
    }
    for (l, r) in left.iter().zip(right) {
        if l.0 != r.0 {
            return BOTH;
        }
        seen |= Causality::of(&l.1, &r.1).bits();
    }
    seen
}

/// Of more entries on one side, about which `seen` tells already.
fn relate_by_walk<A: Ord, C: Counter, const ENOUGH: u8>(
    mut left: &[(A, C)],
    mut right: &[(A, C)],
    mut seen: u8,
) -> u8 {
    if seen & ENOUGH == ENOUGH {
        return seen;
    }
    if left.len() / SEARCH > right.len() {
        return if fits_in(right, left) { seen } else { BOTH };
    }
    if right.len() / SEARCH > left.len() {
        return if fits_in(left, right) { seen } else { BOTH };
    }
    loop {
        while let (Some((l, left_rest)), Some((r, right_rest))) =
            (left.split_first_chunk::<BLOCK>(), right.split_first_chunk::<BLOCK>())
        {
            // Ids ascend: if the first and the last ones of a block differ, so do most between.
            if l[0].0 != r[0].0 || l[BLOCK - 1].0 != r[BLOCK - 1].0 {
                break;
            }
            let (mut same, mut bits) = (true, 0);
            for (l, r) in l.iter().zip(r) {
                same &= l.0 == r.0;
                bits |= Causality::of(&l.1, &r.1).bits();
            }
            if !same {
                break;
            }
            seen |= bits;
            if seen & ENOUGH == ENOUGH {
                return seen;
            }
            (left, right) = (left_rest, right_rest);
        }
        for _ in 0..BLOCK {
            let (Some((l, left_rest)), Some((r, right_rest))) = (left.split_first(), right.split_first())
            else {
                return seen | u8::from(!right.is_empty()) | u8::from(!left.is_empty()) << 1;
            };
            match l.0.cmp(&r.0) {
                Ordering::Equal => {
                    seen |= Causality::of(&l.1, &r.1).bits();
                    (left, right) = (left_rest, right_rest);
                }
                Ordering::Less => {
                    seen |= GREATER;
                    left = left_rest;
                }
                Ordering::Greater => {
                    seen |= LESS;
                    right = right_rest;
                }
            }
            if seen & ENOUGH == ENOUGH {
                return seen;
            }
        }
    }
}

/// Whether `small` is before or equal to the much larger `large`, by searching.
fn fits_in<A: Ord, C: Counter>(small: &[(A, C)], mut large: &[(A, C)]) -> bool {
    small.iter().all(|(actor, counter)| match search(large, actor) {
        Ok(index) => {
            let fits = *counter <= large[index].1;
            large = &large[index + 1..];
            fits
        }
        Err(_) => false,
    })
}

/// Where `actor` is, or where it would be.
#[inline]
pub(crate) fn search<A, C, Q>(entries: &[(A, C)], actor: &Q) -> Result<usize, usize>
where
    A: Borrow<Q>,
    Q: Ord + ?Sized,
{
    entries.binary_search_by(|entry| entry.0.borrow().cmp(actor))
}

/// The counter of `actor`, zero if it has none.
#[inline]
pub(crate) fn get<A, C: Counter, Q>(entries: &[(A, C)], actor: &Q) -> C
where
    A: Borrow<Q>,
    Q: Ord + ?Sized,
{
    search(entries, actor).map_or(C::ZERO, |index| entries[index].1)
}

/// Raises the counters that `left` has to those of `right`. Says whether any was raised, and how many entries of `right`
/// it has no counter for.
pub(crate) fn raise<A: Ord, C: Counter>(left: &mut [(A, C)], right: &[(A, C)]) -> (bool, usize) {
    let (mut raised, mut missing) = (false, 0);
    if left.len() / SEARCH > right.len() {
        let mut from = 0;
        for (actor, counter) in right {
            match search(&left[from..], actor) {
                Ok(index) => {
                    raised |= take_max(&mut left[from + index].1, *counter);
                    from += index + 1;
                }
                Err(index) => {
                    missing += 1;
                    from += index;
                }
            }
        }
        return (raised, missing);
    }
    let (mut at, mut right) = (0, right);
    loop {
        while let (Some((l, _)), Some((r, right_rest))) =
            (left[at..].split_first_chunk_mut::<BLOCK>(), right.split_first_chunk::<BLOCK>())
        {
            let mut same = true;
            for (l, r) in l.iter().zip(r) {
                same &= l.0 == r.0;
            }
            if !same {
                break;
            }
            for (l, r) in l.iter_mut().zip(r) {
                raised |= take_max(&mut l.1, r.1);
            }
            at += BLOCK;
            right = right_rest;
        }
        for _ in 0..BLOCK {
            let (Some(l), Some((r, right_rest))) = (left.get_mut(at), right.split_first()) else {
                return (raised, missing + right.len());
            };
            match l.0.cmp(&r.0) {
                Ordering::Equal => {
                    raised |= take_max(&mut l.1, r.1);
                    at += 1;
                    right = right_rest;
                }
                Ordering::Less => at += 1,
                Ordering::Greater => {
                    missing += 1;
                    right = right_rest;
                }
            }
        }
    }
}

#[inline]
fn take_max<C: Counter>(left: &mut C, right: C) -> bool {
    let raised = *left < right;
    *left = (*left).max(right);
    raised
}

/// The number of dots: the sum of the counters. Grows along causality.
pub(crate) fn weight<A, C: Counter>(entries: &[(A, C)]) -> u128 {
    // No overflow: a sum of fewer than 2^64 numbers below 2^64.
    entries.iter().map(|entry| u128::from(entry.1.to_u64())).sum()
}

/// A total order that never contradicts causality: by weight, then by entries.
pub(crate) fn total_cmp<A: Ord, C: Counter>(left: &[(A, C)], right: &[(A, C)]) -> Ordering {
    weight(left).cmp(&weight(right)).then_with(|| left.cmp(right))
}

/// Checks that these are the entries of a clock.
pub(crate) fn check<A: Ord, C: Counter>(entries: &[(A, C)]) -> Result<(), NotCanonical> {
    for (index, entry) in entries.iter().enumerate() {
        if index > 0 && entries[index - 1].0 >= entry.0 {
            return Err(NotCanonical::Order { index });
        }
        if entry.1 == C::ZERO {
            return Err(NotCanonical::Zero { index });
        }
    }
    Ok(())
}

const LESS: u8 = Causality::Before.bits();
const GREATER: u8 = Causality::After.bits();
const BOTH: u8 = Causality::Concurrent.bits();

/// Entries that are looked at before anything is decided.
const BLOCK: usize = 8;

/// How many times longer one side must be for the other to be searched for rather than walked along with it.
const SEARCH: usize = 8;
