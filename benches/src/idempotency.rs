//! Once-only execution: windows, sessions and keyed tables.

pub mod ours;
pub mod peers;
pub mod sessions;
pub mod stores;
pub mod windows;

use self::ours::Ours;
use self::peers::{Dash, Moka, Papaya, ParkingLot, Quick, Scc, Std};

/// All stores of requests by keys, in the order of the tables.
pub fn each(visitor: &mut impl stores::Visitor) {
    visitor.visit::<Ours>();
    visitor.visit::<ParkingLot>();
    visitor.visit::<Std>();
    visitor.visit::<Dash>();
    visitor.visit::<Papaya>();
    visitor.visit::<Scc>();
    visitor.visit::<Quick>();
    visitor.visit::<Moka>();
}

pub const EXECUTE: &str = "begin and complete";
pub const REPLAY: &str = "replay";
pub const IN_PROGRESS: &str = "duplicate in progress";

pub mod names {
    pub const DEDUP_WINDOW: &str = "**`spacelike_idempotency::DedupWindow`**";
    pub const STRICT_WINDOW: &str = "**`spacelike_idempotency::StrictWindow`**";
    pub const LOCAL_WINDOW: &str = "**`spacelike_idempotency::LocalWindow`**, `&mut`";
    pub const LOCAL_WINDOW_LOCKED: &str = "`spacelike_idempotency::LocalWindow` in a `Mutex`";
    pub const RFC_6479: &str = "RFC 6479 in a `Mutex`, by hand";
    pub const HASH_SET: &str = "`HashSet` in a `Mutex`, grows for ever";
    pub const SESSION_8: &str = "**`spacelike_idempotency::Session<8, 100>`** in a `Mutex`";
    pub const SESSION_64: &str = "`spacelike_idempotency::Session<64, 100>` in a `Mutex`";
    pub const SESSION_MAP: &str = "`HashMap` in a `Mutex`, the same two writes";
    pub const TABLE: &str = "**`spacelike_idempotency::table::Table`**";
    pub const PARKING_LOT: &str = "`HashMap` in a `parking_lot::Mutex`, the same two writes";
    pub const STD: &str = "`HashMap` in a `std::sync::Mutex`, the same two writes";
    pub const DASHMAP: &str = "`dashmap`, the same two writes";
    pub const PAPAYA: &str = "`papaya`, the same two writes";
    pub const SCC: &str = "`scc`, the same two writes";
    pub const QUICK_CACHE: &str = "`quick_cache`, its guard";
    pub const MOKA: &str = "`moka`, `get_with`";
}
