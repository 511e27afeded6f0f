/** NATS' default port: an embedded server takes it where it is free, and commands use it where no house runs. */
export const DEFAULT_NATS_PORT = 4222;
