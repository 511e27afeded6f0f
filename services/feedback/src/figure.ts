/** A number as a person writes it: at most six significant digits. */
export const figure = (value: number): string => String(Number(value.toPrecision(6)));
