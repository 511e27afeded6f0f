import { describe, expect, it } from "vitest";
import { Progress } from "../src/output/progress.ts";

/** A stream that keeps what is written. */
function streamOf(isTTY: boolean) {
  const written: string[] = [];
  const stream = { isTTY, columns: 20, write: (text: string) => written.push(text) > 0 };
  return { written, stream: stream as unknown as NodeJS.WriteStream };
}

describe("progress", () => {
  it("is one line on a terminal, cut to its width and taken away at the end", () => {
    const { stream, written } = streamOf(true);
    const progress = new Progress(stream);
    progress.show("a text that is longer than the terminal is wide");
    progress.show("so soon nothing is shown again");
    progress.done();
    progress.done();
    expect(written).toEqual(["\r\u001b[Ka text that is long", "\r\u001b[K"]);
  });

  it("is nothing elsewhere", () => {
    const { stream, written } = streamOf(false);
    const progress = new Progress(stream);
    progress.show("text");
    progress.done();
    expect(written).toEqual([]);
  });
});
