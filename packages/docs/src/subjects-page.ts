import { CHANNELS, PARAMETERS } from "./channels.ts";
import { page, table } from "./markdown.ts";

/** Page of all public subjects with their messages. */
export function subjectsPage(): string {
  const rows = CHANNELS.map(({ address, direction, summary, messages, reply }) => [
    `\`${address.replaceAll("{", "<").replaceAll("}", ">")}\``,
    direction,
    summary,
    messages.map(schemaLink).join(", "),
    reply === undefined ? "" : schemaLink(reply),
  ]);
  return page(
    "Subjects",
    "As users see them; `mapek` is the configured public prefix. The same as [asyncapi.json](asyncapi.json).",
    table(["subject", "you", "carries", "message", "answer"], rows),
    table(
      ["token", "meaning"],
      Object.entries(PARAMETERS).map(([name, meaning]) => [`\`<${name}>\``, meaning]),
    ),
  );
}

const schemaLink = (family: string): string => `[${family}](../../core/schemas/${family}.json)`;
