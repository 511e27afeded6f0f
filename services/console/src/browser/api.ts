/** A refusal by the console or by the house behind it. */
export class ApiError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

type Query = Readonly<Record<string, string | number | undefined>>;

/** An address with its query; undefined and empty values are left out. */
export function address(path: string, query: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== "") search.set(name, String(value));
  const text = search.toString();
  return text === "" ? path : `${path}?${text}`;
}

/** Gets JSON. @throws {ApiError} */
export function ask<T>(path: string, query: Query = {}, token?: string): Promise<T> {
  return answered(address(path, query), {
    headers: token === undefined ? {} : { "x-mapek-token": token },
  });
}

/** Posts an action, which needs the token. @throws {ApiError} */
export function act<T>(path: string, token: string | undefined, body: object): Promise<T> {
  return answered(path, {
    method: "POST",
    headers: { "content-type": "application/json", "x-mapek-token": token ?? "" },
    body: JSON.stringify(body),
  });
}

async function answered<T>(url: string, init: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch {
    throw new ApiError("unreachable", "the console does not answer");
  }
  const body = (await response.json().catch(() => undefined)) as
    | { error?: { code: string; message: string } }
    | undefined;
  if (response.ok) return body as T;
  const { code, message } = body?.error ?? { code: String(response.status), message: "no answer" };
  throw new ApiError(code, message.replace(`${code}: `, ""));
}
