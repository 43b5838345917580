//! `a * b / c` in 256 bits, rounded: what exact decimal products and quotients need in between.

/// Returns `a * b / c` rounded half away from zero; `None` when it passes 128 bits or `c` is 0.
pub(super) fn multiply_divide(a: u128, b: u128, c: u128) -> Option<u128> {
    if c == 0 {
        return None;
    }
    let (quotient, remainder) = match a.checked_mul(b) {
        Some(product) => (product / c, product % c),
        None => divide(multiply(a, b), c)?,
    };
    // remainder * 2 >= c, without passing 128 bits.
    if remainder >= c - remainder { quotient.checked_add(1) } else { Some(quotient) }
}

/// Returns the 256-bit product as `(high, low)`.
fn multiply(a: u128, b: u128) -> (u128, u128) {
    const LOW_HALF: u128 = u64::MAX as u128;
    let (a_high, a_low, b_high, b_low) = (a >> 64, a & LOW_HALF, b >> 64, b & LOW_HALF);
    let low = a_low * b_low;
    let middle = a_high * b_low + (low >> 64);
    let crossed = a_low * b_high + (middle & LOW_HALF);
    let high = a_high * b_high + (middle >> 64) + (crossed >> 64);
    (high, (crossed << 64) | (low & LOW_HALF))
}

/// Returns quotient and remainder by long division, bit by bit; `None` when the quotient passes 128 bits.
fn divide((high, low): (u128, u128), divisor: u128) -> Option<(u128, u128)> {
    if high >= divisor {
        return None;
    }
    let (mut remainder, mut quotient) = (high, 0_u128);
    for bit in (0..128).rev() {
        let carried = remainder >> 127 == 1;
        remainder = (remainder << 1) | ((low >> bit) & 1);
        quotient <<= 1;
        if carried || remainder >= divisor {
            remainder = remainder.wrapping_sub(divisor);
            quotient |= 1;
        }
    }
    Some((quotient, remainder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(a: u128, b: u128, c: u128, expected: Option<u128>) {
        assert_eq!(multiply_divide(a, b, c), expected, "{a} * {b} / {c}");
    }

    #[test]
    fn a_product_beyond_128_bits_is_divided_exactly() {
        let ten = |power: u32| 10_u128.pow(power);
        check(ten(38), ten(38), ten(38), Some(ten(38)));
        check(ten(38) - 1, ten(38) - 1, ten(38) - 1, Some(ten(38) - 1));
        check(u128::MAX, u128::MAX, u128::MAX, Some(u128::MAX));
        check(u128::MAX, 2, 1, None);
        check(1, 1, 0, None);
    }

    #[test]
    fn a_half_is_rounded_away_from_zero() {
        check(1, 1, 2, Some(1));
        check(5, 1, 3, Some(2));
        check(4, 1, 3, Some(1));
        check(15 * 10_u128.pow(37), 10_u128.pow(30), 10_u128.pow(68 - 30), Some(15 * 10_u128.pow(29)));
    }
}
