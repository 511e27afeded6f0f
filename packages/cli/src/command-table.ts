import type { Command } from "commander";

/** A command as the program knows it before its module is loaded. */
interface CommandEntry {
  readonly name: string;
  /** Text in `mapek --help` and in the command's own help. */
  readonly description: string;
  /** Imports the command's module, so that other commands do not wait for its dependencies (NATS, zod, the statistics). */
  readonly load: () => Promise<Command>;
}

/** Every command, in the order of `mapek --help`. */
const COMMANDS: readonly CommandEntry[] = [
  {
    name: "up",
    description: "run a NATS server, the four services and the console until Ctrl-C",
    load: async () => (await import("./commands/up.ts")).upCommand(),
  },
  {
    name: "analyze",
    description:
      "learn from a file: statistics, trend, threshold and anomalies of every metric in it",
    load: async () => (await import("./commands/analyze.ts")).analyzeCommand(),
  },
  {
    name: "publish",
    description: "publish samples of a metric and wait until they are stored",
    load: async () => (await import("./commands/publish.ts")).publishCommand(),
  },
  {
    name: "watch",
    description: "print what is learned, changed and done, as it happens",
    load: async () => (await import("./commands/watch.ts")).watchCommand(),
  },
  {
    name: "signal",
    description: "tell a feedback loop what came of something, and wait until it is stored",
    load: async () => (await import("./commands/signal.ts")).signalCommand(),
  },
  {
    name: "status",
    description: "print what the services say: series, states, parameters, effectiveness",
    load: async () => (await import("./commands/status.ts")).statusCommand(),
  },
  {
    name: "address",
    description: "print where the running `mapek up` is reached: its NATS server, its console",
    load: async () => (await import("./commands/address.ts")).addressCommand(),
  },
  {
    name: "thresholds",
    description: "print the thresholds in force",
    load: async () => (await import("./commands/thresholds.ts")).thresholdsCommand(),
  },
  {
    name: "history",
    description: "print stored signals, actions or transitions, oldest first",
    load: async () => (await import("./commands/history.ts")).historyCommand(),
  },
  {
    name: "explain",
    description:
      "say why a threshold, an anomaly, a state, parameters or an action are what they were at a time",
    load: async () => (await import("./commands/explain.ts")).explainCommand(),
  },
  {
    name: "replay",
    description: "fold the stored inputs again, and compare the outputs with those that are stored",
    load: async () => (await import("./commands/replay.ts")).replayCommand(),
  },
  {
    name: "report",
    description: "make one HTML page of a file, or of a metric that is being learned",
    load: async () => (await import("./commands/report.ts")).reportCommand(),
  },
  {
    name: "import",
    description: "store a CSV file as history of a system's metrics, whatever its age",
    load: async () => (await import("./commands/import.ts")).importCommand(),
  },
  {
    name: "alerts",
    description: "tell Alertmanager of anomalies: when they open, and when they are over",
    load: async () => (await import("./commands/alerts.ts")).alertsCommand(),
  },
  {
    name: "keys",
    description: "make keys (NKeys) and the nats-server configuration that they fit",
    load: async () => (await import("./commands/keys.ts")).keysCommand(),
  },
];

/**
 * Adds every command to the program: the requested one in full, the others with name and description only.
 *
 * @param args Arguments of the process: the command is the first word that is neither `help` nor an option.
 */
export async function addCommands(program: Command, args: readonly string[]): Promise<void> {
  const asked = args.find((word) => word !== "help" && !word.startsWith("-"));
  for (const { name, description, load } of COMMANDS) {
    if (name === asked) program.addCommand((await load()).description(description));
    else program.command(name).description(description);
  }
}
