import { ask } from "./api.ts";

const KEPT_AS = "mapek-token";

/** The token of this tab, and whether it allows actions. Closing the tab deletes the token. */
export class Session {
  /** Whether the console was started without a token and takes no actions. */
  readOnly = true;
  mayAct = false;

  get token(): string | undefined {
    return sessionStorage.getItem(KEPT_AS) ?? undefined;
  }

  /** Takes a token from the address and removes it there, so that it does not stay in sight and in the history. */
  takeFromAddress(): void {
    const token = /[#&]token=([^&]+)/.exec(location.hash)?.[1];
    if (token === undefined) return;
    sessionStorage.setItem(KEPT_AS, decodeURIComponent(token));
    history.replaceState(null, "", `${location.pathname}#/systems`);
  }

  async use(token: string): Promise<void> {
    sessionStorage.setItem(KEPT_AS, token);
    await this.refresh();
    if (!this.mayAct) sessionStorage.removeItem(KEPT_AS);
  }

  async refresh(): Promise<void> {
    const answer = await ask<{ read_only: boolean; may_act: boolean }>(
      "/api/session",
      {},
      this.token,
    );
    this.readOnly = answer.read_only;
    this.mayAct = answer.may_act;
  }
}
