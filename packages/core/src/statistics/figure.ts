/**
 * A number as a person writes it, without an exponent where it can be avoided.
 *
 * @param digits Significant digits at most, 1 … 17; six tell a person enough.
 */
export const figure = (value: number, digits = 6): string =>
  String(Number(value.toPrecision(digits)));
