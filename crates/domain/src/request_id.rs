//! The id of a request: ours, in the answer, in a refusal's body and in the request log.

const DIGITS: usize = 12;

/// 24 hexadecimal digits: 12 random ones of the process, 12 that count its requests. It lives on the stack, since every
/// request has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId([u8; 2 * DIGITS]);

impl RequestId {
    /// The id of a process's request. Of each number the lowest 48 bits count: enough for ten thousand requests a second
    /// over eight hundred years.
    pub fn new(process: u64, count: u64) -> Self {
        let mut text = [b'0'; 2 * DIGITS];
        let (first, second) = text.split_at_mut(DIGITS);
        write(first, process);
        write(second, count);
        Self(text)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

as_text!(RequestId);

fn write(place: &mut [u8], mut number: u64) {
    for digit in place.iter_mut().rev() {
        *digit = b"0123456789abcdef"[(number & 15) as usize];
        number >>= 4;
    }
}

#[cfg(test)]
mod tests {
    use super::RequestId;

    #[test]
    fn an_id_is_the_process_and_the_count() {
        assert_eq!(RequestId::new(0xabc, 255).as_str(), "000000000abc0000000000ff");
        assert_eq!(RequestId::new(u64::MAX, 1 << 32).as_str(), "ffffffffffff000100000000");
        assert_ne!(RequestId::new(1, 2), RequestId::new(1, 3));
    }
}
