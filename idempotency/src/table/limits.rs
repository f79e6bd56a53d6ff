/// How much a [`Table`](crate::table::Table) may hold. What is reached is answered by
/// [`Begin::Saturated`](crate::table::Begin::Saturated): no record that still counts makes room for another.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Limits {
    /// Records of all kinds: so many requests within the retention. Below 2<sup>32</sup> - 1.
    pub records: usize,
    /// Bytes of records, of what is reserved for outcomes, and of outcomes:
    /// [`RECORD_BYTES`](crate::table::Table::RECORD_BYTES) and the reserve for each, until it is completed. As the vectors
    /// of records grow by doubling and don't shrink, the process may take, beside the outcomes, up to twice the most that records have ever had.
    pub bytes: u64,
    /// Records of one scope, which is a tenant, or all that is global.
    pub records_per_scope: usize,
}
