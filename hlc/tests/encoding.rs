//! Golden vectors: these bytes and texts are pinned. A change here breaks what users stored.

use spacelike_hlc::interop::{Cockroach, Layout};
use spacelike_hlc::{OutOfRange, ParseStampError, ParseTimestampError, Stamp, Timestamp};

/// The word, its bytes in hexadecimal, its text, and the physical part.
const GOLDEN: [(u64, &str, &str, &str); 5] = [
    (1, "0000000000000001", "000000000000-0001", "1970-01-01T00:00:00.000Z"),
    (0x1_0000, "0000000000010000", "000000000001-0000", "1970-01-01T00:00:00.001Z"),
    (0x018b_cfe5_6800_0007, "018bcfe568000007", "018bcfe56800-0007", "2023-11-14T22:13:20.000Z"),
    (0x0123_4567_89ab_cdef, "0123456789abcdef", "0123456789ab-cdef", "2009-08-23T03:58:16.491Z"),
    (u64::MAX - (1 << 62), "bfffffffffffffff", "bfffffffffff-ffff", "8659-09-10T04:08:52.991Z"),
];

/// A timestamp is its word, big-endian, and two groups of hexadecimal digits.
#[test]
fn timestamps_are_pinned() {
    for (word, hex, text, physical) in GOLDEN {
        let timestamp = Timestamp::from_u64(word).unwrap();
        assert_eq!(timestamp.to_be_bytes(), u64::from_str_radix(hex, 16).unwrap().to_be_bytes());
        assert_eq!(timestamp.to_string(), text);
        assert_eq!(text.parse(), Ok(timestamp));
        assert_eq!(timestamp.rfc3339().to_string(), physical);
        assert_eq!(format!("{:?}", timestamp.rfc3339()), physical);
        assert_eq!(format!("{timestamp:?}"), format!("Timestamp({physical}, {})", word & 0xFFFF));
    }
}

