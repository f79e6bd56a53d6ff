//! Keys as bytes: the hashes that stand for them, the bytes that stores keep, the texts that tell when they were made.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use spacelike_idempotency::{
    DecodeError, DerivedKey, ENCODED_MAX, Fingerprint, HexError, KEY_MAX, Key, KeyError, KeyHash, Scope,
    Secret,
};

/// Hashes are the same in each version, on each machine: stores and others remember them. Made with another
/// implementation, in Python, by the definition in Aumasson and Bernstein 2012, "`SipHash`: a fast
/// short-input PRF", with 128 bits.
#[test]
fn hashes_stay_what_they_are() {
    let [count, sevens] = [Secret::new(COUNT), Secret::new([7; 16])];
    let global = Key::new(Scope::Global, "pay", b"order-17").unwrap();
    let tenant = Key::new(Scope::Tenant(b"acme"), "pay", b"order-17").unwrap();
    for (secret, key, hash, charge) in [
        (&count, global, "94c83dd81c048fce60650a10591c37a1", "3aa9762d72700ef3df192b998c4bbff8"),
        (&count, tenant, "1e0d5e9771892536765ec3e5749c65be", "244dfdb7bdbfcb1f8dbe3601bcb5e235"),
        (&sevens, global, "9d38470480180d131c619aa6bbb4aa9e", "d3498f6bb10b84153ad1019e890beb5f"),
        (&sevens, tenant, "a05f526e002161ca2f75208c126e28a3", "6c3d41ce1c338faa6187403454badc0b"),
    ] {
        assert_eq!(key.hash(secret).to_string(), hash, "{key:?}");
        assert_eq!(key.hash(secret).derive(secret, "charge").to_string(), charge, "{key:?}");
    }
    let parts = [&b"POST"[..], b"/payments", b"{}"];
    assert_eq!(Fingerprint::of(&count, parts).to_string(), "b7299bb7bbaf6e87e5985e3d4bd131c7");
    assert_eq!(Fingerprint::of(&count, []).to_string(), "22d1cb19c99a23f25a1d8f3ff2eabc20");
}

/// What the hashes are held against is `SipHash-2-4` of 128 bits itself: three lines of the table that its authors publish.
#[test]
fn the_other_implementation_is_siphash() {
    let message: Vec<u8> = (0..63).collect();
    for (len, digest) in [
        (0, 0xa381_7f04_ba25_a8e6_6df6_7214_c755_0293),
        (15, 0x5493_e999_33b0_a811_7e08_ec0f_97cf_c3d9),
        (63, 0x5150_d177_2f50_834a_503e_069a_973f_bd7c),
    ] {
        assert_eq!(siphash([2, 4], &COUNT, &message[..len]), digest, "{len}");
    }
}

/// A key that is too long to be hashed as one piece has the hash that it would have as one.
#[test]
fn keys_of_any_length_are_hashed_alike() {
    let long = [7; KEY_MAX];
    for len in 1..=KEY_MAX {
        let key = Key::new(Scope::Tenant(&long[..len]), "pay", &long[..len]).unwrap();
        let message = [b"keyhash:", &key.encode()[..]].concat();
        let hash = siphash([1, 3], &COUNT, &message);
        assert_eq!(key.hash(&Secret::new(COUNT)).to_bytes(), hash.to_be_bytes(), "{len}");
    }
}

/// The purposes and the lengths keep apart what is hashed: a key's hash, a derived key and a fingerprint of the same bytes differ.
#[test]
fn a_hash_is_for_one_purpose() {
    let secret = Secret::new(COUNT);
    let hash = Key::new(Scope::Global, "a", b"b").unwrap().hash(&secret);
    let encoded = b"\x00\x01a\x01b";
    assert_ne!(Fingerprint::of(&secret, [&encoded[..]]).0.to_be_bytes(), hash.to_bytes());
    assert_ne!(hash.derive(&secret, "").to_bytes(), hash.to_bytes());
    assert_ne!(
        hash.derive(&secret, "").to_bytes(),
        Fingerprint::of(&secret, [&hash.to_bytes()[..]]).0.to_be_bytes()
    );
}

