import { ApiError } from "./api.ts";
import { h, morph } from "./dom.ts";
import { type LiveState, LiveStream } from "./live.ts";
import type { Page, Shell } from "./page.ts";
import { LoopsPage } from "./pages/loops.ts";
import { SeriesPage } from "./pages/series.ts";
import { SeriesListPage } from "./pages/series-list.ts";
import { SystemPage } from "./pages/system.ts";
import { SystemsPage } from "./pages/systems.ts";
import { WhyPage } from "./pages/why.ts";
import { empty } from "./parts.ts";
import { currentRoute, link, type Route } from "./router.ts";
import { SECTIONS } from "./sections.ts";
import { Session } from "./session.ts";

/** Interval of redrawing without events: ages such as "3 s ago" must go on. */
const REDRAW_MS = 1_000;
const SAID_MS = 8_000;

/** The shell: navigation, state of the live stream, the last message to the person, and the page. */
export class App implements Shell {
  readonly session = new Session();
  readonly #place: HTMLElement;
  readonly #live: LiveStream;
  #page: Page | undefined;
  #problem: ApiError | undefined;
  #isLoading = true;
  #state: LiveState = "connecting";
  #said: { text: string; kind: "good" | "bad" } | undefined;
  #sayTimer = 0;
  #isDrawing = false;

  constructor(place: HTMLElement) {
    this.#place = place;
    this.#live = new LiveStream(
      (event, data) => {
        this.#page?.on?.(event, data);
        this.draw();
      },
      (state) => {
        this.#state = state;
        this.draw();
      },
      () => void this.#load(),
    );
  }

  async start(): Promise<void> {
    this.session.takeFromAddress();
    this.#listen();
    await this.session.refresh().catch(() => {});
    this.#go();
    setInterval(() => this.draw(), REDRAW_MS);
  }

  draw(): void {
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    requestAnimationFrame(() => {
      this.#isDrawing = false;
      morph(this.#place, this.#view());
      if (!this.#isLoading && this.#problem === undefined) this.#page?.drawn?.(this.#place);
    });
  }

  say(text: string, kind: "good" | "bad" = "good"): void {
    this.#said = { text, kind };
    clearTimeout(this.#sayTimer);
    this.#sayTimer = window.setTimeout(() => {
      this.#said = undefined;
      this.draw();
    }, SAID_MS);
    this.draw();
  }

  show(dialog: HTMLDialogElement): void {
    this.#place.querySelector("#dialogs")?.replaceChildren(dialog);
    dialog.showModal();
  }

  watch(query: Readonly<Record<string, string>>): void {
    this.#live.watch(query);
  }

  #go(): void {
    this.#page?.close?.();
    const page = pageFor(currentRoute(), this);
    this.#page = page;
    this.#isLoading = true;
    this.#problem = undefined;
    document.title = `${page.title} · mapek`;
    this.#live.watch(page.watch);
    this.draw();
    void this.#load().then(() => this.#focusHeading(page));
  }

  async #load(): Promise<void> {
    const page = this.#page;
    if (page === undefined) return;
    try {
      await page.load();
      if (page === this.#page) this.#problem = undefined;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (page === this.#page) this.#problem = error;
    }
    if (page === this.#page) this.#isLoading = false;
    this.draw();
  }

  /** Focuses the heading of a new page, so that screen readers announce it. */
  #focusHeading(page: Page): void {
    requestAnimationFrame(() => {
      if (page !== this.#page || document.querySelector("dialog[open]") !== null) return;
      const heading = this.#place.querySelector<HTMLElement>("h1");
      heading?.focus({ preventScroll: true });
      scrollTo(0, 0);
    });
  }

  #listen(): void {
    document.querySelector(".skip")?.addEventListener("click", (event) => {
      event.preventDefault(); // A link to #main would change the hash, which names the page.
      document.getElementById("main")?.focus();
    });
    addEventListener("hashchange", () => {
      this.session.takeFromAddress();
      this.#go();
      void this.session.refresh().then(
        () => this.draw(),
        () => {},
      );
    });
    this.#place.addEventListener("click", (event) => {
      const element = (event.target as Element).closest<HTMLElement>("[data-action]");
      const action = element?.dataset.action;
      if (element === null || action === undefined) return;
      if (action === "close-dialog") element.closest("dialog")?.close();
      else if (action === "unlock")
        this.#place.querySelector<HTMLDialogElement>("#token-dialog")?.showModal();
      else this.#page?.press?.(action, element);
    });
    this.#place.addEventListener("input", (event) => {
      this.#page?.input?.(event.target as HTMLInputElement);
    });
    this.#place.addEventListener("submit", (event) => {
      event.preventDefault();
      const form = event.target as HTMLFormElement;
      if (form.id === "token-form") void this.#unlock(form);
      else this.#page?.submit?.(form);
    });
  }

  async #unlock(form: HTMLFormElement): Promise<void> {
    const token = String(new FormData(form).get("token") ?? "");
    form.reset();
    try {
      await this.session.use(token);
    } catch (error) {
      this.say((error as Error).message, "bad");
      return;
    }
    form.closest("dialog")?.close();
    this.say(
      this.session.mayAct ? "You may label and change now." : "That is not the console's token.",
      this.session.mayAct ? "good" : "bad",
    );
  }

  #view(): HTMLElement {
    return h(
      "div",
      { id: "shell" },
      h(
        "header",
        { class: "top" },
        h(
          "a",
          { class: "brand", href: link(["systems"]) },
          h("img", { src: "/app/mark.svg", alt: "", width: 26, height: 26 }),
          "mapek",
        ),
        h(
          "nav",
          { "aria-label": "Main" },
          SECTIONS.map(({ name, title }) =>
            h(
              "a",
              {
                href: link([name]),
                "aria-current": this.#page?.section === name ? "page" : undefined,
              },
              title,
            ),
          ),
        ),
        this.#access(),
        h(
          "p",
          { class: `live ${this.#state.replace(" ", "-")}`, role: "status", "aria-live": "polite" },
          LIVE_TEXT[this.#state],
        ),
      ),
      h("main", { id: "main", tabindex: -1 }, this.#content()),
      h(
        "div",
        { class: "said", role: "status", "aria-live": "polite" },
        this.#said && h("p", { class: this.#said.kind }, this.#said.text),
      ),
      tokenDialog(),
      h("div", { id: "dialogs", "data-keep": true }),
    );
  }

  #access(): HTMLElement {
    const { readOnly, mayAct } = this.session;
    if (mayAct) return h("p", { class: "access" }, "You may act");
    return h(
      "p",
      { class: "access" },
      "Read-only",
      !readOnly &&
        h("button", { type: "button", class: "small", "data-action": "unlock" }, "Enter token"),
    );
  }

  #content(): HTMLElement {
    const page = this.#page;
    const problem = this.#problem;
    if (page === undefined || (this.#isLoading && problem === undefined))
      return h(
        "div",
        { class: "page", "data-key": "loading" },
        h("h1", { tabindex: -1 }, page?.title ?? "mapek"),
        empty("Reading …"),
      );
    const key = `${page.section}/${page.title}`;
    if (problem !== undefined)
      return h(
        "div",
        { class: "page", "data-key": `problem ${key}` },
        h("h1", { tabindex: -1 }, page.title),
        h(
          "p",
          { class: "problem", role: "alert" },
          problem.message,
          " ",
          h("code", {}, problem.code),
        ),
      );
    return h("div", { class: "page", "data-key": key }, page.view());
  }
}

