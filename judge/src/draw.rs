//! Where a test's inputs come from.

use std::fs::File;
use std::io::Read;
use std::ops::Range;

/// Random numbers and what is made of them: the same for the same seed, so that a teacher can
/// repeat a run, and a new seed each time otherwise.
///
/// By the generator SplitMix64 (Steele, Lea, Flood 2014): sixty-four bits of state are plenty for
/// inputs, and a program that sees some of them gains nothing by guessing the rest.
///
/// ```
/// use judge::Random;
///
/// let mut random = Random::from_seed(7);
/// let words = random.words(3);
/// assert_eq!(words.len(), 3);
/// assert_eq!(Random::from_seed(7).words(3), words);
/// assert!((10..20).contains(&random.range(10..20)));
/// ```
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    pub fn from_seed(seed: u64) -> Random {
        Random(seed)
    }

    /// A seed that nobody knows, from the system.
    ///
    /// # Panics
    /// When the system has no random numbers.
    pub fn new_seed() -> u64 {
        let mut bytes = [0; 8];
        File::open("/dev/urandom")
            .and_then(|mut file| file.read_exact(&mut bytes))
            .expect("/dev/urandom gives random bytes");
        u64::from_le_bytes(bytes)
    }

    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`; 0 where `end` is 0.
    pub fn below(&mut self, end: u32) -> u32 {
        // The upper half of a product of thirty-two bits each: evenly spread to within 2⁻³².
        (((self.next_u64() >> 32) * u64::from(end)) >> 32) as u32
    }

    /// A number of the range; its start where it is empty.
    pub fn range(&mut self, range: Range<u32>) -> u32 {
        range.start + self.below(range.end.saturating_sub(range.start))
    }

    /// A word of three to eight small letters: most likely one that no program expects.
    pub fn word(&mut self) -> String {
        let length = self.range(3..9);
        (0..length)
            .map(|_| char::from(b'a' + self.below(26) as u8))
            .collect()
    }

    /// Words that are all different.
    pub fn words(&mut self, count: usize) -> Vec<String> {
        let mut words: Vec<String> = Vec::with_capacity(count);
        while words.len() < count {
            let word = self.word();
            if !words.contains(&word) {
                words.push(word);
            }
        }
        words
    }

    /// Numbers below `end`.
    pub fn numbers(&mut self, count: usize, end: u32) -> Vec<u32> {
        (0..count).map(|_| self.below(end)).collect()
    }

    /// One of them.
    ///
    /// # Panics
    /// When there is none.
    pub fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        assert!(!all.is_empty(), "one of none cannot be picked");
        &all[self.below(all.len() as u32) as usize]
    }

    /// Puts them into an order of its own (Fisher and Yates).
    pub fn shuffle<T>(&mut self, all: &mut [T]) {
        for last in (1..all.len()).rev() {
            all.swap(last, self.below(last as u32 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_splitmix64() {
        // The published sequence for the seed 1234567.
        let mut random = Random::from_seed(1_234_567);
        assert_eq!(random.next_u64(), 6_457_827_717_110_365_317);
        assert_eq!(random.next_u64(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn numbers_stay_in_their_range_and_reach_all_of_it() {
        let mut random = Random::from_seed(1);
        let mut seen = [false; 6];
        for _ in 0..500 {
            seen[random.below(6) as usize] = true;
        }
        assert_eq!(seen, [true; 6]);
        assert_eq!(random.below(0), 0);
        assert_eq!(random.range(4..4), 4);
    }

    #[test]
    fn shuffled_values_are_the_same_values() {
        let mut all: Vec<u32> = (0..50).collect();
        let mut random = Random::from_seed(3);
        random.shuffle(&mut all);
        assert_ne!(all, (0..50).collect::<Vec<_>>());
        all.sort_unstable();
        assert_eq!(all, (0..50).collect::<Vec<_>>());
        assert_ne!(Random::new_seed(), Random::new_seed());
    }
}
