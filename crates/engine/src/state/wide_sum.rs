//! A running total in 192 bits: exact, whatever the order, and without overflow on the way.

use serde::{Deserialize, Serialize};

/// Two's complement, `high * 2^128 + low`. Room for 2^63 values of 128 bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct WideSum {
    high: i64,
    low: u128,
}

impl WideSum {
    pub(crate) const fn add(&mut self, units: i128) {
        let (low, carry) = self.low.overflowing_add(units as u128);
        self.low = low;
        self.high += (units >> 127) as i64 + carry as i64;
    }

    pub(crate) const fn subtract(&mut self, units: i128) {
        let (low, borrow) = self.low.overflowing_sub(units as u128);
        self.low = low;
        self.high -= (units >> 127) as i64 + borrow as i64;
    }

    /// Returns the total, if 128 bits hold it.
    pub(crate) const fn get(self) -> Option<i128> {
        let low = self.low as i128;
        if self.high == (low >> 127) as i64 { Some(low) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_comes_back_from_beyond_128_bits() {
        let mut sum = WideSum::default();
        sum.add(i128::MAX);
        sum.add(5);
        assert_eq!(sum.get(), None);
        sum.subtract(7);
        assert_eq!(sum.get(), Some(i128::MAX - 2));
        sum.add(i128::MIN);
        sum.add(i128::MIN);
        assert_eq!(sum.get(), None);
        sum.subtract(i128::MIN);
        assert_eq!(sum.get(), Some(-3));
    }
}
