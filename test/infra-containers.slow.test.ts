// Compose and Kubernetes: valid by their schemas, and what they run, mount and expose is there and locked down.
import { execFile } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import * as keda from "@kubernetes-models/keda/keda.sh/v1alpha1";
import { findServer } from "@mapek/nats-server";
import { configSchema, environmentNames } from "@mapek/runtime";
import * as apps from "kubernetes-models/apps/v1";
import * as networking from "kubernetes-models/networking.k8s.io/v1";
import * as policy from "kubernetes-models/policy/v1";
import * as core from "kubernetes-models/v1";
import { describe, expect, test } from "vitest";
import { parse, parseAllDocuments, stringify } from "yaml";
import { dockerCompose } from "./support/debian-tool.ts";

const run = promisify(execFile);

const ROOT = join(import.meta.dirname, "..");
const INFRA = join(ROOT, "infra");
const read = (...path: string[]) => readFileSync(join(INFRA, ...path), "utf8");

/** Variables that the runtime knows, and what a command of the image may be. */
const isKnownVariable = (name: string) => Object.hasOwn(environmentNames(), name);
const isProgram = (path: string) =>
  /^(?:services|packages)\/[\w/-]+\.ts$/.test(path) && existsSync(join(ROOT, path));

// biome-ignore lint/suspicious/noExplicitAny: manifests are plain data of many shapes
type Manifest = any;

