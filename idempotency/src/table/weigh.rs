use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::num::NonZero;
use core::time::Duration;

/// How much memory a value has besides itself.
///
/// A [`Table`](crate::table::Table) asks once, before it keeps the value and under no lock.
///
/// # Examples
/// ```
/// use spacelike_idempotency::table::Weigh;
///
/// assert_eq!((7_u64, Vec::<u8>::with_capacity(100)).weight(), 100);
///
/// #[derive(Clone)]
/// struct Answer {
///     status: u16,
///     body: std::sync::Arc<[u8]>,
/// }
///
/// impl Weigh for Answer {
///     fn weight(&self) -> usize {
///         self.body.weight()
///     }
/// }
/// assert_eq!(Answer { status: 200, body: [1, 2, 3].into() }.weight(), 3);
/// ```
pub trait Weigh {
    /// Its bytes on the heap. What is shared counts in full for each that shares it.
    fn weight(&self) -> usize;
}

macro_rules! weightless {
    ($($type:ty),*) => {$(
        impl Weigh for $type {
            fn weight(&self) -> usize {
                0
            }
        }
    )*};
}

weightless!(
    (),
    bool,
    char,
    u8,
    u16,
    u32,
    u64,
    u128,
    usize,
    i8,
    i16,
    i32,
    i64,
    i128,
    isize,
    f32,
    f64,
    Duration
);
weightless!(&'static [u8], &'static str);
weightless!(NonZero<u8>, NonZero<u16>, NonZero<u32>, NonZero<u64>, NonZero<u128>, NonZero<usize>);

impl Weigh for Vec<u8> {
    fn weight(&self) -> usize {
        self.capacity()
    }
}

impl Weigh for String {
    fn weight(&self) -> usize {
        self.capacity()
    }
}

macro_rules! as_long_as_it_is {
    ($($type:ty),*) => {$(
        impl Weigh for $type {
            fn weight(&self) -> usize {
                self.len()
            }
        }
    )*};
}

as_long_as_it_is!(Box<[u8]>, Box<str>, Arc<[u8]>, Arc<str>);

impl<T: Weigh, const N: usize> Weigh for [T; N] {
    fn weight(&self) -> usize {
        self.iter().fold(0, |sum, part| sum.saturating_add(part.weight()))
    }
}

impl<T: Weigh> Weigh for Option<T> {
    fn weight(&self) -> usize {
        self.as_ref().map_or(0, T::weight)
    }
}

impl<T: Weigh, E: Weigh> Weigh for Result<T, E> {
    fn weight(&self) -> usize {
        match self {
            Ok(value) => value.weight(),
            Err(error) => error.weight(),
        }
    }
}

macro_rules! tuple {
    ($($name:ident),*) => {
        impl<$($name: Weigh),*> Weigh for ($($name,)*) {
            #[allow(non_snake_case, reason = "the names of the types serve for their values")]
            fn weight(&self) -> usize {
                let ($($name,)*) = self;
                0_usize$(.saturating_add($name.weight()))*
            }
        }
    };
}

tuple!(A);
tuple!(A, B);
tuple!(A, B, D);
tuple!(A, B, D, E);
