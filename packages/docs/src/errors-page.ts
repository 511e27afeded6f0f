import { globSync } from "node:fs";
import { join } from "node:path";
import type { ErrorTable } from "@mapek/core/coded-error";
import { page, table } from "./markdown.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");

/** Page of all error codes, from the tables that each `errors.ts` exports. */
export async function errorsPage(): Promise<string> {
  const paths = globSync("{packages,services}/*/src/**/errors.ts", { cwd: ROOT });
  const rows = await Promise.all(
    paths.map(async (path) => {
      const from = path.split("/").slice(0, 2).join("/");
      const exported: Record<string, unknown> = await import(join(ROOT, path));
      return Object.entries(exported)
        .filter(([name]) => name.endsWith("_ERRORS"))
        .flatMap(([, codes]) => Object.entries(codes as ErrorTable))
        .map(([code, { meaning, consequence, exit }]) => [
          `\`${code}\``,
          meaning,
          consequence ?? `exit code ${exit}`,
          from,
        ]);
    }),
  );
  return page(
    "Error codes",
    "`skip`: the message becomes a dead letter; `retry`: send it again; `fenced`: the partition is claimed anew; `fatal`: the process ends; `fix`: mend what was asked for.",
    table(
      ["code", "meaning", "consequence", "from"],
      rows.flat().sort(([a = ""], [b = ""]) => (a < b ? -1 : 1)),
    ),
  );
}
