//! Conversions from and to other systems' timestamps.