/// Text where a person reads it, eight bytes or a varint where not; a stamp is its two fields.
#[cfg(feature = "serde")]
#[test]
fn serde_forms_are_pinned() {
    let time = Timestamp::from_u64(0x018b_cfe5_6800_0007).unwrap();
    assert_eq!(serde_json::to_string(&time).unwrap(), "\"018bcfe56800-0007\"");
    assert_eq!(serde_json::from_str::<Timestamp>("\"018bcfe56800-0007\"").unwrap(), time);
    let bytes = [0x87, 0x80, 0x80, 0xc0, 0xd6, 0xfc, 0xf3, 0xc5, 0x01];
    assert_eq!(postcard::to_stdvec(&time).unwrap(), bytes);
    assert_eq!(postcard::from_bytes::<Timestamp>(&bytes).unwrap(), time);
    let stamp = Stamp { time, node: 3u8 };
    let text = r#"{"time":"018bcfe56800-0007","node":3}"#;
    assert_eq!(serde_json::to_string(&stamp).unwrap(), text);
    assert_eq!(serde_json::from_str::<Stamp<u8>>(text).unwrap(), stamp);
    assert!(serde_json::from_str::<Stamp<u8>>(r#"{"time":"018bcfe56800-0007","node":3,"x":1}"#).is_err());
    let error = serde_json::from_str::<Timestamp>("7").unwrap_err().to_string();
    assert!(error.contains("expected a timestamp such as 018bcfe56800-0007"), "{error}");
    // What no timestamp encodes to.
    for bad in
        ["0", "1", "null", "\"\"", "\"000000000000-0000\"", "\"c00000000000-0000\"", "\"018BCFE56800-0007\""]
    {
        assert!(serde_json::from_str::<Timestamp>(bad).is_err(), "{bad}");
    }
    for bad in [&[0u8][..], &[0xFF; 10], &[]] {
        assert!(postcard::from_bytes::<Timestamp>(bad).is_err(), "{bad:?}");
    }
}

/// A stamp's sixteen bytes are its timestamp's and its node's.
#[test]
fn stamps_are_pinned() {
    let stamp = Stamp { time: Timestamp::from_u64(0x018b_cfe5_6800_0007).unwrap(), node: 0x0102u64 };
    let bytes = [0x01, 0x8b, 0xcf, 0xe5, 0x68, 0, 0, 7, 0, 0, 0, 0, 0, 0, 1, 2];
    assert_eq!(stamp.to_be_bytes(), bytes);
    assert_eq!(Stamp::from_be_bytes(bytes), Ok(stamp));
    assert_eq!(stamp.to_string(), "018bcfe56800-0007@258");
    assert!(Stamp::from_be_bytes([0; 16]).is_err() && Stamp::from_be_bytes([0xFF; 16]).is_err());
}

/// What encoding can't give, decoding refuses, and says what was wrong.
#[test]
fn what_is_no_timestamp_is_refused() {
    assert_eq!(Timestamp::from_u64(0), Err(OutOfRange { millis: 0, counter: 0 }));
    let above = OutOfRange { millis: 0xC000_0000_0000, counter: 0 };
    assert_eq!(Timestamp::from_u64(0xC000_0000_0000_0000), Err(above));
    assert_eq!(Timestamp::new(0xC000_0000_0000, 0), Err(above));
    assert_eq!(Timestamp::new(1 << 48, 5), Err(OutOfRange { millis: 1 << 48, counter: 5 }));
    assert_eq!(Timestamp::new(u64::MAX, u16::MAX).unwrap_err().millis, u64::MAX);
    assert_eq!(Timestamp::from_be_bytes([0xFF; 8]).unwrap_err().counter, 0xFFFF);
    for bad in [
        "",
        "-",
        "018bcfe568000007",
        "018bcfe56800-007",
        "018bcfe5680-00007",
        "018bcfe56800-000g",
        "018bcfe56800-0007 ",
        "+18bcfe56800-0007",
        "018BCFE56800-0007",
        "018bcfe56800_0007",
        "\u{e9}18bcfe5680-0007",
    ] {
        assert_eq!(bad.parse::<Timestamp>(), Err(ParseTimestampError::Form), "{bad}");
    }
    for (bad, len) in [("18bcfe56800-0007", 11), ("0018bcfe56800-0007", 13)] {
        assert_eq!(bad.parse::<Timestamp>(), Err(ParseTimestampError::Form), "{len} digits of milliseconds");
    }
    assert_eq!("c00000000000-0000".parse::<Timestamp>(), Err(ParseTimestampError::OutOfRange(above)));
    assert_eq!("018bcfe56800-0007".parse::<Stamp<u8>>(), Err(ParseStampError::Form));
    assert_eq!("x@1".parse::<Stamp<u8>>(), Err(ParseStampError::Time(ParseTimestampError::Form)));
    assert!(matches!("018bcfe56800-0007@256".parse::<Stamp<u8>>(), Err(ParseStampError::Node(_))));
}

/// The forms of other systems, by their own arithmetic.
#[test]
fn other_systems_forms_are_pinned() {
    let t = Timestamp::new(1_700_000_000_123, 7).unwrap();
    // NTP64: 0.123 s is 528,280,977.4 of 2^32, rounded up, plus the counter.
    assert_eq!(Layout::NTP64.encode(t), Ok((1_700_000_000 << 32) + 528_280_978 + 7));
    assert_eq!(Layout::TSO.encode(t), Ok((1_700_000_000_123 << 18) + 7));
    assert_eq!(Layout::KUDU.encode(t), Ok((1_700_000_000_123_000 << 12) + 7));
    assert_eq!(Layout::millis_42_22(1_640_995_200_000).encode(t), Ok((59_004_800_123 << 22) + 7));
    assert!(Layout::millis_42_22(1_700_000_000_124).encode(t).is_err(), "before the epoch");

    // The last second of each range.
    let at = |seconds: u64| Timestamp::new(seconds * 1_000, 0).unwrap();
    assert!(Layout::NTP64.encode(at((1 << 32) - 1)).is_ok() && Layout::NTP64.encode(at(1 << 32)).is_err());
    let end = (1 << 46) / 1_000;
    assert!(Layout::TSO.encode(at(end)).is_ok() && Layout::TSO.encode(at(end + 1)).is_err());
    let end = (1 << 52) / 1_000_000;
    assert!(Layout::KUDU.encode(at(end)).is_ok() && Layout::KUDU.encode(at(end + 1)).is_err());

    // Finer than a millisecond, or a wider counter: rounded up.
    let next = Timestamp::new(1_700_000_000_124, 0).unwrap();
    assert_eq!(Layout::KUDU.decode(1_700_000_000_123_500 << 12), Ok(next));
    assert_eq!(Layout::TSO.decode((1_700_000_000_123 << 18) + 65_536), Ok(next));
    assert_eq!(Layout::TSO.decode((1_700_000_000_123 << 18) + 65_535).unwrap().counter(), 65_535);
    assert_eq!(Layout::NTP64.decode((1_700_000_000 << 32) + 530_000_000), Ok(next));
    for layout in [Layout::NTP64, Layout::TSO, Layout::KUDU] {
        assert_eq!(layout.decode(0), Err(OutOfRange { millis: 0, counter: 0 }));
        assert!(layout.decode(u64::MAX).is_ok());
    }
    assert!(Layout::millis_42_22(u64::MAX).decode(u64::MAX).is_err());
}

/// CockroachDB's text forms, and what is none.
#[test]
fn cockroach_forms_are_pinned() {
    for (wall_time, logical, text, decimal) in [
        (1_580_361_670_629_466_905, 1, "1580361670.629466905,1", "1580361670629466905.0000000001"),
        (1, 0, "0.000000001,0", "1.0000000000"),
        (0, 5, "0,5", "0.0000000005"),
        (i64::MIN, i32::MIN, "-9223372036.854775808,-2147483648", "-9223372036854775808.-2147483648"),
        (i64::MAX, i32::MAX, "9223372036.854775807,2147483647", "9223372036854775807.2147483647"),
    ] {
        let theirs = Cockroach { wall_time, logical };
        assert_eq!(theirs.to_string(), text);
        assert_eq!(theirs.as_of_system_time().to_string(), decimal);
        assert_eq!(text.parse(), Ok(theirs));
        assert_eq!(decimal.parse(), Ok(theirs));
    }
    assert_eq!("1580361670629466905".parse::<Cockroach>().unwrap().logical, 0);
    for (wall_time, text) in [(-1_500_000_000, "-1.500000000,2"), (-500_000_000, "-0.500000000,2")] {
        let theirs = Cockroach { wall_time, logical: 2 };
        assert_eq!((theirs.to_string(), text.parse()), (text.to_owned(), Ok(theirs)));
        assert!(Timestamp::try_from(theirs).is_err());
    }
    #[cfg(feature = "serde")]
    assert!(serde_json::from_str::<Cockroach>(r#"{"wall_time":1,"logical":2,"x":3}"#).is_err());
    for bad in [
        "",
        ",",
        "1,",
        "1,1",
        "1.5,1",
        "1.0000000000,1",
        "00.000000001,0",
        "0.000000000,5",
        "-0.000000000,5",
        "1.000000000,00",
        "1.-00000001,1",
        "07",
        "+7",
        "1.000000000,+1",
        "9223372036.854775808,0",
        "1.000000000,2147483648",
        "1.1",
        "1.00000000001",
        "99999999999.000000000,0",
        "1.000000000,1?",
    ] {
        assert!(bad.parse::<Cockroach>().is_err(), "{bad}");
    }
    assert!(Timestamp::try_from(Cockroach { wall_time: -1, logical: 0 }).is_err());
    assert!(Timestamp::try_from(Cockroach { wall_time: 1, logical: -1 }).is_err());
    assert!(Timestamp::try_from(Cockroach { wall_time: 0, logical: 0 }).is_err());
    // 2262 is the end of their range, not of ours.
    assert!(Cockroach::try_from(Timestamp::new(9_223_372_036_854, 65_535).unwrap()).is_ok());
    assert!(Cockroach::try_from(Timestamp::new(9_223_372_036_855, 0).unwrap()).is_err());
}
