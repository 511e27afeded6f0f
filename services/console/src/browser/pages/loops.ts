import type { Action, Feedback, Loop } from "@mapek/core/contract";
import { ACTION_COLUMNS, actionRow, newestOfEach } from "../actions.ts";
import { act, ask } from "../api.ts";
import { h } from "../dom.ts";
import { counted, number, percent, plainly, words } from "../format.ts";
import { Later } from "../later.ts";
import type { LiveEvent, Output } from "../live.ts";
import type { Page, Shell } from "../page.ts";
import { asTable, button, empty, section, table, tag, time } from "../parts.ts";
import { link } from "../router.ts";

interface LoopFigures {
  readonly system: string;
  readonly loop: Loop;
  readonly enabled: boolean;
  readonly signals: number;
  readonly actions: number;
  readonly open: number;
  readonly judged: number;
  readonly helped: number;
  readonly hurt: number;
  readonly effectiveness: number | null;
  readonly damping: number;
}

interface Loops {
  readonly order: readonly Loop[];
  /** What each makes of its signals. */
  readonly purposes: Readonly<Partial<Record<Loop, string>>>;
  readonly loops: readonly LoopFigures[];
  readonly actions: readonly Action[];
  readonly signals: readonly Feedback[];
}

const SHOWN = 50;
const MOST_KEPT = 500;
/** Delay after an event before the counts are read again. */
const REREAD_MS = 1_000;

