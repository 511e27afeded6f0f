import { randomUUID } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { type ConfigSources, loadConfig } from "../src/config/load-config.ts";
import { environmentNames, settingList } from "../src/config/setting-list.ts";
import { withoutSecrets } from "../src/config/without-secrets.ts";
import type { RuntimeError } from "../src/errors.ts";

function yaml(text: string): string {
  const file = join(tmpdir(), `mapek-config-${randomUUID()}.yaml`);
  writeFileSync(file, text);
  onTestFinished(() => rmSync(file, { force: true }));
  return file;
}

const tuning = (lines: string): string => yaml(`mape_k_tuning:\n${lines.replace(/^/gm, "  ")}\n`);

function refusal(sources: ConfigSources): RuntimeError {
  try {
    loadConfig(sources);
  } catch (error) {
    return error as RuntimeError;
  }
  throw new Error("the configuration was accepted");
}

/** The value at a key such as `nats.url`. */
function at(config: object, key: string): unknown {
  return key
    .split(".")
    .reduce((value: unknown, part) => (value as Record<string, unknown>)[part], config);
}

/** Environment name, YAML key, default, another value as text, and as the configuration holds it. */
const NAMES: readonly [string, string, unknown, string, unknown][] = [
  ["MAPEK_LEARNING_WINDOW", "self_learning.learning_window_seconds", 86_400, "7200", 7_200],
  ["MAPEK_MIN_DATA_POINTS", "self_learning.min_data_points", 100, "50", 50],
  ["MAPEK_OPTIMIZATION_INTERVAL", "self_learning.optimization_interval", 3_600, "60", 60],
  ["MAPEK_INITIAL_MONITORING", "dynamic_optimizer.base_monitoring_interval", 60, "0.5", 0.5],
  ["MAPEK_INITIAL_PARALLELISM", "dynamic_optimizer.base_parallelism", 4, "8", 8],
  ["MAPEK_MODE", "dynamic_optimizer.mode", "apply", "shadow", "shadow"],
  ["MAPEK_FEEDBACK_SIGNAL_HISTORY", "feedback_loops.signal_history_size", 10_000, "500", 500],
  ["MAPEK_FEEDBACK_ACTION_HISTORY", "feedback_loops.action_history_size", 5_000, "250", 250],
  ["NATS_URL", "nats.url", "nats://127.0.0.1:4222", "nats://127.0.0.1:9", "nats://127.0.0.1:9"],
  ["NATS_USER", "nats.user", undefined, "42", "42"],
  ["NATS_PASSWORD", "nats.password", undefined, "1e3", "1e3"],
  ["NATS_TOKEN", "nats.token", undefined, "true", "true"],
  ["NATS_CREDS", "nats.credentials_file", undefined, "a.creds", "a.creds"],
  ["NATS_NKEY_SEED_FILE", "nats.nkey_seed_file", undefined, "a.nk", "a.nk"],
  ["NATS_CA", "nats.tls_ca_file", undefined, "ca.pem", "ca.pem"],
  ["NATS_MONITORING_URL", "nats.monitoring_url", undefined, "http://a:8222", "http://a:8222"],
  ["NATS_CERT", "nats.tls_cert_file", undefined, "cert.pem", "cert.pem"],
  ["NATS_KEY", "nats.tls_key_file", undefined, "key.pem", "key.pem"],
  ["NATS_INBOX_PREFIX", "nats.inbox_prefix", undefined, "_INBOX.me", "_INBOX.me"],
  ["MAPEK_PARTITIONS", "streams.partitions", 16, "4", 4],
  ["MAPEK_REPLICAS", "streams.replicas", 1, "3", 3],
  ["MAPEK_MEMBER_TTL", "membership.ttl_seconds", 2.5, "5", 5],
  ["MAPEK_CHECKPOINT_INTERVAL", "checkpoints.interval_seconds", 60, "15", 15],
  ["MAPEK_MAX_MEMORY_MB", "memory.max_mb", 0, "512", 512],
  ["MAPEK_PROTOCOLS_HOST", "protocols.host", "127.0.0.1", "0.0.0.0", "0.0.0.0"],
  ["MAPEK_PROTOCOLS_HTTP_PORT", "protocols.http_port", undefined, "4318", 4_318],
  ["MAPEK_PROTOCOLS_TOKEN", "protocols.http_token", undefined, "1234567890", "1234567890"],
  ["MAPEK_STATSD_PORT", "protocols.statsd_port", undefined, "8125", 8_125],
  ["MAPEK_COLLECT", "collectors.enabled", false, "true", true],
  ["MAPEK_SYSTEM", "collectors.system", "local", "42", "42"],
  ["MAPEK_HTTP_HOST", "http.host", "127.0.0.1", "0.0.0.0", "0.0.0.0"],
  ["MAPEK_HTTP_PORT", "http.port", undefined, "0", 0],
  ["MAPEK_CONSOLE_HOST", "console.host", "127.0.0.1", "0.0.0.0", "0.0.0.0"],
  ["MAPEK_CONSOLE_PORT", "console.port", undefined, "0", 0],
  ["MAPEK_CONSOLE_TOKEN", "console.token", undefined, "1234567890123456", "1234567890123456"],
  ["MAPEK_LOG_LEVEL", "log.level", "info", "debug", "debug"],
];

