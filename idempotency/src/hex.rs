use crate::HexError;

/// The number of 32 hexadecimal digits, in either case.
pub(crate) fn parse(text: &str) -> Result<u128, HexError> {
    let mut value = 0;
    for (at, digit) in text.bytes().enumerate() {
        let digit = char::from(digit).to_digit(16).ok_or(HexError::Digit { at })?;
        value = value << 4 | u128::from(digit);
    }
    if text.len() == 32 { Ok(value) } else { Err(HexError::Length { len: text.len() }) }
}

/// A string where the format is human-readable: many readers of JSON lose digits of such numbers.
#[cfg(feature = "serde")]
pub(crate) fn serialize<S: serde::Serializer>(value: u128, serializer: S) -> Result<S::Ok, S::Error> {
    if serializer.is_human_readable() {
        serializer.collect_str(&format_args!("{value:032x}"))
    } else {
        serializer.serialize_u128(value)
    }
}

#[cfg(feature = "serde")]
pub(crate) fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
    struct Text;

    impl serde::de::Visitor<'_> for Text {
        type Value = u128;

        fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
            f.write_str("32 hexadecimal digits")
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<u128, E> {
            parse(text).map_err(E::custom)
        }
    }

    if deserializer.is_human_readable() {
        deserializer.deserialize_str(Text)
    } else {
        <u128 as serde::Deserialize>::deserialize(deserializer)
    }
}

/// Makes 32 hexadecimal digits the text of a type that is one `u128`.
macro_rules! hexadecimal {
    ($type:ident) => {
        /// 32 hexadecimal digits.
        impl core::fmt::Display for $type {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, "{:032x}", self.0)
            }
        }

        impl core::fmt::Debug for $type {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, concat!(stringify!($type), "({})"), self)
            }
        }

        /// The digits of the number, as many as are asked for.
        impl core::fmt::LowerHex for $type {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                core::fmt::LowerHex::fmt(&self.0, f)
            }
        }

        /// 32 hexadecimal digits, in either case.
        impl core::str::FromStr for $type {
            type Err = crate::HexError;

            fn from_str(text: &str) -> Result<Self, crate::HexError> {
                crate::hex::parse(text).map(Self)
            }
        }

        /// A string of hexadecimal digits where the format is human-readable, else the number.
        #[cfg(feature = "serde")]
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                crate::hex::serialize(self.0, serializer)
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::hex::deserialize(deserializer).map(Self)
            }
        }
    };
}

pub(crate) use hexadecimal;