/// Limits hold on both sides, for each part. What is refused was not hashed.
#[test]
fn a_part_has_up_to_255_bytes() {
    let long = "x".repeat(KEY_MAX + 1);
    let most = &long[..KEY_MAX];
    let key = Key::new(Scope::Tenant(most.as_bytes()), most, most.as_bytes()).unwrap();
    assert_eq!((key.encode().len(), key.encoded_len()), (ENCODED_MAX, ENCODED_MAX));

    let too_long = Err(KeyError::TooLong { len: KEY_MAX + 1 });
    assert_eq!(Key::new(Scope::Tenant(long.as_bytes()), "", b"k"), too_long);
    assert_eq!(Key::new(Scope::Global, &long, b"k"), too_long);
    assert_eq!(Key::new(Scope::Global, "", long.as_bytes()), too_long);
    assert_eq!(Key::new(Scope::Global, "pay", b""), Err(KeyError::Missing));
    assert_eq!(Key::new(Scope::Tenant(b""), "pay", b"k"), Err(KeyError::Missing));
    assert!(Key::new(Scope::Global, "", b"\0").is_ok());
}

/// When a key was made is no part of its name: a client that stops telling still has its record found.
#[test]
fn the_time_is_no_part_of_the_name() {
    let key = Key::new(Scope::Global, "pay", b"k").unwrap();
    let minted = key.minted(Duration::from_secs(7));
    assert_eq!((key.minted_at(), minted.minted_at()), (None, Some(Duration::from_secs(7))));
    assert_eq!(key.hash(&Secret::new(COUNT)), minted.hash(&Secret::new(COUNT)));
    assert_eq!(key.encode(), minted.encode());
    assert_eq!(Key::decode(&minted.encode()), Ok(key));
}

