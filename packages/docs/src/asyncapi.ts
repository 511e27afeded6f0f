import { MESSAGE_FAMILIES } from "@mapek/core/contract";
import { z } from "zod";
import { CHANNELS, type Channel, PARAMETERS } from "./channels.ts";

const schemaOf = new Map(
  MESSAGE_FAMILIES.map(({ name, schema }) => {
    const { $schema: _, ...body } = z.toJSONSchema(schema, {
      io: "input",
      unrepresentable: "any",
      target: "draft-7",
    });
    return [name, body];
  }),
);

/** A key that AsyncAPI allows: letters, digits, `_`, `-` and `.`. */
const idOf = (family: string): string => family.replaceAll(".", "_");
const messageRef = (family: string) => ({ $ref: `#/components/messages/${idOf(family)}` });

function channelOf({ address, summary, messages }: Omit<Channel, "id" | "direction">): object {
  const parameters = [...address.matchAll(/\{(\w+)\}/g)].map(
    ([, name = ""]) => [name, { description: PARAMETERS[name] }] as const,
  );
  return {
    address,
    summary,
    ...(parameters.length > 0 && { parameters: Object.fromEntries(parameters) }),
    messages: Object.fromEntries(messages.map((family) => [idOf(family), messageRef(family)])),
  };
}

/** AsyncAPI names actions from the house's side: the house receives the messages that users publish. */
function operationOf({ id, direction, summary, messages, reply }: Channel): object {
  const messagesOf = (channel: string, families: readonly string[]) =>
    families.map((family) => ({ $ref: `#/channels/${channel}/messages/${idOf(family)}` }));
  return {
    action: direction === "subscribe" ? "send" : "receive",
    summary,
    channel: { $ref: `#/channels/${id}` },
    ...(messages.length > 0 && { messages: messagesOf(id, messages) }),
    ...(reply !== undefined && {
      reply: {
        address: { location: "$message.header#/reply", description: "An inbox of the sender's" },
        channel: { $ref: `#/channels/${replyChannel(reply)}` },
        messages: messagesOf(replyChannel(reply), [reply]),
      },
    }),
  };
}

const replyChannel = (family: string): string => `inbox_${idOf(family)}`;

/** The public messages as an AsyncAPI 3.0 document: subjects are channels, families of messages are messages. */
export function asyncApi(version: string): object {
  const families = new Set(CHANNELS.flatMap(({ messages, reply }) => [...messages, reply ?? ""]));
  families.delete("");
  const replies = new Set(CHANNELS.flatMap(({ reply }) => reply ?? []));
  return {
    asyncapi: "3.0.0",
    id: "urn:mapek",
    info: {
      title: "mapek",
      version,
      description: "Self-learning tuning for control loops over NATS",
      license: { name: "Apache-2.0" },
    },
    defaultContentType: "application/json",
    servers: { nats: { host: "127.0.0.1:4222", protocol: "nats" } },
    channels: {
      ...Object.fromEntries(CHANNELS.map((channel) => [channel.id, channelOf(channel)])),
      ...Object.fromEntries(
        [...replies].map((family) => [
          replyChannel(family),
          { address: null, messages: { [idOf(family)]: messageRef(family) } },
        ]),
      ),
    },
    operations: Object.fromEntries(CHANNELS.map((channel) => [channel.id, operationOf(channel)])),
    components: {
      messages: Object.fromEntries(
        [...families].map((family) => [
          idOf(family),
          { name: family, contentType: "application/json", payload: schemaOf.get(family) },
        ]),
      ),
    },
  };
}
