import type { LiveEvent } from "./live.ts";
import type { Session } from "./session.ts";

/** The functions of the shell that a page may call. */
export interface Shell {
  readonly session: Session;
  /** Redraws the page in the next animation frame. */
  draw(): void;
  /** Shows a short message, which screen readers announce. */
  say(text: string, kind?: "good" | "bad"): void;
  /** Opens a dialog, which redraws of the page do not touch. */
  show(dialog: HTMLDialogElement): void;
  /** Replaces the watched query, for a page whose search or offset changed. */
  watch(query: Readonly<Record<string, string>>): void;
}

/** One page of the console. */
export interface Page {
  readonly title: string;
  /** Name of the page's entry in the navigation. */
  readonly section: string;
  readonly watch: Readonly<Record<string, string>> | undefined;
  /** Reads the page's data: at first, and again when the live stream was away. */
  load(): Promise<void>;
  view(): HTMLElement;
  on?(event: LiveEvent, data: unknown): void;
  /** Called after each redraw; updates charts. */
  drawn?(root: HTMLElement): void;
  /** Called for a click on an element with `data-action`. */
  press?(action: string, element: HTMLElement): void;
  input?(element: HTMLInputElement): void;
  submit?(form: HTMLFormElement): void;
  close?(): void;
}