/// RFC 9562, appendix A.6; and all that is no UUID of version 7, or another spelling of one.
#[test]
fn a_uuid_of_version_7_tells_when_it_was_made() {
    let uuid = |text| Key::uuid_v7(Scope::Global, "pay", text);
    let key = uuid("017f22e2-79b0-7cc3-98c4-dc0c0c07398f").unwrap();
    assert_eq!(key.minted_at(), Some(Duration::from_secs(1_645_557_742)));
    assert_eq!(key.as_bytes(), b"017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
    let latest = uuid("ffffffff-ffff-7fff-bfff-ffffffffffff").unwrap();
    assert_eq!(latest.minted_at(), Some(Duration::from_millis((1 << 48) - 1)));

    for (text, error) in [
        ("", KeyError::Length { len: 0, expected: 36 }),
        ("017f22e279b07cc398c4dc0c0c07398f", KeyError::Length { len: 32, expected: 36 }),
        ("{017f22e2-79b0-7cc3-98c4-dc0c0c07398f}", KeyError::Length { len: 38, expected: 36 }),
        ("017F22e2-79b0-7cc3-98c4-dc0c0c07398f", KeyError::Character { at: 3 }),
        ("017f22e2079b0-7cc3-98c4-dc0c0c07398f", KeyError::Character { at: 8 }),
        ("017f22e2-79b0-7cc3-98c4-dc0c0c07398g", KeyError::Character { at: 35 }),
        ("017f22e2-79b0-7cc3-98c4-dc0c0c0739é", KeyError::Character { at: 34 }),
        ("017f22e-279b0-7cc3-98c4-dc0c0c07398f", KeyError::Character { at: 7 }),
        ("+17f22e2-79b0-7cc3-98c4-dc0c0c07398f", KeyError::Character { at: 0 }),
        ("017f22e2-79b0-4cc3-98c4-dc0c0c07398f", KeyError::Version { version: 4 }),
        ("00000000-0000-0000-0000-000000000000", KeyError::Version { version: 0 }),
        ("017f22e2-79b0-7cc3-78c4-dc0c0c07398f", KeyError::Variant),
        ("017f22e2-79b0-7cc3-c8c4-dc0c0c07398f", KeyError::Variant),
    ] {
        assert_eq!(uuid(text), Err(error), "{text}");
    }
    let nobody = Key::uuid_v7(Scope::Tenant(b""), "pay", "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
    assert_eq!(nobody, Err(KeyError::Missing));
}

/// The examples of the specification; and all that is no ULID, or another spelling of one.
#[test]
fn a_ulid_tells_when_it_was_made() {
    let ulid = |text| Key::ulid(Scope::Global, "pay", text);
    let key = ulid("01ARZ3NDEKTSV4RRFFQ69G5FAV").unwrap();
    assert_eq!(key.minted_at(), Some(Duration::from_millis(1_469_922_850_259)));
    assert_eq!(key.as_bytes(), b"01ARZ3NDEKTSV4RRFFQ69G5FAV");
    let latest = ulid("7ZZZZZZZZZZZZZZZZZZZZZZZZZ").unwrap();
    assert_eq!(latest.minted_at(), Some(Duration::from_millis((1 << 48) - 1)));

    for (text, error) in [
        ("01ARZ3NDEKTSV4RRFFQ69G5FA", KeyError::Length { len: 25, expected: 26 }),
        ("01ARZ3NDEKTSV4RRFFQ69G5FAVA", KeyError::Length { len: 27, expected: 26 }),
        ("80000000000000000000000000", KeyError::Overflow),
        ("01ARZ3NDEKTSV4RRFFQ69G5FAv", KeyError::Character { at: 25 }),
        ("I1ARZ3NDEKTSV4RRFFQ69G5FAV", KeyError::Character { at: 0 }),
        ("0LARZ3NDEKTSV4RRFFQ69G5FAV", KeyError::Character { at: 1 }),
        ("01ORZ3NDEKTSV4RRFFQ69G5FAV", KeyError::Character { at: 2 }),
        ("01AUZ3NDEKTSV4RRFFQ69G5FAV", KeyError::Character { at: 3 }),
        ("01ARZ3NDEKTSV4RRFFQ69G5F-V", KeyError::Character { at: 24 }),
    ] {
        assert_eq!(ulid(text), Err(error), "{text}");
    }
    assert_eq!(Key::ulid(Scope::Tenant(b""), "pay", "01ARZ3NDEKTSV4RRFFQ69G5FAV"), Err(KeyError::Missing));
}

/// What is the encoding of no key is refused, and says why.
#[test]
fn foreign_bytes_are_no_key() {
    for (bytes, error) in [
        (&b""[..], DecodeError::Short),
        (b"\x00", DecodeError::Short),
        (b"\x00\x01", DecodeError::Short),
        (b"\x00\x01a\x02b", DecodeError::Short),
        (b"\x01\x05acme\x03", DecodeError::Short),
        (b"\x00\x01a\x01bc", DecodeError::Long { len: 1 }),
        (b"\x02\x01a\x01b", DecodeError::Scope { tag: 2 }),
        (b"\x00\x01\xFF\x01b", DecodeError::Operation),
        (b"\x00\x01a\x00", DecodeError::Key(KeyError::Missing)),
        (b"\x01\x00\x01a\x01b", DecodeError::Key(KeyError::Missing)),
    ] {
        assert_eq!(Key::decode(bytes), Err(error), "{bytes:?}");
    }
}

/// A text of a hash is 32 digits, no sign, no prefix.
#[test]
fn a_hash_is_read_from_32_digits() {
    let digits = "00112233445566778899aabbccddeeff";
    assert_eq!(digits.parse(), Ok(Fingerprint(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff)));
    assert_eq!(digits.to_uppercase().parse::<KeyHash>().unwrap().to_string(), digits);
    assert_eq!(digits.parse::<DerivedKey>().unwrap().to_string(), digits);
    assert_eq!(format!("{:x} {:#x}", Fingerprint(0xFE), Fingerprint(0xFE)), "fe 0xfe");
    assert_eq!(format!("{:?}", Fingerprint(0xFE)), "Fingerprint(000000000000000000000000000000fe)");
    for (text, error) in [
        ("", HexError::Length { len: 0 }),
        ("0112233445566778899aabbccddeeff", HexError::Length { len: 31 }),
        ("000112233445566778899aabbccddeeff", HexError::Length { len: 33 }),
        ("+0112233445566778899aabbccddeeff", HexError::Digit { at: 0 }),
        ("0x112233445566778899aabbccddeeff", HexError::Digit { at: 1 }),
        ("00112233445566778899aabbccddeefg", HexError::Digit { at: 31 }),
        ("00112233445566778899aabbccddeeé", HexError::Digit { at: 30 }),
    ] {
        assert_eq!(text.parse::<Fingerprint>(), Err(error), "{text}");
    }
}

/// Each has another one, and nobody is shown it.
#[test]
fn a_random_secret_is_another_each_time() {
    let key = Key::new(Scope::Global, "pay", b"k").unwrap();
    let mut hashes: Vec<_> = (0..1_000).map(|_| key.hash(&Secret::random())).collect();
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), 1_000);
    assert_eq!(format!("{:?}", Secret::random()), "Secret(..)");
}

