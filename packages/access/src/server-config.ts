import { DEFAULT_PREFIXES, type Prefixes, SERVICES, type Service } from "@mapek/core/contract";
import { ADMIN, type Permissions } from "./permissions.ts";
import { servicePermissions } from "./service-permissions.ts";
import { type Grant, teamPermissions } from "./team-permissions.ts";

/** A user of an account: its key and its role. */
export interface AccessUser {
  readonly name: string;
  /** Public NKey, `U…`; not a secret. */
  readonly public_key: string;
  readonly grant: Grant | { readonly role: Service | "admin" };
}

/** A tenant: an account whose subjects and streams no other tenant can see. */
export interface Tenant {
  readonly name: string;
  readonly prefixes?: Prefixes | undefined;
  readonly users: readonly AccessUser[];
}

/** The values that `server.conf` depends on. */
export interface ServerFiles {
  /** Address and port for clients. */
  readonly listen: string;
  /** Address of the server's monitoring, which asks for no login; undefined: no monitoring. */
  readonly monitoring?: string | undefined;
  /** Folder of JetStream; undefined where a command-line flag names it. */
  readonly storeDir?: string | undefined;
  readonly certFile: string;
  readonly keyFile: string;
  /** Certificate of the authority that signed the server's certificate and, with `verifyClients`, the clients'. */
  readonly caFile: string;
  /** Whether clients must show a certificate too. */
  readonly verifyClients: boolean;
}

/**
 * Renders `server.conf`: only TLS connections, every write synced before it is acknowledged, users from
 * `accounts.conf` beside it.
 */
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

/** Renders `accounts.conf`: accounts and users with their permissions. Contains public keys only. */
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

/** The permissions of a user, by its role. */
export function permissionsOf({ grant, public_key }: AccessUser, prefixes: Prefixes): Permissions {
  if (grant.role === "admin") return ADMIN;
  return isService(grant.role)
    ? servicePermissions(grant.role, public_key, prefixes)
    : teamPermissions(grant as Grant, public_key, prefixes);
}

const isService = (role: string): role is Service => (SERVICES as readonly string[]).includes(role);

const listed = (subjects: readonly string[]): string =>
  `[\n${subjects.map((subject) => `            ${quoted(subject)}\n`).join("")}          ]`;

/** Quotes a text for the server's configuration, with the escapes of JSON. */
const quoted = (text: string): string => JSON.stringify(text);
