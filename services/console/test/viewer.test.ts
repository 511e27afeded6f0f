import { createServer, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { expect, it } from "vitest";
import { waitFor } from "../../../test/support/wait-for.ts";
import { Viewer } from "../src/viewer.ts";

it("a viewer that reads nothing is dropped once a megabyte waits for it, and gets no more", async () => {
  const opened = Promise.withResolvers<ServerResponse>();
  const server = createServer((_, response) => opened.resolve(response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, "127.0.0.1");
  socket.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  socket.pause();
  socket.on("error", () => {});
  const response = await opened.promise;
  let dropped = 0;
  const viewer = new Viewer(response, () => dropped++);
  let most = 0;
  await waitFor("it is given up", () => {
    for (let i = 0; i < 20; i++) viewer.send("output", "x".repeat(10_000));
    most = Math.max(most, response.writableLength);
    return !viewer.isOpen;
  });
  viewer.send("output", "more");
  expect(dropped).toBe(1);
  expect(most).toBeLessThan(2_000_000);
  socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});
