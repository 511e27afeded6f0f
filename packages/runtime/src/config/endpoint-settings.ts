import { setting } from "@mapek/core/contract";
import { z } from "zod";

/** `http`: health and metrics of each service. */
export const httpSettings = z
  .strictObject({
    host: setting(z.string().default("127.0.0.1"), {
      meaning: "Address at which a service's health endpoint and metrics are served.",
      env: "MAPEK_HTTP_HOST",
    }),
    port: setting(z.number().int().min(0).max(65_535).optional(), {
      meaning:
        "0 takes a free port; unset takes 7411 (monitor), 7412 (learner), 7413 (optimizer) or 7414 (feedback). `mapek up` runs all four: from N it gives N to the monitor, N + 1 to the learner, N + 2 to the optimizer, N + 3 to feedback, and fails where one is taken; unset it gives a free port in place of a taken one.",
      env: "MAPEK_HTTP_PORT",
    }),
  })
  .prefault({});

/** `console`: the web page of the console. */
export const consoleSettings = z
  .strictObject({
    host: setting(z.string().default("127.0.0.1"), {
      meaning: "Address at which the page is served.",
      env: "MAPEK_CONSOLE_HOST",
    }),
    port: setting(z.number().int().min(0).max(65_535).optional(), {
      meaning:
        "0 takes a free port; a taken one is an error. Unset takes 7410, or with `mapek up` a free port where that is taken.",
      env: "MAPEK_CONSOLE_PORT",
    }),
    token: setting(z.string().min(16).max(512).optional(), {
      meaning:
        "Whoever has it may label, pin, freeze and exclude; without one the console only shows.",
      env: "MAPEK_CONSOLE_TOKEN",
      secret: "value",
    }),
    names: setting(z.array(z.string().min(1)).default([]), {
      meaning:
        "Names by which browsers may call it, beside the address that it listens on and this machine's own.",
    }),
  })
  .prefault({});
