/** NATS' own port: an embedded server takes it where it is free, and commands ask there where no house runs. */
export const DEFAULT_NATS_PORT = 4222;
