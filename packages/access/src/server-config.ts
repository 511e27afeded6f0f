import { DEFAULT_PREFIXES, type Prefixes, SERVICES, type Service } from "@mapek/core/messages";
import { ADMIN, type Permissions } from "./permissions.ts";
import { servicePermissions } from "./service-permissions.ts";
import { type Grant, teamPermissions } from "./team-permissions.ts";

/** A user of an account: who it is, and what for. */
export interface AccessUser {
  readonly name: string;
  /** NKey, `U…`: no secret. */
  readonly public_key: string;
  readonly grant: Grant | { readonly role: Service | "admin" };
}

/** A tenant: an account of its own, of which no other sees anything. */
export interface Tenant {
  readonly name: string;
  readonly prefixes?: Prefixes | undefined;
  readonly users: readonly AccessUser[];
}

/** What the server's own part of the configuration depends on. */
export interface ServerFiles {
  /** Address and port for clients. */
  readonly listen: string;
  /** Where the server answers about itself, unauthenticated; undefined: nowhere. */
  readonly monitoring?: string | undefined;
  /** Undefined where the server is told by a flag. */
  readonly storeDir?: string | undefined;
  readonly certFile: string;
  readonly keyFile: string;
  /** The authority that signed the server's certificate, and the clients' where these are asked for. */
  readonly caFile: string;
  /** Whether clients must show a certificate too. */
  readonly verifyClients: boolean;
}

/** The server's own part: TLS only, every acknowledged write synced, users from accounts.conf beside it. */
export function renderServerConfig(files: ServerFiles): string {
  return `# nats-server for production. Written once by \`mapek keys init\`, yours to change.
listen: ${quoted(files.listen)}
${files.monitoring === undefined ? "" : `# What the server says of itself, to whoever asks: on this machine only.\nhttp: ${quoted(files.monitoring)}\n`}
tls {
  cert_file: ${quoted(files.certFile)}
  key_file: ${quoted(files.keyFile)}
  ca_file: ${quoted(files.caFile)}
  # Whether clients must show a certificate of that authority too; their NKey is asked for in any case.
  verify: ${files.verifyClients}
}

jetstream {${files.storeDir === undefined ? "" : `\n  store_dir: ${quoted(files.storeDir)}`}
  # Otherwise the server syncs every 2 minutes, and a power failure loses what was acknowledged since.
  sync_interval: always
}

# Accounts and users. There is no user for connections without a key: they are refused.
include "accounts.conf"
`;
}

/** Accounts and users with what each may do. Holds public keys only. */
export function renderAccounts(tenants: readonly Tenant[]): string {
  return `# Written by \`mapek keys\`: changes here are lost. After a change: nats-server --signal reload
system_account: SYS
accounts {
  SYS {}
${tenants.map(account).join("")}}
`;
}

const account = ({ name, prefixes = DEFAULT_PREFIXES, users }: Tenant): string => `  ${name} {
    jetstream: enabled
    users: [
${users.map((one) => user(one, prefixes)).join("")}    ]
  }
`;

function user(one: AccessUser, prefixes: Prefixes): string {
  const { publish, subscribe } = permissionsOf(one, prefixes);
  return `      # ${one.name}
      {
        nkey: ${one.public_key}
        permissions {
          publish { allow: ${listed(publish)} }
          subscribe { allow: ${listed(subscribe)} }
        }
      }
`;
}

/** What a user may do, by its role. */
export function permissionsOf({ grant, public_key }: AccessUser, prefixes: Prefixes): Permissions {
  if (grant.role === "admin") return ADMIN;
  return isService(grant.role)
    ? servicePermissions(grant.role, public_key, prefixes)
    : teamPermissions(grant as Grant, public_key, prefixes);
}

const isService = (role: string): role is Service => (SERVICES as readonly string[]).includes(role);

const listed = (subjects: readonly string[]): string =>
  `[\n${subjects.map((subject) => `            ${quoted(subject)}\n`).join("")}          ]`;

/** A text of the server's configuration: what stands between the quotes is escaped as in JSON. */
const quoted = (text: string): string => JSON.stringify(text);
