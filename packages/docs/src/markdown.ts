/** A Markdown table; `|` in cells is escaped. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}

/** A generated Markdown page. */
export const page = (title: string, ...parts: readonly string[]): string =>
  `${[`# ${title}`, "Generated from the code by `pnpm reference`; do not edit by hand.", ...parts].join("\n\n")}\n`;
