use super::*;

type Way = (&'static str, fn(Product));

/// As it is done on this processor, and on others that it can stand in for.
fn processors() -> Vec<Way> {
    let mut ways: Vec<Way> = vec![("as it is done here", |product| product.run())];
    #[cfg(target_arch = "x86_64")]
    if pulp::x86::V3::try_new().is_some() {
        ways.push(("AVX2", |product| {
            product.with_simd(pulp::x86::V3::try_new().unwrap());
        }));
    }
    ways
}

/// Without vectors, and with each number of rows at a time.
fn tiles() -> [Way; 10] {
    [
        ("without vectors", |product| {
            product.with_simd(pulp::Scalar);
        }),
        ("3", by::<3, 1>),
        ("4", by::<4, 1>),
        ("5", by::<5, 1>),
        ("6", by::<6, 1>),
        ("8", by::<8, 1>),
        ("9", by::<9, 1>),
        ("12", by::<12, 1>),
        ("6 of up to 4 groups", by::<6, 4>),
        ("8 of up to 3 groups", by::<8, 3>),
    ]
}

/// `P` rows of `Q` groups of columns at a time, and of what is left one by one.
fn by<const P: usize, const Q: usize>(mut product: Product) {
    let groups = product.columns.count.div_ceil(GROUP);
    let whole = groups - groups % Q;
    for group in (0..whole).step_by(Q) {
        product.block::<pulp::Scalar, P, Q, GROUP>(pulp::Scalar, group);
    }
    for group in whole..groups {
        product.block::<pulp::Scalar, P, 1, GROUP>(pulp::Scalar, group);
    }
}

#[test]
fn what_is_no_number_stays_none() {
    let packed = pack(1, 1, |_, _| 1.0);
    // Not without vectors, where tiles are not used.
    for (way, run) in processors() {
        let mut output = [0.0; 3];
        run(Product {
            rows: Rows {
                values: &[f32::NAN, -1.0, 2.0],
                starts: Starts::Every {
                    rows: 3,
                    distance: 1,
                    first: 0,
                },
                lines: 1,
                stride: 0,
                run: 1,
            },
            columns: Columns {
                packed: &packed,
                count: 1,
            },
            bias: &[0.0; GROUP],
            rectified: true,
            output: &mut output,
            output_stride: 1,
        });
        assert!(
            output[0].is_nan() && output[1..] == [0.0, 2.0],
            "{way}: {output:?}"
        );
    }
}

/// For sizes that fill no tile and such that do, with rows of two lines.
#[test]
fn tiles_agree_with_sums_one_by_one() {
    for (rows, run, count) in [(1, 3, 1), (5, 4, 16), (13, 7, 24), (40, 5, 100)] {
        let (lines, stride) = (2, 60);
        let number = |i: usize| ((i * 7919) % 101) as f32 / 50.0 - 1.0;
        let values: Vec<f32> = (0..200).map(number).collect();
        let starts: Vec<usize> = (0..rows).collect();
        let weight = |column: usize, step: usize| number(31 * column + 17 * step);
        let packed = pack(count, lines * run, weight);
        let mut bias: Vec<f32> = (0..count).map(number).collect();
        bias.resize(count.next_multiple_of(GROUP), 0.0);
        let output_stride = count + 3;
        for (way, add) in processors().into_iter().chain(tiles()) {
            let mut output = vec![9.0; rows * output_stride];
            add(Product {
                rows: Rows {
                    values: &values,
                    starts: Starts::At(&starts),
                    lines,
                    stride,
                    run,
                },
                columns: Columns {
                    packed: &packed,
                    count,
                },
                bias: &bias,
                rectified: true,
                output: &mut output,
                output_stride,
            });
            for (row, written) in output.chunks_exact(output_stride).enumerate() {
                for (column, &found) in written[..count].iter().enumerate() {
                    let mut sum = bias[column];
                    for (line, place) in (0..lines).flat_map(|l| (0..run).map(move |r| (l, r))) {
                        let value = values[row + line * stride + place];
                        sum += value * weight(column, line * run + place);
                    }
                    let difference = (found - sum.max(0.0)).abs();
                    assert!(difference < 1e-4, "{way}, {row} {column}: {found} {sum}");
                }
                assert_eq!(written[count..], [9.0; 3], "{way}");
            }
        }
    }
}
