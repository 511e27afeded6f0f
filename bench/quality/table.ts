/** A row of a Markdown table. */
export const row = (...cells: (string | number)[]): string => `| ${cells.join(" | ")} |`;

/** Its head: names of the columns and the line below. */
export const head = (...cells: string[]): string[] => [
  row(...cells),
  row(...cells.map(() => "---")),
];

/** A share in percent. */
export const percent = (share: number): string => (100 * share).toFixed(2);
