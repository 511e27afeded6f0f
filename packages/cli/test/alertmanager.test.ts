import { createServer } from "node:http";
import { afterEach, expect, test } from "vitest";
import { waitFor } from "../../../test/support/wait-for.ts";
import type { Alert } from "../src/alerts/alert.ts";
import { Alertmanager } from "../src/alerts/alertmanager.ts";

const alert = (name: string): Alert => ({
  labels: { alertname: name },
  annotations: {},
  startsAt: "2026-01-01T00:00:00Z",
  endsAt: "2026-01-01T00:01:00Z",
});

let close = () => {};
afterEach(() => close());

/** One that answers when it is told to. */
async function slowManager() {
  const requests: { names: string[]; answer: (status: number) => void }[] = [];
  const server = createServer(async (request, response) => {
    const body: Buffer[] = [];
    for await (const part of request) body.push(part as Buffer);
    const alerts = JSON.parse(Buffer.concat(body).toString()) as Alert[];
    requests.push({
      names: alerts.map(({ labels }) => labels.alertname as string),
      answer: (status) => response.writeHead(status).end(),
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  close = () => server.close();
  const { port } = server.address() as { port: number };
  const request = async (number: number) =>
    waitFor(`request ${number}`, () => requests[number - 1]);
  return { manager: new Alertmanager(`http://127.0.0.1:${port}`), requests, request };
}

test("what is said last is what holds: one request after another, what gathers meanwhile in one", async () => {
  const { manager, requests, request } = await slowManager();
  const first = manager.push([alert("a")], []);
  await request(1);
  const second = manager.push([alert("b")], [alert("a")]);
  const third = manager.push([], [alert("b")]);
  expect(requests).toHaveLength(1);
  requests[0]?.answer(200);
  await first;
  expect((await request(2)).names).toEqual(["a", "b"]);
  requests[1]?.answer(200);
  await Promise.all([second, third]);
  expect(requests).toHaveLength(2);
});

test("what has ended is told again where it was not taken, and once where it was", async () => {
  const { manager, request } = await slowManager();
  const refused = manager.push([alert("open")], [alert("ended")]);
  (await request(1)).answer(500);
  await expect(refused).rejects.toThrow("500");
  const taken = manager.push([alert("open")], []);
  const again = await request(2);
  expect(again.names).toEqual(["ended", "open"]);
  again.answer(200);
  await taken;
  const last = manager.push([alert("open")], []);
  const third = await request(3);
  expect(third.names).toEqual(["open"]);
  third.answer(200);
  await last;
});
