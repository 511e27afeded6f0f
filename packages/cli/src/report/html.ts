/** Text that is HTML already. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What a template may hold: texts and numbers are escaped, markup is not, nothing is nothing. */
export type Piece = string | number | Markup | undefined | readonly Piece[];

/**
 * A template of HTML or SVG in which everything is escaped that is not {@link Markup}.
 *
 * Cost: O(length).
 */
export function html(texts: TemplateStringsArray, ...pieces: readonly Piece[]): Markup {
  return new Markup(texts.reduce((made, text, i) => made + shown(pieces[i - 1]) + text));
}

function shown(piece: Piece): string {
  if (piece === undefined) return "";
  if (piece instanceof Markup) return piece.text;
  if (Array.isArray(piece)) return piece.map(shown).join("");
  return escapeHtml(String(piece));
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Safe as text and in a quoted attribute; control characters, which no HTML may hold, become `�`. */
const escapeHtml = (text: string): string =>
  text
    .replace(/[&<>"']/g, (special) => ESCAPES[special] as string)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd");
