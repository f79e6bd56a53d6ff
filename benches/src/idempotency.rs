//! Once-only execution: windows, sessions and keyed tables.

pub mod sessions;
pub mod windows;

pub const REPLAY: &str = "replay";

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
}
