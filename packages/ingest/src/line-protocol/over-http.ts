import { MessageError } from "@mapek/core/contract";
import { httpFormat, plainAnswer } from "../http-format.ts";
import { LINE_PRECISIONS } from "./line-protocol.ts";
import { readTelegraf } from "./read-telegraf.ts";

/** Line protocol or Telegraf's JSON on InfluxDB's paths; `?precision=` is the unit of line protocol's timestamps. */
export const lineProtocolOverHttp = httpFormat({
  name: "telegraf",
  paths: ["/write", "/api/v2/write"],
  read(bytes, { query: { precision = "ns" } }) {
    const unitMs = LINE_PRECISIONS.get(String(precision));
    if (unitMs === undefined)
      return new MessageError("MAPEK_MESSAGE_INVALID", `precision ${precision}`);
    return readTelegraf(bytes, unitMs);
  },
  answer(outcome) {
    const answer = plainAnswer(outcome);
    const isRefused = answer.failure !== undefined;
    return isRefused ? answer : { headers: { "Mapek-Rejected": outcome.rejected.length } };
  },
});
