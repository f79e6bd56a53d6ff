/// Within what a client's key is unique. There is no default: two tenants that share keys read each other's outcomes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Scope<'a> {
    /// Everywhere.
    Global,
    /// Among the requests of a tenant, by any bytes that name it.
    Tenant(&'a [u8]),
}
