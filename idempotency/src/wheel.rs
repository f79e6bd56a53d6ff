use alloc::vec::Vec;

/// When which of many ids is due: a hierarchical timing wheel (Varghese and Lauck 1987, scheme 7).
///
/// A slot of level `l` is 64<sup>l</sup> ticks long. An id is filed in the lowest level whose 64 slots reach as far
/// as its tick; when time comes to a slot of a higher level, its ids are filed anew, lower. An id beyond the highest
/// level is in the last slot of that, and filed anew from there. A slot of the lowest level is one tick, so nothing
/// is rounded.
///
/// To schedule and to cancel takes a constant time; an id is filed at most four times, and once more for each 16.5
/// million ticks that it is ahead. Empty slots cost nothing. Memory: a kilobyte, and 24 bytes for each id up to the
/// greatest.
#[derive(Debug)]
pub(crate) struct Wheel {
    /// No id that is filed is due before.
    tick: u64,
    /// The first id of each slot; `NONE` if it is empty. The last one is before the first: the lists are rings.
    first: [[u32; SLOTS]; LEVELS],
    /// For each level, which slots aren't empty.
    occupied: [u64; LEVELS],
    /// No slot that isn't empty begins before.
    soonest: u64,
    /// By id.
    links: Vec<Link>,
}

#[derive(Clone, Copy, Debug)]
struct Link {
    tick: u64,
    previous: u32,
    next: u32,
    /// `NOWHERE` if the id isn't scheduled.
    level: u8,
    slot: u8,
}

impl Wheel {
    /// A wheel at `tick`, in which nothing is scheduled.
    pub(crate) const fn new(tick: u64) -> Self {
        Self {
            tick,
            first: [[NONE; SLOTS]; LEVELS],
            occupied: [0; LEVELS],
            soonest: u64::MAX,
            links: Vec::new(),
        }
    }

    /// Makes `id` due at `tick`, and no other time. A tick that is over is due at once. Takes a constant time, but
    /// for the memory that a greater id than all before needs.
    pub(crate) fn schedule(&mut self, id: u32, tick: u64) {
        assert!(id != NONE, "the greatest u32 is no id");
        self.cancel(id);
        let index = id as usize;
        if index >= self.links.len() {
            self.links
                .resize(index + 1, Link { tick: 0, previous: NONE, next: NONE, level: NOWHERE, slot: 0 });
        }
        self.links[index].tick = tick.max(self.tick);
        self.file(id);
    }

    /// Makes `id` never due, if it is scheduled. Takes a constant time.
    pub(crate) fn cancel(&mut self, id: u32) {
        let Some(link) = self.links.get_mut(id as usize) else { return };
        let Link { previous, next, level, slot, .. } = *link;
        if level == NOWHERE {
            return;
        }
        link.level = NOWHERE;
        let first = &mut self.first[level as usize][slot as usize];
        if next == id {
            *first = NONE;
            self.occupied[level as usize] &= !(1 << slot);
            return;
        }
        if *first == id {
            *first = next;
        }
        self.links[previous as usize].next = next;
        self.links[next as usize].previous = previous;
    }

    /// Takes out an id that is due at `now`: the earliest, of those whose tick wasn't over when they were scheduled.
    /// Each id that is taken out or filed anew takes one of `steps`; `None` with steps left says that nothing more is
    /// due.
    ///
    /// No id comes before its tick. If `now` goes back, what was due before still is.
    pub(crate) fn pop_due(&mut self, now: u64, steps: &mut u32) -> Option<u32> {
        while *steps > 0 {
            let latest = now.max(self.tick);
            let Some((at, level, slot)) = self.next_slot(latest) else {
                self.tick = latest;
                return None;
            };
            *steps -= 1;
            self.tick = at;
            let id = self.first[level][slot];
            self.cancel(id);
            if level == 0 {
                return Some(id);
            }
            self.file(id);
        }
        None
    }

    /// The slot that time comes to next, and when it begins, if that isn't after `latest`.
    #[inline]
    fn next_slot(&mut self, latest: u64) -> Option<(u64, usize, usize)> {
        if latest < self.soonest {
            return None;
        }
        let next = self.soonest_slot();
        self.soonest = next.map_or(u64::MAX, |(at, ..)| at);
        next.filter(|&(at, ..)| at <= latest)
    }

    fn soonest_slot(&self) -> Option<(u64, usize, usize)> {
        let levels = self.occupied.iter().enumerate().filter(|&(_, &occupied)| occupied != 0);
        let slots = levels.map(|(level, &occupied)| {
            let here = self.tick >> (BITS * level);
            let unit = here + u64::from(occupied.rotate_right(slot_of(here).into()).trailing_zeros());
            (unit << (BITS * level), level, slot_of(unit).into())
        });
        slots.min_by_key(|&(at, ..)| at)
    }

    /// Files an id that is nowhere, last of its slot.
    fn file(&mut self, id: u32) {
        let tick = self.links[id as usize].tick;
        let (level, unit) = self.place(tick);
        let slot = slot_of(unit);
        self.soonest = self.soonest.min(unit << (BITS * usize::from(level)));
        let first = self.first[level as usize][slot as usize];
        let (previous, next) = if first == NONE {
            self.first[level as usize][slot as usize] = id;
            self.occupied[level as usize] |= 1 << slot;
            (id, id)
        } else {
            let last = self.links[first as usize].previous;
            self.links[last as usize].next = id;
            self.links[first as usize].previous = id;
            (last, first)
        };
        self.links[id as usize] = Link { tick, previous, next, level, slot };
    }

    /// Of a tick that isn't over the level, and which of all units of that.
    fn place(&self, tick: u64) -> (u8, u64) {
        for level in 0..TOP {
            let shift = BITS * usize::from(level);
            if (tick >> shift) - (self.tick >> shift) < SLOTS as u64 {
                return (level, tick >> shift);
            }
        }
        let shift = BITS * usize::from(TOP);
        let farthest = (self.tick >> shift) + SLOTS as u64 - 1;
        (TOP, farthest.min(tick >> shift))
    }
}

/// A slot comes round every 64 units of its level.
fn slot_of(unit: u64) -> u8 {
    unit.to_le_bytes()[0] & LAST
}

const BITS: usize = 6;
const SLOTS: usize = 1 << BITS;
const LAST: u8 = 63;
const LEVELS: usize = TOP as usize + 1;
const TOP: u8 = 3;
const NONE: u32 = u32::MAX;
const NOWHERE: u8 = u8::MAX;
