import { setting } from "@mapek/core/contract";
import { z } from "zod";

/** `nats`: the server's address and the services' login. */
export const natsSettings = z
  .strictObject({
    url: setting(z.string().min(1).default("nats://127.0.0.1:4222"), {
      meaning: "Address of the server; several with commas.",
      env: "NATS_URL",
      secret: "credentials",
    }),
    user: setting(z.string().optional(), {
      meaning: "Name by which services log in.",
      env: "NATS_USER",
    }),
    password: setting(z.string().optional(), {
      meaning: "Password of `user`.",
      env: "NATS_PASSWORD",
      secret: "value",
    }),
    token: setting(z.string().optional(), {
      meaning: "Token by which services log in, in place of a name.",
      env: "NATS_TOKEN",
      secret: "value",
    }),
    credentials_file: setting(z.string().optional(), {
      meaning: "Path of a credentials file (JWT and NKey seed).",
      env: "NATS_CREDS",
    }),
    nkey_seed_file: setting(z.string().optional(), {
      meaning: "Path of a file that holds an NKey seed.",
      env: "NATS_NKEY_SEED_FILE",
    }),
    tls_ca_file: setting(z.string().optional(), {
      meaning: "Path of a PEM file: the authority that signed the server's certificate.",
      env: "NATS_CA",
    }),
    monitoring_url: setting(z.string().optional(), {
      meaning:
        "Addresses of the servers' monitoring (`http://host:8222`), separated by commas: tells how they sync.",
      env: "NATS_MONITORING_URL",
      secret: "credentials",
    }),
    tls_cert_file: setting(z.string().optional(), {
      meaning: "Path of a PEM file: this client's own certificate.",
      env: "NATS_CERT",
    }),
    tls_key_file: setting(z.string().optional(), {
      meaning: "Path of a PEM file: the key of this client's certificate.",
      env: "NATS_KEY",
    }),
    inbox_prefix: setting(z.string().min(1).optional(), {
      meaning:
        "Subject below which answers come. Unset: `_INBOX`, with an NKey seed `_INBOX.<public key>`.",
      env: "NATS_INBOX_PREFIX",
    }),
    connect_timeout_seconds: setting(z.number().positive().default(10), {
      meaning: "A service waits so long for its first connection, then it ends.",
      unit: "s",
    }),
  })
  .prefault({});
