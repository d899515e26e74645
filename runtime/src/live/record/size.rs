//! Sizes as people write them.

/// A smaller limit would hold no clip worth keeping.
const LEAST: u64 = 1 << 20;

/// A number of bytes from a text as `500M`, `2G` or `1.5G`; K, M, G and T are powers of 1024.
///
/// # Errors
/// What would be right, when the text is no size or one below a mebibyte.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let wrong = || format!("{text:?} must be a size as in 500M or 2G, at least 1M");
    let text = text.trim();
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let shift = match text[number.len()..].to_ascii_uppercase().as_str() {
        "" | "B" => 0,
        "K" | "KB" | "KIB" => 10,
        "M" | "MB" | "MIB" => 20,
        "G" | "GB" | "GIB" => 30,
        "T" | "TB" | "TIB" => 40,
        _ => return Err(wrong()),
    };
    let number: f64 = number.trim().parse().map_err(|_| wrong())?;
    let bytes = number * (1_u64 << shift) as f64;
    // Beyond 2⁶³ bytes there is no disk, and NaN is no size either.
    if (LEAST as f64..(1_u64 << 63) as f64).contains(&bytes) {
        Ok(bytes as u64)
    } else {
        Err(wrong())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_their_units() {
        assert_eq!(parse_size("500M"), Ok(500 << 20));
        assert_eq!(parse_size(" 2 GiB "), Ok(2 << 30));
        assert_eq!(parse_size("1.5g"), Ok(3 << 29));
        assert_eq!(parse_size("1048576"), Ok(1 << 20));
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in ["", "G", "much", "-1G", "NaN", "inf", "1Q", "12K", "1e30T"] {
            let error = parse_size(text).unwrap_err();
            assert!(error.contains("500M or 2G"), "{error}");
        }
    }
}