describe("facts", () => {
  test.each(settingList().map((one) => [one.key, one] as const))("%s has them all", (key, one) => {
    expect(one.meaning, "a meaning").toMatch(/^[A-Z0-9`].{15,}\.$/);
    if (/number|integer/.test(String(one.schema.type)) && !key.endsWith("port"))
      expect(one.unit, "a unit").toBeTruthy();
    if (/password|token|secret|url$/.test(key)) expect(one.secret, "secrecy").toBeTruthy();
  });

  test("of each setting stand once", () => {
    const meanings = settingList().map(({ meaning }) => meaning);
    const repeated = meanings.filter((meaning, at) => meanings.indexOf(meaning) !== at);
    expect(new Set(repeated)).toEqual(new Set());
    expect(meanings.length).toBeGreaterThan(115);
  });
});

describe("names", () => {
  test("the table of environment names is the one tested here", () => {
    expect(Object.fromEntries(NAMES.map(([name, key]) => [name, key]))).toEqual(environmentNames());
  });

  test.each(NAMES)("%s and %s", (name, key, standard, text, value) => {
    const [section = "", field = ""] = key.split(".");
    expect(at(loadConfig(), key)).toEqual(standard);
    expect(at(loadConfig({ env: { [name]: text } }), key)).toEqual(value);
    expect(at(loadConfig({ env: { [name]: "" } }), key)).toEqual(standard);
    const file = tuning(`${section}:\n  ${field}: ${JSON.stringify(value)}`);
    expect(at(loadConfig({ file }), key)).toEqual(value);
    expect(at(loadConfig({ file, env: { [name]: "" } }), key)).toEqual(value);
  });
});

describe("precedence", () => {
  test("defaults, then the file, then the environment, then flags", () => {
    const file = tuning("nats:\n  url: nats://file:1\n  user: from-file\nlog:\n  level: warn");
    const env = { NATS_URL: "nats://env:2", MAPEK_LOG_LEVEL: "debug", MAPEK_CONFIG: "unread.yaml" };
    const flags = { "nats.url": "nats://flag:3", "http.port": undefined };
    expect(loadConfig({ file, env, flags })).toMatchObject({
      nats: { url: "nats://flag:3", user: "from-file", connect_timeout_seconds: 10 },
      log: { level: "debug" },
    });
    expect(loadConfig({ env: { MAPEK_CONFIG: file } }).nats.url).toBe("nats://file:1");
    expect(loadConfig({ file, env: { NATS_URL: "nats://env:2" } }).nats.url).toBe("nats://env:2");
  });

  test("an empty file, an empty root and empty sections are unset", () => {
    const standard = loadConfig();
    for (const text of ["", "mape_k_tuning:\n", "mape_k_tuning:\n  nats:\n  streams: # nothing\n"])
      expect(loadConfig({ file: yaml(text) })).toEqual(standard);
    expect(loadConfig({ env: { MAPEK_CONFIG: "" } })).toEqual(standard);
  });
});

describe("unknown keys are refused with the source, the key and those that exist", () => {
  test.each([
    ["tuning:\n  nats: {}\n", "tuning", "mape_k_tuning"],
    ["mape_k_tuning:\n  self_lerning: {}\n", "self_lerning", "self_learning"],
    ["mape_k_tuning:\n  nats: { urll: x }\n", "nats.urll", "url"],
    [
      "mape_k_tuning:\n  feedback_loops: { loops: { all: true } }\n",
      "loops.all",
      "metrics_learning",
    ],
    [
      "mape_k_tuning:\n  dynamic_optimizer:\n    profile: { healthy: { interval: 1 } }\n",
      "profile.healthy.interval",
      "monitoring_interval",
    ],
  ])("%j", (text, key, known) => {
    const file = yaml(text);
    const error = refusal({ file });
    expect(error.code).toBe("MAPEK_CONFIG_UNKNOWN_KEY");
    expect(error.message).toContain(file);
    expect(error.message).toContain(`${key}: unknown key, expected `);
    expect(error.message.split("expected")[1]).toContain(known);
  });
});

describe("bad values are refused with the source, the key and what was expected", () => {
  test.each([
    ["MAPEK_LEARNING_WINDOW", "0", ">0"],
    ["MAPEK_LEARNING_WINDOW", "a day", "number"],
    ["MAPEK_LEARNING_WINDOW", "Infinity", "number"],
    ["MAPEK_MIN_DATA_POINTS", "15", ">=16"],
    ["MAPEK_MIN_DATA_POINTS", " ", "number"],
    ["MAPEK_OPTIMIZATION_INTERVAL", "-1", ">0"],
    ["MAPEK_INITIAL_MONITORING", "NaN", "number"],
    ["MAPEK_INITIAL_PARALLELISM", "1.5", "int"],
    ["MAPEK_FEEDBACK_SIGNAL_HISTORY", "0", ">=1"],
    ["MAPEK_FEEDBACK_ACTION_HISTORY", "many", "number"],
    ["MAPEK_MEMBER_TTL", "0.5", ">=1"],
    ["MAPEK_PROTOCOLS_HTTP_PORT", "65536", "<=65535"],
    ["MAPEK_COLLECT", "yes", "boolean"],
    ["MAPEK_MODE", "on", '"off"|"shadow"|"apply"'],
    ["MAPEK_HTTP_PORT", "65536", "<=65535"],
    ["MAPEK_HTTP_PORT", " ", "number"],
    ["MAPEK_SYSTEM", "a.b", "1–128 characters"],
  ])("%s=%j", (name, text, expected) => {
    const error = refusal({ env: { [name]: text } });
    expect(error.code).toBe("MAPEK_CONFIG_BAD_VALUE");
    expect(error.message).toContain(`environment ${name}=${JSON.stringify(text)}`);
    expect(error.message).toContain(environmentNames()[name]);
    expect(error.message).toContain(expected);
  });

  test.each([
    ["self_learning:\n  min_data_points: few", "self_learning.min_data_points", "number"],
    ["self_learning:\n  strategy: best", "self_learning.strategy", '"percentile"'],
    ["self_learning:\n  strategy: best", "self_learning.strategy", '"auto"'],
    ["self_learning:\n  time_zone: Mars/Olympus", "self_learning.time_zone", "IANA name"],
    ["self_learning:\n  metrics: {}", "self_learning.metrics", "array"],
    [
      "self_learning:\n  metrics:\n    - match: latency",
      "self_learning.metrics.0.match",
      "<system>/<metric>",
    ],
    [
      "self_learning:\n  metrics:\n    - match: '*/*'\n    - match: '*/x'\n      thresholds: none",
      "self_learning.metrics.1.thresholds",
      '"upper"|"lower"|"both"',
    ],
    ["streams:\n  public_prefix: a.b", "streams.public_prefix", "1–128 characters"],
    ["nats: 5", "nats", "object"],
    ["nats:\n  password: 12345", "nats.password", "string"],
  ])("%j", (lines, key, expected) => {
    const file = tuning(lines);
    const error = refusal({ file });
    expect(error.code).toBe("MAPEK_CONFIG_BAD_VALUE");
    expect(error.message).toContain(`${file}: ${key}: `);
    expect(error.message).toContain(expected);
    expect(error.message).not.toContain("12345");
  });

  test("a flag", () => {
    const error = refusal({ flags: { "http.port": Number("x") } });
    expect(error.message).toMatch(/MAPEK_CONFIG_BAD_VALUE: flag for http\.port: .*number/);
  });

  test.each(["- a list\n", "5\n", "mape_k_tuning: [1]\n"])(
    "a file of another shape: %j",
    (text) => {
      const file = yaml(text);
      const error = refusal({ file });
      expect(error.code).toBe("MAPEK_CONFIG_BAD_VALUE");
      expect(error.message).toContain(file);
      expect(error.message).toContain("expected a map");
    },
  );

  test("prefixes that overlap, as one root", () => {
    const file = tuning("streams:\n  public_prefix: mapek-kb");
    const error = refusal({ file });
    expect(error.code).toBe("MAPEK_CONFIG_BAD_VALUE");
    expect(error.message).toContain(file);
    expect(error.message).toMatch(/public_prefix mapek-kb and .*stored_prefix mapek-kb overlap/);
  });

  test("settings of a metric that cannot hold together, or that do not exist", () => {
    const file = (line: string) =>
      tuning(`self_learning:\n  metrics:\n    - match: "*/*"\n      ${line}`);
    const bounds = refusal({ file: file("minimum: 5\n      maximum: 4") });
    expect(bounds.code).toBe("MAPEK_CONFIG_BAD_VALUE");
    expect(bounds.message).toContain(
      "self_learning.metrics.0.minimum 5: expected at most its maximum, 4",
    );
    const points = refusal({ file: file("min_data_points: 10001") });
    expect(points.message).toContain(
      "self_learning.metrics.0.min_data_points 10001: expected at most",
    );
    const unknown = refusal({ file: file("window_capacity: 100") });
    expect(unknown.code).toBe("MAPEK_CONFIG_UNKNOWN_KEY");
    expect(unknown.message).toMatch(
      /metrics\.0\.window_capacity: unknown key, expected .*match.*seasonal/,
    );
  });

  test("a window that can never hold the points that a recommendation needs", () => {
    const file = tuning("self_learning:\n  window_capacity: 1000");
    const error = refusal({ file, env: { MAPEK_MIN_DATA_POINTS: "1001" } });
    expect(error.code).toBe("MAPEK_CONFIG_BAD_VALUE");
    expect(error.message).toContain(file);
    expect(error.message).toContain("MAPEK_MIN_DATA_POINTS");
    expect(error.message).toContain("expected at most self_learning.window_capacity, 1000");
  });
});

describe("files that cannot be used", () => {
  test("unreadable", () => {
    const error = refusal({ file: "no/such/file.yaml" });
    expect(error.code).toBe("MAPEK_CONFIG_UNREADABLE");
    expect(error.message).toContain("no/such/file.yaml: ENOENT");
  });

  test("not YAML: the place is named, the text is not shown", () => {
    const file = yaml("mape_k_tuning:\n  nats:\n    password: hunter2\n   token: hunter3\n");
    const error = refusal({ file });
    expect(error.code).toBe("MAPEK_CONFIG_UNREADABLE");
    expect(error.message).toMatch(/line 4, column/);
    expect(String(error) + error.stack + String(error.cause)).not.toContain("hunter");
  });
});

test("the result is frozen, to its last leaf", () => {
  const seen: unknown[] = [loadConfig({ file: tuning("feedback_loops:\n  loops: {}") })];
  for (const value of seen) {
    expect(Object.isFrozen(value)).toBe(true);
    if (typeof value === "object" && value !== null) seen.push(...Object.values(value));
  }
  expect(seen.length).toBeGreaterThan(60);
});

describe("secrets", () => {
  test("are not in what may be logged", () => {
    const config = loadConfig({
      env: {
        NATS_URL: "nats://ann:hunter1@a:1,tls://hunter2@b:2, bob:hun/ter@3@c:3,nats://d:4",
        NATS_USER: "ann",
        NATS_PASSWORD: "hunter4",
        NATS_TOKEN: "hunter5",
        MAPEK_CONSOLE_TOKEN: "hunter6-hunter6-hunter6",
      },
    });
    const text = JSON.stringify(withoutSecrets(config));
    expect(text).not.toMatch(/hunter|hun\/ter/);
    expect(JSON.parse(text)).toMatchObject({
      console: { token: "…" },
      nats: {
        url: "nats://…@a:1,tls://…@b:2,…@c:3,nats://d:4",
        user: "ann",
        password: "…",
        token: "…",
      },
    });
    expect(withoutSecrets(loadConfig())).toEqual(loadConfig());
    const protocols = loadConfig({
      file: tuning("protocols:\n  scrape: [{ url: 'http://ann:hunter1@a:9100/metrics' }]"),
      env: { MAPEK_PROTOCOLS_TOKEN: "hunter-of-tokens" },
    });
    expect(JSON.stringify(withoutSecrets(protocols))).not.toContain("hunter");
  });
});