/// What makes a key: with few letters, so that different splits of the same bytes are met.
fn names() -> impl Strategy<Value = (Option<Vec<u8>>, String, Vec<u8>)> {
    fn bytes(len_min: usize) -> impl Strategy<Value = Vec<u8>> + Clone {
        prop_oneof![
            4 => vec(prop::sample::select(vec![0, 1, 2, b'a']), len_min..4),
            1 => vec(any::<u8>(), len_min..=KEY_MAX)
        ]
    }
    let text = prop_oneof![4 => "[\0\u{1}\u{2}a]{0,3}", 1 => "\\PC{0,60}"];
    (prop::option::of(bytes(1)), text, bytes(1))
}

fn key(name: &(Option<Vec<u8>>, String, Vec<u8>)) -> Key<'_> {
    let scope = name.0.as_deref().map_or(Scope::Global, Scope::Tenant);
    Key::new(scope, &name.1, &name.2).unwrap()
}

proptest! {
    /// No two names have one encoding or one hash, whatever bytes they are of.
    #[test]
    fn other_names_are_other_bytes(one in names(), two in names()) {
        let secret = Secret::new(COUNT);
        let (a, b) = (key(&one), key(&two));
        prop_assert_eq!(one == two, a.encode() == b.encode());
        prop_assert_eq!(one == two, a.hash(&secret) == b.hash(&secret));
    }

    /// Stores get back what they have kept; and no part of an encoding is one.
    #[test]
    fn an_encoding_gives_the_key_back(name in names(), end in any::<prop::sample::Index>()) {
        let encoded = key(&name).encode();
        prop_assert_eq!(Key::decode(&encoded), Ok(key(&name)));
        let mut buffer = [0xEE; ENCODED_MAX];
        prop_assert_eq!(key(&name).encode_into(&mut buffer), &*encoded);
        prop_assert_eq!(key(&name).encoded_len(), encoded.len());
        prop_assert_eq!(Key::decode(&encoded[..end.index(encoded.len())]), Err(DecodeError::Short));
    }

    /// What is decoded has these bytes and no others; nothing panics.
    #[test]
    fn any_bytes_are_one_key_or_none(
        bytes in prop_oneof![vec(any::<u8>(), 0..40), vec(0_u8..4, 0..12)],
    ) {
        if let Ok(key) = Key::decode(&bytes) {
            prop_assert_eq!(key.encode(), bytes);
        }
    }

    /// The hashes are what their documentation says.
    #[test]
    fn hashes_are_siphash(
        name in names(),
        secret in any::<[u8; 16]>(),
        label in "\\PC{0,40}",
        parts in vec(vec(any::<u8>(), 0..20), 0..6),
    ) {
        let hashed = |purpose: &[u8], parts: &[&[u8]]| {
            let rounds = if purpose == b"keyhash:" { [1, 3] } else { [2, 4] };
            siphash(rounds, &secret, &[purpose, &parts.concat()].concat())
        };
        let kept = Secret::new(secret);
        let hash = key(&name).hash(&kept);
        let (tenant, operation, bytes) = &name;
        let mut encoded = vec![u8::from(tenant.is_some())];
        for part in tenant.iter().map(Vec::as_slice).chain([operation.as_bytes(), bytes]) {
            encoded.push(part.len().try_into().unwrap());
            encoded.extend(part);
        }
        prop_assert_eq!(hash.to_bytes(), hashed(b"keyhash:", &[&encoded]).to_be_bytes());
        prop_assert_eq!(KeyHash::from_bytes(hash.to_bytes()), hash);
        let derived = hashed(b"derived:", &[&hash.to_bytes(), label.as_bytes()]);
        prop_assert_eq!(hash.derive(&kept, &label).to_bytes(), derived.to_be_bytes());

        let with_len = |part: &Vec<u8>| [&(part.len() as u64).to_le_bytes()[..], part].concat();
        let message: Vec<u8> = parts.iter().flat_map(with_len).collect();
        let fingerprint = Fingerprint::of(&kept, parts.iter().map(Vec::as_slice));
        prop_assert_eq!(fingerprint.0, hashed(b"request:", &[&message]));
    }

    /// Two lists of parts that differ are two requests, also if all their bytes are the same in a row.
    #[test]
    fn other_parts_are_another_request(
        one in vec(vec(0_u8..2, 0..3), 0..4),
        two in vec(vec(0_u8..2, 0..3), 0..4),
    ) {
        let secret = Secret::new(COUNT);
        let fingerprint = |parts: &[Vec<u8>]| Fingerprint::of(&secret, parts.iter().map(Vec::as_slice));
        prop_assert_eq!(one == two, fingerprint(&one) == fingerprint(&two));
    }

    /// A UUID that somebody else wrote is read; what isn't of version 7 and variant 10 isn't.
    #[test]
    fn any_uuid_is_read_or_refused(value: u128) {
        let text = |value: u128| {
            let digits = format!("{value:032x}");
            [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
        };
        let set = value & !(0xF << 76 | 0b11 << 62) | 0x7 << 76 | 0b10 << 62;
        let (any, good) = (text(value), text(set));
        let minted = Key::uuid_v7(Scope::Global, "", &good).unwrap().minted_at();
        prop_assert_eq!(minted, Some(Duration::from_millis(u64::try_from(set >> 80).unwrap())));
        prop_assert_eq!(Key::uuid_v7(Scope::Global, "", &any).is_ok(), value == set);
    }

    /// A derived key as a UUID is of version 8 and variant 10, and keeps all other bits.
    #[test]
    fn a_derived_key_is_a_uuid_of_version_8(value: u128) {
        let key: DerivedKey = format!("{value:032x}").parse().unwrap();
        let uuid = key.as_uuid().to_string();
        let dashes: Vec<_> = uuid.match_indices('-').map(|(at, _)| at).collect();
        prop_assert_eq!(dashes, [8, 13, 18, 23]);
        let read = u128::from_str_radix(&uuid.replace('-', ""), 16).unwrap();
        let fixed = 0xF_u128 << 76 | 0b11 << 62;
        prop_assert_eq!((read & fixed, read & !fixed), (0x8 << 76 | 0b10 << 62, value & !fixed));
    }

    /// No text panics, and what is read has the time that its digits say.
    #[test]
    fn any_text_is_a_ulid_or_none(text in prop_oneof!["[0-7][0-9A-Z]{25}", "\\PC{0,40}"]) {
        let digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let values: Option<Vec<_>> = text.chars().map(|digit| digits.find(digit)).collect();
        let values = values.filter(|values| values.len() == 26 && values[0] < 8);
        let millis = values.map(|values| values[..10].iter().fold(0, |sum, &value| sum * 32 + value as u64));
        let minted = Key::ulid(Scope::Global, "", &text).ok().and_then(|key| key.minted_at());
        prop_assert_eq!(minted, millis.map(Duration::from_millis));
    }
}

/// `SipHash` of 128 bits, as its authors describe it, of a message that is all there: with so many rounds for a word, and at
/// the end.
fn siphash([each, last]: [u32; 2], key: &[u8; 16], message: &[u8]) -> u128 {
    let word = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().unwrap());
    let (k0, k1) = (word(&key[..8]), word(&key[8..]));
    let mut v = [
        k0 ^ 0x736f_6d65_7073_6575,
        k1 ^ 0x646f_7261_6e64_6f6d ^ 0xEE,
        k0 ^ 0x6c79_6765_6e65_7261,
        k1 ^ 0x7465_6462_7974_6573,
    ];
    let mut padded = message.to_vec();
    padded.resize(message.len() / 8 * 8 + 7, 0);
    padded.push(message.len().to_le_bytes()[0]);
    for m in padded.chunks(8).map(word) {
        v[3] ^= m;
        (0..each).for_each(|_| round(&mut v));
        v[0] ^= m;
    }
    v[2] ^= 0xEE;
    (0..last).for_each(|_| round(&mut v));
    let first = v[0] ^ v[1] ^ v[2] ^ v[3];
    v[1] ^= 0xDD;
    (0..last).for_each(|_| round(&mut v));
    let second = v[0] ^ v[1] ^ v[2] ^ v[3];
    u128::from(first.swap_bytes()) << 64 | u128::from(second.swap_bytes())
}

fn round(v: &mut [u64; 4]) {
    v[0] = v[0].wrapping_add(v[1]);
    v[1] = v[1].rotate_left(13) ^ v[0];
    v[0] = v[0].rotate_left(32);
    v[2] = v[2].wrapping_add(v[3]);
    v[3] = v[3].rotate_left(16) ^ v[2];
    v[0] = v[0].wrapping_add(v[3]);
    v[3] = v[3].rotate_left(21) ^ v[0];
    v[2] = v[2].wrapping_add(v[1]);
    v[1] = v[1].rotate_left(17) ^ v[2];
    v[2] = v[2].rotate_left(32);
}

/// The key of the published table.
const COUNT: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
