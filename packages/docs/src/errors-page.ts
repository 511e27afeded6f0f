import { page, table } from "./markdown.ts";
import { sources } from "./source-scan.ts";

const CODE = /^ {2}(MAPEK_[A-Z_]+): \{([^}]*)\}/gm;
const field = (text: string, name: string): string =>
  new RegExp(`${name}:\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|(\\d+))`).exec(text)?.slice(1).find(Boolean) ??
  "";

/** Every error code, from all `errors.ts`. */
export function errorsPage(): string {
  const rows = [...sources()]
    .filter(([path]) => path.endsWith("/errors.ts"))
    .flatMap(([path, text]) =>
      [...text.matchAll(CODE)].map(([, code = "", body = ""]) => [
        `\`${code}\``,
        field(body, "meaning"),
        field(body, "consequence") || exitOf(field(body, "exit")),
        path.split("/").slice(0, 2).join("/"),
      ]),
    )
    .filter(([, meaning]) => meaning !== "");
  return page(
    "Error codes",
    "`skip`: the message becomes a dead letter; `retry`: send it again; `fenced`: the partition is claimed anew; `fatal`: the process ends; `fix`: mend what was asked for.",
    table(
      ["code", "meaning", "consequence", "from"],
      rows.sort(([a = ""], [b = ""]) => (a < b ? -1 : 1)),
    ),
  );
}

const exitOf = (code: string): string => (code === "" ? "" : `exit code ${code}`);
