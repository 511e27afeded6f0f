import { join } from "node:path";
import { findExecutables } from "./binary.ts";
import { runCommand } from "./run-command.ts";

/** The official image. Its binary is static, so it also runs outside the container. */
export const DOCKER_IMAGE = "nats:2.12-alpine";

/**
 * Copies nats-server out of the official image. The container is created and removed, never started.
 *
 * Cost: a pull of about 10 MB where the engine lacks the image; at most 60 s for each command.
 *
 * @returns Path of the binary in `workFolder`, or the reason why there is none.
 */
export async function fetchFromDockerImage(
  workFolder: string,
  env: NodeJS.ProcessEnv,
): Promise<{ binary: string } | { reason: string }> {
  if (process.platform !== "linux") {
    return { reason: `the image holds a Linux program, this is ${process.platform}` };
  }
  const [docker] = await findExecutables("docker", env);
  if (docker === undefined) return { reason: "no docker on PATH" };
  const engine = await runCommand(docker, ["version", "--format", "{{.Server.Version}}"], {
    env,
    timeoutMs: 10_000,
  });
  if (!engine.ok) return { reason: `no engine answers (${engine.failure})` };
  const create = await runCommand(docker, ["create", DOCKER_IMAGE], { env });
  if (!create.ok) return { reason: `docker create failed (${create.failure})` };
  const container = create.stdout.trim().split("\n").at(-1) ?? "";
  const binary = join(workFolder, "nats-server-of-image");
  const copy = await runCommand(docker, ["cp", `${container}:/usr/local/bin/nats-server`, binary], {
    env,
  });
  await runCommand(docker, ["rm", container], { env });
  return copy.ok ? { binary } : { reason: `docker cp failed (${copy.failure})` };
}
