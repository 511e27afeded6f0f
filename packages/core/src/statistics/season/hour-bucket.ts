/**
 * Place of an hour in a cycle of `length` hours, 0 … length − 1; hours before 1970 count backwards.
 *
 * Present times give hours that are 32-bit integers, whose remainder is cheap.
 */
export function bucketOf(hour: number, length: number): number {
  const small = hour | 0;
  const bucket = small === hour ? small % length : hour % length;
  return bucket < 0 ? bucket + length : bucket;
}