const LIVE_TEXT: Readonly<Record<LiveState, string>> = {
  connecting: "Connecting …",
  live: "Live",
  reconnecting: "Reconnecting …",
  "no server": "Reconnecting to NATS …",
};

function pageFor({ parts, query }: Route, shell: Shell): Page {
  const [section, first, second] = parts;
  switch (section) {
    case "series":
      return first !== undefined && second !== undefined
        ? new SeriesPage(shell, first, second, query.get("labels"))
        : new SeriesListPage(shell, query);
    case "loops":
      return new LoopsPage(shell, query.get("system") ?? undefined);
    case "why":
      return new WhyPage();
    default:
      return first === undefined ? new SystemsPage() : new SystemPage(first);
  }
}

const tokenDialog = (): HTMLElement =>
  h(
    "dialog",
    { id: "token-dialog", "aria-labelledby": "token-title" },
    h(
      "form",
      { id: "token-form" },
      h("h2", { id: "token-title" }, "Enter the console's token"),
      h("p", {}, "With it you may label anomalies, pin, freeze and exclude. It stays in this tab."),
      h(
        "label",
        {},
        "Token",
        h("input", { name: "token", type: "password", autocomplete: "off", required: true }),
      ),
      h(
        "div",
        { class: "buttons" },
        h("button", { type: "button", "data-action": "close-dialog" }, "Cancel"),
        h("button", { class: "primary" }, "Use it"),
      ),
    ),
  );