describe("compose", () => {
  const compose = parse(read("compose.yaml"), { merge: true }) as Manifest;
  const services = Object.entries<Manifest>(compose.services);

  test("is valid: docker compose says so", async (context) => {
    const tool = await dockerCompose();
    if ("reason" in tool) return context.skip(tool.reason);
    const check = (file: string) => run(tool.path, ["-f", file, "config", "-q"]);
    await check(join(INFRA, "compose.yaml"));
    const folder = mkdtempSync(join(tmpdir(), "mapek-compose-"));
    try {
      const bad = join(folder, "compose.yaml");
      writeFileSync(bad, stringify({ services: { nats: { image: "nats", ports: "none" } } }));
      await expect(check(bad)).rejects.toThrow("ports");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("what it mounts is there, and its ports are on loopback", () => {
    for (const [name, { volumes = [], ports = [] }] of services) {
      for (const volume of volumes as string[]) {
        const [source = ""] = volume.split(":");
        if (source.startsWith(".")) expect(existsSync(join(INFRA, source)), volume).toBe(true);
        else expect(compose.volumes, volume).toHaveProperty(source);
      }
      for (const port of ports as string[]) expect(port, name).toMatch(/^127\.0\.0\.1:/);
    }
  });

  test("our own services are locked down, and run what there is", () => {
    const own = services.filter(([, { image }]) => image === "mapek");
    expect(own.map(([name]) => name)).toEqual(
      expect.arrayContaining(["monitor", "learner", "optimizer", "feedback"]),
    );
    for (const [name, service] of own) {
      expect(service, name).toMatchObject({ read_only: true, cap_drop: ["ALL"] });
      expect(isProgram(service.command[0]), service.command[0]).toBe(true);
      for (const variable of Object.keys(service.environment))
        expect(isKnownVariable(variable), variable).toBe(true);
    }
  });
});

test("nats-server takes the configurations of compose and of Kubernetes", async () => {
  const { path: binary } = await findServer();
  const folder = mkdtempSync(join(tmpdir(), "mapek-nats-"));
  const manifests = parseAllDocuments(read("kubernetes", "nats.yaml"));
  const [{ data }] = manifests.map((one) => one.toJS()) as [{ data: { "nats.conf": string } }];
  const texts = [read("docker", "nats.conf"), data["nats.conf"]];
  try {
    for (const [i, text] of texts.entries()) {
      const file = join(folder, `${i}.conf`);
      writeFileSync(file, text.replaceAll('"/data"', JSON.stringify(folder)));
      const env = { ...process.env, SERVER_NAME: "nats-0" };
      const { stderr } = await run(binary, ["-t", "-c", file], { env });
      expect(stderr).toContain("configuration file");
      writeFileSync(file, `${text}\nno_such_setting: true\n`);
      await expect(run(binary, ["-t", "-c", file], { env })).rejects.toThrow("no_such_setting");
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

describe("Kubernetes", () => {
  const files = globSync("*.yaml", { cwd: join(INFRA, "kubernetes") }).sort();
  const manifests = files
    .filter((file) => file !== "kustomization.yaml")
    .flatMap((file) =>
      parseAllDocuments(read("kubernetes", file)).map((document) => document.toJS() as Manifest),
    );
  const workloads = manifests.filter(({ kind }) => kind === "Deployment" || kind === "StatefulSet");
  const named = (kind: string, name: string) =>
    manifests.find((one) => one.kind === kind && one.metadata.name === name);

  test("every manifest is valid by the schema of its kind", () => {
    const models: Record<string, Record<string, unknown>> = {
      v1: core as object as Record<string, unknown>,
      "apps/v1": apps as object as Record<string, unknown>,
      "policy/v1": policy as object as Record<string, unknown>,
      "networking.k8s.io/v1": networking as object as Record<string, unknown>,
      "keda.sh/v1alpha1": keda as object as Record<string, unknown>,
    };
    const check = (manifest: Manifest) => {
      const Model = models[manifest.apiVersion]?.[manifest.kind] as
        | (new (
            data: Manifest,
          ) => { validate(): void })
        | undefined;
      if (Model === undefined) throw new Error(`${manifest.apiVersion} ${manifest.kind}: no model`);
      new Model(manifest).validate();
    };
    expect(manifests.length).toBeGreaterThan(20);
    for (const manifest of manifests)
      expect(() => check(manifest), `${manifest.kind} ${manifest.metadata.name}`).not.toThrow();
    const bad = structuredClone(workloads[0]);
    bad.spec.template.spec.containers[0].ports = [{ containerPort: "many" }];
    expect(() => check(bad)).toThrow();
  });

  test("the kustomization lists every file but the one that needs KEDA", () => {
    const { resources } = parse(read("kubernetes", "kustomization.yaml")) as Manifest;
    expect([...resources, "keda.yaml", "kustomization.yaml"].sort()).toEqual(files);
  });

  test.each(workloads.map((one) => [one.metadata.name, one] as const))(
    "%s is locked down, probed, and reached by what selects it",
    (name, { spec }) => {
      const { template } = spec;
      expect(template.metadata.labels).toMatchObject(spec.selector.matchLabels);
      expect(template.spec).toMatchObject({
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
      });
      for (const container of template.spec.containers) {
        expect(container.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        });
        expect(container.resources.limits).toHaveProperty("memory");
        const ports = container.ports.map((port: Manifest) => port.name);
        for (const probe of ["startupProbe", "livenessProbe", "readinessProbe"])
          expect(ports, probe).toContain(container[probe].httpGet.port);
        if (container.image === "mapek") expect(isProgram(container.args[0])).toBe(true);
        for (const { name: variable } of container.env ?? [])
          expect(isKnownVariable(variable) || variable === "SERVER_NAME", variable).toBe(true);
      }
      const service = named("Service", name);
      expect(template.metadata.labels).toMatchObject(service.spec.selector);
      const open = template.spec.containers[0].ports.map((port: Manifest) => port.containerPort);
      for (const { port } of service.spec.ports) expect(open).toContain(port);
      if (name !== "console") expect(named("PodDisruptionBudget", name)).toBeDefined();
    },
  );

  test("settings of the config map are known, with replicas for three servers", () => {
    const { data } = named("ConfigMap", "mapek");
    for (const variable of Object.keys(data)) expect(isKnownVariable(variable)).toBe(true);
    expect(data.MAPEK_REPLICAS).toBe(String(named("StatefulSet", "nats").spec.replicas));
  });

  test("scalers have a workload, and the learner never more instances than partitions", () => {
    const scalers = manifests.filter(({ kind }) => kind === "ScaledObject");
    for (const { spec } of scalers) {
      const { kind = "Deployment", name } = spec.scaleTargetRef;
      expect(named(kind, name)).toBeDefined();
      expect(spec.minReplicaCount).toBeGreaterThan(0);
    }
    const partitions = configSchema.parse({}).streams.partitions;
    const learner = scalers.find(({ metadata }) => metadata.name === "learner");
    expect(learner.spec.maxReplicaCount).toBeLessThanOrEqual(partitions);
  });
});
