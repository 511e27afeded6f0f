/** Sweeps after which a symmetric matrix of this size is diagonal to rounding; usually eight are enough. */
const MAX_SWEEPS = 60;

/**
 * Eigenvalues and unit eigenvectors of a symmetric matrix, in no order.
 *
 * @param matrix Square and symmetric; overwritten.
 * Cost: O(n³) a sweep. Source: Jacobi's method as in Golub and Van Loan, Matrix Computations, section 8.5.
 */
export function eigen(matrix: Float64Array[]): { values: number[]; vectors: Float64Array[] } {
  const size = matrix.length;
  const vectors = Array.from({ length: size }, (_, i) => {
    const unit = new Float64Array(size);
    unit[i] = 1;
    return unit;
  });
  for (let sweep = 0; sweep < MAX_SWEEPS && offDiagonal(matrix) > 0; sweep++)
    for (let p = 0; p < size - 1; p++)
      for (let q = p + 1; q < size; q++) rotate(matrix, vectors, p, q);
  return { values: matrix.map((line, i) => line[i]!), vectors };
}

/** Sum of what is not on the diagonal and is more than rounding beside it. */
function offDiagonal(matrix: readonly Float64Array[]): number {
  let sum = 0;
  for (let p = 0; p < matrix.length; p++)
    for (let q = 0; q < p; q++) {
      const size = Math.abs(matrix[p]![q]!);
      const beside = Math.sqrt(Math.abs(matrix[p]![p]! * matrix[q]![q]!));
      if (size > 1e-17 * beside) sum += size;
    }
  return sum;
}

/** Makes the element (p, q) zero by turning the plane of these two axes. */
function rotate(matrix: Float64Array[], vectors: Float64Array[], p: number, q: number): void {
  const off = matrix[p]![q]!;
  if (off === 0) return;
  const theta = (matrix[q]![q]! - matrix[p]![p]!) / (2 * off);
  const tangent = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const cosine = 1 / Math.sqrt(tangent * tangent + 1);
  const sine = tangent * cosine;
  for (const line of matrix) {
    const [a, b] = [line[p]!, line[q]!];
    line[p] = cosine * a - sine * b;
    line[q] = sine * a + cosine * b;
  }
  for (const pair of [matrix, vectors]) {
    const [first, second] = [pair[p]!, pair[q]!];
    for (let k = 0; k < first.length; k++) {
      const [a, b] = [first[k]!, second[k]!];
      first[k] = cosine * a - sine * b;
      second[k] = sine * a + cosine * b;
    }
  }
}
