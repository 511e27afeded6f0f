import { type Command, CommanderError } from "commander";
import { CliError } from "./errors.ts";

/** Exit codes of every command. */
const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

const HELP_CODES = new Set(["commander.helpDisplayed", "commander.version"]);

/**
 * Runs a program and gives its exit code: 0 ok, 1 failed, 2 usage. An error is one line on standard
 * error with its code; MAPEK_DEBUG adds the stack.
 */
export async function runProgram(program: Command, args: readonly string[]): Promise<number> {
  withOwnErrors(program);
  try {
    await program.parseAsync([...args], { from: "user" });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError) return commanderExit(error);
    report(error);
    return error instanceof CliError ? error.exitCode : EXIT.failed;
  }
}

/** Keeps commander, in all subcommands, from ending the process and from printing usage errors. */
function withOwnErrors(command: Command): void {
  command.exitOverride().configureOutput({ outputError: () => {} });
  for (const child of command.commands) withOwnErrors(child);
}

function commanderExit(error: CommanderError): number {
  if (HELP_CODES.has(error.code) || error.exitCode === 0) return EXIT.ok;
  // For a missing subcommand commander has printed the help already.
  if (error.code !== "commander.help")
    writeError(`MAPEK_CLI_USAGE: ${error.message.replace(/^error: /, "")}`);
  return EXIT.usage;
}

function report(error: unknown): void {
  const text = error instanceof Error ? error.message : String(error);
  const code = (error as { code?: unknown } | null)?.code;
  const hasCode = typeof code !== "string" || text.startsWith(code);
  writeError(hasCode ? text : `${code}: ${text}`);
  if (process.env.MAPEK_DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`);
}

const writeError = (text: string): void => {
  process.stderr.write(`${text.trim().replace(/\s*\n\s*/g, " ")}\n`);
};
