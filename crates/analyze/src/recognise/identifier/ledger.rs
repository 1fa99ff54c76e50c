//! Addresses of ledgers: Bitcoin with their checksums, Ethereum by shape.

use sha2::{Digest as _, Sha256};

use super::super::pattern::{Candidate, Reading, Row};

pub fn rows() -> Vec<Row> {
    vec![
        Row::one(r"\b[13][1-9A-HJ-NP-Za-km-z]{25,34}\b", base58_address),
        Row::one(r"\bbc1[02-9ac-hj-np-z]{11,71}\b", segwit_address),
        Row::one(r"\b0x[0-9a-fA-F]{40}\b", ethereum_address),
    ]
}

fn base58_address(c: &Candidate) -> Option<Reading> {
    let value = &c.text[c.span().start..c.span().end];
    base58_check(value).then(|| Reading::identifier(c.span(), "btc", value, 990))
}

fn segwit_address(c: &Candidate) -> Option<Reading> {
    let value = &c.text[c.span().start..c.span().end];
    bech32_check(value).then(|| Reading::identifier(c.span(), "btc", value, 990))
}

/// The checksum in the case of its letters (EIP-55) is not looked at: many programs write small letters alone.
fn ethereum_address(c: &Candidate) -> Option<Reading> {
    let value = c.text[c.span().start..c.span().end].to_ascii_lowercase();
    Some(Reading::identifier(c.span(), "eth", value, 950))
}

/// Version, twenty bytes, and the first four of their double SHA-256.
fn base58_check(address: &str) -> bool {
    const ALPHABET: &str = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let mut bytes = [0u8; 25];
    for c in address.chars() {
        let Some(mut carry) = ALPHABET.find(c) else { return false };
        for byte in bytes.iter_mut().rev() {
            carry += usize::from(*byte) * 58;
            *byte = (carry & 0xff) as u8;
            carry >>= 8;
        }
        if carry > 0 {
            return false;
        }
    }
    // Each leading `1` stands for a byte of zero, no more and no fewer.
    let zeros = bytes.iter().take_while(|b| **b == 0).count();
    let ones = address.chars().take_while(|c| *c == '1').count();
    let (payload, checksum) = bytes.split_at(21);
    zeros == ones && matches!(payload[0], 0 | 5) && Sha256::digest(Sha256::digest(payload))[..4] == *checksum
}

/// BIP 173 and BIP 350: the polynomial over the prefix `bc` and the data leaves one of two constants.
fn bech32_check(address: &str) -> bool {
    const ALPHABET: &str = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let Some(data) = address.strip_prefix("bc1") else { return false };
    let prefix = "bc".bytes().map(|b| u32::from(b >> 5)).chain([0]).chain("bc".bytes().map(|b| u32::from(b & 31)));
    let mut checksum = 1u32;
    for value in prefix.map(Some).chain(data.chars().map(|c| ALPHABET.find(c).map(|at| at as u32))) {
        let Some(value) = value else { return false };
        let top = checksum >> 25;
        checksum = (checksum & 0x1ff_ffff) << 5 ^ value;
        for (bit, generator) in GENERATOR.iter().enumerate() {
            if top >> bit & 1 == 1 {
                checksum ^= generator;
            }
        }
    }
    matches!(checksum, 1 | 0x2bc8_30a3)
}

#[cfg(test)]
mod tests {
    use super::super::super::table;
    use docmill_model::MentionType::Identifier;

    #[test]
    fn addresses_pass_their_checksums() {
        table::check(
            Identifier,
            &[
                (
                    "to 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa.",
                    &[("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "btc 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa")],
                ),
                (
                    "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
                    &[("3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", "btc 3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy")],
                ),
                (
                    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
                    &[("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "btc bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4")],
                ),
                (
                    "0xDe0B295669a9FD93d5F28D9Ec85E40f4cb697BAe",
                    &[("0xDe0B295669a9FD93d5F28D9Ec85E40f4cb697BAe", "eth 0xde0b295669a9fd93d5f28d9ec85e40f4cb697bae")],
                ),
            ],
        );
        table::check_none(
            Identifier,
            &[
                "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb",
                "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",
                "0xDe0B295669a9FD93d5F28D9Ec85E40f4cb697BA",
                "1111111111111111111111111111",
                "3333333333333333333333333333333333",
                "bc1qqqqqqqqqqqqqqqqqqqqqqq",
            ],
        );
    }
}
