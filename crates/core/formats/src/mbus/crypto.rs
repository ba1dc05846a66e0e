//! The ciphers of OMS: AES-128 in CBC and CTR, and the CMAC that derives keys and vouches for telegrams.

use aes::Aes128;
use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use cmac::{Cmac, Mac};

pub(super) type Key = [u8; 16];
pub(super) const BLOCK: usize = 16;

/// The plain bytes of whole blocks; what is left behind the last of them is dropped.
pub(super) fn cbc(key: &Key, iv: [u8; BLOCK], bytes: &[u8]) -> Vec<u8> {
    let cipher = Aes128::new(key.into());
    let mut plain = Vec::with_capacity(bytes.len());
    let mut before = iv;
    for block in bytes.as_chunks::<BLOCK>().0 {
        let mut decrypted = (*block).into();
        cipher.decrypt_block(&mut decrypted);
        plain.extend(decrypted.iter().zip(before).map(|(byte, before)| byte ^ before));
        before = *block;
    }
    plain
}

/// The plain bytes; `iv` is the first value of the counter.
pub(super) fn ctr(key: &Key, iv: [u8; BLOCK], bytes: &[u8]) -> Vec<u8> {
    let cipher = Aes128::new(key.into());
    let mut counter = u128::from_be_bytes(iv);
    let mut plain = Vec::with_capacity(bytes.len());
    for block in bytes.chunks(BLOCK) {
        let mut stream = counter.to_be_bytes().into();
        cipher.encrypt_block(&mut stream);
        plain.extend(block.iter().zip(stream).map(|(byte, stream)| byte ^ stream));
        counter = counter.wrapping_add(1);
    }
    plain
}

pub(super) fn mac(key: &Key, parts: &[&[u8]]) -> [u8; BLOCK] {
    let mut mac = <Cmac<Aes128> as KeyInit>::new(key.into());
    parts.iter().for_each(|part| Mac::update(&mut mac, part));
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::{cbc, ctr, mac};

    const KEY: [u8; 16] = *b"\x2b\x7e\x15\x16\x28\xae\xd2\xa6\xab\xf7\x15\x88\x09\xcf\x4f\x3c";
    const PLAIN: [u8; 16] = *b"\x6b\xc1\xbe\xe2\x2e\x40\x9f\x96\xe9\x3d\x7e\x11\x73\x93\x17\x2a";

    /// The first blocks of NIST SP 800-38A (F.2.1, F.5.1) and of RFC 4493.
    #[test]
    fn the_ciphers_give_their_published_values() {
        let encrypted = b"\x76\x49\xab\xac\x81\x19\xb2\x46\xce\xe9\x8e\x9b\x12\xe9\x19\x7d";
        let iv = std::array::from_fn(|index| index as u8);
        assert_eq!(cbc(&KEY, iv, encrypted), PLAIN);
        let encrypted = b"\x87\x4d\x61\x91\xb6\x20\xe3\x26\x1b\xef\x68\x64\x99\x0d\xb6\xce";
        assert_eq!(ctr(&KEY, std::array::from_fn(|index| 0xF0 + index as u8), encrypted), PLAIN);
        let expected = *b"\x07\x0a\x16\xb4\x6b\x4d\x41\x44\xf7\x9b\xdd\x9d\xd0\x4a\x28\x7c";
        assert_eq!(mac(&KEY, &[&PLAIN[..5], &PLAIN[5..]]), expected);
    }
}