/** The feedback loops: what came in, what was changed, and whether it helped. */
export class LoopsPage implements Page {
  readonly title = "Feedback loops";
  readonly section = "loops";
  readonly watch: Readonly<Record<string, string>>;
  readonly #shell: Shell;
  readonly #system: string | undefined;
  #loops: Loops = { order: [], purposes: {}, loops: [], actions: [], signals: [] };
  readonly #reread = new Later(async () => {
    await this.load();
    this.#shell.draw();
  }, REREAD_MS);

  constructor(shell: Shell, system: string | undefined) {
    this.#shell = shell;
    this.#system = system;
    this.watch = { watch: "loops", ...(system !== undefined && { system }) };
  }

  async load(): Promise<void> {
    this.#loops = await ask<Loops>("/api/loops", { system: this.#system });
  }

  on(event: LiveEvent, data: unknown): void {
    if (event !== "output") return;
    const { family, message } = data as Output;
    const { actions, signals } = this.#loops;
    if (family === "actions")
      this.#loops = {
        ...this.#loops,
        actions: [...actions, message as unknown as Action].slice(-MOST_KEPT),
      };
    else
      this.#loops = {
        ...this.#loops,
        signals: [...signals, message as unknown as Feedback].slice(-MOST_KEPT),
      };
    this.#reread.ask();
  }

  press(action: string, { dataset }: HTMLElement): void {
    if (action !== "set-loop") return;
    const body = {
      system: dataset.system,
      loop: dataset.loop,
      enabled: dataset.enabled === "true",
    };
    act("/api/loop", this.#shell.session.token, body).then(
      () => {
        this.#shell.say(
          `${words(body.loop ?? "")} of ${body.system} is ${body.enabled ? "on" : "off"}.`,
        );
        void this.load().then(() => this.#shell.draw());
      },
      (error: Error) => this.#shell.say(error.message, "bad"),
    );
  }

  close(): void {
    this.#reread.cancel();
  }

  view(): HTMLElement {
    const systems = [...new Set(this.#loops.loops.map(({ system }) => system))].sort();
    return h(
      "div",
      {},
      h(
        "h1",
        { tabindex: -1 },
        "Feedback loops",
        this.#system !== undefined && [
          " of ",
          h("a", { href: link(["systems", this.#system]) }, this.#system),
        ],
      ),
      h(
        "p",
        { class: "lead" },
        "Signals come in, actions follow, and each action is compared with what would have come without it.",
      ),
      this.#system === undefined &&
        systems.length > 1 &&
        h(
          "p",
          { class: "chips" },
          "Only ",
          systems.map((system) =>
            h("a", { href: link(["loops"], { system }), "data-key": system }, system),
          ),
        ),
      this.#loopTable(),
      this.#actions(),
      this.#signals(),
    );
  }

  #loopTable(): HTMLElement {
    const { order, purposes, loops } = this.#loops;
    const used =
      this.#system === undefined
        ? loops.filter(({ signals, enabled }) => signals > 0 || !enabled)
        : loops;
    const sorted = [...used].sort((a, b) => order.indexOf(a.loop) - order.indexOf(b.loop));
    if (sorted.length === 0)
      return section("loops", "Loops", empty("No loop has had a signal yet."));
    const columns = [
      { title: "Loop" },
      { title: "System", wide: true },
      { title: "Signals", numeric: true },
      { title: "Actions", numeric: true },
      { title: "Open", numeric: true, wide: true },
      { title: "Helped", numeric: true },
      { title: "Hurt", numeric: true },
      { title: "Effectiveness", numeric: true },
      { title: "Damping", numeric: true, wide: true },
      { title: "On" },
    ];
    return section(
      "loops",
      "Loops",
      table(
        "Loops with their signals, actions and effect",
        columns,
        sorted.map((one) => ({
          key: `${one.system} ${one.loop}`,
          cells: [
            h("span", {}, words(one.loop), h("small", {}, purposes[one.loop])),
            one.system,
            number(one.signals),
            number(one.actions),
            number(one.open),
            number(one.helped),
            number(one.hurt),
            h("span", {}, percent(one.effectiveness), h("small", {}, `of ${one.judged} judged`)),
            number(one.damping),
            this.#switch(one),
          ],
        })),
      ),
    );
  }

  #switch({ system, loop, enabled }: LoopFigures): HTMLElement {
    if (!this.#shell.session.mayAct) return enabled ? tag("on", "good") : tag("off", "warn");
    const what = enabled ? "Switch off" : "Switch on";
    return button("set-loop", what, {
      class: "small",
      "data-system": system,
      "data-loop": loop,
      "data-enabled": String(!enabled),
      "aria-label": `${what} ${words(loop)} of ${system}`,
    });
  }

  #actions(): HTMLElement {
    const newest = newestOfEach(this.#loops.actions).slice(0, SHOWN);
    if (newest.length === 0) return section("actions", "Actions", empty("No action yet."));
    return section(
      "actions",
      "Actions",
      table("Actions, newest first", ACTION_COLUMNS, newest.map(actionRow)),
    );
  }

  /** Signals of people and programs, and apart from them those of the learner, which would hide the others by their number. */
  #signals(): HTMLElement {
    const newest = [...this.#loops.signals].reverse();
    const own = newest.filter(({ source }) => source === LEARNER).slice(0, SHOWN);
    const others = newest.filter(({ source }) => source !== LEARNER).slice(0, SHOWN);
    return section(
      "signals",
      "Signals",
      others.length === 0
        ? empty("Nobody has sent a signal yet.")
        : signalTable("Signals, newest first", others),
      own.length > 0 &&
        asTable(
          `Signals of the learner itself: ${counted(own.length, "recommendation")}`,
          signalTable("Signals of the learner", own),
        ),
    );
  }
}

const LEARNER = "learner";

const signalTable = (caption: string, signals: readonly Feedback[]): HTMLElement =>
  table(
    caption,
    [
      { title: "When" },
      { title: "Loop" },
      { title: "System" },
      { title: "Source" },
      { title: "What it says" },
    ],
    signals.map((one) => ({
      key: `${one.system} ${one.loop} ${one.id}`,
      cells: [
        time(one.timestamp),
        words(one.loop),
        one.system,
        one.source,
        h(
          "span",
          { class: "wrap" },
          saysOf(one.signal),
          one.without_effect !== undefined &&
            h("small", {}, `without effect: ${one.without_effect.reason}`),
        ),
      ],
    })),
  );

const HEAD = new Set(["version", "id", "source", "timestamp"]);

const saysOf = (signal: Readonly<Record<string, unknown>>): string =>
  Object.entries(signal)
    .filter(([name]) => !HEAD.has(name))
    .map(([name, value]) => `${words(name)} ${plainly(value)}`)
    .join(", ");
