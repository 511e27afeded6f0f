import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { SERVICES, TOKEN_PATTERN } from "@mapek/core/contract";
import { nkeys } from "@nats-io/transport-node";
import { z } from "zod";
import { AccessError } from "./errors.ts";
import {
  type AccessUser,
  renderAccounts,
  renderServerConfig,
  type ServerFiles,
} from "./server-config.ts";
import { type Grant, TEAM_ROLES } from "./team-permissions.ts";

const USERS_FILE = "users.json";

const userSchema = z.object({
  name: z.string(),
  public_key: z.string().regex(/^U[A-Z2-7]{55}$/),
  grant: z.union([
    z.object({ role: z.enum([...SERVICES, "admin"]) }),
    z.object({
      role: z.enum(TEAM_ROLES),
      systems: z.array(z.string()).min(1),
      signals: z.boolean(),
    }),
  ]),
});

const listSchema = z.object({
  version: z.literal(1),
  tenants: z.array(z.object({ name: z.string(), users: z.array(userSchema) })),
});
type UserList = z.infer<typeof listSchema>;

/** A key that was created. */
export interface MadeKey {
  readonly tenant: string;
  readonly name: string;
  readonly publicKey: string;
  /** Path of the file with the seed, which is the secret; mode 0600. */
  readonly seedFile: string;
}

/**
 * A folder of keys: the server's configuration (`server.conf`), the list of users (`users.json`, public keys only),
 * and each user's seed as `<tenant>/<name>.nk`.
 *
 * Only the owner can read the files. Seeds and `server.conf` are never overwritten; `accounts.conf` is written from
 * the list of users.
 */
export class KeyFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = resolve(path);
  }

  /** Creates the folder, and for each tenant one key for every service and one for the administrator. */
  init(tenants: readonly string[], files: ServerFiles): MadeKey[] {
    for (const tenant of tenants) checkName("tenant", tenant);
    mkdirSync(this.path, { recursive: true, mode: 0o700 });
    this.#writeNew("server.conf", renderServerConfig(files));
    const list: UserList = {
      version: 1,
      tenants: [...new Set(tenants)].map((name) => ({ name, users: [] })),
    };
    this.#writeNew(USERS_FILE, "");
    const made = list.tenants.flatMap((tenant) =>
      ([...SERVICES, "admin"] as const).map((role) => {
        const key = this.#makeKey(tenant.name, role);
        tenant.users.push({ name: role, public_key: key.publicKey, grant: { role } });
        return key;
      }),
    );
    this.#save(list);
    return made;
  }

  /** Creates a key for a team. */
  add(tenantName: string, name: string, grant: Grant): MadeKey {
    checkName("user", name);
    for (const system of grant.systems) if (system !== "*") checkName("system", system);
    const list = this.#load();
    const tenant = list.tenants.find((one) => one.name === tenantName);
    if (tenant === undefined) {
      const known = list.tenants.map((one) => one.name).join(", ");
      throw new AccessError("MAPEK_ACCESS_BAD_NAME", `tenant ${tenantName}: expected ${known}`);
    }
    const key = this.#makeKey(tenantName, name);
    const user: AccessUser = { name, public_key: key.publicKey, grant };
    tenant.users.push({ ...user, grant: { ...grant, systems: [...grant.systems] } });
    this.#save(list);
    return key;
  }

  #makeKey(tenant: string, name: string): MadeKey {
    mkdirSync(join(this.path, tenant), { recursive: true, mode: 0o700 });
    const pair = nkeys.createUser();
    const seed = new TextDecoder().decode(pair.getSeed());
    const seedFile = this.#writeNew(join(tenant, `${name}.nk`), `${seed}\n`);
    const publicKey = pair.getPublicKey();
    pair.clear();
    return { tenant, name, publicKey, seedFile };
  }

  #writeNew(name: string, text: string): string {
    const path = join(this.path, name);
    try {
      writeFileSync(path, text, { flag: "wx", mode: 0o600 });
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
      throw new AccessError("MAPEK_ACCESS_EXISTS", path, { cause });
    }
    return path;
  }

  #load(): UserList {
    const path = join(this.path, USERS_FILE);
    try {
      return listSchema.parse(JSON.parse(readFileSync(path, "utf8")));
    } catch (cause) {
      throw new AccessError("MAPEK_ACCESS_NO_FOLDER", `${path}; \`mapek keys init\` makes one`, {
        cause,
      });
    }
  }

  #save(list: UserList): void {
    this.#replace(USERS_FILE, `${JSON.stringify(list, null, 2)}\n`);
    this.#replace("accounts.conf", renderAccounts(list.tenants));
  }

  /** Replaces a file by a rename, so that a reader sees the whole old file or the whole new one. */
  #replace(name: string, text: string): void {
    const path = join(this.path, name);
    writeFileSync(`${path}.new`, text, { mode: 0o600 });
    chmodSync(`${path}.new`, 0o600);
    renameSync(`${path}.new`, path);
  }
}

/** Refuses `_`, which stands for all systems in requests, and `SYS`, the server's own account. */
function checkName(what: string, name: string): void {
  if (TOKEN_PATTERN.test(name) && name !== "_" && name !== "SYS") return;
  throw new AccessError(
    "MAPEK_ACCESS_BAD_NAME",
    `${what} ${JSON.stringify(name)}: expected 1–128 characters of A–Z a–z 0–9 _ -, not _ or SYS`,
  );
}
