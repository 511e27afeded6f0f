import type { LiveEvent } from "./live.ts";
import type { Session } from "./session.ts";

/** What a page may use of the shell around it. */
export interface Shell {
  readonly session: Session;
  /** Shows the page anew, soon. */
  draw(): void;
  /** Says something to the person, also to one who hears it. */
  say(text: string, kind?: "good" | "bad"): void;
  /** Opens a dialog; it stays as it is while the page behind it goes on. */
  show(dialog: HTMLDialogElement): void;
  /** Watches something else: a page whose search or offset changed. */
  watch(query: Readonly<Record<string, string>>): void;
}

/** One page: what it watches, shows, and does. */
export interface Page {
  readonly title: string;
  /** Which entry of the navigation it belongs to. */
  readonly section: string;
  readonly watch: Readonly<Record<string, string>> | undefined;
  /** Reads what does not come live: at first, and again when the stream was away. */
  load(): Promise<void>;
  view(): HTMLElement;
  on?(event: LiveEvent, data: unknown): void;
  /** After each drawing: for charts. */
  drawn?(root: HTMLElement): void;
  /** A press on something with `data-action`. */
  press?(action: string, element: HTMLElement): void;
  input?(element: HTMLInputElement): void;
  submit?(form: HTMLFormElement): void;
  close?(): void;
}
