//! Cholesky's factorisation and what is solved with it, for dense matrices of up to a few thousand rows.

/// The lower factor `L` of `K = L Lᵀ`, row after row.
#[derive(Clone, Debug)]
pub(crate) struct Cholesky {
    /// Rows of the matrix.
    pub n: usize,
    /// `n * n` values; those above the diagonal are meaningless.
    pub l: Vec<f64>,
}

/// Columns that are eliminated together: a block of this many rows stays in the first-level cache.
const BLOCK: usize = 48;

#[inline]
fn dot(a: &[f64], b: &[f64]) -> f64 {
    // Four sums let the processor work on several products at once; their order is fixed, so the
    // result is the same everywhere.
    let mut sums = [0.0f64; 4];
    let (ca, cb) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest: f64 = ca.remainder().iter().zip(cb.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in ca.zip(cb) {
        sums[0] += x[0] * y[0];
        sums[1] += x[1] * y[1];
        sums[2] += x[2] * y[2];
        sums[3] += x[3] * y[3];
    }
    (sums[0] + sums[2]) + (sums[1] + sums[3]) + rest
}

/// Two dot products of one row with two others: the shared row is read once.
#[inline]
fn dot2(a: &[f64], b: &[f64], c: &[f64]) -> (f64, f64) {
    let n = a.len();
    let (b, c) = (&b[..n], &c[..n]);
    let (mut p, mut q) = ([0.0f64; 4], [0.0f64; 4]);
    let whole = n - n % 4;
    let mut i = 0;
    while i < whole {
        for k in 0..4 {
            p[k] += a[i + k] * b[i + k];
            q[k] += a[i + k] * c[i + k];
        }
        i += 4;
    }
    let (mut rp, mut rq) = (0.0, 0.0);
    for k in whole..n {
        rp += a[k] * b[k];
        rq += a[k] * c[k];
    }
    ((p[0] + p[2]) + (p[1] + p[3]) + rp, (q[0] + q[2]) + (q[1] + q[3]) + rq)
}

/// Factorises the symmetric matrix whose lower triangle is in `k` (rows of length `n`), in place.
/// `None` if it is not positive definite, which also covers NaN.
pub(crate) fn cholesky(mut k: Vec<f64>, n: usize) -> Option<Cholesky> {
    let mut start = 0;
    while start < n {
        let end = (start + BLOCK).min(n);
        // The block's own columns, all rows below included: left-looking within the block, since
        // what the columns before it contribute has been subtracted already.
        for j in start..end {
            let (above, row_j) = k.split_at_mut(j * n);
            let _ = above;
            let squares = dot(&row_j[start..j], &row_j[start..j]);
            let pivot = row_j[j] - squares;
            if !pivot.is_finite() || pivot <= 1e-14 {
                return None;
            }
            let root = pivot.sqrt();
            row_j[j] = root;
            let inverse = 1.0 / root;
            let (row_j, below) = row_j.split_at_mut(n);
            for row in below.chunks_exact_mut(n) {
                row[j] = (row[j] - dot(&row[start..j], &row_j[start..j])) * inverse;
            }
        }
        // What these columns contribute to the rest of the triangle.
        for i in end..n {
            let (above, from_i) = k.split_at_mut(i * n);
            let row_i = &mut from_i[..n];
            let (done, rest) = row_i.split_at_mut(end);
            let block = &done[start..];
            let mut j = end;
            while j < i {
                let one = &above[j * n + start..j * n + end];
                if j + 1 < i {
                    let two = &above[(j + 1) * n + start..(j + 1) * n + end];
                    let (p, q) = dot2(block, one, two);
                    rest[j - end] -= p;
                    rest[j + 1 - end] -= q;
                    j += 2;
                } else {
                    rest[j - end] -= dot(block, one);
                    j += 1;
                }
            }
            rest[i - end] -= dot(block, block);
        }
        start = end;
    }
    Some(Cholesky { n, l: k })
}

impl Cholesky {
    #[inline]
    fn row(&self, i: usize) -> &[f64] {
        &self.l[(i * self.n)..=(i * self.n + i)]
    }

    /// Solves `L x = b` in place.
    pub(crate) fn forward(&self, b: &mut [f64]) {
        for i in 0..self.n {
            let row = self.row(i);
            let s = dot(&row[..i], &b[..i]);
            b[i] = (b[i] - s) / row[i];
        }
    }

    /// Solves `Lᵀ x = b` in place.
    pub(crate) fn backward(&self, b: &mut [f64]) {
        for i in (0..self.n).rev() {
            let row = self.row(i);
            let x = b[i] / row[i];
            b[i] = x;
            for (b, l) in b[..i].iter_mut().zip(&row[..i]) {
                *b -= l * x;
            }
        }
    }

    /// Solves `K x = b` in place.
    pub(crate) fn solve(&self, b: &mut [f64]) {
        self.forward(b);
        self.backward(b);
    }

    /// Solves `L X = B` in place for `W` right-hand sides; row `i` of `B` has their `W` values.
    /// The sides are side by side, so that each vector instruction works on several.
    pub(crate) fn forward_many<const W: usize>(&self, b: &mut [[f64; W]]) {
        for i in 0..self.n {
            let row = self.row(i);
            let (solved, rest) = b.split_at_mut(i);
            let mut sum = [0.0f64; W];
            for (l, x) in row[..i].iter().zip(solved.iter()) {
                for w in 0..W {
                    sum[w] += l * x[w];
                }
            }
            let inverse = 1.0 / row[i];
            for w in 0..W {
                rest[0][w] = (rest[0][w] - sum[w]) * inverse;
            }
        }
    }

    /// Half the logarithm of the determinant of `K`.
    pub(crate) fn half_log_determinant(&self) -> f64 {
        (0..self.n).map(|i| libm::log(self.l[i * self.n + i])).sum()
    }

    /// The inverse of `K`: its lower triangle, row after row.
    pub(crate) fn inverse(&self) -> Vec<f64> {
        let n = self.n;
        // Rows of L⁻ᵀ are columns of L⁻¹: `t[j]` from j on, by forward substitution.
        let mut t = vec![0.0; n * n];
        for j in 0..n {
            let (l, column) = (&self.l, &mut t[j * n..(j + 1) * n]);
            column[j] = 1.0 / l[j * n + j];
            for i in j + 1..n {
                let s = dot(&l[i * n + j..i * n + i], &column[j..i]);
                column[i] = -s / l[i * n + i];
            }
        }
        let mut inverse = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..=i {
                inverse[i * n + j] = dot(&t[i * n + i..(i + 1) * n], &t[j * n + i..(j + 1) * n]);
            }
        }
        inverse
    }

    /// Appends a row: `k` is the new point's covariance with the old ones, `own` its variance.
    /// `false`, with nothing changed, if the matrix would no longer be positive definite.
    pub(crate) fn append(&mut self, k: &[f64], own: f64) -> bool {
        let n = self.n;
        let mut row = k.to_vec();
        self.forward(&mut row);
        let pivot = own - dot(&row, &row);
        if !pivot.is_finite() || pivot <= 1e-14 {
            return false;
        }
        let mut l = Vec::with_capacity((n + 1) * (n + 1));
        for i in 0..n {
            l.extend_from_slice(&self.l[i * n..(i + 1) * n]);
            l.push(0.0);
        }
        l.extend_from_slice(&row);
        l.push(pivot.sqrt());
        self.n += 1;
        self.l = l;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(n: usize) -> Vec<f64> {
        let mut k = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..n {
                let d = (i as f64 - j as f64) / 7.0;
                k[i * n + j] = libm::exp(-d * d) + if i == j { 0.1 } else { 0.0 };
            }
        }
        k
    }

    #[test]
    fn the_factor_multiplies_back_in_every_size_around_the_block() {
        for n in [1, 2, 47, 48, 49, 97, 130] {
            let k = matrix(n);
            let c = cholesky(k.clone(), n).unwrap();
            for i in 0..n {
                for j in 0..=i {
                    let s: f64 = (0..=j).map(|x| c.l[i * n + x] * c.l[j * n + x]).sum();
                    assert!((s - k[i * n + j]).abs() < 1e-12, "{n} {i} {j}");
                }
            }
        }
    }

    #[test]
    fn solving_inverting_and_appending_agree() {
        let n = 60;
        let k = matrix(n);
        let c = cholesky(k.clone(), n).unwrap();
        let mut x: Vec<f64> = (0..n).map(|i| libm::sin(i as f64)).collect();
        let b = x.clone();
        c.solve(&mut x);
        let inverse = c.inverse();
        for i in 0..n {
            let back: f64 = (0..n).map(|j| k[i * n + j] * x[j]).sum();
            assert!((back - b[i]).abs() < 1e-10);
            let row: f64 = (0..n).map(|j| inverse[i.max(j) * n + i.min(j)] * b[j]).sum();
            assert!((row - x[i]).abs() < 1e-10);
        }
        let mut many: Vec<[f64; 3]> = b.iter().map(|v| [*v, 2.0 * v, -v]).collect();
        c.forward_many(&mut many);
        let mut one = b.clone();
        c.forward(&mut one);
        assert!(many.iter().zip(&one).all(|(m, o)| (m[1] - 2.0 * o).abs() < 1e-12));

        let smaller: Vec<f64> = (0..n - 1).flat_map(|i| k[i * n..i * n + n - 1].to_vec()).collect();
        let mut grown = cholesky(smaller, n - 1).unwrap();
        assert!(grown.append(&k[(n - 1) * n..(n - 1) * n + n - 1], k[n * n - 1]));
        assert!((grown.l[n * n - 1] - c.l[n * n - 1]).abs() < 1e-12);
    }

    #[test]
    fn what_is_not_positive_definite_is_refused() {
        assert!(cholesky(vec![1.0, 0.0, 2.0, 1.0], 2).is_none());
        assert!(cholesky(vec![f64::NAN], 1).is_none());
    }
}
