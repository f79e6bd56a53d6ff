//! The forms that leave the process, pinned: a change here is a breaking change for everything stored or sent.

use spacelike_lamport::{ParseStampError, ParseTimestampError, Stamp, Timestamp};

/// Value, bytes, text.
const TIMESTAMPS: [(u64, [u8; 8], &str); 6] = [
    (0, [0, 0, 0, 0, 0, 0, 0, 0], "0"),
    (1, [0, 0, 0, 0, 0, 0, 0, 1], "1"),
    (300, [0, 0, 0, 0, 0, 0, 1, 0x2C], "300"),
    (0x0102_0304_0506_0708, [1, 2, 3, 4, 5, 6, 7, 8], "72623859790382856"),
    (u64::MAX >> 1, [0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], "9223372036854775807"),
    (u64::MAX, [0xFF; 8], "18446744073709551615"),
];

#[test]
fn timestamps_have_these_bytes_and_this_text() {
    for (value, bytes, text) in TIMESTAMPS {
        let timestamp = Timestamp::new(value);
        assert_eq!(timestamp.to_be_bytes(), bytes);
        assert_eq!(Timestamp::from_be_bytes(bytes), timestamp);
        assert_eq!(timestamp.to_string(), text);
        assert_eq!(text.parse(), Ok(timestamp));
    }
}

#[test]
fn stamps_have_these_bytes_and_this_text() {
    let stamp = Stamp { time: Timestamp::new(300), node: 0x0102_0304_0506_0708 };
    let bytes = [0, 0, 0, 0, 0, 0, 1, 0x2C, 1, 2, 3, 4, 5, 6, 7, 8];
    assert_eq!(stamp.to_be_bytes(), bytes);
    assert_eq!(Stamp::from_be_bytes(bytes), stamp);
    assert_eq!(stamp.to_string(), "300@72623859790382856");
    assert_eq!("300@72623859790382856".parse(), Ok(stamp));
}

/// Each timestamp is written in one way only, and no other is read.
#[test]
fn other_texts_are_refused() {
    for text in [
        "",
        " ",
        "-",
        "+",
        "-1",
        "+1",
        "00",
        "01",
        "007",
        " 1",
        "1 ",
        "1_000",
        "1.0",
        "1e3",
        "0x1",
        "١",
        "１",
        "18446744073709551616",
        "99999999999999999999999",
    ] {
        assert_eq!(text.parse::<Timestamp>(), Err(ParseTimestampError), "{text:?}");
    }
    assert_eq!("42".parse::<Stamp<u32>>(), Err(ParseStampError::Form));
    assert_eq!("@3".parse::<Stamp<u32>>(), Err(ParseStampError::Time(ParseTimestampError)));
    assert_eq!("042@3".parse::<Stamp<u32>>(), Err(ParseStampError::Time(ParseTimestampError)));
    for text in ["42@", "42@x", "42@3@3"] {
        assert!(matches!(text.parse::<Stamp<u32>>(), Err(ParseStampError::Node(_))), "{text:?}");
    }
}

/// Width, fill and alignment are those of numbers.
#[test]
fn timestamps_are_padded_as_numbers_are() {
    let timestamp = Timestamp::new(42);
    assert_eq!(format!("{timestamp:>5}|{timestamp:<5}|{timestamp:05}"), "   42|42   |00042");
}

#[cfg(feature = "serde")]
mod serde {
    use spacelike_lamport::{Stamp, Timestamp};

    /// A timestamp is its number; in postcard, which writes those with seven bits to a byte, too.
    #[test]
    fn timestamps_are_numbers() {
        for (value, postcard) in [
            (0, &[0][..]),
            (300, &[0xAC, 2]),
            (u64::MAX >> 1, &[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]),
            (u64::MAX, &[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1]),
        ] {
            let timestamp = Timestamp::new(value);
            assert_eq!(serde_json::to_string(&timestamp).unwrap(), value.to_string());
            assert_eq!(serde_json::from_str::<Timestamp>(&value.to_string()).unwrap(), timestamp);
            assert_eq!(postcard::to_stdvec(&timestamp).unwrap(), postcard);
            assert_eq!(postcard::from_bytes::<Timestamp>(postcard).unwrap(), timestamp);
        }
    }

    #[test]
    fn stamps_have_two_fields() {
        let stamp = Stamp { time: Timestamp::new(300), node: 7u32 };
        let json = r#"{"time":300,"node":7}"#;
        assert_eq!(serde_json::to_string(&stamp).unwrap(), json);
        assert_eq!(serde_json::from_str::<Stamp<u32>>(json).unwrap(), stamp);
        assert_eq!(postcard::to_stdvec(&stamp).unwrap(), [0xAC, 2, 7]);
        assert_eq!(postcard::from_bytes::<Stamp<u32>>(&[0xAC, 2, 7]).unwrap(), stamp);
    }

    #[test]
    fn what_serialisation_cannot_give_is_refused() {
        for json in ["-1", "1.5", "18446744073709551616", "\"42\"", "null", "[42]"] {
            assert!(serde_json::from_str::<Timestamp>(json).is_err(), "{json}");
        }
        for json in [
            r#"{"time":300}"#,
            r#"{"node":7}"#,
            r#"{"time":300,"node":-7}"#,
            r#"{"time":300,"node":7,"epoch":1}"#,
            r#"{"time":300,"node":7,"time":301}"#,
        ] {
            assert!(serde_json::from_str::<Stamp<u32>>(json).is_err(), "{json}");
        }
    }
}
