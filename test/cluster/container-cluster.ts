import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { findServer, freePort, ledMetaGroups, waitUntilSettled } from "@mapek/nats-server";
import {
  GenericContainer,
  getContainerRuntimeClient,
  Network,
  type StartedTestContainer,
  Wait,
} from "testcontainers";
import type { ClusterUnderTest } from "./cluster-under-test.ts";

const SIZE = 3;
const HOST = "127.0.0.1";
const SETTLE_MS = 240_000;

/** Why no Docker engine can be used here; undefined where one answers. */
export async function whyNoEngine(): Promise<string | undefined> {
  try {
    await getContainerRuntimeClient();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/**
 * A cluster of containers on a network of their own. No image is pulled: it is built from nothing around
 * this machine's nats-server and the libraries that it is linked with.
 */
export async function startContainerCluster(): Promise<ClusterUnderTest> {
  await using undo = new AsyncDisposableStack();
  const image = await buildImage();
  const network = await new Network().start();
  undo.defer(async () => void (await network.stop()));
  const { dockerode } = (await getContainerRuntimeClient()).container;
  const names = Array.from({ length: SIZE }, (_, i) => `node${i}`);
  const routes = names.map((name) => `nats://${name}:6222`).join(",");
  const start = async (name: string) => {
    const [port, monitoringPort] = [await freePort(HOST), await freePort(HOST)];
    const container: StartedTestContainer = await new GenericContainer(image)
      .withNetwork(network)
      .withNetworkAliases(name)
      .withExposedPorts({ container: 4222, host: port }, { container: 8222, host: monitoringPort })
      .withCommand([
        ...["-n", name, "-js", "-sd", "/store", "-m", "8222"],
        ...["--cluster_name", "containers", "--cluster", "nats://0.0.0.0:6222"],
        ...["--routes", routes, "--client_advertise", `${HOST}:${port}`],
      ])
      .withWaitStrategy(Wait.forLogMessage(/Server is ready/))
      .start();
    undo.defer(async () => void (await container.stop()));
    const handle = dockerode.getContainer(container.getId());
    return {
      name,
      url: `nats://${HOST}:${port}`,
      monitoringUrl: `http://${HOST}:${monitoringPort}`,
      async kill() {
        await handle.kill();
        await handle.wait();
      },
      restart: () => handle.start() as Promise<void>,
    };
  };
  const nodes: Awaited<ReturnType<typeof start>>[] = [];
  // One after the other, so that none is left behind when another cannot be started.
  for (const name of names) nodes.push(await start(name));
  const settled = () => waitUntilSettled(nodes, SIZE, SETTLE_MS);
  await settled();
  const parts = undo.move();
  return {
    nodes,
    urls: nodes.map(({ url }) => url),
    metaLeader: async () => (await ledMetaGroups(nodes)).at(0)?.leader.name,
    settled,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

/** @returns the image's name, the same for the same server. */
async function buildImage(): Promise<string> {
  const { path, version } = await findServer();
  const folder = await mkdtemp(join(tmpdir(), "mapek-image-"));
  try {
    await copyFile(path, join(folder, "nats-server"));
    for (const library of await librariesOf(path)) {
      const copy = join(folder, "root", library);
      await mkdir(dirname(copy), { recursive: true });
      await copyFile(library, copy);
    }
    await mkdir(join(folder, "root"), { recursive: true });
    const lines = ["FROM scratch", "COPY nats-server /nats-server", "COPY root /"];
    lines.push('ENTRYPOINT ["/nats-server"]');
    await writeFile(join(folder, "Dockerfile"), `${lines.join("\n")}\n`);
    const name = `mapek-nats-server:${version}`;
    await GenericContainer.fromDockerfile(folder).build(name, { deleteOnExit: false });
    return name;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Paths of the libraries that a program is linked with; none for a static one. */
async function librariesOf(program: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)("ldd", [program]).catch(() => ({ stdout: "" }));
  return [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path as string);
}
