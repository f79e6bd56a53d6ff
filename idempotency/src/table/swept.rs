/// What a [sweep](crate::table::Table::sweep) came to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Swept {
    /// How many records had expired, and are gone.
    pub removed: u32,
    /// Whether the steps ended before the work: there may be more to remove.
    pub more: bool,
}
